#include "srtp_bundle.hpp"

namespace mikey::bind {
namespace {

using keys::Suite;
using enum keys::Suite;

constexpr std::uint32_t kSsrc = 0x55667788;
constexpr auto kSend = SrtpDirection::send;
constexpr auto kReceive = SrtpDirection::receive;

struct Case {
  Suite suite;
  bool mki;
  std::uint32_t ssrc;
};

class Rekey : public testing::TestWithParam<Case> {
 protected:
  keys::Bundle make(std::uint8_t seed) const {
    return bundle(
        session(GetParam().suite, 1, GetParam().ssrc, seed, GetParam().mki ? Bytes{0, seed} : Bytes{}));
  }
};

INSTANTIATE_TEST_SUITE_P(
    Cases, Rekey,
    testing::Values(Case{aes_cm_128_hmac_sha1_80, true, kSsrc}, Case{aes_cm_128_hmac_sha1_80, false, 0},
                    Case{aead_aes_128_gcm, true, 0}, Case{aead_aes_128_gcm, false, kSsrc},
                    Case{null_hmac_sha1_32, true, 0}, Case{aes_256_cm_hmac_sha1_32, false, kSsrc}));

TEST_P(Rekey, NothingIsLostAndNothingReplayed) {
  SrtpSession out = open(make(1), kSend);
  SrtpSession in = open(make(1), kReceive);
  // Up to a ROC of 1, which the new key has to go on with.
  std::uint16_t seq = 60000;
  for (int i = 0; i < 10; ++i, seq = static_cast<std::uint16_t>(seq + 1000))
    ASSERT_TRUE(unprotect(in, *protect(out, rtp(kSsrc, seq))).ok());
  ASSERT_EQ(in.roc(kSsrc), 1U);
  const Bytes seen = *protect(out, rtp(kSsrc, seq));
  const Bytes late = *protect(out, rtp(kSsrc, static_cast<std::uint16_t>(seq + 1)));
  ASSERT_TRUE(unprotect(in, seen).ok());

  // The receiver changes first, the sender goes on with the old key for a while.
  ASSERT_TRUE(in.rekey(make(2)).ok());
  ASSERT_TRUE(unprotect(in, *protect(out, rtp(kSsrc, static_cast<std::uint16_t>(seq + 2)))).ok());
  EXPECT_EQ(unprotect(in, seen).error().detail, "SRTP: replayed packet");
  ASSERT_TRUE(out.rekey(make(2)).ok());
  const Bytes fresh = *protect(out, rtp(kSsrc, static_cast<std::uint16_t>(seq + 3)));
  const auto back = unprotect(in, fresh);
  ASSERT_TRUE(back.ok()) << why(back);
  EXPECT_EQ(*back, rtp(kSsrc, static_cast<std::uint16_t>(seq + 3)));
  EXPECT_EQ(in.roc(kSsrc), 1U);
  EXPECT_EQ(out.roc(kSsrc), 1U);

  // A packet of the old key that took its time, and replays of either.
  EXPECT_TRUE(unprotect(in, late).ok());
  EXPECT_FALSE(unprotect(in, late).ok());
  EXPECT_FALSE(unprotect(in, seen).ok());
  EXPECT_FALSE(unprotect(in, fresh).ok());
  // The same keys once more empty no replay window.
  ASSERT_TRUE(in.rekey(make(2)).ok());
  EXPECT_FALSE(unprotect(in, fresh).ok());
  EXPECT_FALSE(unprotect(in, late).ok());
  in.forget_old_keys();
  EXPECT_TRUE(unprotect(in, *protect(out, rtp(kSsrc, static_cast<std::uint16_t>(seq + 4)))).ok());
}

TEST_P(Rekey, TheOldKeyGoesWhenForgotten) {
  SrtpSession old = open(make(1), kSend);
  SrtpSession in = open(make(1), kReceive);
  ASSERT_TRUE(unprotect(in, *protect(old, rtp(kSsrc, 1))).ok());
  ASSERT_TRUE(in.rekey(make(2)).ok());
  ASSERT_TRUE(unprotect(in, *protect(old, rtp(kSsrc, 2))).ok());
  in.forget_old_keys();
  EXPECT_EQ(unprotect(in, *protect(old, rtp(kSsrc, 3))).error().code, ErrorCode::auth_failure);
}

TEST_P(Rekey, SrtcpIndexGoesOn) {
  SrtpSession out = open(make(1), kSend);
  SrtpSession in = open(make(1), kReceive);
  const std::size_t index_at = rtcp(kSsrc).size() + (keys::info(GetParam().suite).aead ? 16 : 0);
  const auto index = [&](const Bytes& p) { return load_be<std::uint32_t>(p.data() + index_at) & 0x7FFFFFFF; };
  std::uint32_t last = 0;
  for (std::uint8_t seed = 1; seed < 5; ++seed) {
    if (seed > 1) {
      ASSERT_TRUE(out.rekey(make(seed)).ok());
      ASSERT_TRUE(in.rekey(make(seed)).ok());
    }
    for (int i = 0; i < 3; ++i) {
      const Bytes p = *protect(out, rtcp(kSsrc), true);
      EXPECT_EQ(index(p), ++last);
      EXPECT_TRUE(unprotect(in, p, true).ok());
    }
  }
}

TEST_P(Rekey, KeysAreBounded) {
  std::vector<SrtpSession> senders;
  SrtpSession in = open(make(1), kReceive, {.max_keys = 3});
  senders.push_back(open(make(1), kSend));
  for (std::uint8_t seed = 2; seed < 6; ++seed) {
    ASSERT_TRUE(in.rekey(make(seed)).ok());
    senders.push_back(open(make(seed), kSend));
  }
  std::uint16_t seq = 1;
  for (std::size_t i = 0; i < senders.size(); ++i)
    EXPECT_EQ(unprotect(in, *protect(senders[i], rtp(kSsrc, seq++))).ok(), i >= 2) << i;
}

TEST_P(Rekey, RtcpBeforeRtpUnderTheNewKeyAcrossAWrap) {
  SrtpSession out = open(make(1), kSend);
  SrtpSession in = open(make(1), kReceive);
  ASSERT_TRUE(unprotect(in, *protect(out, rtp(kSsrc, 65530))).ok());
  ASSERT_TRUE(in.rekey(make(2)).ok());
  ASSERT_TRUE(out.rekey(make(2)).ok());
  ASSERT_TRUE(unprotect(in, *protect(out, rtcp(kSsrc), true), true).ok());
  const auto wrapped = unprotect(in, *protect(out, rtp(kSsrc, 3)));
  ASSERT_TRUE(wrapped.ok()) << why(wrapped);
  EXPECT_EQ(in.roc(kSsrc), 1U);
}

TEST_P(Rekey, AFailureChangesNothing) {
  SrtpSession out = open(make(1), kSend);
  SrtpSession in = open(make(1), kReceive);
  keys::Bundle bad = make(2);
  bad.sessions[0].salt = Salt(3);
  EXPECT_FALSE(out.rekey(bad).ok());
  EXPECT_FALSE(in.rekey(bad).ok());
  EXPECT_TRUE(unprotect(in, *protect(out, rtp(kSsrc, 1))).ok());
}

TEST(RekeyMore, OtherTeksOfTheBundleAreAccepted) {
  keys::Bundle b = bundle(session(aes_cm_128_hmac_sha1_80, 1, kSsrc, 1, {1}));
  for (const std::uint8_t seed : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}}) {
    keys::CryptoSession s = session(aes_cm_128_hmac_sha1_80, 1, kSsrc, seed, {seed});
    keys::KeyEntry e;
    e.type = KeyDataType::tek_salt;
    e.validity = s.validity;
    if (seed == 3) {  // as cameras have it: key and salt in one
      e.type = KeyDataType::tek;
      e.key = SecretBytes(30);
      std::ranges::copy(s.tek.reveal(), e.key.reveal_mutable().begin());
      std::ranges::copy(s.salt.reveal(), e.key.reveal_mutable().begin() + 16);
    } else {
      e.key = s.tek.clone();
      e.salt = s.salt.clone();
      e.has_salt = true;
    }
    b.keys.push_back(std::move(e));
  }
  SrtpSession in = open(b, kReceive);
  for (const std::uint8_t seed : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}}) {
    SrtpSession out = open(bundle(session(aes_cm_128_hmac_sha1_80, 1, kSsrc, seed, {seed})), kSend);
    const auto r = unprotect(in, *protect(out, rtp(kSsrc, seed)));
    EXPECT_TRUE(r.ok()) << why(r);
  }
  SrtpSession none = open(bundle(session(aes_cm_128_hmac_sha1_80, 1, kSsrc, 4, {4})), kSend);
  EXPECT_FALSE(unprotect(in, *protect(none, rtp(kSsrc, 4))).ok());
}

TEST(RekeyMore, NewCryptoSessionsJoinAndOldOnesStay) {
  keys::Bundle b = bundle(session(aes_cm_128_hmac_sha1_80, 1, 10, 1));
  SrtpSession out = open(b, kSend);
  SrtpSession in = open(b, kReceive);
  const keys::Bundle more = bundle(session(aead_aes_128_gcm, 2, 20, 2));
  ASSERT_TRUE(out.rekey(more).ok());
  ASSERT_TRUE(in.rekey(more).ok());
  EXPECT_TRUE(unprotect(in, *protect(out, rtp(10, 1))).ok());
  EXPECT_TRUE(unprotect(in, *protect(out, rtp(20, 1))).ok());
}

// RFC 3830 9.2, RFC 3711 9.2: no key protects more than 2^48 packets, and re-keying is called for well
// before.
TEST(RekeyMore, AKeyIsChangedBeforeItsIndicesComeAgain) {
  keys::CryptoSession s = session(aes_cm_128_hmac_sha1_80, 1, kSsrc, 1);
  SrtpSession young = open(bundle(s.clone()), kSend);
  EXPECT_FALSE(young.rekey_due());
  ASSERT_TRUE(protect(young, rtp(kSsrc, 65535)).ok());
  EXPECT_FALSE(young.rekey_due());

  s.roc = 0xFFFFFFFF;
  SrtpSession out = open(bundle(s.clone()), kSend);
  SrtpSession in = open(bundle(std::move(s)), kReceive);
  const auto last = protect(out, rtp(kSsrc, 65535));
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(unprotect(in, *last).ok());
  EXPECT_TRUE(out.rekey_due());
  EXPECT_TRUE(in.rekey_due());
  EXPECT_EQ(protect(out, rtp(kSsrc, 0)).error().detail,
            "SRTP: the key may not be used for this packet any more");

  keys::CryptoSession next = session(aes_cm_128_hmac_sha1_80, 1, kSsrc, 2);
  ASSERT_TRUE(out.rekey(bundle(next.clone())).ok());
  ASSERT_TRUE(in.rekey(bundle(std::move(next))).ok());
  EXPECT_FALSE(out.rekey_due());
  const auto first = protect(out, rtp(kSsrc, 0));
  ASSERT_TRUE(first.ok()) << why(first);
  EXPECT_EQ(out.roc(kSsrc), 0U);
  const auto back = unprotect(in, *first);
  EXPECT_TRUE(back.ok()) << why(back);
}

TEST(RekeyMore, IsDueBeforeTheKeyIntervalEnds) {
  keys::CryptoSession s = session(aes_cm_128_hmac_sha1_80, 1, kSsrc, 1);
  s.validity.type = KvType::interval;
  s.validity.valid_from = {0, 0, 0, 0, 0, 0};
  s.validity.valid_to = {0, 0, 0, 0, 1, 0};
  SrtpSession out = open(bundle(std::move(s)), kSend);
  ASSERT_TRUE(protect(out, rtp(kSsrc, 200)).ok());
  EXPECT_FALSE(out.rekey_due());
  ASSERT_TRUE(protect(out, rtp(kSsrc, 240)).ok());
  EXPECT_TRUE(out.rekey_due());
  EXPECT_TRUE(protect(out, rtp(kSsrc, 256)).ok());
  EXPECT_FALSE(protect(out, rtp(kSsrc, 257)).ok());
}

}  // namespace
}  // namespace mikey::bind
