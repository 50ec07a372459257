// Calling on with a ticket, updates that cross, and rekeying intervals (RFC 6043 5.2, 6.10, 9).
#include <gtest/gtest.h>

#include "exchange/ticket/parts.hpp"
#include "support/ticket_forge.hpp"

namespace mikey::test {
namespace {

using enum DataType;
using Call = TicketWorld::Run;

std::string tek(const keys::Bundle& b, std::size_t i = 0) {
  return to_hex(b.sessions.at(i).tek.reveal());
}

/// A request to call `to` with the ticket of an established CSB.
InitiateRequest join(const std::string& to, const keys::Bundle& group) {
  InitiateRequest r = TicketWorld::request(to);
  r.csb_id = group.csb_id;
  return r;
}

/// A ticket for three that may be used again, with a GTGK or TGK that no Responder's RAND goes into.
InitiateRequest for_three(const char* flags, KeyDataType key = KeyDataType::gtgk) {
  InitiateRequest r = TicketWorld::request("bob", flags);
  r.ticket->responders = {uri_of("bob"), uri_of("carol"), uri_of("dave")};
  r.ticket->keys = {{key}};
  r.terms.streams = {{{0x11, 0, {}}, {0x22, 3, {}}}};
  return r;
}

TEST(CallingOn, AMemberBringsInTheNext) {  // RFC 6043 9, figure 8: Alice to Bob, Bob to Carol, Carol to Dave
  TicketWorld w;
  for (const char* who : {"carol", "dave"})
    w.party(who, [](Credentials& c) { c.ticket->decentralized = true; });
  const Call first = w.run("alice", for_three("DEFHJNO"));
  ASSERT_TRUE(first.established("alice") && first.established("bob"));
  const Call second = w.run("bob", join("carol", first.bundle("bob")), {}, "carol");
  ASSERT_TRUE(second.established("bob") && second.established("carol"))
      << (second.refused ? second.refused->to_string() : "");
  EXPECT_EQ(second.bundle("carol").peer, uri_of("bob"));
  EXPECT_EQ(second.bundle("bob").peer, uri_of("carol"));
  const Call third = w.run("carol", join("dave", second.bundle("carol")), {}, "dave");
  ASSERT_TRUE(third.established("carol") && third.established("dave"));
  EXPECT_NE(first.bundle("bob").csb_id, second.bundle("bob").csb_id);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(tek(first.bundle("alice"), i), tek(third.bundle("dave"), i)) << "one key for the group";
    EXPECT_EQ(first.bundle("alice").sessions[i].ssrc, third.bundle("dave").sessions[i].ssrc);
    EXPECT_EQ(first.bundle("alice").sessions[i].validity.spi, third.bundle("dave").sessions[i].validity.spi);
  }
  const auto init = wire::Message::parse(second.letter(transfer_init).message);
  EXPECT_EQ(ticket::identity_in(*init, IdRole::initiator), uri_of("bob"));
  EXPECT_EQ(ticket::identity_in(*init, IdRole::responder), uri_of("carol"));
  const auto before = wire::Message::parse(first.letter(transfer_init).message);
  EXPECT_EQ(ticket::rand_in(*init, RandRole::initiator), ticket::rand_in(*before, RandRole::initiator));
}

TEST(CallingOn, TheInitiatorCallsOneAfterTheOther) {  // RFC 6043 9, figure 7, with key forking
  TicketWorld w;
  const Call bob = w.run("alice", for_three("DEFHIJNO"));
  ASSERT_TRUE(bob.established("alice") && bob.established("bob"));
  const Call carol = w.run("alice", join("carol", bob.bundle("alice")), {}, "carol");
  ASSERT_TRUE(carol.established("alice") && carol.established("carol"))
      << (carol.refused ? carol.refused->to_string() : "");
  EXPECT_EQ(tek(bob.bundle("bob")), tek(carol.bundle("carol")));
  EXPECT_EQ(carol.letters.size(), 4U) << "no ticket is asked for; Carol resolves the one there is";
}

TEST(CallingOn, OnlyWhoRequestedAForkedTicketCallsWithIt) {  // RFC 6043 5.3, 9.1
  TicketWorld w;
  const Call first = w.run("alice", for_three("DEFHIJNO"));
  ASSERT_TRUE(first.established("bob"));
  const Call second = w.run("bob", join("carol", first.bundle("bob")), {}, "carol");
  ASSERT_TRUE(second.refused);
  EXPECT_STREQ(second.refused->rfc, "RFC 6043 9.1");
}

TEST(CallingOn, WhatCannotBeAGroupsIsRefused) {
  struct Case {
    const char* flags;
    KeyDataType key;
    const char* rfc;
  };
  const Case cases[] = {
      {"DEFHNO", KeyDataType::gtgk, "RFC 6043 5.3"},   // the ticket must not be used again
      {"DEFGHJNO", KeyDataType::gtgk, "RFC 6043 9"},   // Bob's RAND is in the keys
      {"DEFHIJNO", KeyDataType::tgk, "RFC 6043 9.1"},  // forked: each has a key of its own
  };
  for (const Case& c : cases) {
    TicketWorld w;
    const Call first = w.run("alice", for_three(c.flags, c.key));
    ASSERT_TRUE(first.established("alice")) << c.flags;
    const Call second = w.run("alice", join("carol", first.bundle("alice")), {}, "carol");
    ASSERT_TRUE(second.refused) << c.flags;
    EXPECT_STREQ(second.refused->rfc, c.rfc) << second.refused->detail;
  }
}

TEST(CallingOn, AStrangerCannotResolveTheTicketAndAnOutsiderIsNotHeard) {
  TicketWorld w;
  w.party("carol", [](Credentials& c) { c.ticket->decentralized = true; });
  InitiateRequest r = for_three("DEFHJNO");
  r.ticket->responders = {uri_of("bob"), uri_of("carol")};
  const Call first = w.run("alice", std::move(r));
  ASSERT_TRUE(first.established("bob"));
  const Call stranger = w.run("bob", join("dave", first.bundle("bob")), {}, "dave");
  EXPECT_FALSE(stranger.established("dave")) << "Dave is none of the ticket's responders";
  const Call member = w.run("bob", join("carol", first.bundle("bob")), {}, "carol");
  EXPECT_TRUE(member.established("carol"));
}

TEST(CallingOn, AfterAnUpdateTheTicketHasNotTheKey) {
  TicketWorld w;
  const Call first = w.run("alice", for_three("DEFHJLNO"));
  ASSERT_TRUE(first.established("alice"));
  w.clock.advance(std::chrono::seconds(1));
  const Call update = w.run("alice", join("bob", first.bundle("alice")));
  ASSERT_TRUE(update.established("alice") && update.established("bob"));
  const Call second = w.run("alice", join("carol", first.bundle("alice")), {}, "carol");
  ASSERT_TRUE(second.refused);
  EXPECT_STREQ(second.refused->rfc, "RFC 6043 9") << second.refused->detail;
}

// ------------------------------------------------------------------ updates that cross

class Crossing : public testing::Test {
 protected:
  TicketWorld w;
  std::uint32_t csb = 0;

  void SetUp() override {
    const Call r = w.run("alice", TicketWorld::request("bob", "DEFGHILMNO"));
    ASSERT_TRUE(r.established("alice") && r.established("bob"));
    csb = r.bundle("alice").csb_id;
    w.clock.advance(std::chrono::seconds(1));
  }
  Bytes begin(const std::string& who) {
    w.clock.advance(std::chrono::seconds(1));
    InitiateRequest r = TicketWorld::request(who == "alice" ? "bob" : "alice");
    r.csb_id = csb;
    auto o = w.party(who).initiate(std::move(r));
    EXPECT_TRUE(o.ok()) << o.error().to_string();
    return o->send.at(0).message;
  }
  Outcome give(const std::string& who, const Bytes& message) {
    return w.party(who).receive(Source::peer, message);
  }
  void expect_same_keys() {
    const auto a = w.party("alice").bundle(csb, uri_of("bob"));
    const auto b = w.party("bob").bundle(csb, uri_of("alice"));
    ASSERT_TRUE(a && b);
    EXPECT_EQ(tek(*a), tek(*b));
    EXPECT_EQ(a->sessions[0].validity.spi, b->sessions[0].validity.spi);
  }
};

TEST_F(Crossing, TheInitiatorsUpdateGoesOnAndTheOtherIsRefused) {
  const Bytes a = begin("alice");
  const Bytes b = begin("bob");
  const Outcome at_bob = give("bob", a);
  const Outcome at_alice = give("alice", b);
  ASSERT_EQ(at_bob.state, Outcome::State::established) << at_bob.error->to_string();
  EXPECT_EQ(at_alice.state, Outcome::State::failed);
  EXPECT_STREQ(at_alice.error->rfc, "RFC 6043 5.2");
  ASSERT_EQ(at_alice.send.size(), 1U) << "Bob is told";
  const Outcome told = give("bob", at_alice.send[0].message);
  EXPECT_EQ(told.state, Outcome::State::failed);
  EXPECT_EQ(give("alice", at_bob.send.at(0).message).state, Outcome::State::established);
  EXPECT_EQ(w.party("alice").waiting(), 0U);
  EXPECT_EQ(w.party("bob").waiting(), 0U) << "Alice's authenticated refusal ended it";
  expect_same_keys();
  // And the way is free for the next one.
  w.clock.advance(std::chrono::seconds(1));
  const Outcome again = give("alice", begin("bob"));
  ASSERT_EQ(again.state, Outcome::State::established);
  EXPECT_EQ(give("bob", again.send.at(0).message).state, Outcome::State::established);
  expect_same_keys();
}

TEST_F(Crossing, AnAnswerThatCameTooLateChangesNothing) {
  const Bytes b = begin("bob");
  const Outcome to_bob = give("alice", b);  // Alice takes it, and begins one of her own at once
  ASSERT_EQ(to_bob.state, Outcome::State::established);
  w.clock.advance(std::chrono::seconds(1));
  const Bytes a = begin("alice");
  const Outcome to_alice = give("bob", a);  // it overtakes Alice's answer
  ASSERT_EQ(to_alice.state, Outcome::State::established) << to_alice.error->to_string();
  const Outcome late = give("bob", to_bob.send.at(0).message);
  EXPECT_EQ(late.state, Outcome::State::failed);
  EXPECT_EQ(w.party("bob").waiting(), 0U);
  EXPECT_EQ(give("alice", to_alice.send.at(0).message).state, Outcome::State::established);
  expect_same_keys();
}

TEST_F(Crossing, TheSecondUpdateOfOneSideTakesThePlaceOfTheFirst) {
  for (const bool in_order : {true, false}) {
    const Bytes one = begin("alice");
    const Bytes two = begin("alice");
    EXPECT_EQ(w.party("alice").waiting(), 1U);
    Outcome first;
    if (in_order) first = give("bob", one);
    const Outcome second = give("bob", two);
    if (!in_order) first = give("bob", one);
    EXPECT_EQ(first.state, in_order ? Outcome::State::established : Outcome::State::failed);
    ASSERT_EQ(second.state, Outcome::State::established);
    if (in_order) {
      EXPECT_EQ(give("alice", first.send.at(0).message).state, Outcome::State::failed);
    }
    EXPECT_EQ(give("alice", second.send.at(0).message).state, Outcome::State::established);
    EXPECT_EQ(w.party("alice").waiting(), 0U);
    expect_same_keys();
    w.clock.advance(std::chrono::seconds(1));
  }
}

// ------------------------------------------------------------------ TRr

TEST(Rekeying, IsDueAsOftenAsTheTicketSays) {  // RFC 6043 6.10
  TicketWorld w;
  InitiateRequest r = TicketWorld::request("bob", "DEFGHILNO");
  r.ticket->rekey = 600;
  Call run = w.run("alice", std::move(r));
  ASSERT_TRUE(run.established("alice") && run.established("bob"));
  const std::int64_t begun = w.clock.now().unix_seconds();
  for (const char* who : {"alice", "bob"}) {
    ASSERT_TRUE(run.bundle(who).ticket->rekey_by);
    EXPECT_EQ(run.bundle(who).ticket->rekey_by->unix_seconds(), begun + 600);
  }
  w.clock.advance(std::chrono::seconds(100));
  const keys::Bundle old = run.bundle("alice").clone();
  InitiateRequest keep = join("bob", old);
  keep.terms.key.none = true;
  run = w.run("alice", std::move(keep));
  ASSERT_TRUE(run.established("alice") && run.established("bob"));
  EXPECT_EQ(run.bundle("bob").ticket->rekey_by->unix_seconds(), begun + 600) << "no key was new";
  w.clock.advance(std::chrono::seconds(100));
  run = w.run("alice", join("bob", old));
  ASSERT_TRUE(run.established("alice") && run.established("bob"));
  for (const char* who : {"alice", "bob"})
    EXPECT_EQ(run.bundle(who).ticket->rekey_by->unix_seconds(), begun + 800);
  TicketWorld other;
  EXPECT_FALSE(other.run("alice", TicketWorld::request("bob")).bundle("bob").ticket->rekey_by)
      << "unless the ticket says so";
}

TEST(Waiting, QuestionsToTheKmsAreLimited) {  // RFC 6043 12.3
  TicketWorld w;
  Bytes init;
  (void)w.run("alice", TicketWorld::request("bob", "DEFGHNO"), [&](TicketWorld::Letter& l) {
    if (l.type() == transfer_init) init = std::exchange(l.message, {});
  });
  std::size_t asked = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {  // anybody can send these: their MACs are looked at afterwards
    store_be(init.data() + 4, 0x1000U + i);
    const Outcome o = w.party("bob").receive(Source::peer, init);
    if (o.state == Outcome::State::waiting) ++asked;
    if (o.state == Outcome::State::failed) {
      EXPECT_EQ(o.error->code, ErrorCode::resource);
    }
  }
  EXPECT_EQ(asked, 100U) << "PartyLimits::waiting";
}

}  // namespace
}  // namespace mikey::test
