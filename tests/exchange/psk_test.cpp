#include <gtest/gtest.h>

#include "support/two_parties.hpp"

namespace mikey {
namespace {

using test::TwoParties;
using State = Outcome::State;

void expect_agreed(const TwoParties::Run& r) {
  ASSERT_TRUE(r.initiator) << (r.begin.error ? r.begin.error->to_string() : "")
                           << (r.answer.error ? r.answer.error->to_string() : "")
                           << (r.end.error ? r.end.error->to_string() : "");
  ASSERT_TRUE(r.responder);
  EXPECT_EQ(r.initiator->csb_id, r.responder->csb_id);
  EXPECT_EQ(r.initiator->role, Role::initiator);
  EXPECT_EQ(r.responder->role, Role::responder);
  ASSERT_EQ(r.initiator->sessions.size(), r.responder->sessions.size());
  for (std::size_t i = 0; i < r.initiator->sessions.size(); ++i) {
    const keys::CryptoSession& a = r.initiator->sessions[i];
    const keys::CryptoSession& b = r.responder->sessions[i];
    EXPECT_EQ(a.ssrc, b.ssrc);
    EXPECT_EQ(a.suite, b.suite);
    EXPECT_TRUE(ct_equal(a.tek.reveal(), b.tek.reveal()));
    EXPECT_TRUE(ct_equal(a.salt.reveal(), b.salt.reveal()));
    EXPECT_EQ(a.tek.size(), keys::info(a.suite).key_len);
    EXPECT_EQ(a.salt.size(), keys::info(a.suite).salt_len);
  }
}

TEST(Psk, OneSessionAndTheResponderChoosesTheSsrc) {
  TwoParties t;
  const auto r = t.run(t.request());
  expect_agreed(r);
  ASSERT_EQ(r.initiator->sessions.size(), 1U);
  EXPECT_NE(r.initiator->sessions[0].ssrc, 0U);
  EXPECT_EQ(r.initiator->peer, test::kBob);
  EXPECT_EQ(r.responder->peer, test::kAlice);
}

TEST(Psk, EverySuite) {
  for (const keys::SuiteInfo& s : keys::all_suites()) {
    SCOPED_TRACE(s.name);
    TwoParties t;
    t.alice_policy.srtp = t.bob_policy.srtp = {s.suite};
    const auto r = t.run(t.request());
    expect_agreed(r);
    EXPECT_EQ(r.responder->sessions[0].suite, s.suite);
  }
}

TEST(Psk, SeveralSuitesNeedDerivedSalts) {
  TwoParties t;
  t.alice_policy.srtp = {keys::Suite::aes_cm_128_hmac_sha1_80, keys::Suite::aead_aes_256_gcm};
  t.bob_policy = t.alice_policy;
  auto q = t.request();
  q.terms.streams = {{1, 0, {}}, {2, 0, keys::Suite::aead_aes_256_gcm}};
  const auto r = t.run(std::move(q));
  expect_agreed(r);
  EXPECT_FALSE(r.initiator->keys[0].has_salt);
  auto wrong = t.request();
  wrong.terms.streams = {{1, 0, {}}, {2, 0, keys::Suite::aead_aes_256_gcm}};
  wrong.terms.key.with_salt = true;
  EXPECT_FALSE(t.alice().initiate(std::move(wrong)).ok());
}

TEST(Psk, KeyTypes) {
  for (const bool tek : {false, true}) {
    for (const bool salt : {false, true}) {
      TwoParties t;
      auto q = t.request();
      q.terms.key.tek = tek;
      q.terms.key.with_salt = salt;
      q.terms.validity = {KvType::spi, {1, 2, 3, 4}, {}, {}};
      q.terms.streams = {{5, 0, {}}, {6, 0, {}}};
      const auto r = t.run(std::move(q));
      expect_agreed(r);
      EXPECT_EQ(r.responder->sessions[1].validity.spi, (Bytes{1, 2, 3, 4}));
      const bool same =
          ct_equal(r.initiator->sessions[0].tek.reveal(), r.initiator->sessions[1].tek.reveal());
      EXPECT_EQ(same, tek) << "a TEK serves all sessions, a TGK gives each its own";
    }
  }
}

TEST(Psk, GivenKeyIsUsedAsItIs) {
  TwoParties t;
  auto q = t.request();
  q.terms.key.tek = true;
  q.terms.key.given = SecretBytes(ByteView(Bytes(16, 0x77)));
  const auto r = t.run(std::move(q));
  expect_agreed(r);
  EXPECT_TRUE(ct_equal(r.responder->sessions[0].tek.reveal(), Bytes(16, 0x77)));
}

TEST(Psk, ImpossibleRequestsAreRefused) {
  TwoParties t;
  auto none = t.request();
  none.terms.key.none = true;
  EXPECT_FALSE(t.alice().initiate(std::move(none)).ok());
  auto length = t.request();
  length.terms.key.tek = true;
  length.terms.key.length = 15;
  EXPECT_FALSE(t.alice().initiate(std::move(length)).ok());
  auto stranger = t.request();
  stranger.terms.to = Identity::uri("sip:nobody@example.com");
  const auto e = t.alice().initiate(std::move(stranger));
  ASSERT_FALSE(e.ok());
  EXPECT_EQ(e.error().severity, Severity::request);
  EXPECT_EQ(e.error().detail, "no PSK for sip:nobody@example.com");
  EXPECT_FALSE(t.alice().initiate(t.request(0x12345678)).ok());
  EXPECT_EQ(t.alice().waiting(), 0U);
}

TEST(Psk, NullOnlyWhenBothAllowIt) {
  for (const bool alice : {false, true}) {
    for (const bool bob : {false, true}) {
      TwoParties t;
      t.alice_policy.kemac_encryption = {EncrAlg::null};
      t.alice_policy.kemac_mac = {MacAlg::null};
      t.alice_policy.allow_null = alice;
      t.bob_policy.allow_null = bob;
      const auto r = t.run(t.request());
      EXPECT_EQ(r.responder != nullptr, alice && bob);
      if (alice && bob) expect_agreed(r);
    }
  }
}

TEST(Psk, UpdatesFromBothSidesChangeTheKeyAndKeepTheRest) {
  TwoParties t;
  const auto first = t.run(t.request());
  expect_agreed(first);
  const auto second = t.run(t.request(first.initiator->csb_id));
  expect_agreed(second);
  auto back = t.request(first.initiator->csb_id);
  back.terms.to = test::kAlice;
  const auto third = t.run(std::move(back), true);
  expect_agreed(third);
  EXPECT_EQ(third.initiator->csb_id, first.initiator->csb_id);
  EXPECT_EQ(third.initiator->sessions[0].ssrc, first.initiator->sessions[0].ssrc);
  EXPECT_FALSE(
      ct_equal(first.initiator->sessions[0].tek.reveal(), second.initiator->sessions[0].tek.reveal()));
  EXPECT_FALSE(
      ct_equal(second.initiator->sessions[0].tek.reveal(), third.initiator->sessions[0].tek.reveal()));
  EXPECT_EQ(t.alice().bundles(), 1U);
  const auto message = wire::Message::parse(second.begin.send[0].message);
  EXPECT_EQ(message->count<wire::Rand>(), 0U);
}

TEST(Psk, UpdateMayAddASessionAndKeepTheKey) {
  TwoParties t;
  const auto first = t.run(t.request());
  auto q = t.request(first.initiator->csb_id);
  q.terms.streams = {{first.initiator->sessions[0].ssrc, 0, {}}, {99, 0, {}}};
  q.terms.key.none = true;
  const auto second = t.run(std::move(q));
  expect_agreed(second);
  ASSERT_EQ(second.responder->sessions.size(), 2U);
  EXPECT_TRUE(
      ct_equal(first.initiator->sessions[0].tek.reveal(), second.responder->sessions[0].tek.reveal()));
}

TEST(Psk, TheResponderMayAddASessionUnderAnotherSuite) {
  TwoParties t;
  t.alice_policy.srtp =
      t.bob_policy.srtp = {keys::Suite::aes_cm_128_hmac_sha1_80, keys::Suite::aes_256_cm_hmac_sha1_80};
  const auto first = t.run(t.request());
  expect_agreed(first);
  auto q = t.request(first.initiator->csb_id);
  q.terms.to = test::kAlice;
  q.terms.streams = {{first.initiator->sessions[0].ssrc, 7, {}},
                     {0, 0, keys::Suite::aes_256_cm_hmac_sha1_80}};
  const auto second = t.run(std::move(q), true);
  expect_agreed(second);
  const keys::Bundle& b = *second.responder;  // at Alice's
  ASSERT_EQ(b.sessions.size(), 2U);
  EXPECT_EQ(b.sessions[0].suite, keys::Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(b.sessions[0].ssrc, first.initiator->sessions[0].ssrc);
  EXPECT_EQ(b.sessions[0].roc, 7U);
  EXPECT_EQ(b.sessions[1].suite, keys::Suite::aes_256_cm_hmac_sha1_80);
  EXPECT_EQ(b.sessions[1].tek.size(), 32U);
  EXPECT_NE(b.sessions[1].ssrc, 0U);
  EXPECT_FALSE(ct_equal(b.sessions[0].tek.reveal(), first.initiator->sessions[0].tek.reveal()));
  EXPECT_EQ(t.alice().bundles(), 1U);

  // And the other side again, with both sessions and a new key.
  const auto third = t.run(t.request(first.initiator->csb_id));
  expect_agreed(third);
  ASSERT_EQ(third.initiator->sessions.size(), 2U);
  EXPECT_EQ(third.initiator->sessions[1].suite, keys::Suite::aes_256_cm_hmac_sha1_80);
  EXPECT_EQ(third.initiator->sessions[1].ssrc, b.sessions[1].ssrc);
}

TEST(Psk, WithoutVerificationBothAreDoneAtOnce) {
  TwoParties t;
  t.alice_policy.request_verification = false;
  const auto r = t.run(t.request());
  expect_agreed(r);
  EXPECT_TRUE(r.answer.send.empty());
}

// ------------------------------------------------------------------------------------------------ hostile

TEST(PskHostile, NoBitFlipAndNoTruncationIsAccepted) {
  TwoParties t;
  const Outcome begun = *t.alice().initiate(t.request());
  const Bytes& good = begun.send[0].message;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_EQ(t.bob().receive(Source::peer, bad).state, State::failed) << "octet " << i << " bit " << bit;
    }
    EXPECT_EQ(t.bob().receive(Source::peer, ByteView(good).first(i)).state, State::failed) << "cut to " << i;
  }
  EXPECT_EQ(t.bob().bundles(), 0U);
  const Outcome answer = t.bob().receive(Source::peer, good);
  ASSERT_EQ(answer.state, State::established);

  const Bytes& response = answer.send[0].message;
  for (std::size_t i = 0; i < response.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = response;
      bad[i] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_EQ(t.alice().receive(Source::peer, bad).state, State::failed) << "octet " << i << " bit " << bit;
    }
    EXPECT_EQ(t.alice().receive(Source::peer, ByteView(response).first(i)).state, State::failed);
  }
  EXPECT_EQ(t.alice().waiting(), 1U) << "the exchange still waits for the genuine answer";
  EXPECT_EQ(t.alice().receive(Source::peer, response).state, State::established);
}

TEST(PskHostile, ReplayIsRefusedInSilence) {
  TwoParties t;
  const auto r = t.run(t.request());
  const Outcome again = t.bob().receive(Source::peer, r.begin.send[0].message);
  EXPECT_EQ(again.state, State::failed);
  EXPECT_TRUE(again.send.empty());
  EXPECT_EQ(t.bob().bundle(r.responder->csb_id, test::kAlice), r.responder);
}

TEST(PskHostile, ReplayAfterForgettingIsStillRefused) {
  TwoParties t;
  const auto r = t.run(t.request());
  ASSERT_TRUE(t.bob().forget(r.responder->csb_id).ok());
  const Outcome again = t.bob().receive(Source::peer, r.begin.send[0].message);
  EXPECT_EQ(again.state, State::failed);
  EXPECT_EQ(again.error->code, ErrorCode::invalid_ts);
  EXPECT_TRUE(again.send.empty());
}

TEST(PskHostile, StaleAndFutureTimestamps) {
  for (const int off : {-302, 302, -100000000}) {
    TwoParties t;
    const Outcome begun = *t.alice().initiate(t.request());
    t.clock.advance(std::chrono::seconds(-off));
    const Outcome o = t.bob().receive(Source::peer, begun.send[0].message);
    EXPECT_EQ(o.state, State::failed) << off;
    EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    EXPECT_EQ(o.send.size(), 1U) << "a stale message is answered, so that clocks can be mended";
  }
  for (const int off : {-300, 300}) {
    TwoParties t;
    const Outcome begun = *t.alice().initiate(t.request());
    t.clock.advance(std::chrono::seconds(-off));
    EXPECT_EQ(t.bob().receive(Source::peer, begun.send[0].message).state, State::established) << off;
  }
}

TEST(PskHostile, WrongKeyIsAnAuthFailure) {
  TwoParties t;
  t.bob_key = Psk(Bytes(16, 0x22));
  const auto r = t.run(t.request());
  ASSERT_EQ(r.answer.state, State::failed);
  EXPECT_EQ(r.answer.error->code, ErrorCode::auth_failure);
  EXPECT_EQ(r.end.state, State::failed) << "alice hears of it";
  EXPECT_EQ(t.alice().waiting(), 1U) << "but anybody could have said so";
}

TEST(PskHostile, PolicyErrorIsAuthenticatedAndListsWhatIsSupported) {
  TwoParties t;
  t.alice_policy.srtp = {keys::Suite::aes_256_cm_hmac_sha1_80};
  t.bob_policy.srtp = {keys::Suite::aes_cm_128_hmac_sha1_32, keys::Suite::aes_cm_128_hmac_sha1_80};
  const auto r = t.run(t.request());
  ASSERT_EQ(r.end.state, State::failed);
  EXPECT_EQ(r.end.error->code, ErrorCode::invalid_sppar);
  EXPECT_EQ(r.end.supported, t.bob_policy.srtp);
  EXPECT_EQ(t.alice().waiting(), 0U) << "the peer's refusal is authentic: the exchange is over";
}

TEST(PskHostile, ForgedErrorDoesNotEndTheExchange) {
  TwoParties t;
  const Outcome begun = *t.alice().initiate(t.request());
  const Outcome answer = t.bob().receive(Source::peer, begun.send[0].message);
  const auto m = wire::Message::parse(begun.send[0].message);
  wire::Hdr h;
  h.data_type = DataType::error;
  h.csb_id = m->hdr().csb_id;
  for (const int n : {0, 1, 12, 13, 200}) {
    wire::ChainBuilder b(h);
    b.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(n), 0});
    const Outcome o = t.alice().receive(Source::peer, *std::move(b).finish());
    EXPECT_EQ(o.state, State::failed);
    EXPECT_EQ(t.alice().waiting(), 1U);
  }
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

TEST(PskHostile, MessageForAnotherIdentity) {
  TwoParties t;
  auto q = t.request();
  q.terms.to = Identity::uri("sip:carol@example.com");
  t.alice().credentials().psk.emplace(q.terms.to, Psk(Bytes(16, 0x11)));
  const Outcome begun = *t.alice().initiate(std::move(q));
  const Outcome o = t.bob().receive(Source::peer, begun.send[0].message);
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_id);
}

TEST(PskHostile, ReflectedMessage) {
  TwoParties t;
  t.alice().credentials().psk.emplace(test::kAlice, Psk(Bytes(16, 0x11)));
  const Outcome begun = *t.alice().initiate(t.request());
  EXPECT_EQ(t.alice().receive(Source::peer, begun.send[0].message).state, State::failed);
  EXPECT_EQ(t.alice().bundles(), 0U);
}

TEST(PskHostile, DowngradedUpdateIsRefused) {
  TwoParties t;
  t.alice_policy.allow_null = t.bob_policy.allow_null = true;
  const auto first = t.run(t.request());
  ASSERT_TRUE(first.responder);
  // Somebody without the key tries to update the CSB by a message without any protection.
  const auto m = wire::Message::parse(first.begin.send[0].message);
  Bytes later(8);
  store_be(later.data(), t.clock.now().value + 77);
  wire::ChainBuilder inner;
  inner.add(wire::KeyData{KeyDataType::tek, Octets(later), {}, {}});
  wire::ChainBuilder b(m->hdr());
  b.add(wire::T{TsType::ntp_utc, Octets(later)}).add(m->all<wire::Id>()[0]).add(m->all<wire::Id>()[1]);
  b.add(wire::Kemac{EncrAlg::null, Octets(inner.octets()), MacAlg::null, {}});
  const Outcome o = t.bob().receive(Source::peer, *std::move(b).finish());
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(t.bob().bundle(first.responder->csb_id, test::kAlice), first.responder);
}

// ------------------------------------------------------------------------------------------------ the party

TEST(Party, WaitingExchangesAreBoundedAndExpire) {
  TwoParties t;
  t.limits.waiting = 3;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(t.alice().initiate(t.request()).ok());
  const auto refused = t.alice().initiate(t.request());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::resource);
  EXPECT_TRUE(t.alice().expire().empty());
  t.clock.advance(t.alice_policy.patience + std::chrono::seconds(1));
  EXPECT_EQ(t.alice().expire().size(), 3U);
  EXPECT_EQ(t.alice().waiting(), 0U);
  EXPECT_TRUE(t.alice().initiate(t.request()).ok());
}

TEST(Party, BundlesAreBounded) {
  TwoParties t;
  t.limits.bundles = 2;
  for (int i = 0; i < 2; ++i) expect_agreed(t.run(t.request()));
  const auto r = t.run(t.request());
  EXPECT_EQ(r.answer.state, State::failed);
  EXPECT_EQ(r.answer.error->code, ErrorCode::resource);
  EXPECT_TRUE(r.answer.send.empty()) << "nothing may tell the peer that it worked";
  EXPECT_EQ(t.bob().bundles(), 2U);
}

TEST(Party, InterleavedExchangesFindTheirAnswers) {
  TwoParties t;
  std::vector<Outcome> begun;
  std::vector<Outcome> answers;
  for (int i = 0; i < 3; ++i) begun.push_back(*t.alice().initiate(t.request()));
  for (const Outcome& b : begun) answers.push_back(t.bob().receive(Source::peer, b.send[0].message));
  for (std::size_t i = answers.size(); i-- > 0;) {
    const Outcome end = t.alice().receive(Source::peer, answers[i].send[0].message);
    ASSERT_EQ(end.state, State::established);
    EXPECT_EQ(end.csb_id, begun[i].csb_id);
  }
}

TEST(Party, FullReplayCacheAcceptsNothing) {
  TwoParties t;
  t.limits.replay_entries = 4;
  int established = 0;
  for (int i = 0; i < 20; ++i) established += t.run(t.request()).responder ? 1 : 0;
  EXPECT_GE(established, 3);
  EXPECT_LE(established, 4);
}

}  // namespace
}  // namespace mikey
