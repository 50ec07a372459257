// Groups (RFC 3830 8; RFC 4738 3.6): everybody has the same keys, and who was removed has not the next ones.
#include "mikey/exchange/group.hpp"

#include <gtest/gtest.h>

#include "support/certified_parties.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

constexpr int kMembers = 50;
const Identity kServer = Identity::uri("sip:server@example.com");

Identity member_name(int i) {
  return Identity::uri("sip:member" + std::to_string(i) + "@example.com");
}

/// A server and its listeners. They share the RSA keys of the tests, each with a certificate of their own.
struct Audience {
  ManualClock clock{kPkiTime};
  CountingRng rng;
  std::shared_ptr<crypto::TrustStore> server_trust = trust();
  std::unique_ptr<Party> server_party;
  Party& server;
  std::vector<std::unique_ptr<Party>> members;

  explicit Audience(int n, bool certificates = false, const Policy& server_policy = {})
      : server_party(party(kServer, server_credentials(), server_policy)), server(*server_party) {
    for (int i = 0; i < n; ++i) {
      Credentials c;
      c.psk.emplace(kServer, key_of(i));
      if (certificates) c.pki = pki(member_name(i), "alice", trust());
      server.credentials().psk.emplace(member_name(i), key_of(i));
      if (certificates) server_trust->pin(IdType::uri, member_name(i).data, c.pki.own[0].chain[0]);
      members.push_back(party(member_name(i), std::move(c)));
    }
  }

  static Psk key_of(int i) { return Psk(Bytes(16, static_cast<std::uint8_t>(i + 1))); }
  static std::shared_ptr<crypto::TrustStore> trust() {
    auto t = std::make_shared<crypto::TrustStore>();
    t->add_anchor(shared_pki().ca.certificate);
    return t;
  }
  static mikey::Pki pki(const Identity& who, const std::string& key, std::shared_ptr<crypto::TrustStore> t) {
    auto spec = spec_for("member");
    spec.uris = {who.name()};
    mikey::Pki out;
    out.own = {own_certificate({issue(spec, key, shared_pki().ca)}, key)};
    out.trust = std::move(t);
    return out;
  }
  Credentials server_credentials() {
    Credentials c;
    c.pki = pki(kServer, "bob", server_trust);
    return c;
  }
  std::unique_ptr<Party> party(const Identity& self, Credentials c, const Policy& policy = {}) {
    const PartyLimits limits{.waiting = 200, .bundles = 200, .replay_entries = 1000};
    return std::make_unique<Party>(self, policy, std::move(c), crypto::openssl(), rng, clock, limits);
  }
  Party& member(int i) { return *members[static_cast<std::size_t>(i)]; }
  static int number_of(const Identity& who) { return std::stoi(who.name().substr(10)); }

  /// Carries what the server sends to one member, and the answer back.
  Outcome carry(const Outcome& from_server, int to) {
    EXPECT_EQ(from_server.send.size(), 1U);
    Outcome o = member(to).receive(Source::peer, from_server.send[0].message);
    for (const Send& answer : o.send) server.receive(Source::peer, answer.message);
    return o;
  }
};

std::string keys_of(const keys::Bundle& b) {
  std::string out = std::to_string(b.csb_id);
  for (const keys::CryptoSession& s : b.sessions)
    out += " " + std::to_string(s.cs_id) + "/" + std::to_string(s.ssrc) + "/" +
           std::string(keys::info(s.suite).name) + "/" + to_hex(s.tek.reveal()) + "/" +
           to_hex(s.salt.reveal()) + "/" + to_hex(s.validity.spi);
  return out;
}

struct GroupCase {
  const char* name;
  Mode mode;
  bool tek;
  bool verification;
  EnvelopeCache cache = EnvelopeCache::cache_for_csb;
};

class Groups : public testing::TestWithParam<GroupCase> {};

TEST_P(Groups, FiftyMembersARekeyAndAMemberRemoved) {
  const GroupCase& c = GetParam();
  Policy policy;
  policy.pke_cache = c.cache;
  Audience a(kMembers, c.mode == Mode::pk, policy);
  GroupSpec spec;
  spec.mode = c.mode;
  spec.streams = {{0x1001, 0, {}}, {0, 7, {}}};
  spec.key.tek = c.tek;
  spec.validity = {KvType::spi, {1}, {}, {}};
  spec.verification = c.verification;
  auto group = Group::make(a.server, spec);
  ASSERT_TRUE(group.ok()) << group.error().to_string();
  for (int i = 0; i < kMembers; ++i) {
    const auto sent = group->add(member_name(i));
    ASSERT_TRUE(sent.ok()) << sent.error().to_string();
    EXPECT_EQ(sent->state, c.verification ? State::waiting : State::established);
    const Outcome o = a.carry(*sent, i);
    ASSERT_EQ(o.state, State::established) << o.error->to_string();
    EXPECT_EQ(o.send.empty(), !c.verification);
    ASSERT_EQ(keys_of(*o.bundle), keys_of(group->bundle())) << i;
  }
  EXPECT_EQ(a.server.waiting(), 0U);
  EXPECT_EQ(a.server.bundles(), static_cast<std::size_t>(kMembers));
  const std::string old_keys = keys_of(group->bundle());

  EXPECT_TRUE(group->remove(member_name(7)).ok());
  EXPECT_FALSE(group->remove(member_name(7)).ok());
  EXPECT_EQ(a.server.bundles(), static_cast<std::size_t>(kMembers - 1));
  a.clock.advance(std::chrono::seconds(1));
  const auto told = group->rekey({KvType::spi, {2}, {}, {}});
  ASSERT_TRUE(told.ok()) << told.error().to_string();
  ASSERT_EQ(told->size(), static_cast<std::size_t>(kMembers - 1));
  const std::string new_keys = keys_of(group->bundle());
  EXPECT_NE(new_keys, old_keys);
  for (const Group::Told& t : *told) {
    ASSERT_TRUE(t.outcome.ok()) << t.outcome.error().to_string();
    ASSERT_NE(t.member, member_name(7));
    // To the removed member the messages of all others are noise.
    EXPECT_EQ(a.member(7).receive(Source::peer, t.outcome->send[0].message).state, State::failed);
    const Outcome o = a.carry(*t.outcome, Audience::number_of(t.member));
    ASSERT_EQ(o.state, State::established) << o.error->to_string();
    EXPECT_EQ(keys_of(*o.bundle), new_keys);
  }
  EXPECT_EQ(a.server.waiting(), 0U);
  EXPECT_EQ(keys_of(*a.member(7).bundle(group->bundle().csb_id, kServer)), old_keys);

  // A latecomer gets the present key only.
  Credentials late;
  late.psk.emplace(kServer, Audience::key_of(kMembers));
  late.pki = Audience::pki(member_name(kMembers), "alice", Audience::trust());
  a.server.credentials().psk.emplace(member_name(kMembers), Audience::key_of(kMembers));
  a.server_trust->pin(IdType::uri, member_name(kMembers).data, late.pki.own[0].chain[0]);
  a.members.push_back(a.party(member_name(kMembers), std::move(late)));
  const auto sent = group->add(member_name(kMembers));
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(keys_of(*a.carry(*sent, kMembers).bundle), new_keys);
}

INSTANTIATE_TEST_SUITE_P(
    OneToMany, Groups,
    testing::Values(GroupCase{"PskTgk", Mode::psk, false, false}, GroupCase{"PskTek", Mode::psk, true, false},
                    GroupCase{"PskVerified", Mode::psk, false, true},
                    GroupCase{"PkTgk", Mode::pk, false, false},
                    GroupCase{"PkVerified", Mode::pk, false, true},
                    GroupCase{"PkUncached", Mode::pk, true, false, EnvelopeCache::no_cache}),
    [](const testing::TestParamInfo<GroupCase>& which) { return std::string(which.param.name); });

TEST(Group, SmallInteractiveGroups) {
  // Three parties; each sets up the keys of its own stream for the two others (RFC 3830 8.2).
  Audience a(0);
  std::vector<std::unique_ptr<Party>> people;
  for (int i = 0; i < 3; ++i) {
    Credentials c;
    for (int j = 0; j < 3; ++j)
      if (j != i) c.psk.emplace(member_name(j), Psk(Bytes(16, static_cast<std::uint8_t>(0x40 + i + j))));
    people.push_back(a.party(member_name(i), std::move(c)));
  }
  std::vector<Group> groups;
  for (int i = 0; i < 3; ++i) {
    GroupSpec spec;
    spec.streams = {{static_cast<std::uint32_t>(0x100 + i), 0, {}}};
    auto g = Group::make(*people[static_cast<std::size_t>(i)], spec);
    ASSERT_TRUE(g.ok());
    for (int j = 0; j < 3; ++j) {
      if (j == i) continue;
      const auto sent = g->add(member_name(j));
      ASSERT_TRUE(sent.ok());
      const Outcome o = people[static_cast<std::size_t>(j)]->receive(Source::peer, sent->send[0].message);
      ASSERT_EQ(o.state, State::established);
      EXPECT_EQ(keys_of(*o.bundle), keys_of(g->bundle()));
    }
    groups.push_back(std::move(*g));
  }
  EXPECT_NE(groups[0].bundle().csb_id, groups[1].bundle().csb_id);
  for (const auto& p : people) EXPECT_EQ(p->bundles(), 4U) << "two as sender, two as listener";
}

TEST(Group, WhatCannotBe) {
  Audience a(1);
  for (const Mode mode : {Mode::dh, Mode::dhhmac, Mode::rsar}) {
    GroupSpec spec;
    spec.mode = mode;
    EXPECT_FALSE(Group::make(a.server, spec).ok()) << mode_name(mode);
  }
  GroupSpec none;
  none.key.none = true;
  EXPECT_FALSE(Group::make(a.server, none).ok());
  GroupSpec silent;
  silent.streams.clear();
  EXPECT_FALSE(Group::make(a.server, silent).ok());
  auto group = Group::make(a.server, {});
  ASSERT_TRUE(group.ok());
  EXPECT_NE(group->bundle().sessions[0].ssrc, 0U) << "members must not choose one each";
  EXPECT_FALSE(group->add(Identity::uri("sip:nobody@example.com")).ok());
  EXPECT_TRUE(group->members().empty());
  ASSERT_TRUE(group->add(member_name(0)).ok());
  EXPECT_FALSE(group->add(member_name(0)).ok());
  EXPECT_FALSE(Group::rekey_rsar(a.server).ok());
  // No mode of two halves can carry a group's key, whoever asks.
  for (const Mode mode : {Mode::dh, Mode::dhhmac, Mode::rsar}) {
    InitiateRequest r;
    r.mode = mode;
    r.terms.to = member_name(0);
    r.terms.group = std::make_shared<const keys::Bundle>(group->bundle().clone());
    EXPECT_FALSE(a.server.initiate(std::move(r)).ok());
  }
}

TEST(Group, AMemberThatAnswersWithAnErrorIsToldApart) {
  Audience a(3);
  Policy other;
  other.srtp = {keys::Suite::aes_256_cm_hmac_sha1_80};
  Credentials c;
  c.psk.emplace(kServer, Audience::key_of(1));
  a.members[1] = a.party(member_name(1), std::move(c), other);
  GroupSpec spec;
  spec.verification = true;
  auto group = Group::make(a.server, spec);
  std::vector<Outcome> sent;
  for (int i = 0; i < 3; ++i) sent.push_back(*group->add(member_name(i)));
  const Outcome refusal = a.member(1).receive(Source::peer, sent[1].send[0].message);
  ASSERT_EQ(refusal.state, State::failed);
  const Outcome heard = a.server.receive(Source::peer, refusal.send[0].message);
  EXPECT_EQ(heard.error->code, ErrorCode::invalid_sppar);
  EXPECT_EQ(a.server.waiting(), 2U);
  for (const int i : {2, 0})
    EXPECT_EQ(a.carry(sent[static_cast<std::size_t>(i)], i).state, State::established);
  EXPECT_EQ(a.server.waiting(), 0U);
}

TEST(RsarGroups, FiftyMembersARekeyAndAMemberRemoved) {
  Audience a(kMembers, true);
  a.server.credentials().rsar_group = RsarGroup{0xCAFE0001,
                                                SecretBytes(ByteView(Bytes(16, 0x61))),
                                                SecretBytes(ByteView(Bytes(14, 0x62))),
                                                Bytes(16, 0x63),
                                                {0x5001}};
  std::set<std::string> keys;
  const auto teks = [](const keys::Bundle& b) {
    return std::to_string(b.sessions[0].ssrc) + to_hex(b.sessions[0].tek.reveal()) +
           to_hex(b.sessions[0].salt.reveal());
  };
  std::uint32_t removed = 0;
  for (int i = 0; i < kMembers; ++i) {
    InitiateRequest r;
    r.mode = Mode::rsar;
    r.terms.to = kServer;
    r.rsar_group = true;
    const auto asked = a.member(i).initiate(std::move(r));
    ASSERT_TRUE(asked.ok());
    const Outcome answer = a.server.receive(Source::peer, asked->send[0].message);
    ASSERT_EQ(answer.state, State::established) << answer.error->to_string();
    const Outcome end = a.member(i).receive(Source::peer, answer.send[0].message);
    ASSERT_EQ(end.state, State::established);
    keys.insert(teks(*end.bundle));
    if (i == 7) removed = end.bundle->csb_id;
  }
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_TRUE(a.server.forget(removed, member_name(7)).ok());
  EXPECT_FALSE(a.server.forget(removed, member_name(7)).ok());
  a.clock.advance(std::chrono::seconds(1));
  const auto told = Group::rekey_rsar(a.server);
  ASSERT_TRUE(told.ok()) << told.error().to_string();
  ASSERT_EQ(told->size(), static_cast<std::size_t>(kMembers - 1));
  std::set<std::string> fresh;
  for (const Group::Told& t : *told) {
    ASSERT_TRUE(t.outcome.ok()) << t.outcome.error().to_string();
    EXPECT_EQ(a.member(7).receive(Source::peer, t.outcome->send[0].message).state, State::failed);
    const Outcome o = a.carry(*t.outcome, Audience::number_of(t.member));
    ASSERT_EQ(o.state, State::established) << o.error->to_string();
    fresh.insert(teks(*o.bundle));
  }
  EXPECT_EQ(fresh.size(), 1U);
  EXPECT_FALSE(fresh.contains(*keys.begin()));
  EXPECT_EQ(teks(*a.member(7).bundle(removed, kServer)), *keys.begin());
}

}  // namespace
}  // namespace mikey::test
