// What compliance/rfc6043.toml claims of the messages of MIKEY-TICKET and finds in no other test: what stands
// in them, what a receiver takes and what it refuses (RFC 6043 4.2, 5.4, 5.5, 6).
#include <gtest/gtest.h>

#include "exchange/ticket/parts.hpp"
#include "exchange/ticket/sessions.hpp"
#include "support/ticket_forge.hpp"

namespace mikey::test {
namespace {

using enum DataType;
using Call = TicketWorld::Run;

wire::Message parsed(const Bytes& octets) {
  auto m = wire::Message::parse(octets);
  EXPECT_TRUE(m.ok());
  return std::move(*m);
}

/// What a message is, and what it answers.
struct Kind {
  DataType type;
  std::optional<DataType> answers;
};
constexpr Kind kAll[] = {
    {request_init_psk, {}}, {request_resp, request_init_psk}, {transfer_init, {}},
    {resolve_init_psk, {}}, {resolve_resp, resolve_init_psk}, {transfer_resp, transfer_init}};

std::vector<IdRole> roles(const wire::Message& m) {
  std::vector<IdRole> out;
  for (const wire::Idr& i : m.all<wire::Idr>()) out.push_back(i.role);
  return out;
}
std::vector<RandRole> rands(const wire::Message& m) {
  std::vector<RandRole> out;
  for (const wire::Randr& r : m.all<wire::Randr>()) out.push_back(r.role);
  return out;
}

class Rfc6043 : public testing::Test {
 protected:
  TicketWorld w;
  /// Time passes while messages travel.
  static TicketWorld::Hook ticking(TicketWorld& w) {
    return [&w](TicketWorld::Letter&) { w.clock.advance(std::chrono::seconds(1)); };
  }
  Call call(const char* flags = nullptr) {
    Call r = w.run("alice", TicketWorld::request("bob", flags), ticking(w));
    EXPECT_TRUE(r.established("alice") && r.established("bob"));
    return r;
  }
  /// The reaction to the `type` of a call without forking.
  Reaction reaction(DataType type, const Change& change, const char* flags = "DEFGHNO") {
    TicketWorld fresh;
    return react(fresh, TicketWorld::request("bob", flags), type, change);
  }
};

TEST_F(Rfc6043, MessagesToTheKmsHoldTheirPayloads) {  // 4.2.1.1, 4.2.3.1
  const Call r = call();
  for (const DataType t : {request_init_psk, resolve_init_psk}) {
    const wire::Message m = parsed(r.letter(t).message);
    const bool asks = t == request_init_psk;
    EXPECT_EQ(m.count<wire::T>(), 1U);
    EXPECT_EQ(rands(m), std::vector{asks ? RandRole::initiator : RandRole::responder});
    EXPECT_EQ(roles(m), (std::vector{asks ? IdRole::initiator : IdRole::responder, IdRole::kms}));
    EXPECT_EQ(m.hdr().v, 1);
    EXPECT_EQ(m.hdr().n_cs, 0);
    EXPECT_EQ(m.hdr().map_type, CsIdMapType::empty);
    EXPECT_NE(m.hdr().csb_id, 0U);
    EXPECT_EQ(m.count<wire::Tp>(), asks ? 1U : 0U);
    EXPECT_EQ(m.count<wire::Ticket>(), asks ? 0U : 1U);
  }
  const wire::Message asked = parsed(r.letter(resolve_init_psk).message);
  const wire::Message came = parsed(r.letter(transfer_init).message);
  EXPECT_EQ(asked.first<wire::Ticket>(), came.first<wire::Ticket>()) << "the ticket goes on as it came";
}

TEST_F(Rfc6043, TransferInitNamesBothAndItsVFlagIsTheFFlag) {  // 4.2.2.1
  for (const char* flags : {"DEFGHINO", "DEHNO"}) {
    TicketWorld fresh;
    const Call r = fresh.run("alice", TicketWorld::request("bob", flags));
    const wire::Message m = parsed(r.letter(transfer_init).message);
    EXPECT_EQ(m.count<wire::T>(), 1U);
    EXPECT_EQ(rands(m), std::vector{RandRole::initiator});
    EXPECT_EQ(roles(m), (std::vector{IdRole::initiator, IdRole::responder}));
    EXPECT_EQ(m.hdr().v != 0, TicketFlags::parse(flags)->has(TicketFlag::f));
    EXPECT_EQ(m.hdr().map_type, CsIdMapType::generic_id);
    EXPECT_EQ(m.count<wire::Kemac>(), 0U);
    EXPECT_EQ(m.first<wire::Ticket>()->initiator_data.empty(),
              !TicketFlags::parse(flags)->has(TicketFlag::i));
  }
}

TEST_F(Rfc6043, ResponsesRepeatTheHeaderAndHaveATimeOfTheirOwn) {  // 4.2.1.5, 4.2.2.3, 4.2.3.5
  const Call r = call();
  for (const Kind& k : kAll) {
    if (!k.answers) continue;
    const wire::Message answer = parsed(r.letter(k.type).message);
    const wire::Message init = parsed(r.letter(*k.answers).message);
    EXPECT_EQ(answer.hdr().version, init.hdr().version);
    EXPECT_EQ(answer.hdr().prf, init.hdr().prf);
    EXPECT_EQ(answer.hdr().csb_id, init.hdr().csb_id);
    EXPECT_EQ(answer.hdr().n_cs, init.hdr().n_cs);
    EXPECT_EQ(answer.hdr().map_type, init.hdr().map_type);
    EXPECT_EQ(answer.hdr().v, 0);
    EXPECT_NE(to_hex(answer.first<wire::T>()->value), to_hex(init.first<wire::T>()->value));
  }
}

TEST_F(Rfc6043, EveryMessageEndsWithVAndNamesRolesByIdr) {  // 4.2, 6.6
  const Call r = call();
  for (const Kind& k : kAll) {
    const wire::Message m = parsed(r.letter(k.type).message);
    EXPECT_EQ(m.last_type(), PayloadType::v);
    EXPECT_EQ(m.count<wire::Id>(), 0U);
    for (const wire::Kemac& kemac : m.all<wire::Kemac>()) {
      EXPECT_EQ(kemac.mac_alg, MacAlg::null);
      EXPECT_EQ(kemac.encr_alg, EncrAlg::aes_cm_128);
    }
  }
  EXPECT_EQ(parsed(r.letter(request_resp).message).count<wire::Kemac>(), 1U);
  EXPECT_EQ(parsed(r.letter(resolve_resp).message).count<wire::Kemac>(), 1U);
}

TEST_F(Rfc6043, MacsCoverWhatTable52Says) {  // 5.5: computed once more, by the table
  TicketForger forger;
  const Call r =
      w.run("alice", TicketWorld::request("bob", "DEFGHNO"), [&](TicketWorld::Letter& l) { forger.saw(l); });
  ASSERT_TRUE(r.established("alice"));
  for (const Kind& k : kAll)
    EXPECT_EQ(to_hex(forger.protect(Forge(r.letter(k.type).message))), to_hex(r.letter(k.type).message))
        << static_cast<int>(k.type);
}

TEST_F(Rfc6043, TheVFlagMeansNothingButInUpdates) {  // 4.2.1.1, 4.2.1.5, 4.2.2.1, 4.2.2.3, 4.2.3.1, 4.2.3.5
  for (const Kind& k : kAll) {
    const Reaction r =
        reaction(k.type, [](Forge& f, const TicketForger&) { f.hdr().v = f.hdr().v != 0 ? 0 : 1; });
    EXPECT_TRUE(r.taken) << static_cast<int>(k.type) << (r.error ? r.error->to_string() : "");
  }
}

TEST_F(Rfc6043, UnexpectedPayloadsAreIgnored) {  // 4.2.1.4, .6, 4.2.2.2, .4, 4.2.3.4, .6
  const Bytes hash(20, 1);
  for (const Kind& k : kAll) {
    const Reaction r = reaction(k.type, [&](Forge& f, const TicketForger&) {
      f.append(wire::Chash{HashFunc::sha_1, Octets(hash)});
      f.append(wire::Rand{Octets(hash)});
    });
    EXPECT_TRUE(r.taken) << static_cast<int>(k.type) << (r.error ? r.error->to_string() : "");
  }
}

TEST_F(Rfc6043, CryptoSessionsAreNotTheKmss) {  // 4.2.1.1, 4.2.3.1, 5.1
  const Bytes map = *ticket::encode_sessions(std::vector<ticket::Session>{{1, {0}, 7, 0, 0, false, {1}}});
  for (const DataType t : {request_init_psk, request_resp, resolve_init_psk, resolve_resp}) {
    const Reaction r = reaction(t, [&](Forge& f, const TicketForger&) {
      f.hdr().map_type = CsIdMapType::generic_id;
      f.hdr().n_cs = 1;
      f.hdr().map = Octets(map);
    });
    EXPECT_FALSE(r.taken) << static_cast<int>(t);
    EXPECT_EQ(r.error->code, ErrorCode::unspecified);
  }
}

TEST_F(Rfc6043, ResponsesWithAnotherPrfOrAnOldTimeAreRefused) {  // 4.2.1.5, 4.2.2.3, 4.2.3.5
  for (const Kind& k : kAll) {
    if (!k.answers) continue;
    const Bytes old(8, 1);
    EXPECT_FALSE(reaction(k.type, [&](Forge& f, const TicketForger&) {
                   f.set(wire::T{TsType::ntp_utc, Octets(old)});
                 }).taken);
    EXPECT_FALSE(reaction(k.type, [&](Forge& f, const TicketForger&) {
                   const Bytes count(4, 1);
                   f.set(wire::T{TsType::counter, Octets(count)});
                 }).taken);
  }
}

TEST_F(Rfc6043, KeysWithoutAnSpiAreRefused) {  // 6.2.1
  for (const DataType t : {request_resp, resolve_resp}) {
    for (const bool spi : {true, false}) {
      const Reaction r = reaction(t, [&](Forge& f, const TicketForger& forger) {
        const OpenedTicket o = open_ticket(forger.message(t == request_resp ? t : transfer_init));
        std::vector<keys::KeyEntry> keys;
        keys.push_back({KeyDataType::mpk, o.mpk.initiator.clone(), {}, false, o.mpk_validity});
        keys.push_back(o.keys.at(0).clone());
        if (!spi) keys[1].validity = {};
        forger.put_kemac(f, keys, PayloadType::v);
      });
      EXPECT_EQ(r.taken, spi) << (r.error ? r.error->to_string() : "");
    }
  }
}

TEST_F(Rfc6043, EveryKeyOfATicketHasAnSpiOfItsOwn) {  // 6.2.1
  const Call r = call();
  const OpenedTicket o = open_ticket(r.letter(transfer_init).message);
  EXPECT_EQ(o.mpk_validity.type, KvType::spi);
  for (const keys::KeyEntry& k : o.keys) {
    EXPECT_EQ(k.validity.type, KvType::spi);
    EXPECT_NE(k.validity.spi, o.mpk_validity.spi);
  }
}

TEST_F(Rfc6043, TheSaltOfATicketsKeyIsUsed) {  // 5.1.3
  InitiateRequest request = TicketWorld::request("bob");
  request.terms.streams = {{{1, 0, {}}, {2, 0, {}}}};
  const Call r = w.run("alice", std::move(request));
  for (const char* who : {"alice", "bob"}) {
    const keys::Bundle& b = r.bundle(who);
    ASSERT_TRUE(b.keys.at(0).has_salt);
    for (const keys::CryptoSession& s : b.sessions)
      EXPECT_TRUE(ct_equal(s.salt.reveal(), b.keys[0].salt.reveal()));
  }
}

TEST_F(Rfc6043, TheModifierOfTheKmsTravelsUnchanged) {  // 4.2.2.3, 4.2.3.5
  const Call r = call();
  const wire::Message from_kms = parsed(r.letter(resolve_resp).message);
  const wire::Message answer = parsed(r.letter(transfer_resp).message);
  const auto id = ticket::identity_in(from_kms, IdRole::responder);
  const auto rand = ticket::rand_in(from_kms, RandRole::kms);
  ASSERT_TRUE(id && rand);
  EXPECT_EQ(*id, uri_of("bob"));
  EXPECT_EQ(ticket::identity_in(answer, IdRole::responder), id);
  EXPECT_EQ(ticket::rand_in(answer, RandRole::kms), rand);
}

TEST_F(Rfc6043, WithoutForkingAnIdrrOfTheKmsTravelsOnToo) {  // 4.2.2.3
  const Identity other = uri_of("carol");
  const Reaction r = reaction(resolve_resp, [&](Forge& f, const TicketForger&) {
    f.append(wire::Idr{IdRole::responder, IdType::uri, Octets(other.data)});
  });
  ASSERT_TRUE(r.taken);
  EXPECT_EQ(ticket::identity_in(parsed(r.sent.at(0).message), IdRole::responder), other);
}

TEST_F(Rfc6043, RandrrIsThereIfAndOnlyIfTheGFlagIsSet) {  // 4.2.2.3, 5.1.2, 6.10
  for (const char* flags : {"DEFGHNO", "DEFHNO"}) {
    TicketWorld fresh;
    const Call r = fresh.run("alice", TicketWorld::request("bob", flags));
    const bool g = TicketFlags::parse(flags)->has(TicketFlag::g);
    EXPECT_TRUE(r.established("alice"));
    EXPECT_EQ(rands(parsed(r.letter(transfer_resp).message)).size(), g ? 1U : 0U);
    const Bytes rand(16, 3);
    const auto change = [&](Forge& f, const TicketForger&) {
      if (g)
        f.remove(PayloadType::randr);
      else
        f.append(wire::Randr{RandRole::responder, Octets(rand)});
    };
    EXPECT_FALSE(reaction(transfer_resp, change, flags).taken);
  }
}

TEST_F(Rfc6043, TheHFlagSaysWhetherRandrisIsInTheSessionKeys) {  // 5.1.3, 6.10
  for (const char* flags : {"DEFGHNO", "DEFGNO", "DEFHNO"}) {
    TicketWorld fresh;
    const Call r = fresh.run("alice", TicketWorld::request("bob", flags));
    ASSERT_TRUE(r.established("alice") && r.established("bob")) << flags;
    const auto f = *TicketFlags::parse(flags);
    const Bytes i = *ticket::rand_in(parsed(r.letter(transfer_init).message), RandRole::initiator);
    const auto rr = ticket::rand_in(parsed(r.letter(transfer_resp).message), RandRole::responder);
    EXPECT_EQ(to_hex(r.bundle("bob").rand),
              to_hex(keys::ticket_session_context(f.has(TicketFlag::h) ? i : Bytes{}, rr.value_or(Bytes{}))));
  }
}

TEST_F(Rfc6043, TheTicketPolicyAskedForIsInOrder) {  // 6.10
  const Call r = call();
  const wire::Message asked = parsed(r.letter(request_init_psk).message);
  const wire::TicketPolicy tp = asked.first<wire::Tp>()->policy;
  const auto desired = TicketPolicy::parse(tp);
  EXPECT_FALSE(desired->has(TicketFlag::k));
  ASSERT_TRUE(desired->keys);
  const auto tp_data = wire::PayloadChain::parse_announced(tp.tp_data);
  const auto kemac = tp_data->first<wire::Kemac>();
  EXPECT_EQ(kemac->encr_alg, EncrAlg::null);
  EXPECT_EQ(kemac->mac_alg, MacAlg::null);
  const auto chain = wire::PayloadChain::parse(PayloadType::key_data, kemac->encr_data);
  for (const wire::KeyData& d : chain->all<wire::KeyData>())
    for (const std::uint8_t octet : to_bytes(d.key)) EXPECT_EQ(octet, 0);
  const wire::Message answer = parsed(r.letter(request_resp).message);
  const auto granted = TicketPolicy::parse(answer.first<wire::Ticket>()->policy);
  EXPECT_FALSE(granted->keys) << "no KEMAC in a granted policy";
  EXPECT_EQ(granted->initiator, uri_of("alice"));
  EXPECT_EQ(granted->kms, uri_of("kms"));
}

// ------------------------------------------------------------------ errors (5.4)

TEST_F(Rfc6043, ErrorsAreFreshPlainAndAboutTheirMessage) {
  TicketWorld fresh;
  fresh.tables.initiators = {{uri_of("carol")}};
  const Call r = fresh.run("alice", TicketWorld::request("bob"), ticking(fresh));
  const wire::Message e = parsed(r.letter(error).message);
  const wire::Message about = parsed(r.letter(request_init_psk).message);
  EXPECT_EQ(e.hdr().csb_id, about.hdr().csb_id);
  EXPECT_EQ(e.hdr().prf, about.hdr().prf);
  EXPECT_EQ(e.hdr().version, about.hdr().version);
  EXPECT_EQ(e.hdr().v, 0);
  EXPECT_NE(to_hex(e.first<wire::T>()->value), to_hex(about.first<wire::T>()->value));
  const Psk psk = TicketWorld::psk("alice");
  const keys::MessageKeys keys(
      crypto::openssl(), about.hdr().prf, psk.reveal(), about.hdr().csb_id,
      keys::ticket_message_context(keys::Phase::initial, about.first<wire::Randr>()->data, {}));
  EXPECT_EQ(to_hex(with_v(Forge(r.letter(error).message), keys, {})), to_hex(r.letter(error).message))
      << "the auth_key of the message in error";
  EXPECT_EQ(fresh.party("alice").waiting(), 0U);
}

TEST_F(Rfc6043, ErrorsOfTheKmsAreTakenWithVFlagAndUnexpectedPayloads) {
  TicketWorld fresh;
  fresh.tables.initiators = {{uri_of("carol")}};
  const Bytes hash(20, 1);
  Bytes about;
  (void)fresh.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
    if (l.type() == request_init_psk) about = l.message;
    if (l.type() != error) return;
    Forge f(l.message);
    f.hdr().v = 1;
    f.append(wire::Chash{HashFunc::sha_1, Octets(hash)});
    const wire::Message m = parsed(about);
    const Psk psk = TicketWorld::psk("alice");
    const keys::MessageKeys keys(
        crypto::openssl(), m.hdr().prf, psk.reveal(), m.hdr().csb_id,
        keys::ticket_message_context(keys::Phase::initial, m.first<wire::Randr>()->data, {}));
    l.message = with_v(f, keys, {});
  });
  EXPECT_EQ(fresh.party("alice").waiting(), 0U) << "the authenticated error ends the exchange";
}

TEST_F(Rfc6043, AnErrorAboutPoliciesListsThoseThatAreSupported) {
  const Bytes none = hex("000106");  // encryption algorithm 6: there is none
  const Reaction r = reaction(transfer_init, [&](Forge& f, const TicketForger&) {
    wire::Sp sp = f.get<wire::Sp>();
    sp.params = Octets(none);
    f.set(sp);
  });
  EXPECT_FALSE(r.taken);
  EXPECT_FALSE(r.asked_kms);
  ASSERT_EQ(r.sent.size(), 1U);
  EXPECT_GE(parsed(r.sent[0].message).count<wire::Sp>(), 1U);
}

TEST_F(Rfc6043, WhatDoesNotParseIsReported) {
  const Call r = call();
  Bytes cut = r.letter(transfer_init).message;
  store_be(cut.data() + 4, 0x01020304U);
  cut.pop_back();
  const Outcome o = w.party("bob").receive(Source::peer, cut);
  ASSERT_EQ(o.send.size(), 1U);
  EXPECT_EQ(parsed(o.send[0].message).hdr().data_type, error);
  Bytes to_kms = r.letter(request_init_psk).message;
  to_kms.pop_back();
  const kms::Answer a = w.kms().handle(to_kms);
  ASSERT_TRUE(a.message);
  EXPECT_EQ(parsed(*a.message).hdr().data_type, error);
  EXPECT_EQ(w.party("bob").bundles(), 1U);
}

}  // namespace
}  // namespace mikey::test
