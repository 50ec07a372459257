// The compatibility mode of MIKEY-TICKET: Responders that know RFC 3830 only (RFC 6043 B.1).
#include <gtest/gtest.h>

#include "mikey/exchange/compatibility_ticket.hpp"
#include "support/certified_parties.hpp"
#include "support/ticket_world.hpp"

namespace mikey::test {
namespace {

using enum DataType;
using Call = TicketWorld::Run;

std::string tek(const keys::Bundle& b) {
  return to_hex(b.sessions.at(0).tek.reveal());
}

InitiateRequest compatible(const std::string& to) {
  InitiateRequest r = TicketWorld::request(to);
  CompatibilityTicket::ask(*r.ticket);
  return r;
}

/// Alice knows the Ticket Type, the KMS makes it, and Bob has no tickets at all.
struct CompatibleWorld : TicketWorld {
  Identity self = uri_of("kms");
  UniqueClock unique{clock};
  mikey::Pki pki_of_kms;
  TicketSchemes types;

  explicit CompatibleWorld(mikey::Pki pki = {}) : pki_of_kms(std::move(pki)) {
    types.add(std::make_shared<CompatibilityTicket>(
        Env{crypto::openssl(), rng, unique, policy, self, &pki_of_kms}));
    schemes = &types;
    party("alice", [](Credentials& c) { c.ticket->schemes.add(std::make_shared<CompatibilityTicket>()); });
  }
};

TEST(Compatibility, TheTicketIsAMessageOfRfc3830) {
  CompatibleWorld w;
  w.party("bob", [](Credentials& c) { c.ticket.reset(); });
  const Call r = w.run("alice", compatible("bob"));
  ASSERT_TRUE(r.established("alice")) << (r.refused    ? r.refused->to_string()
                                          : w.last_kms ? w.last_kms->to_string()
                                                       : "");
  ASSERT_TRUE(r.established("bob")) << r.last.at("bob").error->to_string();
  ASSERT_EQ(r.letters.size(), 3U);
  const auto granted = wire::Message::parse(r.letter(request_resp).message);
  const auto ticket = *granted->first<wire::Ticket>();
  EXPECT_EQ(to_hex(ticket.ticket_data), to_hex(r.letter(psk_init).message)) << "sent on as it is";
  EXPECT_FALSE(TicketFlags(ticket.policy.flags).has(TicketFlag::n));
  EXPECT_FALSE(TicketFlags(ticket.policy.flags).has(TicketFlag::o));
  const keys::Bundle& a = r.bundle("alice");
  const keys::Bundle& b = r.bundle("bob");
  EXPECT_EQ(tek(a), tek(b));
  EXPECT_EQ(a.csb_id, b.csb_id);
  EXPECT_EQ(to_hex(a.sessions[0].salt.reveal()), to_hex(b.sessions[0].salt.reveal()));
  EXPECT_EQ(a.sessions[0].validity.spi, b.sessions[0].validity.spi);
  EXPECT_EQ(a.peer, uri_of("bob"));
  EXPECT_EQ(b.mode, Mode::psk);
  EXPECT_EQ(b.peer, uri_of("kms")) << "whose message it is";
  InitiateRequest update = TicketWorld::request("bob");
  update.csb_id = a.csb_id;
  EXPECT_TRUE(w.run("alice", std::move(update)).refused) << "Alice has nothing to protect an update with";
}

TEST(Compatibility, AResponderWithACertificateNeedsNoPsk) {
  static const crypto::Certificate kms = issue(spec_for("kms"), "ca", shared_pki().ca);
  auto trust = std::make_shared<crypto::TrustStore>();
  trust->add_anchor(shared_pki().ca.certificate);
  trust->pin(IdType::uri, uri_of("bob").data, shared_pki().bob);
  CompatibleWorld w({{own_certificate({kms}, "ca")}, trust, {}});
  w.clock.set(kPkiTime);
  w.tables.psk.erase(uri_of("bob"));
  w.party("bob", [&](Credentials& c) {
    c.ticket.reset();
    c.psk.clear();
    c.pki = {{own_certificate({shared_pki().bob}, "bob")}, trust, {}};
  });
  const Call r = w.run("alice", compatible("bob"));
  ASSERT_TRUE(r.established("alice")) << (r.refused    ? r.refused->to_string()
                                          : w.last_kms ? w.last_kms->to_string()
                                                       : "");
  ASSERT_TRUE(r.established("bob")) << r.last.at("bob").error->to_string();
  EXPECT_EQ(r.bundle("bob").mode, Mode::pk);
  EXPECT_EQ(tek(r.bundle("alice")), tek(r.bundle("bob")));
}

TEST(Compatibility, EveryChangedOctetIsNoticedByTheResponder) {
  CompatibleWorld w;
  const Call r = w.run("alice", compatible("bob"), [&](TicketWorld::Letter& l) {
    if (l.type() != psk_init) return;
    for (std::size_t i = 0; i < l.message.size(); ++i) {
      Bytes bad = l.message;
      bad[i] ^= 0x40;
      EXPECT_NE(w.party("bob").receive(Source::peer, bad).state, Outcome::State::established) << i;
    }
  });
  EXPECT_TRUE(r.established("bob"));
}

TEST(Compatibility, WhatTheKmsCannotMakeIsRefused) {
  CompatibleWorld w;
  w.tables.psk.erase(uri_of("carol"));
  const auto refused = [&](const std::string& to, const std::function<void(InitiateRequest&)>& change) {
    InitiateRequest r = compatible(to);
    change(r);
    const Call run = w.run("alice", std::move(r), {}, to);
    EXPECT_TRUE(w.last_kms || run.refused);
    return !run.established("alice") && !run.established(to);
  };
  EXPECT_TRUE(refused("carol", [](InitiateRequest&) {})) << "no PSK and no certificate";
  EXPECT_TRUE(refused("bob", [](InitiateRequest& r) {
    r.ticket->responders = {uri_of("bob"), uri_of("dave")};
  }));
  EXPECT_TRUE(refused("bob", [](InitiateRequest& r) { r.ticket->flags = TicketFlags::parse("DFGH"); }));
  EXPECT_TRUE(refused("bob", [](InitiateRequest& r) { r.ticket->keys.emplace(); }));
  EXPECT_TRUE(refused("bob", [](InitiateRequest& r) {
    r.ticket->keys = {{KeyDataType::tgk, KeyDataType::tgk}};
  }));
  EXPECT_EQ(w.party("alice").waiting(), 0U);
}

TEST(Compatibility, AKmsWithoutTheTypeAndAnInitiatorWithoutItRefuse) {
  TicketWorld plain;
  EXPECT_FALSE(plain.run("alice", compatible("bob")).established("alice"));
  EXPECT_EQ(plain.last_kms->code, ErrorCode::invalid_ticket);
  CompatibleWorld w;
  const Call r = w.run("carol", compatible("bob"));
  EXPECT_FALSE(r.established("carol"));
  EXPECT_EQ(r.last.at("carol").error->code, ErrorCode::invalid_ticket);
  EXPECT_EQ(w.party("carol").waiting(), 0U);
}

TEST(Compatibility, SuchATicketIsNotResolved) {
  const CompatibilityTicket type;
  const auto opened = type.open(crypto::openssl(), {}, {}, Bytes(40), Bytes(16));
  EXPECT_EQ(opened.error().code, ErrorCode::invalid_ticket);
}

}  // namespace
}  // namespace mikey::test
