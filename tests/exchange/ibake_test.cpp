// MIKEY-IBAKE end to end: curves, updates, forking, retargeting, deferred delivery, two KMSs (RFC 6267).
#include <gtest/gtest.h>

#include "support/ibake_world.hpp"

namespace mikey::test {
namespace {

using Call = IbakeWorld::Run;
using Letter = IbakeWorld::Letter;
using enum DataType;

const std::vector<DataType> kFour = {i_message_1, r_message_1, i_message_2, r_message_2};

Bytes t_of(const IbakeWorld::Letter& l) {
  return to_bytes(l.parsed().first<wire::T>()->value);
}

TEST(Ibake, FourMessagesEstablishBothSides) {  // RFC 6267 4.2.2
  IbakeWorld w;
  InitiateRequest r = IbakeWorld::request("bob");
  r.terms.streams = {{0x11223344, 3, {}}, {0, 0, {}}};
  r.terms.validity = {KvType::spi, {0x0A, 0x0B}, {}, {}};
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  EXPECT_EQ(run.types(), kFour);
  std::vector<int> v;
  std::vector<std::size_t> rands;
  for (const auto& l : run.letters) {
    const wire::Message m = l.parsed();
    v.push_back(m.hdr().v);
    rands.push_back(m.count<wire::Rand>());
    EXPECT_EQ(m.count<wire::Eccpt>(), 0U) << "a value in clear";
  }
  EXPECT_EQ(v, (std::vector<int>{1, 1, 1, 0}));
  EXPECT_EQ(rands, (std::vector<std::size_t>{1, 0, 1, 0}));
  EXPECT_EQ(t_of(run.letters[0]), t_of(run.letters[1]));
  EXPECT_EQ(t_of(run.letters[2]), t_of(run.letters[3]));
  EXPECT_NE(t_of(run.letters[0]), t_of(run.letters[2]));
  EXPECT_EQ(run.letters[3].parsed().last_type(), PayloadType::v);
  const keys::Bundle& b = run.bundle("bob");
  EXPECT_EQ(b.peer, IbakeWorld::uri("alice"));
  EXPECT_EQ(run.bundle("alice").peer, IbakeWorld::uri("bob"));
  EXPECT_NE(b.sessions[1].ssrc, 0U);
  EXPECT_EQ(b.sessions[0].roc, 3U);
  EXPECT_EQ(to_hex(run.bundle("alice").sessions[0].validity.spi), "0a0b");
  EXPECT_EQ(b.keys.front().key.size(), 16U);
}

class Curves : public testing::TestWithParam<int> {};

TEST_P(Curves, EstablishBothSides) {  // RFC 6267 6.1.4
  IbakeWorld w;
  const auto curve = static_cast<EccCurve>(GetParam());
  w.policy.ecc_curves = {curve};
  expect_same(w.run("alice", IbakeWorld::request("bob")));
}

INSTANTIATE_TEST_SUITE_P(Registry, Curves, testing::Range(1, 17));

TEST(Ibake, WeakCurvesNeedAPolicyThatAllowsThem) {
  IbakeWorld w;
  InitiateRequest r = IbakeWorld::request("bob");
  r.ibake.curve = EccCurve::k163;
  EXPECT_EQ(w.run("alice", std::move(r)).refused->code, ErrorCode::bad_request);
  const Policy modern = Policy::modern();
  for (const EccCurve weak : {EccCurve::p192, EccCurve::p224, EccCurve::k233})
    EXPECT_FALSE(Policy::has(modern.ecc_curves, weak));

  IbakeWorld lax;  // a caller who may, and a callee who may not
  lax.policy.ecc_curves = {EccCurve::sect163r1};
  (void)lax.party("alice");
  lax.policy = Policy();
  const Call run = lax.run("alice", IbakeWorld::request("bob"));
  EXPECT_EQ(run.last.at("bob").error->code, ErrorCode::invalid_dh);
  EXPECT_TRUE(run.last.at("bob").send.empty()) << "silent after decryption";
}

TEST(Ibake, LongKeysWithTheLongPrf) {
  IbakeWorld w;
  w.policy.prf = {PrfFunc::hmac_sha_256};
  w.policy.srtp = {keys::Suite::aead_aes_256_gcm};
  const Call run = w.run("alice", IbakeWorld::request("bob"));
  expect_same(run);
  EXPECT_EQ(run.bundle("bob").keys.front().key.size(), 32U);
}

TEST(Ibake, RequestsThatCannotBeMet) {
  IbakeWorld w;
  const auto refused = [&](const std::function<void(InitiateRequest&)>& change) {
    InitiateRequest r = IbakeWorld::request("bob");
    change(r);
    const Call run = w.run("alice", std::move(r));
    return run.refused && run.refused->severity == Severity::request;
  };
  EXPECT_TRUE(refused([](auto& r) { r.terms.key.given = SecretBytes(16); }));
  EXPECT_TRUE(refused([](auto& r) { r.terms.key.tek = true; }));
  EXPECT_TRUE(refused([](auto& r) { r.terms.key.with_salt = true; }));
  EXPECT_TRUE(refused([](auto& r) { r.terms.key.length = 32; }));
  EXPECT_TRUE(refused([](auto& r) { r.terms.key.none = true; }));
  EXPECT_TRUE(refused([](auto& r) { r.csb_id = 77; }));
  EXPECT_FALSE(refused([](auto& r) { r.terms.key.length = 16; }));
}

TEST(IbakeUpdate, NewValuesFromBothSides) {  // RFC 6267 5.3
  IbakeWorld w;
  const Call first = w.established();
  std::string tgk = tgk_of(first.bundle("alice"));
  for (const char* who : {"alice", "bob", "alice"}) {
    w.clock.advance(std::chrono::seconds(1));
    const std::string other = who == std::string("alice") ? "bob" : "alice";
    InitiateRequest r = IbakeWorld::request(other);
    r.csb_id = first.bundle("alice").csb_id;
    r.ibake.curve = EccCurve::p384;
    const Call run = w.run(who, std::move(r), other);
    expect_same(run, who, other);
    EXPECT_EQ(run.types(), (std::vector<DataType>{i_message_1, r_message_1}));
    EXPECT_EQ(run.letters[0].parsed().count<wire::Rand>(), 0U);
    EXPECT_EQ(run.letters[1].parsed().last_type(), PayloadType::v);
    EXPECT_NE(tgk_of(run.bundle(who)), tgk);
    tgk = tgk_of(run.bundle(who));
  }
}

TEST(IbakeUpdate, WithoutNewValuesTheKeyStays) {
  IbakeWorld w;
  const Call first = w.established();
  w.clock.advance(std::chrono::seconds(1));
  InitiateRequest r = IbakeWorld::request("bob");
  r.csb_id = first.bundle("alice").csb_id;
  r.terms.key.none = true;
  r.terms.streams = {{first.bundle("alice").sessions[0].ssrc, 0, {}}, {0, 0, {}}};
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  EXPECT_EQ(run.letters[0].parsed().count<wire::Ibake>(), 0U);
  EXPECT_EQ(run.bundle("bob").sessions.size(), 2U);
  EXPECT_EQ(tgk_of(run.bundle("bob")), tgk_of(first.bundle("bob")));
  EXPECT_EQ(to_hex(run.bundle("bob").sessions[0].tek.reveal()),
            to_hex(first.bundle("bob").sessions[0].tek.reveal()));
}

/// Both send one before they have seen the other's: both end with that of the CSB's Initiator.
TEST(IbakeUpdate, ThatCrossEndWithOneKey) {
  IbakeWorld w;
  const Call first = w.established();
  const std::uint32_t csb = first.bundle("alice").csb_id;
  w.clock.advance(std::chrono::seconds(1));
  const auto begin = [&](const char* who, const char* to) {
    InitiateRequest r = IbakeWorld::request(to);
    r.csb_id = csb;
    return w.party(who).initiate(std::move(r))->send[0].message;
  };
  const Bytes replaced = begin("alice", "bob");  // one's own younger update takes the place of an older one
  const Bytes of_alice = begin("alice", "bob");
  const Bytes of_bob = begin("bob", "alice");
  EXPECT_EQ(w.party("alice").receive(Source::peer, of_bob).state, Outcome::State::failed);
  const Outcome stale = w.party("bob").receive(Source::peer, replaced);
  EXPECT_EQ(stale.state, Outcome::State::established);
  const Outcome answer = w.party("bob").receive(Source::peer, of_alice);
  ASSERT_EQ(answer.state, Outcome::State::established);
  const Outcome done = w.party("alice").receive(Source::peer, answer.send[0].message);
  ASSERT_EQ(done.state, Outcome::State::established);
  EXPECT_EQ(w.party("alice").receive(Source::peer, stale.send[0].message).state, Outcome::State::failed);
  EXPECT_EQ(tgk_of(*w.party("alice").bundle(csb, IbakeWorld::uri("bob"))),
            tgk_of(*w.party("bob").bundle(csb, IbakeWorld::uri("alice"))));
}

TEST(IbakeUpdate, SetsNoStreamBackUnderAKeyInUse) {
  IbakeWorld w;
  InitiateRequest r = IbakeWorld::request("bob");
  r.terms.streams = {{0x1001, 7, {}}};
  const Call first = w.run("alice", std::move(r));
  expect_same(first);
  w.clock.advance(std::chrono::seconds(1));
  const auto update = [&](bool keep) {
    InitiateRequest u = IbakeWorld::request("bob");
    u.csb_id = first.bundle("alice").csb_id;
    u.terms.streams = {{0x1001, 0, {}}};
    u.terms.key.none = keep;
    return w.run("alice", std::move(u));
  };
  EXPECT_EQ(update(true).last.at("bob").state, Outcome::State::failed);
  EXPECT_EQ(w.party("bob").bundle(first.bundle("bob").csb_id, IbakeWorld::uri("alice")),
            first.last.at("bob").bundle);
  w.clock.advance(std::chrono::seconds(1));
  expect_same(update(false));  // with a new key it may begin at zero
}

// ------------------------------------------------------------------ use cases (RFC 6267 3, 7.3 - 7.5)

/// A device or mailbox that answers for bob under its own name.
const auto kAnswersForBob = [](Credentials& c) { c.ibake->answer_for = {IbakeWorld::uri("bob")}; };

TEST(IbakeForking, NoOtherForkLearnsTheKey) {
  IbakeWorld w;
  (void)w.party("alice", [](Credentials& c) {
    c.ibake->accept = {IbakeWorld::uri("carol"), IbakeWorld::uri("dave")};
  });
  // bob's devices share his common identity's key, so each can read the offer
  for (const char* device : {"carol", "dave"})
    (void)w.party(device, [&](Credentials& c) {
      kAnswersForBob(c);
      c.ibake->store.add(w.key("bob"));
    });
  const auto begun = w.party("alice").initiate(IbakeWorld::request("bob"));
  ASSERT_TRUE(begun.ok());
  const Bytes offer = begun->send[0].message;
  const Outcome desk = w.party("carol").receive(Source::peer, offer);
  const Outcome mobile = w.party("dave").receive(Source::peer, offer);
  ASSERT_EQ(desk.send.size(), 1U);
  ASSERT_EQ(mobile.send.size(), 1U);
  const Outcome second = w.party("alice").receive(Source::peer, mobile.send[0].message);
  ASSERT_EQ(second.send.size(), 1U);
  EXPECT_EQ(second.send[0].name, IbakeWorld::uri("dave"));
  // the fork that was slower: its answer is not waited for, and what is meant for the other one it cannot
  // read
  EXPECT_EQ(w.party("alice").receive(Source::peer, desk.send[0].message).state, Outcome::State::failed);
  EXPECT_EQ(w.party("carol").receive(Source::peer, second.send[0].message).state, Outcome::State::failed);
  const Outcome proof = w.party("dave").receive(Source::peer, second.send[0].message);
  ASSERT_EQ(proof.state, Outcome::State::established) << proof.error->to_string();
  const Outcome done = w.party("alice").receive(Source::peer, proof.send[0].message);
  ASSERT_EQ(done.state, Outcome::State::established);
  EXPECT_EQ(done.bundle->peer, IbakeWorld::uri("dave")) << "the caller learns who answered";
  EXPECT_EQ(tgk_of(*done.bundle), tgk_of(*proof.bundle));
  EXPECT_EQ(done.bundle->ibake->content_key.size(), 0U) << "the offer was read: no ESK was needed";
}

TEST(IbakeRetargeting, NobodyAnswersInPlaceOfTheOneCalledUnlessAccepted) {
  const auto call = [](const std::function<void(Credentials&)>& alice, bool by_request = false) {
    IbakeWorld w;
    (void)w.party("alice", alice);
    (void)w.party("carol", kAnswersForBob);
    InitiateRequest r = IbakeWorld::request("bob");
    if (by_request) r.terms.accept = {IbakeWorld::uri("carol")};
    return w.run("alice", std::move(r), "carol");
  };
  const Call refused = call({});
  EXPECT_FALSE(refused.established("carol"));
  EXPECT_EQ(refused.last.at("alice").error->code, ErrorCode::invalid_id);
  EXPECT_TRUE(refused.last.at("alice").send.empty());
  const Call accepted[] = {call([](Credentials& c) { c.ibake->accept = {IbakeWorld::uri("carol")}; }),
                           call([](Credentials& c) { c.ibake->accept_any = true; }), call({}, true)};
  for (const Call& run : accepted) {
    expect_same(run, "alice", "carol");
    EXPECT_EQ(run.bundle("alice").peer, IbakeWorld::uri("carol"));
  }
}

TEST(IbakeRetargeting, AnotherIdentityIsNotAnswered) {
  IbakeWorld w;
  const Call run = w.run("alice", IbakeWorld::request("bob"), "carol");
  EXPECT_EQ(run.last.at("carol").error->code, ErrorCode::invalid_id);
}

TEST(IbakeEarlyMedia, NeedsTheAnswerFirst) {
  IbakeWorld w;
  const Call run = w.run("alice", IbakeWorld::request("bob"), "bob", [&](Letter& l) {
    if (l.to == "bob") return;
    EXPECT_EQ(w.party("alice").bundles(), 0U) << "no keys before an answer";
    EXPECT_EQ(w.party("bob").bundles(), l.type() == r_message_1 ? 0U : 1U)
        << "the callee has none with its first answer either";
  });
  expect_same(run);
}

TEST(IbakeKeyGeneration, IsOfBoth) {
  IbakeWorld w;
  const auto fingerprint = [&] { return tgk_of(w.established().bundle("bob")); };
  const std::string one = fingerprint();
  EXPECT_NE(fingerprint(), one) << "other values, another key";
}

TEST(IbakeConference, IsBetweenTwo) {
  IbakeWorld w;
  const Call first = w.established();
  InitiateRequest r = IbakeWorld::request("carol");
  r.csb_id = first.bundle("alice").csb_id;
  r.terms.key.given = first.bundle("alice").keys.front().key.clone();
  EXPECT_EQ(w.run("alice", std::move(r), "carol").refused->severity, Severity::request);
}

TEST(IbakeRedirection, NeedsNothingOfTheNewPeer) {
  IbakeWorld w;
  expect_same(w.run("alice", IbakeWorld::request("dave"), "dave"), "alice", "dave");
}

TEST(IbakeDeferredDelivery, AMailboxStoresWhatItCannotRead) {  // RFC 6267 3.3, 7.5
  IbakeWorld w;
  (void)w.party("alice", [](Credentials& c) { c.ibake->accept = {IbakeWorld::uri("carol")}; });
  (void)w.party("carol", kAnswersForBob);
  const Call run = w.run("alice", IbakeWorld::request("bob"), "carol");
  expect_same(run, "alice", "carol");
  EXPECT_EQ(run.letter(i_message_2).parsed().count<wire::Esk>(), 1U);
  EXPECT_EQ(run.letter(r_message_2).parsed().count<wire::Ibake>(), 1U) << "ECCPTi comes back";
  const keys::IbakeCsb& caller = *run.bundle("alice").ibake;
  const keys::IbakeCsb& mailbox = *run.bundle("carol").ibake;
  EXPECT_TRUE(mailbox.content_key.empty());
  EXPECT_EQ(mailbox.content_owner, IbakeWorld::uri("bob"));
  const StoredKey stored{mailbox.content_owner, mailbox.content_time, mailbox.sealed_content_key};
  EXPECT_EQ(w.party("carol").open_content_key(stored).error().code, ErrorCode::bad_request);

  w.clock.advance(std::chrono::hours(24 * 40));  // bob has been away, and still has the key of that month
  (void)w.party("bob", [&](Credentials& c) { c.ibake->store.add(w.key("bob", mailbox.content_time)); });
  const auto opened = w.party("bob").open_content_key(stored);
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  EXPECT_TRUE(ct_equal(opened->key.reveal(), caller.content_key.reveal()));
  EXPECT_EQ(opened->key.size(), 16U);
  EXPECT_EQ(opened->sender, IbakeWorld::uri("alice"));
  EXPECT_NE(to_hex(opened->key.reveal()), tgk_of(run.bundle("alice"))) << "independent of the session key";
}

TEST(IbakeDeferredDelivery, AnEskInTheFirstMessageIsOpenedByTheOneCalled) {
  IbakeWorld w;
  InitiateRequest r = IbakeWorld::request("bob");
  r.ibake.esk = true;
  const Call run = w.run("alice", std::move(r));
  expect_same(run);
  const keys::IbakeCsb& a = *run.bundle("alice").ibake;
  const keys::IbakeCsb& b = *run.bundle("bob").ibake;
  EXPECT_EQ(a.content_key.size(), 16U);
  EXPECT_TRUE(ct_equal(a.content_key.reveal(), b.content_key.reveal()));
  EXPECT_TRUE(b.sealed_content_key.empty());
}

TEST(IbakeDeferredDelivery, WhatIsNotForTheOwnerDoesNotOpen) {
  IbakeWorld w;
  const Party& bob = w.party("bob");
  StoredKey stored{IbakeWorld::uri("bob"), w.clock.now(), Bytes(100, 1)};
  EXPECT_EQ(bob.open_content_key(stored).error().code, ErrorCode::unspecified);
  stored.data.clear();
  EXPECT_FALSE(bob.open_content_key(stored).ok());
  stored.owner = IbakeWorld::uri("dave");
  EXPECT_EQ(bob.open_content_key(stored).error().code, ErrorCode::bad_request);
}

TEST(IbakeTwoKms, WithDifferentParametersAndDates) {  // RFC 6267 7.2
  IbakeWorld w;
  auto record = ibc::make_ibake_master(crypto::openssl(), w.rng, "sip:kms2@example.com", ibc::DateFormat::day,
                                       ibc::bf::Level::n1024);
  ASSERT_TRUE(record.ok());
  const auto second = ibc::IbakeMaster::load(crypto::openssl(), std::move(*record));
  ASSERT_TRUE(second.ok());
  (void)w.party("alice", [&](Credentials& c) {
    c.ibake->store.add(second->kms());
    c.ibake->store.know(IbakeWorld::uri("bob"), "sip:kms2@example.com");
  });
  (void)w.party("bob", [&](Credentials& c) {
    c.ibake->store = IbakeStore();
    c.ibake->store.add(second->kms());
    c.ibake->store.add(w.master.kms());
    c.ibake->store.add(IbakeWorld::key_of(*second, "bob", w.clock.now()));
    c.ibake->store.know(IbakeWorld::uri("alice"), w.master.kms().uri());
  });
  expect_same(w.run("alice", IbakeWorld::request("bob")));
}

TEST(IbakeTwoKms, ParametersThatAreNotKnown) {
  IbakeWorld w;
  (void)w.party("alice", [](Credentials& c) { c.ibake->store.know(IbakeWorld::uri("bob"), "sip:kms9@x"); });
  EXPECT_EQ(w.run("alice", IbakeWorld::request("bob")).refused->code, ErrorCode::bad_request);
  (void)w.party("bob", [](Credentials& c) { c.ibake->store.know(IbakeWorld::uri("dave"), "sip:kms9@x"); });
  const Call run = w.run("dave", IbakeWorld::request("bob"));
  EXPECT_EQ(run.last.at("bob").state, Outcome::State::failed);
  EXPECT_TRUE(run.last.at("bob").send.empty());
}

// ------------------------------------------------------------------ private keys (RFC 6267 4.2.1)

const auto kNoKey = [](Credentials& c) {
  const ibc::IbakeKms kms = c.ibake->store.kms().front();
  c.ibake->store = IbakeStore();
  c.ibake->store.add(kms);
  c.ibake->kms = IbakeWorld::uri("kms");
};

TEST(IbakeKeys, MissingOnesComeFromTheKms) {
  IbakeWorld w;
  (void)w.party("alice", kNoKey);
  (void)w.party("bob", kNoKey);
  const Call run = w.run("alice", IbakeWorld::request("bob"));
  expect_same(run);
  EXPECT_EQ(run.types(),
            (std::vector<DataType>{request_key_init_psk, request_key_resp, i_message_1, request_key_init_psk,
                                   request_key_resp, r_message_1, i_message_2, r_message_2}));
  w.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(w.run("alice", IbakeWorld::request("bob")).types(), kFour) << "they are kept";
}

TEST(IbakeKeys, OfAnotherMonthAreAskedForAnew) {
  IbakeWorld w;
  for (const char* who : {"alice", "bob"})
    (void)w.party(who, [](Credentials& c) { c.ibake->kms = IbakeWorld::uri("kms"); });
  expect_same(w.run("alice", IbakeWorld::request("bob")));
  w.clock.advance(std::chrono::hours(24 * 20));  // October
  const Call run = w.run("alice", IbakeWorld::request("bob"));
  expect_same(run);
  EXPECT_EQ(run.letters.size(), 8U);
}

TEST(IbakeKeys, AnUpdateAsksForThemToo) {
  IbakeWorld w;
  for (const char* who : {"alice", "bob"})
    (void)w.party(who, [](Credentials& c) { c.ibake->kms = IbakeWorld::uri("kms"); });
  const Call first = w.run("alice", IbakeWorld::request("bob"));
  w.clock.advance(std::chrono::hours(24 * 20));
  InitiateRequest r = IbakeWorld::request("alice");
  r.csb_id = first.bundle("alice").csb_id;
  const Call run = w.run("bob", std::move(r), "alice");
  expect_same(run, "bob", "alice");
  EXPECT_EQ(run.letters.size(), 6U);
}

TEST(IbakeKeys, NoneAndNobodyToAsk) {
  IbakeWorld w;
  (void)w.party("alice", [](Credentials& c) {
    kNoKey(c);
    c.ibake->kms = {};
  });
  EXPECT_EQ(w.run("alice", IbakeWorld::request("bob")).refused->code, ErrorCode::bad_request);
  (void)w.party("bob", [](Credentials& c) {
    kNoKey(c);
    c.ibake->kms = {};
  });
  const Call run = w.run("dave", IbakeWorld::request("bob"));
  EXPECT_EQ(run.last.at("bob").state, Outcome::State::failed);
  EXPECT_TRUE(run.last.at("bob").send.empty());
}

TEST(IbakeKeys, AKmsThatRefusesEndsTheExchange) {
  IbakeWorld w;
  w.keys.tables.psk.insert_or_assign(IbakeWorld::uri("alice"), Psk(Bytes(16, 0x99)));
  (void)w.party("alice", kNoKey);
  const Call run = w.run("alice", IbakeWorld::request("bob"));
  EXPECT_TRUE(w.last_kms.has_value());
  EXPECT_EQ(run.last.at("alice").state, Outcome::State::failed);
  EXPECT_EQ(w.party("alice").bundles(), 0U);
}

TEST(IbakeStores, ReplaceForgetAndFind) {
  IbakeWorld w;
  IbakeStore s;
  EXPECT_TRUE(s.empty());
  EXPECT_EQ(s.kms_of(IbakeWorld::uri("bob")), nullptr);
  s.add(w.master.kms());
  s.add(w.master.kms());
  EXPECT_EQ(s.kms().size(), 1U);
  s.add(w.key("alice"));
  s.add(w.key("alice"));
  s.add(w.key("alice", NtpTime::from_unix(1795000000)));  // November
  EXPECT_EQ(s.keys().size(), 2U);
  EXPECT_EQ(s.key(IbakeWorld::uri("alice").data, NtpTime::from_unix(1793000000)), nullptr);  // October
  EXPECT_NE(s.key(IbakeWorld::uri("alice").data, w.clock.now()), nullptr);
  EXPECT_EQ(s.key(IbakeWorld::uri("bob").data, w.clock.now()), nullptr);
  s.forget_before(NtpTime::from_unix(1793000000));
  EXPECT_EQ(s.keys().size(), 1U);
  EXPECT_EQ(s.kms_by_uri("sip:kms@example.com"), &s.kms().front());
  EXPECT_EQ(s.kms_by_uri("sip:kms9@example.com"), nullptr);
}

}  // namespace
}  // namespace mikey::test
