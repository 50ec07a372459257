// The Issuer on a store: whole exchanges, and what users, rules, policies and revocations do to them.

#include "backends.hpp"
#include "mikey/kms/store_authority.hpp"
#include "postgres_server.hpp"
#include "support/certified_world.hpp"

namespace mikey::kms::test {
namespace {

using mikey::test::TicketWorld;
using mikey::test::uri_of;
using Exchanged = TicketWorld::Run;
using Event = AuditEntry::Event;

struct StoreIssuer : StoreTest {
  void SetUp() override {
    StoreTest::SetUp();
    server.emplace(open());
    admin.emplace(open());
    for (const char* name : {"alice", "bob", "carol", "dave"}) {
      EXPECT_OK(admin->add_user({uri(name)}));
      EXPECT_OK(admin->set_psk(uri(name), TicketWorld::psk(name).reveal()));
    }
    world.authority = &authority.emplace(*server, world.clock);
    world.replay = &replay.emplace(*server, world.clock, world.policy.clock_skew);
    world.record = &record.emplace(*server, world.clock);
  }
  Exchanged call(const std::string& from = "alice", const std::string& to = "bob",
                 const char* flags = nullptr, int mode = 1, const std::string& answers = "bob") {
    return world.run(from, TicketWorld::request(to, flags, mode), {}, answers);
  }
  bool works(const std::string& from = "alice", const std::string& to = "bob",
             const std::string& answers = "bob") {
    const Exchanged r = call(from, to, nullptr, 1, answers);
    return r.established(from) && r.established(answers);
  }
  /// The KMS said no, and why.
  std::string refusal(const std::string& from = "alice", const std::string& to = "bob",
                      const std::string& answers = "bob") {
    world.last_kms.reset();
    const Exchanged r = call(from, to, nullptr, 1, answers);
    EXPECT_FALSE(r.established(from) && r.established(answers));
    return world.last_kms ? world.last_kms->detail : "nothing";
  }
  /// A ticket of alice for bob that he has not resolved yet.
  Bytes transfer() {
    Bytes kept;
    (void)world.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
      if (l.type() != DataType::transfer_init) return;
      kept = l.message;
      l.message.clear();
    });
    return kept;
  }
  /// What the KMS says when bob has `transfer` resolved.
  Answer resolve(const Bytes& transfer) {
    const Outcome o = world.party("bob").receive(Source::peer, transfer);
    EXPECT_EQ(o.send.size(), 1U);
    return o.send.empty() ? Answer() : world.kms().handle(o.send.front().message);
  }

  TicketWorld world;
  std::optional<Store> server;
  std::optional<Store> admin;
  std::optional<StoreAuthority> authority;
  std::optional<StoreReplay> replay;
  std::optional<StoreRecord> record;
};
FOR_BOTH_BACKENDS(StoreIssuer);

TEST_P(StoreIssuer, CallsInAllModesThatNeedAKms) {
  for (int mode = 1; mode <= 3; ++mode) {
    const Exchanged r = call("alice", "bob", nullptr, mode);
    EXPECT_TRUE(r.established("alice") && r.established("bob")) << mode;
  }
  const auto trail = *admin->audit({});
  std::vector<Event> events;
  for (const AuditEntry& e : trail) events.push_back(e.event);
  EXPECT_THAT(events, testing::ElementsAre(Event::issued, Event::resolved, Event::issued, Event::resolved));
  EXPECT_EQ(trail[0].client, uri("alice"));
  EXPECT_EQ(trail[1].client, uri("bob"));
  EXPECT_EQ(trail[0].fingerprint, trail[1].fingerprint);
  EXPECT_EQ(trail[0].summary,
            "flags DEFGHINO, initiator sip:alice@example.com, responders sip:bob@example.com, "
            "from 1789999700, until 1790086400");
}

TEST_P(StoreIssuer, UsersComeAndGo) {
  EXPECT_TRUE(works());
  EXPECT_OK(admin->change_user({uri("alice"), false}));
  EXPECT_EQ(refusal(), "there is no PSK for who asks");  // the next message knows
  EXPECT_OK(admin->change_user({uri("alice"), true}));
  EXPECT_TRUE(works());
  EXPECT_OK(admin->remove_user(uri("bob")));
  EXPECT_EQ(refusal(), "there is no PSK for who asks");
  EXPECT_OK(admin->add_user({uri("bob")}));
  EXPECT_OK(admin->set_psk(uri("bob"), Bytes(16, 'X')));
  (void)refusal();  // another key
  EXPECT_OK(admin->set_psk(uri("bob"), TicketWorld::psk("bob").reveal()));
  EXPECT_TRUE(works());
}

TEST_P(StoreIssuer, ATicketEndsWithItsUserOrByItself) {
  const Bytes one = transfer();
  const Bytes two = transfer();
  EXPECT_OK(admin->change_user({uri("alice"), false}));
  EXPECT_EQ(resolve(one).error->detail, "whoever asked for the ticket is no user any more");
  EXPECT_OK(admin->change_user({uri("alice"), true}));
  const auto issued = *admin->audit({.client = uri("alice")});
  EXPECT_OK(admin->revoke({issued.back().fingerprint, kNow, ""}));
  const Answer a = resolve(two);
  EXPECT_EQ(a.error->code, ErrorCode::invalid_ticket);
  EXPECT_EQ(a.error->detail, "the ticket was revoked");
  EXPECT_TRUE(a.message);
  EXPECT_EQ(admin->audit({})->back().event, Event::refused);
}

TEST_P(StoreIssuer, RulesSayWhoMayCallWhom) {
  const auto forbid = admin->add_rule({0, Rule::Kind::call, false, "sip:alice@*", "sip:carol@example.com"});
  EXPECT_TRUE(works());
  EXPECT_EQ(refusal("alice", "carol", "carol"), "a rule of this KMS forbids it");
  EXPECT_TRUE(works("bob", "carol", "carol"));
  const auto allow = admin->add_rule({0, Rule::Kind::call, true, "*", "sip:bob@example.com"});
  EXPECT_TRUE(works());
  EXPECT_EQ(refusal("bob", "carol", "carol"), "no rule of this KMS allows it");
  EXPECT_OK(admin->remove_rule(*forbid));
  EXPECT_OK(admin->remove_rule(*allow));
  EXPECT_TRUE(works("alice", "carol", "carol"));
  ASSERT_TRUE(
      admin->add_rule({0, Rule::Kind::resolve, false, "sip:*@example.com", "sip:alice@example.com"}).ok());
  EXPECT_EQ(refusal(), "a rule of this KMS forbids it");
  EXPECT_TRUE(works("dave", "bob", "bob"));
}

TEST_P(StoreIssuer, PoliciesOfDomains) {
  EXPECT_OK(admin->set_policy({"*", 7200, TicketFlags()}));
  EXPECT_OK(admin->set_policy({"sip:*@example.com", 3600, *TicketFlags::parse("I")}));
  EXPECT_OK(admin->set_policy({"sip:*@example.org", 60, *TicketFlags::parse("J")}));
  EXPECT_EQ(authority->begin().ok(), true);
  EXPECT_EQ(authority->max_lifetime(uri("alice")), 3600);
  EXPECT_EQ(authority->max_lifetime(Identity::uri("tel:1")), 7200);
  EXPECT_EQ(authority->refused_flags(uri("alice")).letters(), "I");
  EXPECT_TRUE(works());
  EXPECT_EQ(admin->audit({})->back().summary,
            "flags DEFGHKNO, initiator sip:alice@example.com, responders sip:bob@example.com, "
            "from 1789999700, until 1790003600");
}

TEST_P(StoreIssuer, Groups) {
  EXPECT_OK(admin->add_group(uri("it")));
  EXPECT_OK(admin->add_member(uri("it"), uri("carol")));
  for (const char* name : {"bob", "carol"})
    world.party(name, [](Credentials& c) { c.ticket->groups.push_back(uri_of("it")); });
  EXPECT_TRUE(works("alice", "it", "carol"));
  EXPECT_EQ(refusal("alice", "it", "bob"), "the client may not resolve this ticket");
  EXPECT_OK(admin->add_member(uri("it"), uri("bob")));
  EXPECT_TRUE(works("alice", "it", "bob"));
}

TEST_P(StoreIssuer, TicketsOutliveTheirKey) {
  const Bytes early = transfer();
  EXPECT_OK(admin->rotate_ticket_key(kNow));
  const Bytes late = transfer();
  EXPECT_EQ(resolve(early).state, Answer::State::answered);
  EXPECT_EQ(resolve(late).state, Answer::State::answered);
  const Bytes lost = transfer();
  EXPECT_OK(admin->rotate_ticket_key(kNow, 0));
  EXPECT_OK(admin->retire_ticket_keys(kNow + 1));
  EXPECT_EQ(resolve(lost).error->code, ErrorCode::auth_failure);
}

TEST_P(StoreIssuer, AReplayedRequestIsRefusedByAnotherProcessToo) {
  Bytes request;
  (void)world.run("alice", TicketWorld::request("bob"), [&](TicketWorld::Letter& l) {
    if (l.type() == DataType::request_init_psk) request = l.message;
  });
  Store other = open();
  StoreAuthority authority2(other, world.clock);
  StoreReplay replay2(other, world.clock, world.policy.clock_skew);
  StoreRecord record2(other, world.clock);
  const Identity self = uri("kms");
  const Issuer issuer({crypto::openssl(), world.rng, world.clock, world.policy, self}, authority2, replay2,
                      &record2);
  const Answer a = issuer.handle(request);
  ASSERT_TRUE(a.error);
  EXPECT_EQ(a.error->code, ErrorCode::invalid_ts);
  EXPECT_EQ(a.error->severity, Severity::discard);
  EXPECT_FALSE(a.message);
}

// The CA may have issued more than one certificate for a name: which one counts is for the KMS to say.
TEST_P(StoreIssuer, WhoHasCertificatesInTheStoreSignsWithOneOfThem) {
  mikey::test::CertifiedWorld w;
  StoreAuthority authority_then(*server, w.clock);  // a world has a time of its own
  StoreReplay replay_then(*server, w.clock, w.policy.clock_skew);
  StoreRecord record_then(*server, w.clock);
  w.authority = &authority_then;
  w.replay = &replay_then;
  w.record = &record_then;
  const auto works = [&w] {
    const Exchanged r = w.run("alice", TicketWorld::request("bob"));
    return r.established("alice") && r.established("bob");
  };
  EXPECT_TRUE(works());
  const mikey::test::Pki& pki = mikey::test::shared_pki();
  EXPECT_OK(admin->add_certificate(uri("alice"), pki.alice.der()));  // not the one she has
  EXPECT_FALSE(works());
  ASSERT_TRUE(w.last_kms);
  EXPECT_EQ(w.last_kms->code, ErrorCode::invalid_cert);
  EXPECT_THAT(w.last_kms->detail, testing::HasSubstr("not among the user's in the store"));
  EXPECT_OK(admin->add_certificate(uri("alice"), pki.alice_below.der()));
  EXPECT_TRUE(works());
  EXPECT_OK(admin->remove_certificate(pki.alice.fingerprint(crypto::Hash::sha256)));
  EXPECT_TRUE(works());
  EXPECT_OK(admin->change_user({uri("alice"), false}));
  EXPECT_FALSE(works());
  EXPECT_EQ(w.last_kms->detail, "who signs is no user of this KMS");
  EXPECT_OK(admin->remove_user(uri("alice")));
  EXPECT_FALSE(works());
  EXPECT_EQ(w.last_kms->code, ErrorCode::auth_failure);
}

TEST_P(StoreIssuer, AnotherKmsAsksForItsClients) {
  EXPECT_OK(admin->add_user({uri("kms2"), true, true}));
  EXPECT_OK(admin->set_psk(uri("kms2"), Bytes(16, 2), to_bytes(as_bytes("their name"))));
  ASSERT_TRUE(authority->begin().ok());
  EXPECT_EQ(authority->client_by_psk(Identity{IdType::byte_string, to_bytes(as_bytes("their name"))}),
            uri("kms2"));
  EXPECT_TRUE(authority->is_trusted_kms(uri("kms2")));
  EXPECT_FALSE(authority->is_trusted_kms(uri("alice")));
  TicketPolicy p;
  p.initiator = uri("alice");
  p.responders = {Identity::uri("sip:erin@example.org")};
  EXPECT_OK(authority->may_resolve(p.responders.front(), uri("kms2"), p));
  EXPECT_FALSE(authority->may_resolve(p.responders.front(), uri("stranger"), p).ok());
  EXPECT_OK(admin->change_user({uri("kms2"), false, true}));
  ASSERT_TRUE(authority->begin().ok());
  EXPECT_FALSE(authority->is_trusted_kms(uri("kms2")));
}

TEST(StoreIssuerAway, NobodySignsWhileItIsNotKnownWithWhat) {
  Store store = open_store(fresh_url(Backend::postgresql));
  EXPECT_OK(store.add_user({uri("alice")}));
  const ManualClock clock(NtpTime::from_unix(kNow));
  const StoreAuthority authority(store, clock);
  const crypto::Certificate& hers = mikey::test::shared_pki().alice;
  ASSERT_TRUE(authority.begin().ok());
  postgres().stop();
  const Status away = authority.may_sign(uri("alice"), hers);
  postgres().start();
  ASSERT_FALSE(away.ok());
  EXPECT_EQ(away.error().severity, Severity::system);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ASSERT_TRUE(authority.begin().ok());
  EXPECT_OK(authority.may_sign(uri("alice"), hers));
}

TEST(StoreIssuerAway, NobodyIsToldThatHisKeyIsUnknown) {
  Store store = open_store(fresh_url(Backend::postgresql));
  EXPECT_OK(store.add_user({uri("alice")}));
  EXPECT_OK(store.set_psk(uri("alice"), TicketWorld::psk("alice").reveal()));
  TicketWorld world;
  StoreAuthority authority(store, world.clock);
  StoreReplay replay(store, world.clock, world.policy.clock_skew);
  StoreRecord record(store, world.clock);
  world.authority = &authority;
  world.replay = &replay;
  world.record = &record;
  const auto request = world.party("alice").initiate(TicketWorld::request("bob"));
  ASSERT_TRUE(request.ok());
  const Bytes& octets = request->send.front().message;
  postgres().stop();
  const Answer away = world.kms().handle(octets);
  postgres().start();
  EXPECT_FALSE(away.message);
  ASSERT_TRUE(away.error);
  EXPECT_EQ(away.error->severity, Severity::system);
  EXPECT_THAT(away.error->detail, testing::HasSubstr("database"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(world.kms().handle(octets).state, Answer::State::answered);  // it was not taken for a replay
}

}  // namespace
}  // namespace mikey::kms::test
