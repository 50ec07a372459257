// What a store keeps, on both kinds of databases: users, keys, groups, rules, policies, secrets.

#include "backends.hpp"

namespace mikey::kms::test {
namespace {

using testing::ElementsAre;

struct StoreContent : StoreTest {};
FOR_BOTH_BACKENDS(StoreContent);

TEST_P(StoreContent, UsersAreAddedChangedAndRemoved) {
  Store s = open();
  EXPECT_OK(s.add_user({uri("bob")}));
  EXPECT_OK(s.add_user({uri("alice"), true, false, false, "first floor"}));
  EXPECT_OK(s.add_user({Identity{IdType::byte_string, Bytes{0, 0xFF, '\''}}, true, true, true, ""}));
  expect_refused(s.add_user({uri("bob")}), "there is a user sip:bob@example.com already");
  expect_refused(s.add_user({Identity{}}), "octets");
  expect_refused(s.add_user({uri("x"), true, false, false, "two\nlines"}), "printable");

  auto list = s.users();
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[0].user.id, uri("alice"));
  EXPECT_EQ((*list)[0].user.note, "first floor");
  EXPECT_EQ((*list)[2].user.id.data, (Bytes{0, 0xFF, '\''}));
  EXPECT_TRUE((*list)[2].user.trusted_kms && (*list)[2].user.other_kms);
  EXPECT_EQ(s.users("sip:b")->size(), 1U);

  EXPECT_OK(s.change_user({uri("bob"), false, false, true, "gone"}));
  const auto bob = s.user(uri("bob"));
  ASSERT_TRUE(bob.ok() && *bob);
  EXPECT_FALSE((*bob)->enabled);
  EXPECT_TRUE((*bob)->other_kms);
  EXPECT_EQ((*bob)->note, "gone");
  expect_refused(s.change_user({uri("carol")}), "no user sip:carol@example.com");

  EXPECT_OK(s.remove_user(uri("bob")));
  EXPECT_FALSE(*s.user(uri("bob")));
  expect_refused(s.remove_user(uri("bob")), "no user");
}

TEST_P(StoreContent, PreSharedKeys) {
  Store s = open();
  for (const char* name : {"alice", "bob"}) EXPECT_OK(s.add_user({uri(name)}));
  EXPECT_TRUE(s.psk(uri("alice"))->empty());
  EXPECT_FALSE(*s.owner_of_psk(std::nullopt));
  const Bytes key(16, 0xA1);
  EXPECT_OK(s.set_psk(uri("alice"), key));
  EXPECT_EQ(to_bytes(s.psk(uri("alice"))->reveal()), key);
  EXPECT_EQ(*s.owner_of_psk(std::nullopt), uri("alice"));  // the only one there is
  expect_refused(s.set_psk(uri("carol"), key), "no user");
  expect_refused(s.set_psk(uri("bob"), Bytes(15)), "16 to 255");
  expect_refused(s.set_psk(uri("bob"), Bytes(256)), "16 to 255");

  const Bytes other(255, 0xB0);
  EXPECT_OK(s.set_psk(uri("bob"), other, Bytes{'k', 0, 1}));
  EXPECT_FALSE(*s.owner_of_psk(std::nullopt));
  EXPECT_EQ(*s.owner_of_psk(Identity{IdType::byte_string, Bytes{'k', 0, 1}}), uri("bob"));
  EXPECT_EQ(*s.owner_of_psk(Identity{IdType::nai, uri("alice").data}), uri("alice"));  // the octets count
  EXPECT_FALSE(*s.owner_of_psk(Identity::uri("nobody")));
  expect_refused(s.set_psk(uri("alice"), key, Bytes{'k', 0, 1}), "another user's");
  EXPECT_OK(s.set_psk(uri("bob"), key, Bytes{'k', 0, 1}));  // anew, under its own name
  EXPECT_EQ(to_bytes(s.psk(uri("bob"))->reveal()), key);

  const auto list = s.users();
  EXPECT_TRUE((*list)[0].has_psk);
  EXPECT_EQ((*list)[1].psk_name, (Bytes{'k', 0, 1}));
  EXPECT_OK(s.remove_psk(uri("bob")));
  EXPECT_TRUE(s.psk(uri("bob"))->empty());
  expect_refused(s.remove_psk(uri("bob")), "no pre-shared key");
  EXPECT_OK(s.remove_user(uri("alice")));  // its key goes with it
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_TRUE(s.psk(uri("alice"))->empty());
}

TEST_P(StoreContent, Certificates) {
  Store s = open();
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.add_certificate(uri("alice"), Bytes{1, 2, 3}));
  expect_refused(s.add_certificate(uri("alice"), Bytes{1, 2, 3}), "already");
  expect_refused(s.add_certificate(uri("bob"), Bytes{4}), "no user");
  expect_refused(s.add_certificate(uri("alice"), Bytes()), "octets");
  const auto list = s.certificates(uri("alice"));
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().der, (Bytes{1, 2, 3}));
  EXPECT_EQ(to_hex(list->front().fingerprint),
            "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
  EXPECT_EQ(*s.owner_of_certificate(list->front().fingerprint), uri("alice"));
  EXPECT_EQ((*s.users())[0].certificates, 1);
  EXPECT_OK(s.remove_certificate(list->front().fingerprint));
  expect_refused(s.remove_certificate(list->front().fingerprint), "no certificate");
  EXPECT_FALSE(*s.owner_of_certificate(list->front().fingerprint));
}

TEST_P(StoreContent, Groups) {
  Store s = open();
  EXPECT_OK(s.add_group(uri("it")));
  expect_refused(s.add_group(uri("it")), "already");
  EXPECT_OK(s.add_user({uri("alice")}));
  EXPECT_OK(s.add_member(uri("it"), uri("alice")));
  EXPECT_OK(s.add_member(uri("it"), uri("stranger")));  // another KMS's user
  expect_refused(s.add_member(uri("it"), uri("alice")), "already");
  expect_refused(s.add_member(uri("none"), uri("alice")), "no group");
  EXPECT_THAT(*s.members(uri("it")), ElementsAre(uri("alice"), uri("stranger")));
  EXPECT_TRUE(*s.is_member(uri("it"), uri("alice")));
  EXPECT_OK(s.remove_user(uri("alice")));
  EXPECT_FALSE(*s.is_member(uri("it"), uri("alice")));
  EXPECT_OK(s.remove_member(uri("it"), uri("stranger")));
  expect_refused(s.remove_member(uri("it"), uri("stranger")), "no member");
  EXPECT_THAT(*s.groups(), ElementsAre(uri("it")));
  EXPECT_OK(s.remove_group(uri("it")));
  expect_refused(s.remove_group(uri("it")), "no group");
}

TEST_P(StoreContent, RulesAndPolicies) {
  Store s = open();
  const Rule rule{0, Rule::Kind::call, true, "sip:*@example.com", "*"};
  const auto id = s.add_rule(rule);
  ASSERT_TRUE(id.ok()) << id.error().to_string();
  EXPECT_EQ(*s.add_rule(rule), *id);
  EXPECT_NE(*s.add_rule({0, Rule::Kind::resolve, false, "*", "sip:x@y"}), *id);
  expect_refused(s.add_rule({0, Rule::Kind::call, true, "", "*"}), "who:");
  expect_refused(s.add_rule({0, Rule::Kind::call, true, "*", std::string(1001, 'a')}), "whom:");
  const auto rules = s.rules();
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0].who, "sip:*@example.com");
  EXPECT_EQ((*rules)[1].kind, Rule::Kind::resolve);
  EXPECT_FALSE((*rules)[1].allow);
  EXPECT_OK(s.remove_rule(*id));
  expect_refused(s.remove_rule(*id), "no rule");

  EXPECT_OK(s.set_policy({"*", 3600, *TicketFlags::parse("JL")}));
  EXPECT_OK(s.set_policy({"*", std::nullopt, *TicketFlags::parse("J")}));
  EXPECT_OK(s.set_policy({"sip:*@b", 60, TicketFlags()}));
  expect_refused(s.set_policy({"*", 0, TicketFlags()}), "lifetime");
  const auto policies = s.policies();
  ASSERT_EQ(policies->size(), 2U);
  EXPECT_FALSE((*policies)[0].max_lifetime);
  EXPECT_EQ((*policies)[0].refused.letters(), "J");
  EXPECT_EQ((*policies)[1].max_lifetime, 60);
  EXPECT_OK(s.remove_policy("*"));
  expect_refused(s.remove_policy("*"), "no policy");
}

TEST_P(StoreContent, TheRingOfTicketKeys) {
  Store s = open();
  const Bytes first = to_bytes(s.ticket_keys(kNow)->front().reveal());
  EXPECT_EQ(first.size(), 32U);
  EXPECT_OK(s.set_policy({"*", kDefaultLifetime * 2, TicketFlags()}));
  EXPECT_OK(s.rotate_ticket_key(kNow + 10));
  const auto keys = s.ticket_keys(kNow + 10);
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_NE(to_bytes((*keys)[0].reveal()), first);
  EXPECT_EQ(to_bytes((*keys)[1].reveal()), first);
  auto list = s.ticket_key_list();
  EXPECT_EQ((*list)[0].state, TicketKey::State::old);
  EXPECT_EQ((*list)[0].open_until, kNow + 10 + kDefaultLifetime * 2);  // as long as any ticket may live
  EXPECT_EQ((*list)[1].state, TicketKey::State::current);
  EXPECT_EQ(s.ticket_keys(kNow + 10 + kDefaultLifetime * 2)->size(), 2U);
  EXPECT_EQ(s.ticket_keys(kNow + 11 + kDefaultLifetime * 2)->size(), 1U);

  EXPECT_OK(s.rotate_ticket_key(kNow + 20, 5, Bytes(16, 7)));
  EXPECT_EQ(to_bytes(s.ticket_keys(kNow + 20)->front().reveal()), Bytes(16, 7));
  EXPECT_OK(s.retire_ticket_keys(kNow + 26));
  list = s.ticket_key_list();
  EXPECT_EQ((*list)[1].state, TicketKey::State::retired);
  EXPECT_TRUE(raw(url)->run("SELECT sealed FROM tpks WHERE id = $1", {(*list)[1].id})->rows.front().null(0));
  EXPECT_OK(s.add_old_ticket_key(Bytes(20, 9), kNow, kNow + 100));
  EXPECT_EQ(to_bytes((*s.ticket_keys(kNow + 50))[1].reveal()), Bytes(20, 9));
  expect_refused(s.rotate_ticket_key(kNow, 5, Bytes(15)), "16 to 255");
  expect_refused(s.rotate_ticket_key(kNow, -1), "less than no time");
  expect_refused(s.add_old_ticket_key(Bytes(), kNow, kNow), "16 to 255");
}

TEST_P(StoreContent, SecretsOfOtherServices) {
  Store s = open();
  EXPECT_FALSE(*s.secret("ibake/2026"));
  EXPECT_OK(s.set_secret("ibake/2026", Bytes(5000, 3), kNow));
  EXPECT_OK(s.set_secret("sakke", Bytes(), kNow));
  EXPECT_EQ(to_bytes((*s.secret("ibake/2026"))->reveal()), Bytes(5000, 3));
  EXPECT_TRUE((*s.secret("sakke"))->empty());
  EXPECT_OK(s.set_secret("sakke", Bytes{1}, kNow));
  EXPECT_EQ((*s.secret("sakke"))->size(), 1U);
  EXPECT_THAT(*s.secret_names(), ElementsAre("ibake/2026", "sakke"));
  EXPECT_OK(s.remove_secret("sakke"));
  expect_refused(s.remove_secret("sakke"), "no secret");
  expect_refused(s.set_secret("", Bytes{1}, kNow), "empty");
  expect_refused(s.set_secret("\xFF", Bytes{1}, kNow), "printable");
}

TEST_P(StoreContent, TheAuditTrailAndRevocations) {
  Store s = open();
  using Event = AuditEntry::Event;
  const Bytes ticket(32, 1);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(*s.record({0, kNow + i, i == 0 ? Event::issued : Event::resolved,
                           uri(i == 0 ? "alice" : "bob"), ticket, "flags D"}));
  EXPECT_TRUE(*s.record({0, kNow + 9, Event::issued, uri("alice"), Bytes(32, 2), ""}));
  EXPECT_OK(s.revoke({ticket, kNow + 3, "lost telephone"}));
  expect_refused(s.revoke({ticket, kNow, ""}), "already");
  expect_refused(s.revoke({Bytes(31), kNow, ""}), "32 octets");
  EXPECT_FALSE(*s.record({0, kNow + 4, Event::resolved, uri("bob"), ticket, "flags D"}));
  EXPECT_EQ(s.revocations()->front().reason, "lost telephone");

  const auto of_ticket = s.audit({.fingerprint = ticket});
  ASSERT_EQ(of_ticket->size(), 4U);
  EXPECT_EQ(of_ticket->front().event, Event::issued);
  EXPECT_EQ(of_ticket->front().client, uri("alice"));
  EXPECT_EQ(of_ticket->front().summary, "flags D");
  EXPECT_EQ(of_ticket->back().event, Event::refused);
  EXPECT_EQ(s.audit({.client = uri("bob")})->size(), 3U);
  EXPECT_EQ(s.audit({.since = kNow + 2})->size(), 3U);
  EXPECT_EQ(s.audit({.until = kNow})->size(), 1U);
  EXPECT_EQ(s.audit({.most = 1})->front().t, kNow + 4);  // the last that was written

  EXPECT_OK(s.unrevoke(ticket));
  expect_refused(s.unrevoke(ticket), "no such ticket");
  EXPECT_TRUE(*s.record({0, kNow + 5, Event::resolved, uri("bob"), ticket, ""}));
  EXPECT_EQ(*s.prune_audit(kNow + 5), 4);
  EXPECT_EQ(s.audit({})->size(), 2U);
  expect_refused(s.record({0, 0, Event::issued, uri("a"), Bytes(3), ""}), "32 octets");
  expect_refused(s.record({0, 0, Event::issued, uri("a"), Bytes(), ""}), "32 octets");
  EXPECT_TRUE(*s.record({0, kNow, Event::keys, uri("alice"), Bytes(), "identities"}));
}

TEST(StorePatterns, StarsStandForAnythingButAnAt) {
  EXPECT_TRUE(matches("*", "sip:a@b@c"));
  EXPECT_TRUE(matches("sip:alice@example.com", "sip:alice@example.com"));
  EXPECT_FALSE(matches("sip:alice@example.com", "sip:alice@example.com "));
  EXPECT_TRUE(matches("sip:*@example.com", "sip:alice@example.com"));
  EXPECT_TRUE(matches("sip:*@example.com", "sip:@example.com"));
  EXPECT_FALSE(matches("sip:*@example.com", "sips:alice@example.com"));
  EXPECT_FALSE(matches("sip:*@example.com", "sip:alice@example.com.evil.org"));
  EXPECT_FALSE(matches("sip:*@example.com", "sip:eve@evil.org;x=@example.com"));
  EXPECT_TRUE(matches("sip:*@*.example.com", "sip:alice@a.b.example.com"));
  EXPECT_TRUE(matches("*@*", "a@b"));
  EXPECT_FALSE(matches("*@*", "a"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("*a", ""));
  EXPECT_FALSE(matches(std::string(900, '*') + "b", std::string(60000, 'a')));  // in no time
}

}  // namespace
}  // namespace mikey::kms::test
