// MIKEY-TICKET against hostile messages: changed bits, replays, forged policies, wrong parties (RFC 6043 12).
#include <gtest/gtest.h>

#include "support/ticket_forge.hpp"

namespace mikey::test {
namespace {

using Call = TicketWorld::Run;
using Letter = TicketWorld::Letter;
using enum DataType;

Bytes flipped(const Bytes& m, std::size_t bit) {
  Bytes out = m;
  out[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  return out;
}

class EveryBit : public testing::TestWithParam<DataType> {};

/// Each changed message is delivered before the genuine one, to a receiver that waits for it: it establishes
/// nothing, and the genuine one is taken after all.
TEST_P(EveryBit, OfEveryMessageCounts) {
  TicketWorld w;
  std::size_t tried = 0;
  const Call run = w.run("alice", TicketWorld::request("bob"), [&](Letter& l) {
    if (l.type() != GetParam()) return;
    for (std::size_t bit = 0; bit < 8 * l.message.size(); ++bit, ++tried) {
      const Bytes bad = flipped(l.message, bit);
      if (l.to == "kms") {
        EXPECT_EQ(w.kms().handle(bad).state, kms::Answer::State::failed) << bit;
        continue;
      }
      Outcome o = w.party(l.to).receive(l.from == "kms" ? Source::kms : Source::peer, bad);
      if (o.state == Outcome::State::waiting && !o.send.empty() && o.send[0].to == Destination::kms) {
        const kms::Answer a = w.kms().handle(o.send[0].message);
        if (a.message) o = w.party(l.to).receive(Source::kms, *a.message);
      }
      EXPECT_NE(o.state, Outcome::State::established) << bit;
      EXPECT_FALSE(o.bundle) << bit;
    }
  });
  EXPECT_GT(tried, 500U);
  EXPECT_TRUE(run.established("alice")) << tried;
  EXPECT_TRUE(run.established("bob")) << tried;
}

TEST_P(EveryBit, AndEveryOctetToo) {
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob"), [&](Letter& l) {
    if (l.type() != GetParam()) return;
    for (std::size_t n = 0; n <= l.message.size(); ++n) {
      Bytes bad(l.message.begin(), l.message.begin() + static_cast<std::ptrdiff_t>(n));
      if (n == l.message.size()) bad.push_back(0);
      if (l.to == "kms") {
        EXPECT_EQ(w.kms().handle(bad).state, kms::Answer::State::failed) << n;
      } else {
        EXPECT_EQ(w.party(l.to).receive(Source::peer, bad).state, Outcome::State::failed) << n;
      }
    }
  });
  EXPECT_TRUE(run.established("alice") && run.established("bob"));
}

INSTANTIATE_TEST_SUITE_P(Rfc6043, EveryBit,
                         testing::Values(request_init_psk, request_resp, transfer_init, resolve_init_psk,
                                         resolve_resp, transfer_resp),
                         [](const auto& test) {
                           return "Type" + std::to_string(static_cast<int>(test.param));
                         });

TEST(TicketReplay, NoMessageIsTakenTwice) {  // RFC 6043 12.4
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob", "DEFGHIJNO"));
  ASSERT_TRUE(run.established("alice") && run.established("bob"));
  for (const Letter& l : run.letters) {
    if (l.to == "kms") {
      const kms::Answer a = w.kms().handle(l.message);
      EXPECT_EQ(a.error->code, ErrorCode::invalid_ts);
      EXPECT_FALSE(a.message) << "a replay gets no answer";
      continue;
    }
    const Outcome o = w.party(l.to).receive(l.from == "kms" ? Source::kms : Source::peer, l.message);
    EXPECT_EQ(o.state, Outcome::State::failed);
    EXPECT_TRUE(o.send.empty());
    if (l.type() == transfer_init) {
      EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    }
  }
  EXPECT_EQ(w.party("bob").bundles(), 1U);
}

TEST(EarlyReject, BeforeTheKmsIsAsked) {  // RFC 6043 4.2.2.2
  struct Case {
    const char* what;
    ErrorCode code;
    std::function<void(TicketPolicy&)> change;
  };
  const auto flags = [](const char* letters) {
    return [letters](TicketPolicy& p) { p.flags = *TicketFlags::parse(letters); };
  };
  const Case cases[] = {
      {"NOT D without L", ErrorCode::invalid_tppar, flags("EFGHNO")},
      {"G without F", ErrorCode::invalid_tppar, flags("DEGHNO")},
      {"neither G nor H", ErrorCode::invalid_tppar, flags("DEFNO")},
      {"I without E", ErrorCode::invalid_tppar, flags("DFGHINO")},
      {"K without D", ErrorCode::invalid_tppar, flags("EFGHKLNO")},
      {"M without F", ErrorCode::invalid_tppar, flags("DEHMNO")},
      {"O not set", ErrorCode::invalid_ticket, flags("DEFGHN")},
      {"I without Initiator Data", ErrorCode::unspecified, flags("DEFGHINO")},
      {"expired", ErrorCode::invalid_tppar, [](TicketPolicy& p) { p.end = 1790000000 - 1; }},
      {"not valid yet", ErrorCode::invalid_tppar, [](TicketPolicy& p) { p.start = 1790000000 + 900; }},
      {"nobody may resolve", ErrorCode::invalid_tppar, [](TicketPolicy& p) { p.responders.clear(); }},
      {"another Ticket Type", ErrorCode::invalid_ticket,
       [](TicketPolicy& p) { p.kind.type = TicketType::base_3gpp; }},
      {"another Subtype", ErrorCode::invalid_ticket, [](TicketPolicy& p) { p.kind.subtype = 9; }},
      {"another Initiator", ErrorCode::auth_failure, [](TicketPolicy& p) { p.initiator = uri_of("carol"); }},
      {"no Initiator", ErrorCode::auth_failure, [](TicketPolicy& p) { p.initiator.reset(); }},
      {"another PRF", ErrorCode::invalid_prf, [](TicketPolicy& p) { p.prf = PrfFunc::hmac_sha_256; }},
  };
  TicketWorld w;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    TicketPolicy p = good_policy();
    c.change(p);
    if (p.prf == PrfFunc::hmac_sha_256) w.policy.prf = {PrfFunc::mikey_1, PrfFunc::hmac_sha_256};
    const Outcome o = w.party("bob").receive(Source::peer, transfer_with(w, p));
    ASSERT_EQ(o.state, Outcome::State::failed);
    EXPECT_EQ(o.error->code, c.code) << o.error->to_string();
    ASSERT_EQ(o.send.size(), 1U);
    EXPECT_EQ(o.send[0].to, Destination::peer);
    const auto m = wire::Message::parse(o.send[0].message);
    EXPECT_EQ(m->hdr().data_type, error);
    EXPECT_EQ(m->hdr().csb_id, 0x01020304U);
    EXPECT_EQ(static_cast<int>(m->first<wire::Err>()->number), static_cast<int>(c.code));
    w.clock.advance(std::chrono::seconds(0));
  }
  const Outcome ok = w.party("bob").receive(Source::peer, transfer_with(w, good_policy()));
  ASSERT_EQ(ok.state, Outcome::State::waiting) << ok.error->to_string();
  EXPECT_EQ(ok.send.at(0).to, Destination::kms);
}

TEST(InAnotherName, NobodyCallsButTheOneTheTicketWasMadeFor) {  // RFC 6043 12.4, 9
  TicketPolicy p = good_policy();
  p.responders = {uri_of("bob"), uri_of("carol")};
  for (const bool decentralized : {false, true}) {
    TicketWorld w;
    w.party("bob", [&](Credentials& c) { c.ticket->decentralized = decentralized; });
    EXPECT_EQ(w.party("bob").receive(Source::peer, transfer_with(w, p, "dave")).error->code,
              ErrorCode::auth_failure);
    const Outcome member = w.party("bob").receive(Source::peer, transfer_with(w, p, "carol"));
    EXPECT_EQ(member.state, decentralized ? Outcome::State::waiting : Outcome::State::failed)
        << "a member of the ticket's group calls";
  }
}

TEST(Unauthorised, ResponderGetsNoKeysAndTheInitiatorGoesOnWaiting) {
  TicketWorld w;
  InitiateRequest r = TicketWorld::request("bob");
  r.ticket->responders = {uri_of("carol")};
  const Call run = w.run("alice", std::move(r));
  EXPECT_EQ(w.last_kms->code, ErrorCode::auth_failure);
  EXPECT_EQ(run.last.at("bob").state, Outcome::State::failed);
  EXPECT_EQ(run.last.at("bob").error->code, ErrorCode::auth_failure);
  EXPECT_EQ(run.letter(error).from, "kms");
  // The Responder's word is not authenticated: anybody could have said so.
  EXPECT_EQ(run.last.at("alice").state, Outcome::State::failed);
  EXPECT_EQ(w.party("alice").waiting(), 1U);
  EXPECT_EQ(w.party("bob").waiting(), 0U);
}

TEST(Unauthorised, InitiatorGetsAnAuthenticatedError) {
  TicketWorld w;
  w.tables.initiators = {{uri_of("carol")}};
  const Call run = w.run("alice", TicketWorld::request("bob"));
  EXPECT_EQ(run.last.at("alice").error->code, ErrorCode::auth_failure);
  EXPECT_EQ(w.party("alice").waiting(), 0U) << "the KMS's word ends it";
}

TEST(Unauthorised, ErrorsNobodyAuthenticatedEndNothing) {
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob"), [&](Letter& l) {
    if (l.from != "kms") return;
    wire::Hdr h = wire::Message::parse(l.message)->hdr();
    h.data_type = error;
    wire::ChainBuilder b(h);
    const Bytes t(8, 1);
    const Bytes mac(20, 1);
    b.add(wire::T{TsType::ntp_utc, Octets(t)}).add(wire::Err{ErrorNo{0}, 0});
    b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
    EXPECT_EQ(w.party(l.to).receive(Source::kms, *std::move(b).finish()).state, Outcome::State::failed);
  });
  EXPECT_TRUE(run.established("alice") && run.established("bob"));
}

TEST(WrongKms, IsNotAnswered) {
  TicketWorld w;
  w.party("alice", [](Credentials& c) {
    c.ticket->kms = uri_of("other");
    c.psk.emplace(uri_of("other"), TicketWorld::psk("alice"));
  });
  const Call run = w.run("alice", TicketWorld::request("bob"));
  EXPECT_EQ(w.last_kms->code, ErrorCode::invalid_id);
  EXPECT_FALSE(run.established("alice"));
}

TEST(OtherKms, AsksForItsClientWhenItIsTrusted) {  // RFC 6043 10
  for (const bool trusted : {false, true}) {
    TicketWorld w;
    w.tables.psk.emplace(uri_of("kms2"), Psk(Bytes(16, 0x22)));
    if (trusted) w.tables.trusted_kms.insert(uri_of("kms2"));
    Bytes ticket;
    (void)w.run("alice", TicketWorld::request("bob"), [&](Letter& l) {
      if (l.type() != transfer_init) return;
      const auto m = wire::Message::parse(l.message);
      const wire::Slot& at = *m->find(PayloadType::ticket);
      ticket = to_bytes(m->octets().subspan(at.body(), at.end() - at.body()));
      l.message.clear();
    });
    const Identity self = uri_of("kms2");
    UniqueClock clock(w.clock);
    const Env env{crypto::openssl(), w.rng, clock, w.policy, self};
    const KmsLink link{uri_of("kms"), false, Psk(Bytes(16, 0x22)), self};
    const auto question = KmsQuestion::resolve(env, link, PrfFunc::mikey_1, uri_of("bob"), ticket);
    ASSERT_TRUE(question.ok());
    const kms::Answer a = w.kms().handle(question->message());
    ASSERT_EQ(a.state == kms::Answer::State::answered, trusted) << (a.error ? a.error->to_string() : "");
    if (!trusted) continue;
    const auto reply = question->read(env, *wire::Message::parse(*a.message), true);
    ASSERT_TRUE(reply.ok()) << reply.error().to_string();
    EXPECT_EQ(reply->answer_as, uri_of("bob")) << "forked for the client, not for its KMS";
  }
}

TEST(OtherKms, IsAskedAboutItsTickets) {  // RFC 6043 10, figure 9: Alice's KMS issued, Bob knows "kms2" only
  TicketWorld w;
  w.tables.psk.emplace(uri_of("kms2"), Psk(Bytes(16, 0x22)));
  w.tables.trusted_kms.insert(uri_of("kms2"));
  w.party("bob", [](Credentials& c) {
    c.ticket->kms = uri_of("kms2");
    c.psk.emplace(uri_of("kms2"), Psk(Bytes(16, 0xB2)));
  });
  const Identity self = uri_of("kms2");
  UniqueClock clock(w.clock);
  const Env env{crypto::openssl(), w.rng, clock, w.policy, self};
  kms::Tables tables;
  tables.psk.emplace(uri_of("bob"), Psk(Bytes(16, 0xB2)));
  const kms::TableAuthority authority(std::move(tables));
  kms::CachedReplay replay(keys::ReplayCache(crypto::openssl(), w.rng, w.policy.clock_skew, 100), clock);
  std::map<Identity, KmsLink> links;
  links.emplace(uri_of("kms"), KmsLink{uri_of("kms"), false, Psk(Bytes(16, 0x22)), self});
  kms::Relay relay(env, std::move(links));
  const kms::Issuer kms2(env, authority, replay, nullptr, nullptr, &relay);

  Bytes transfer;
  (void)w.run("alice", TicketWorld::request("bob"), [&](Letter& l) {
    if (l.type() == transfer_init) transfer = std::exchange(l.message, {});
  });
  const Outcome asks = w.party("bob").receive(Source::peer, transfer);
  ASSERT_EQ(asks.send.size(), 1U);
  const kms::Answer on_its_way = kms2.handle(asks.send[0].message);
  ASSERT_EQ(on_its_way.state, kms::Answer::State::waiting) << on_its_way.error->to_string();
  EXPECT_EQ(on_its_way.forward->name, uri_of("kms"));
  EXPECT_EQ(relay.waiting(), 1U);
  const kms::Answer theirs = w.kms().handle(on_its_way.forward->message);
  ASSERT_EQ(theirs.state, kms::Answer::State::answered) << theirs.error->to_string();
  EXPECT_EQ(relay.take(flipped(*theirs.message, 8 * theirs.message->size() - 1)).state,
            kms::Answer::State::failed);
  const kms::Answer back = relay.take(*theirs.message);
  ASSERT_EQ(back.state, kms::Answer::State::answered) << back.error->to_string();
  EXPECT_EQ(relay.waiting(), 0U);
  const Outcome bob = w.party("bob").receive(Source::kms, *back.message);
  ASSERT_EQ(bob.state, Outcome::State::established) << bob.error->to_string();
  const Outcome alice = w.party("alice").receive(Source::peer, bob.send.at(0).message);
  ASSERT_EQ(alice.state, Outcome::State::established) << alice.error->to_string();
  EXPECT_EQ(alice.bundle->peer, uri_of("bob"));
  EXPECT_TRUE(ct_equal(alice.bundle->sessions[0].tek.reveal(), bob.bundle->sessions[0].tek.reveal()));
}

TEST(ReflectedUpdate, DoesNotPassForThePeers) {  // RFC 6043 5.2: both directions have the same keys
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob", "DEFGHIJLMNO"));
  ASSERT_TRUE(run.established("bob"));
  InitiateRequest r = TicketWorld::request("alice");
  r.csb_id = run.bundle("bob").csb_id;
  const Call update = w.run(
      "bob", std::move(r),
      [&](Letter& l) {
        const Outcome o = w.party(l.from).receive(Source::peer, l.message);
        EXPECT_EQ(o.state, Outcome::State::failed) << "its own message, back again";
      },
      "alice");
  EXPECT_TRUE(update.established("alice") && update.established("bob"));
}

TEST(OldCsbId, IsNotTakenForANewExchange) {  // RFC 6043 5.3
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob"));
  ASSERT_TRUE(run.established("bob"));
  Bytes again = transfer_with(w, good_policy());
  store_be(again.data() + 4, run.bundle("bob").csb_id);
  const Outcome o = w.party("bob").receive(Source::peer, again);
  EXPECT_EQ(o.state, Outcome::State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::unspecified);
  EXPECT_TRUE(w.party("bob").bundle(run.bundle("bob").csb_id, uri_of("alice")));
}

TEST(KmsLimits, RequestsThatAreNotGranted) {
  TicketWorld w;
  w.tables.drop_flags = *TicketFlags::parse("JN");
  w.tables.max_lifetime = 60;
  InitiateRequest r = TicketWorld::request("bob", "DEFGHIJNO");
  const Call run = w.run("alice", std::move(r));
  EXPECT_EQ(run.last.at("alice").error->code, ErrorCode::invalid_ticket) << "a ticket without N";
  EXPECT_EQ(w.party("alice").waiting(), 0U);
  const auto m = wire::Message::parse(run.letter(request_resp).message);
  const auto p = TicketPolicy::parse(m->first<wire::Ticket>()->policy);
  EXPECT_EQ(p->flags.letters(), "DEFGHIKO") << "K: the KMS changed the policy";
  EXPECT_EQ(p->end, 1790000000 + 60);
}

TEST(KmsRecord, SeesEveryTicketAndMayRefuse) {
  class Record final : public kms::TicketRecord {
   public:
    std::vector<Bytes> issued_, resolved_;
    bool revoked = false;
    Status issued(const Identity& client, const TicketPolicy& p, ByteView id) override {
      EXPECT_EQ(client, uri_of("alice"));
      EXPECT_EQ(p.initiator, uri_of("alice"));
      issued_.push_back(to_bytes(id));
      return {};
    }
    Status resolved(const Identity& client, const TicketPolicy& /*p*/, ByteView id) override {
      EXPECT_EQ(client, uri_of("bob"));
      resolved_.push_back(to_bytes(id));
      if (revoked) return bad_message(ErrorCode::auth_failure, "RFC 6043 4.2.3.4", "the ticket was revoked");
      return {};
    }
  } record;
  TicketWorld w;
  w.record = &record;
  EXPECT_TRUE(w.run("alice", TicketWorld::request("bob")).established("bob"));
  ASSERT_EQ(record.issued_.size(), 1U);
  EXPECT_EQ(record.issued_, record.resolved_);
  record.revoked = true;
  EXPECT_FALSE(w.run("alice", TicketWorld::request("bob")).established("bob"));
}

}  // namespace
}  // namespace mikey::test
