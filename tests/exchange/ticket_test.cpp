// MIKEY-TICKET end to end: modes, key forking, groups, diversion, deferred delivery, reuse, updates (RFC
// 6043).
#include <gtest/gtest.h>

#include <set>

#include "support/ticket_world.hpp"

namespace mikey::test {
namespace {

using Call = TicketWorld::Run;
using enum DataType;

std::vector<DataType> types(const Call& run) {
  std::vector<DataType> out;
  for (const auto& l : run.letters) out.push_back(l.type());
  return out;
}

std::string tek(const keys::Bundle& b, std::size_t i = 0) {
  return to_hex(b.sessions.at(i).tek.reveal());
}

/// Both have the same crypto sessions, with keys.
void expect_same(const Call& run, const std::string& one = "alice", const std::string& two = "bob") {
  ASSERT_TRUE(run.established(one)) << (run.last.contains(one) && run.last.at(one).error
                                            ? run.last.at(one).error->to_string()
                                        : run.refused ? run.refused->to_string()
                                                      : "not even begun");
  ASSERT_TRUE(run.established(two)) << (run.last.at(two).error ? run.last.at(two).error->to_string() : "");
  const keys::Bundle& a = run.bundle(one);
  const keys::Bundle& b = run.bundle(two);
  EXPECT_EQ(a.csb_id, b.csb_id);
  ASSERT_EQ(a.sessions.size(), b.sessions.size());
  for (std::size_t i = 0; i < a.sessions.size(); ++i) {
    EXPECT_FALSE(a.sessions[i].tek.empty());
    EXPECT_EQ(tek(a, i), tek(b, i));
    EXPECT_EQ(to_hex(a.sessions[i].salt.reveal()), to_hex(b.sessions[i].salt.reveal()));
    EXPECT_EQ(a.sessions[i].ssrc, b.sessions[i].ssrc);
    EXPECT_EQ(a.sessions[i].validity.spi, b.sessions[i].validity.spi);
    EXPECT_FALSE(a.sessions[i].validity.spi.empty());
  }
}

struct ModeCase {
  int mode;
  const char* flags;
  std::vector<DataType> messages;
};

class Modes : public testing::TestWithParam<std::tuple<int, PrfFunc>> {};

TEST_P(Modes, EstablishWithTheMessagesOf411) {
  const ModeCase cases[] = {
      {1,
       "DEFGHINO",
       {request_init_psk, request_resp, transfer_init, resolve_init_psk, resolve_resp, transfer_resp}},
      {1,
       "DEFGHNO",
       {request_init_psk, request_resp, transfer_init, resolve_init_psk, resolve_resp, transfer_resp}},
      {1, "DEHNO", {request_init_psk, request_resp, transfer_init, resolve_init_psk, resolve_resp}},
      {1,
       "DEFGNO",
       {request_init_psk, request_resp, transfer_init, resolve_init_psk, resolve_resp, transfer_resp}},
      {2, "DFGHNO", {request_init_psk, request_resp, transfer_init, transfer_resp}},
      {3, "EFGHILNO", {transfer_init, resolve_init_psk, resolve_resp, transfer_resp}},
      {3, "EFGHLNO", {transfer_init, resolve_init_psk, resolve_resp, transfer_resp}},
      {4, "FGHLNO", {transfer_init, transfer_resp}},
  };
  const ModeCase& c = cases[std::get<0>(GetParam())];
  TicketWorld w;
  w.policy.prf = {std::get<1>(GetParam())};
  const Psk shared(Bytes(16, 0x5E));
  w.party("alice", [&](Credentials& k) { k.psk.emplace(uri_of("bob"), shared.clone()); });
  w.party("bob", [&](Credentials& k) { k.psk.emplace(uri_of("alice"), shared.clone()); });
  InitiateRequest r = TicketWorld::request("bob", c.flags, c.mode);
  r.terms.streams = {{{0x11223344, 7, {}}, {0x55, 0, {}}}};
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  EXPECT_EQ(types(run), c.messages);
  EXPECT_EQ(run.bundle("bob").peer, uri_of("alice"));
  EXPECT_EQ(run.bundle("alice").peer, uri_of("bob"));
  EXPECT_EQ(run.bundle("alice").sessions[0].roc, 7U);
}

INSTANTIATE_TEST_SUITE_P(Rfc6043, Modes,
                         testing::Combine(testing::Range(0, 8),
                                          testing::Values(PrfFunc::mikey_1, PrfFunc::hmac_sha_256)));

/// Alice's TRANSFER_INIT, before anybody has answered it.
struct Held {
  Bytes transfer;
  Call run;
};
Held hold(TicketWorld& w, InitiateRequest r) {
  Held h;
  h.run = w.run("alice", std::move(r), [&](TicketWorld::Letter& l) {
    if (l.type() == transfer_init) h.transfer = std::exchange(l.message, {});
  });
  return h;
}

/// A party receives a TRANSFER_INIT and asks the KMS.
Outcome answer(TicketWorld& w, const std::string& who, const Bytes& transfer) {
  Outcome o = w.party(who).receive(Source::peer, transfer);
  if (o.state != Outcome::State::waiting) return o;
  const kms::Answer k = w.kms().handle(o.send.at(0).message);
  w.last_kms = k.error;
  if (!k.message) return o;
  return w.party(who).receive(Source::kms, *k.message);
}

TicketWorld group_world() {
  TicketWorld w;
  for (const char* m : {"bob", "carol", "dave"}) w.tables.groups[uri_of("it")].insert(uri_of(m));
  return w;
}
void join(TicketWorld& w, std::initializer_list<const char*> members) {
  for (const char* m : members) w.party(m, [](Credentials& c) { c.ticket->groups = {uri_of("it")}; });
}

TEST(KeyForking, EachOfThreeRespondersEndsWithAKeyOfItsOwn) {
  TicketWorld w = group_world();
  join(w, {"bob", "carol", "dave"});
  const Held held = hold(w, TicketWorld::request("it"));
  std::map<std::string, Outcome> out;
  std::set<std::string> keys;
  for (const char* who : {"bob", "carol", "dave"}) {
    out[who] = answer(w, who, held.transfer);
    ASSERT_EQ(out[who].state, Outcome::State::established) << out[who].error->to_string();
    keys.insert(tek(*out[who].bundle));
    for (const keys::KeyEntry& k : out[who].bundle->keys) keys.insert(to_hex(k.key.reveal()));
  }
  EXPECT_EQ(keys.size(), 6U) << "a TEK and a TGK each";
  // The one that answers first has the call; the others' answers fit nothing any more.
  Outcome a = w.party("alice").receive(Source::peer, out["carol"].send.at(0).message);
  ASSERT_EQ(a.state, Outcome::State::established) << a.error->to_string();
  EXPECT_EQ(a.bundle->peer, uri_of("carol"));
  EXPECT_EQ(tek(*a.bundle), tek(*out["carol"].bundle));
  EXPECT_EQ(w.party("alice").receive(Source::peer, out["bob"].send.at(0).message).state,
            Outcome::State::failed);
}

TEST(KeyForking, WithoutItAllRespondersHaveTheSameKeys) {
  TicketWorld w = group_world();
  join(w, {"bob", "carol"});
  InitiateRequest r = TicketWorld::request("it", "DEFHNO");
  const Held held = hold(w, std::move(r));
  const Outcome b = answer(w, "bob", held.transfer);
  const Outcome c = answer(w, "carol", held.transfer);
  ASSERT_TRUE(b.bundle && c.bundle);
  EXPECT_EQ(tek(*b.bundle), tek(*c.bundle));
}

TEST(Group, AGtgkIsNotForked) {  // RFC 6043 5.1.1, 9
  TicketWorld w = group_world();
  join(w, {"bob", "carol"});
  InitiateRequest r = TicketWorld::request("it");
  r.ticket->keys = {{KeyDataType::gtgk}};
  const Held held = hold(w, std::move(r));
  const Outcome b = answer(w, "bob", held.transfer);
  const Outcome c = answer(w, "carol", held.transfer);
  ASSERT_TRUE(b.bundle && c.bundle);
  EXPECT_EQ(to_hex(b.bundle->keys[0].key.reveal()), to_hex(c.bundle->keys[0].key.reveal()));
}

TEST(Diversion, TheInitiatorLearnsWhoAnswered) {  // RFC 6043 4.2.2.3
  TicketWorld w;
  w.party("carol", [](Credentials& c) { c.ticket->groups = {uri_of("bob")}; });
  InitiateRequest r = TicketWorld::request("bob");
  r.ticket->responders = {uri_of("bob"), uri_of("carol")};
  const Call run = w.run("alice", std::move(r), {}, "carol");
  expect_same(run, "alice", "carol");
  EXPECT_EQ(run.bundle("alice").peer, uri_of("carol"));
}

TEST(DeferredDelivery, TheStoreLearnsNothingAndTheUserResolvesLater) {
  TicketWorld w;
  w.policy.clock_skew = std::chrono::hours(24 * 7);
  w.party("carol",
          [](Credentials& c) { c.ticket->groups = {uri_of("bob")}; });  // the store says it may answer
  InitiateRequest r = TicketWorld::request("bob", "DEHNO");
  r.ticket->lifetime = 86400 * 5;
  const Held held = hold(w, std::move(r));
  ASSERT_TRUE(held.run.established("alice")) << "no answer is asked for";
  const Outcome store = answer(w, "carol", held.transfer);
  EXPECT_EQ(store.state, Outcome::State::failed);
  EXPECT_EQ(store.error->code, ErrorCode::auth_failure);
  EXPECT_FALSE(store.bundle);
  w.clock.advance(std::chrono::hours(72));
  const Outcome user = answer(w, "bob", held.transfer);
  ASSERT_EQ(user.state, Outcome::State::established) << user.error->to_string();
  EXPECT_EQ(tek(*user.bundle), tek(held.run.bundle("alice")));
}

TEST(Reuse, WithTheJFlagTheKmsIsSpared) {  // RFC 6043 5.3
  TicketWorld w;
  const Call first = w.run("alice", TicketWorld::request("bob", "DEFGHIJNO"));
  expect_same(first);
  EXPECT_EQ(w.party("alice").tickets(), 1U);
  InitiateRequest again = TicketWorld::request("bob", "DEFGHIJNO");
  again.ticket->reuse = TicketRequest::Reuse::only;
  const Call second = w.run("alice", std::move(again));
  expect_same(second);
  EXPECT_EQ(types(second), (std::vector<DataType>{transfer_init, transfer_resp}));
  EXPECT_NE(first.bundle("alice").csb_id, second.bundle("alice").csb_id);
  EXPECT_NE(tek(first.bundle("alice")), tek(second.bundle("alice")));
}

TEST(Reuse, WithoutTheJFlagNoTicketIsKept) {
  TicketWorld w;
  expect_same(w.run("alice", TicketWorld::request("bob")));
  EXPECT_EQ(w.party("alice").tickets(), 0U);
  InitiateRequest again = TicketWorld::request("bob");
  again.ticket->reuse = TicketRequest::Reuse::only;
  const Call second = w.run("alice", std::move(again));
  ASSERT_TRUE(second.refused.has_value());
  again = TicketWorld::request("bob");
  again.ticket->reuse = TicketRequest::Reuse::if_held;
  expect_same(w.run("alice", std::move(again)));
}

TEST(Reuse, AnExpiredTicketIsNotUsedAgain) {
  TicketWorld w;
  InitiateRequest r = TicketWorld::request("bob", "DEFGHIJNO");
  r.ticket->lifetime = 60;
  expect_same(w.run("alice", std::move(r)));
  w.clock.advance(std::chrono::seconds(61));
  InitiateRequest again = TicketWorld::request("bob", "DEFGHIJNO");
  again.ticket->reuse = TicketRequest::Reuse::only;
  EXPECT_TRUE(w.run("alice", std::move(again)).refused.has_value());
}

TEST(SuppliedKeys, TheInitiatorsTekIsUsed) {  // RFC 6043 8
  TicketWorld w;
  InitiateRequest r = TicketWorld::request("bob");
  r.terms.key.tek = true;
  r.terms.key.given = SecretBytes(Bytes(16, 0x66));
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  EXPECT_EQ(tek(run.bundle("bob")), to_hex(Bytes(16, 0x66)));
}

TEST(SuppliedKeys, TheRespondersContentKeyIsUsedWhenThereIsNoOther) {
  TicketWorld w;
  w.party("bob", [](Credentials& c) { c.ticket->content_key = SecretBytes(Bytes(16, 0xC7)); });
  InitiateRequest r = TicketWorld::request("bob", "DEFGHMNO");
  r.ticket->keys.emplace();
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  EXPECT_EQ(tek(run.bundle("alice")), to_hex(Bytes(16, 0xC7)));
}

TEST(SuppliedKeys, WithoutAnyKeyAndWithoutMNothingIsEstablished) {
  TicketWorld w;
  InitiateRequest r = TicketWorld::request("bob", "DEFGHNO");
  r.ticket->keys.emplace();
  const Call run = w.run("alice", std::move(r));
  EXPECT_FALSE(run.established("bob"));
  EXPECT_EQ(run.last.at("bob").error->code, ErrorCode::invalid_tppar);
}

TEST(Update, BothSidesBringNewKeys) {  // RFC 6043 5.2
  TicketWorld w;
  Call run = w.run("alice", TicketWorld::request("bob", "DEFGHIJLMNO"));
  expect_same(run);
  std::set<std::string> keys{tek(run.bundle("alice"))};
  const std::uint32_t csb = run.bundle("alice").csb_id;
  for (const char* who : {"alice", "bob", "alice", "bob"}) {
    w.clock.advance(std::chrono::seconds(1));  // or both might use the same timestamp
    const bool alice = std::string(who) == "alice";
    InitiateRequest r = TicketWorld::request(alice ? "bob" : "alice");
    r.csb_id = csb;
    run = w.run(who, std::move(r), {}, alice ? "bob" : "alice");
    ASSERT_NO_FATAL_FAILURE(expect_same(run));
    EXPECT_EQ(types(run), (std::vector<DataType>{transfer_init, transfer_resp}));
    const auto m = wire::Message::parse(run.letters[0].message);
    EXPECT_EQ(m->find(PayloadType::ticket), nullptr);
    EXPECT_EQ(m->find(PayloadType::randr), nullptr);
    keys.insert(tek(run.bundle("alice")));
  }
  EXPECT_EQ(keys.size(), 5U);
}

TEST(Update, AddsSessionsAndRespectsLAndM) {
  TicketWorld w;
  Call run = w.run("alice", TicketWorld::request("bob"));  // neither L nor M
  expect_same(run);
  InitiateRequest r = TicketWorld::request("bob");
  r.csb_id = run.bundle("alice").csb_id;
  r.terms.key.given = SecretBytes(Bytes(16, 1));
  EXPECT_TRUE(w.run("alice", std::move(r)).refused.has_value());
  r = TicketWorld::request("bob");
  r.csb_id = run.bundle("alice").csb_id;
  r.terms.streams = {{{0x99, 0, {}}}};
  const std::string before = tek(run.bundle("alice"));
  run = w.run("alice", std::move(r));
  expect_same(run);
  ASSERT_EQ(run.bundle("alice").sessions.size(), 2U);
  EXPECT_EQ(run.bundle("alice").sessions[1].ssrc, 0x99U);
  EXPECT_EQ(tek(run.bundle("alice")), before);
  EXPECT_NE(tek(run.bundle("alice"), 1), before);
}

TEST(Applications, MustHaveOneInCommon) {
  TicketWorld w;
  const auto knows = [](const char* app) {
    return [app](Credentials& c) { c.ticket->applications = {{to_bytes(as_bytes(app))}}; };
  };
  w.party("bob", knows("video"));
  w.party("carol", knows("chat"));
  for (const char* who : {"bob", "carol"}) {
    InitiateRequest r = TicketWorld::request(who);
    r.ticket->applications = {{IdType::byte_string, to_bytes(as_bytes("chat"))}};
    const Call run = w.run("alice", std::move(r), {}, who);
    EXPECT_EQ(run.established(who), std::string(who) == "carol");
  }
}

TEST(Waiting, ForAKmsThatDoesNotAnswerEnds) {
  TicketWorld w;
  const Call run = w.run("alice", TicketWorld::request("bob"), [](TicketWorld::Letter& l) {
    if (l.to == "kms") l.message.clear();
  });
  EXPECT_EQ(run.last.at("alice").state, Outcome::State::waiting);
  EXPECT_EQ(w.party("alice").waiting(), 1U);
  w.clock.advance(std::chrono::seconds(121));
  EXPECT_EQ(w.party("alice").expire().size(), 1U);
  EXPECT_EQ(w.party("alice").waiting(), 0U);
}

TEST(Requests, ThatNoTicketCanMeet) {
  TicketWorld w;
  const auto refused = [&](const std::function<void(InitiateRequest&)>& change) {
    InitiateRequest r = TicketWorld::request("bob");
    change(r);
    return w.run("alice", std::move(r)).refused.has_value();
  };
  EXPECT_FALSE(refused([](InitiateRequest&) {}));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.ticket->mode = 5; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.ticket->flags = TicketFlags::parse("EFGHLNO"); }))
      << "mode 1 has D";
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.ticket->flags = TicketFlags::parse("DEGHNO"); }))
      << "G implies F";
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.ticket->flags = TicketFlags::parse("DEFGHIKNO"); })) << "K";
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.key.length = 32; })) << "256 bits under MIKEY-1";
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.terms.validity = {KvType::interval, {}, {1}, {2}}; }));
  EXPECT_TRUE(refused([](InitiateRequest& r) {
    r.ticket->mode = 4;
    r.ticket->flags.reset();
  })) << "no PSK with Bob";
  EXPECT_TRUE(refused([](InitiateRequest& r) { r.ticket->lifetime = 1LL << 40; })) << "after 2104";
}

}  // namespace
}  // namespace mikey::test
