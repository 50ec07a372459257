// Ticket Transfer and CSB updates as RFC 6043 wants them, with messages that only a peer with the right keys
// could send (4.2.2, 5.2, 5.3, 6.1.1, 9, 12.1).
#include <gtest/gtest.h>

#include "exchange/ticket/parts.hpp"
#include "exchange/ticket/sessions.hpp"
#include "mikey/exchange/srtp_policy.hpp"
#include "support/ticket_forge.hpp"

namespace mikey::test {
namespace {

using enum DataType;
using Call = TicketWorld::Run;
using ticket::Session;

wire::Message parsed(const Bytes& octets) {
  auto m = wire::Message::parse(octets);
  EXPECT_TRUE(m.ok());
  return std::move(*m);
}

/// The sessions of a message, changed.
using Sessions = std::vector<Session>;
Change with_sessions(const std::function<void(Sessions&)>& change) {
  return [change](Forge& f, const TicketForger&) {
    auto sessions = ticket::read_sessions(parsed(f.bare()), false);
    change(*sessions);
    static Bytes map;  // the header only points to it
    map = *ticket::encode_sessions(*sessions);
    f.hdr().n_cs = static_cast<std::uint8_t>(sessions->size());
    f.hdr().map = Octets(map);
  };
}

std::string why(const Reaction& r) {
  return r.error ? r.error->to_string() : "";
}

keys::KeyEntry tek() {
  return {KeyDataType::tek_salt,
          SecretBytes(Bytes(16, 0x61)),
          SecretBytes(Bytes(14, 0x62)),
          true,
          {KvType::spi, {9, 9}, {}, {}}};
}

class Rfc6043Transfer : public testing::Test {
 protected:
  TicketWorld w;
  Reaction reaction(DataType type, const Change& change, const char* flags = "DEFGHNO") {
    TicketWorld fresh;
    InitiateRequest r = TicketWorld::request("bob", flags);
    r.terms.streams = {{{0x11, 0, {}}, {0x22, 5, {}}}};
    return react(fresh, std::move(r), type, change);
  }
};

// ------------------------------------------------------------------ 6.1.1, 4.2.2.3: crypto sessions

TEST_F(Rfc6043Transfer, TheRespondersAnswerLeavesNothingOpen) {
  const Reaction r = reaction(transfer_init, with_sessions([](Sessions& s) {
                                s[0].policies.clear();
                                s[0].ssrc.reset();
                                s[0].spi.clear();
                                s[1].policies = {0, 0};
                              }));
  ASSERT_TRUE(r.taken) << why(r);
  const wire::Message m = parsed(r.sent.at(0).message);
  const auto s = ticket::read_sessions(m, true);
  ASSERT_TRUE(s.ok());
  ASSERT_EQ(s->size(), 2U);
  EXPECT_TRUE((*s)[0].ssrc);
  EXPECT_EQ((*s)[1].ssrc, 0x22U);
  EXPECT_EQ((*s)[1].roc, 5U);
  EXPECT_EQ((*s)[1].policies, std::vector<std::uint8_t>{0}) << "one of those offered";
  ASSERT_EQ(m.count<wire::Sp>(), 1U) << "its own policy for the session that had none, and none of Alice's";
  EXPECT_EQ(m.first<wire::Sp>()->policy_no, (*s)[0].policies.at(0));
  EXPECT_NE(m.first<wire::Sp>()->policy_no, 0);
}

TEST_F(Rfc6043Transfer, ASessionThatIsOpenInTheAnswerIsRefused) {
  const std::pair<const char*, std::function<void(Sessions&)>> cases[] = {
      {"no policy", [](Sessions& s) { s[0].policies.clear(); }},
      {"two policies",
       [](Sessions& s) {
         s[0].policies = {0, 0};
       }},
      {"no Session Data", [](Sessions& s) { s[0].ssrc.reset(); }},
      {"no SPI", [](Sessions& s) { s[0].spi.clear(); }},
      {"an SPI that is no key's",
       [](Sessions& s) {
         s[0].spi = {1, 2, 3};
       }},
      {"a policy that nobody sent", [](Sessions& s) { s[0].policies = {7}; }},
      {"a session less", [](Sessions& s) { s.pop_back(); }},
      {"two of one CS ID", [](Sessions& s) { s[1].cs_id = s[0].cs_id; }},
  };
  for (const auto& [what, change] : cases)
    EXPECT_FALSE(reaction(transfer_resp, with_sessions(change)).taken) << what;
  EXPECT_TRUE(reaction(transfer_resp, with_sessions([](Sessions&) {})).taken);
}

TEST_F(Rfc6043Transfer, TheResponderMayChangeSessionDataAndAddSessions) {
  const Reaction r = reaction(transfer_resp, with_sessions([](Sessions& s) {
                                s[0].ssrc = 0x99;
                                s.push_back(s[1]);
                                s.back().cs_id = 3;
                              }));
  ASSERT_TRUE(r.taken) << why(r);
  ASSERT_EQ(r.bundle->sessions.size(), 3U);
  EXPECT_EQ(r.bundle->sessions[0].ssrc, 0x99U);
  EXPECT_FALSE(r.bundle->sessions[2].tek.empty());
}

TEST_F(Rfc6043Transfer, SrtpIdMapsAreRefused) {  // 6.1
  for (const DataType t : {transfer_init, transfer_resp}) {
    const Reaction r = reaction(t, [](Forge& f, const TicketForger&) {
      f.hdr().map_type = CsIdMapType::srtp_id;
      f.hdr().n_cs = 0;
      f.hdr().map = {};
    });
    EXPECT_FALSE(r.taken);
    EXPECT_FALSE(r.asked_kms);
  }
}

// ------------------------------------------------------------------ 4.2.2.4: the Initiator's look at
// policies

TEST_F(Rfc6043Transfer, PoliciesTheInitiatorDoesNotAcceptAreRefused) {
  const Bytes weak = *exchange::params_of(keys::Suite::aes_cm_128_hmac_sha1_32);
  const Bytes good = *exchange::params_of(keys::Suite::aes_cm_128_hmac_sha1_80);
  for (const bool accepts : {false, true}) {
    TicketWorld world;
    if (!accepts) world.policy.srtp = {keys::Suite::aes_cm_128_hmac_sha1_80};
    const Reaction r = react(world, TicketWorld::request("bob", "DEFGHNO"), transfer_resp,
                             [&](Forge& f, const TicketForger& forger) {
                               with_sessions([](Sessions& s) { s[0].policies = {5}; })(f, forger);
                               f.append(wire::Sp{5, ProtType::srtp, Octets(accepts ? good : weak)});
                             });
    EXPECT_EQ(r.taken, accepts) << why(r);
    EXPECT_EQ(world.party("alice").waiting(), accepts ? 0U : 1U) << "the genuine one may still come";
  }
}

// ------------------------------------------------------------------ 6.10: who may bring keys

TEST_F(Rfc6043Transfer, KemacsAreRefusedWithoutLAndM) {
  const Change bring = [](Forge& f, const TicketForger& forger) {
    std::vector<keys::KeyEntry> keys;
    keys.push_back(tek());
    forger.put_kemac(f, keys, PayloadType::v);
  };
  const Reaction init = reaction(transfer_init, bring);
  EXPECT_FALSE(init.taken);
  EXPECT_FALSE(init.asked_kms);
  EXPECT_EQ(init.error->code, ErrorCode::invalid_tppar);
  EXPECT_TRUE(reaction(transfer_init, bring, "DEFGHLNO").taken);
  const Reaction resp = reaction(transfer_resp, bring);
  EXPECT_FALSE(resp.taken);
  EXPECT_EQ(resp.error->code, ErrorCode::invalid_tppar);
  EXPECT_TRUE(reaction(transfer_resp, bring, "DEFGHMNO").taken);
}

TEST_F(Rfc6043Transfer, KemacsHaveTheNullMacAndTheAlgorithmsOfTheirPrf) {  // 5.2, 12.1
  for (const bool mac : {false, true}) {
    const Reaction r = reaction(
        transfer_resp,
        [&](Forge& f, const TicketForger& forger) {
          std::vector<keys::KeyEntry> keys;
          keys.push_back(tek());
          forger.put_kemac(f, keys, PayloadType::v);
          wire::Kemac k = f.get<wire::Kemac>();
          const Bytes data = to_bytes(k.encr_data);
          k.encr_data = Octets(data);
          const Bytes tag(20, 1);
          if (mac) k.mac_alg = MacAlg::hmac_sha_1_160, k.mac = Octets(tag);
          if (!mac) k.encr_alg = EncrAlg::aes_cm_256;
          f.set(k);
        },
        "DEFGHMNO");
    EXPECT_FALSE(r.taken);
    EXPECT_EQ(r.error->code, mac ? ErrorCode::invalid_mac : ErrorCode::invalid_ea) << why(r);
  }
}

// ------------------------------------------------------------------ 12.1: lengths of RANDs

TEST_F(Rfc6043Transfer, RandsShorterThanTheKeysAreRefused) {
  const Bytes little(7, 1);
  const Reaction init = reaction(
      transfer_init,
      [&](Forge& f, const TicketForger&) {
        f.set(wire::Randr{RandRole::initiator, Octets(little)});
      },
      "DEFHNO");
  EXPECT_FALSE(init.taken);
  EXPECT_STREQ(init.error->rfc, "RFC 6043 12.1");
  const Call r = w.run("alice", TicketWorld::request("bob"));
  for (const auto& l : r.letters) {
    const wire::Message m = parsed(l.message);
    for (const wire::Randr& rand : m.all<wire::Randr>()) EXPECT_GE(rand.data.size(), 16U);
  }
}

TEST_F(Rfc6043Transfer, ShortRandrkmsAreRefused) {
  const Bytes little(15, 1);
  const Reaction r = reaction(
      resolve_resp,
      [&](Forge& f, const TicketForger&) {
        f.set(wire::Randr{RandRole::kms, Octets(little)});
      },
      "DEFGHINO");
  EXPECT_FALSE(r.taken);
  EXPECT_STREQ(r.error->rfc, "RFC 6043 12.1") << why(r);
}

// ------------------------------------------------------------------ 12.4, 4.2.3.6: stolen tickets

TEST_F(Rfc6043Transfer, AForkedTicketIsOfNoUseInTheMessageOfAnother) {
  w.tables.groups[uri_of("it")] = {uri_of("bob"), uri_of("carol")};
  w.party("carol", [](Credentials& c) { c.ticket->groups = {uri_of("it")}; });
  Bytes init;
  (void)w.run("alice", TicketWorld::request("it"), [&](TicketWorld::Letter& l) {
    if (l.type() == transfer_init) init = std::exchange(l.message, {});
  });
  // Bob may resolve the ticket, so he knows MPKi: he can make a message that it protects, but no Vr.
  const OpenedTicket opened = open_ticket(init);
  Forge f(init);
  f.hdr().csb_id ^= 1;
  const Bytes id = uri_of("it").data;
  const keys::MessageKeys keys(
      crypto::openssl(), f.hdr().prf, opened.mpk.initiator.reveal(), f.hdr().csb_id,
      keys::ticket_message_context(keys::Phase::initial, f.get<wire::Randr>().data, {}));
  const Bytes forged = with_v(f, keys, {uri_of("alice").data, id});
  Outcome o = w.party("carol").receive(Source::peer, forged);
  ASSERT_EQ(o.state, Outcome::State::waiting);
  o = w.party("carol").receive(Source::kms, *w.kms().handle(o.send.at(0).message).message);
  EXPECT_EQ(o.state, Outcome::State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::auth_failure);
  EXPECT_NE(o.error->detail.find("Vi"), std::string::npos) << o.error->to_string();
}

TEST_F(Rfc6043Transfer, ChangedInitiatorDataAreNoticedByTheKms) {  // 4.2.3.4
  const Call r = w.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
    if (l.type() != transfer_init) return;
    const wire::Message m = parsed(l.message);
    l.message[m.find(PayloadType::ticket)->end() - 1] ^= 1;
  });
  EXPECT_FALSE(r.established("bob"));
  ASSERT_TRUE(w.last_kms);
  EXPECT_EQ(w.last_kms->code, ErrorCode::auth_failure);
  EXPECT_NE(w.last_kms->detail.find("Vr"), std::string::npos);
}

// ------------------------------------------------------------------ 5.3: reuse

TEST_F(Rfc6043Transfer, AReusedTicketHasNewRandsTimeAndCsbIdAndTheOldModifier) {
  const Call one = w.run("alice", TicketWorld::request("bob", "DEFGHIJNO"));
  InitiateRequest again = TicketWorld::request("bob", "DEFGHIJNO");
  again.ticket->reuse = TicketRequest::Reuse::only;
  const Call two = w.run("alice", std::move(again));
  ASSERT_TRUE(one.established("alice") && two.established("alice"));
  const wire::Message i1 = parsed(one.letter(transfer_init).message);
  const wire::Message i2 = parsed(two.letter(transfer_init).message);
  const wire::Message r1 = parsed(one.letter(transfer_resp).message);
  const wire::Message r2 = parsed(two.letter(transfer_resp).message);
  EXPECT_NE(i1.hdr().csb_id, i2.hdr().csb_id);
  EXPECT_NE(to_hex(i1.first<wire::T>()->value), to_hex(i2.first<wire::T>()->value));
  EXPECT_NE(ticket::rand_in(i1, RandRole::initiator), ticket::rand_in(i2, RandRole::initiator));
  EXPECT_NE(ticket::rand_in(r1, RandRole::responder), ticket::rand_in(r2, RandRole::responder));
  EXPECT_EQ(ticket::rand_in(r1, RandRole::kms), ticket::rand_in(r2, RandRole::kms));
  EXPECT_EQ(ticket::identity_in(r1, IdRole::responder), ticket::identity_in(r2, IdRole::responder));
}

TEST_F(Rfc6043Transfer, ATicketThatMustNotBeReusedIsRefusedWithoutAskingTheKms) {
  const Call r = w.run("alice", TicketWorld::request("bob", "DEFGHNO"));
  ASSERT_TRUE(r.established("bob"));
  const Bytes& init = r.letter(transfer_init).message;
  Forge f(init);
  f.hdr().csb_id ^= 1;
  const keys::MessageKeys keys(
      crypto::openssl(), f.hdr().prf, open_ticket(init).mpk.initiator.reveal(), f.hdr().csb_id,
      keys::ticket_message_context(keys::Phase::initial, f.get<wire::Randr>().data, {}));
  const Outcome o =
      w.party("bob").receive(Source::peer, with_v(f, keys, {uri_of("alice").data, uri_of("bob").data}));
  EXPECT_EQ(o.state, Outcome::State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_tppar);
  EXPECT_NE(o.error->detail.find("again"), std::string::npos) << o.error->to_string();
}

TEST_F(Rfc6043Transfer, AGrantedPolicyWithAKemacIsRefused) {  // 6.10
  TicketPolicy p = good_policy();
  p.keys = {{KeyDataType::tgk, 16, {}, {}}};
  const Outcome o = w.party("bob").receive(Source::peer, transfer_with(w, p));
  EXPECT_EQ(o.state, Outcome::State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_tppar);
}

// ------------------------------------------------------------------ 5.2: updates

class Rfc6043Update : public testing::Test {
 protected:
  TicketWorld w;
  Call established;
  void begin(const char* flags) {
    established = w.run("alice", TicketWorld::request("bob", flags));
    ASSERT_TRUE(established.established("alice") && established.established("bob"));
    w.clock.advance(std::chrono::seconds(1));
  }
  Call update(bool given = false, const TicketWorld::Hook& hook = {}) {
    InitiateRequest r = TicketWorld::request("bob");
    r.csb_id = established.bundle("alice").csb_id;
    if (given) r.terms.key.given = SecretBytes(Bytes(16, 0x44));
    return w.run("alice", std::move(r), hook);
  }
  /// `f` protected as both messages of an update are: with the keys of the last message of the exchange.
  Bytes protect(const Forge& f) const {
    const keys::Bundle& b = established.bundle("alice");
    const keys::MessageKeys keys(crypto::openssl(), b.prf, b.ticket->mpk.reveal(), b.csb_id,
                                 b.ticket->context);
    return with_v(f, keys, {b.ticket->initiator.data, b.ticket->responder.data});
  }
  Outcome deliver(const std::function<void(Forge&)>& change) {
    Outcome out;
    (void)update(false, [&](TicketWorld::Letter& l) {
      if (l.type() != transfer_init) return;
      Forge f(std::exchange(l.message, {}));
      change(f);
      out = w.party("bob").receive(Source::peer, protect(f));
    });
    return out;
  }
};

TEST_F(Rfc6043Update, KeepsTheCsbIdAndTheKeysOfTheLastMessageAndHasNoOldPayloads) {
  begin("DEFGHINO");
  const Call u = update();
  ASSERT_TRUE(u.established("alice") && u.established("bob"));
  const wire::Message first = parsed(established.letter(transfer_init).message);
  for (const DataType t : {transfer_init, transfer_resp}) {
    const wire::Message m = parsed(u.letter(t).message);
    EXPECT_EQ(m.hdr().csb_id, first.hdr().csb_id);
    EXPECT_EQ(m.count<wire::Randr>(), 0U);
    EXPECT_EQ(m.count<wire::Ticket>(), 0U);
    EXPECT_NE(to_hex(m.first<wire::T>()->value), to_hex(first.first<wire::T>()->value));
  }
  EXPECT_NE(to_hex(parsed(u.letter(transfer_init).message).first<wire::T>()->value),
            to_hex(parsed(u.letter(transfer_resp).message).first<wire::T>()->value));
  EXPECT_EQ(to_hex(protect(Forge(u.letter(transfer_init).message))), to_hex(u.letter(transfer_init).message));
}

TEST_F(Rfc6043Update, TheVFlagSaysWhetherAnAnswerIsWanted) {
  for (const bool wanted : {true, false}) {
    TicketWorld world;
    world.policy.request_verification = wanted;
    const Call r = world.run("alice", TicketWorld::request("bob"));
    InitiateRequest again = TicketWorld::request("bob");
    again.csb_id = r.bundle("alice").csb_id;
    const Call u = world.run("alice", std::move(again));
    EXPECT_EQ(parsed(u.letter(transfer_init).message).hdr().v != 0, wanted);
    EXPECT_EQ(u.letters.size(), wanted ? 2U : 1U);
    EXPECT_TRUE(u.established("alice") && u.established("bob"));
  }
}

TEST_F(Rfc6043Update, RandsAndTicketsAreRefused) {
  begin("DEFGHINO");
  const Bytes rand(16, 5);
  const Outcome with_rand = deliver([&](Forge& f) {
    f.append(wire::Randr{RandRole::initiator, Octets(rand)});
  });
  EXPECT_EQ(with_rand.state, Outcome::State::failed);
  EXPECT_STREQ(with_rand.error->rfc, "RFC 6043 5.2") << with_rand.error->to_string();
  const wire::Message first = parsed(established.letter(transfer_init).message);
  const Outcome with_ticket = deliver([&](Forge& f) { f.append(*first.first<wire::Ticket>()); });
  EXPECT_EQ(with_ticket.state, Outcome::State::failed);
  EXPECT_EQ(deliver([](Forge&) {}).state, Outcome::State::established);
}

TEST_F(Rfc6043Update, KeysTheTicketPolicyForbidsAreRefused) {
  for (const char* flags : {"DEFGHINO", "DEFGHILNO"}) {
    w.clock.advance(std::chrono::seconds(1));
    begin(flags);
    const bool may = TicketFlags::parse(flags)->has(TicketFlag::l);
    const Outcome o = deliver([&](Forge& f) {
      if (may) return;  // Alice's update brings a key by itself
      const keys::Bundle& b = established.bundle("alice");
      const keys::MessageKeys keys(crypto::openssl(), b.prf, b.ticket->mpk.reveal(), b.csb_id,
                                   b.ticket->context);
      std::vector<keys::KeyEntry> list;
      list.push_back(tek());
      wire::ChainBuilder inner;
      const wire::KeyData d{list[0].type,
                            Octets(list[0].key.reveal()),
                            Octets(list[0].salt.reveal()),
                            {KvType::spi, Octets(list[0].validity.spi), {}, {}}};
      inner.add(d);
      const auto plain = std::move(inner).finish_secret();
      const auto sealed = keys.seal(EncrAlg::aes_cm_128, f.get<wire::T>().value, plain->reveal());
      const wire::Kemac kemac{EncrAlg::aes_cm_128, Octets(*sealed), MacAlg::null, {}};
      f.append(kemac);
    });
    EXPECT_EQ(o.state == Outcome::State::established, may) << (o.error ? o.error->to_string() : "");
  }
}

TEST_F(Rfc6043Update, ANewTgkIsNotForked) {
  begin("DEFGHILNO");
  const Call u = update(true);
  ASSERT_TRUE(u.established("alice") && u.established("bob"));
  for (const char* who : {"alice", "bob"}) {
    EXPECT_EQ(to_hex(u.bundle(who).keys.at(0).key.reveal()), to_hex(Bytes(16, 0x44)));
    for (const keys::CryptoSession& s : u.bundle(who).sessions)
      EXPECT_EQ(s.validity.spi, u.bundle(who).keys[0].validity.spi) << "each session has a key";
  }
}

}  // namespace
}  // namespace mikey::test
