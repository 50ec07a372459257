#include <gtest/gtest.h>

#include <array>

#include "mikey/keys/replay_cache.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::keys {
namespace {

using Verdict = ReplayCache::Verdict;
using std::chrono::seconds;

constexpr NtpTime kNow = NtpTime::from_unix(1790000000);
constexpr std::int64_t kSkew = 300;

class ReplaySnapshot : public testing::Test {
 protected:
  ReplayCache make(std::size_t max, std::int64_t skew = kSkew) {
    return {crypto::openssl(), rng_, seconds(skew), max};
  }
  /// A snapshot of a cache with messages of `n` CSBs, at kNow.
  Bytes snapshot(std::uint32_t n, std::int64_t skew = kSkew, NtpTime t = kNow) {
    ReplayCache c = make(10000, skew);
    for (std::uint32_t i = 0; i < n; ++i) EXPECT_EQ(c.check_and_add(alice_, i, t, kNow), Verdict::fresh);
    auto s = c.snapshot(kNow);
    EXPECT_TRUE(s.ok());
    return std::move(*s);
  }
  test::CountingRng rng_;
  const Identity alice_ = Identity::uri("sip:alice@example.com");
};

TEST_F(ReplaySnapshot, ARestartForgetsNothing) {
  const Bytes s = snapshot(5000);
  ReplayCache c = make(10000);
  ASSERT_TRUE(c.restore(s, kNow + seconds(10)));
  EXPECT_EQ(c.size(kNow + seconds(10)), 5000U);
  for (std::uint32_t i = 0; i < 5000; ++i)
    ASSERT_EQ(c.check_and_add(alice_, i, kNow, kNow + seconds(10)), Verdict::replay);
  EXPECT_EQ(c.check_and_add(alice_, 5000, kNow, kNow + seconds(10)), Verdict::fresh);
}

TEST_F(ReplaySnapshot, OfAnEmptyCache) {
  const Bytes s = snapshot(0);
  ReplayCache c = make(10);
  ASSERT_TRUE(c.restore(s, kNow));
  EXPECT_EQ(c.size(kNow), 0U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
}

TEST_F(ReplaySnapshot, ReplacesWhatWasThere) {
  const Bytes s = snapshot(3);
  ReplayCache c = make(100);
  ASSERT_EQ(c.check_and_add(alice_, 77, kNow, kNow), Verdict::fresh);
  ASSERT_TRUE(c.restore(s, kNow));
  EXPECT_EQ(c.size(kNow), 3U);
  EXPECT_EQ(c.check(alice_, 77, kNow, kNow), Verdict::fresh);
}

TEST_F(ReplaySnapshot, ExpiredEntriesStayOut) {
  const Bytes s = snapshot(100);
  ReplayCache c = make(1000);
  const NtpTime later = kNow + seconds(kSkew + 2);
  ASSERT_TRUE(c.restore(s, later));
  EXPECT_EQ(c.size(later), 0U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, later), Verdict::stale);
}

TEST_F(ReplaySnapshot, TheNarrowedWindowComesAlong) {
  ReplayCache a = make(40);
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Verdict v = a.check_and_add(alice_, i, kNow + seconds(static_cast<int>(i) - 40), kNow);
    ASSERT_TRUE(v == Verdict::fresh || v == Verdict::stale);
  }
  const auto narrow = a.accepted_skew(kNow);
  ASSERT_LT(narrow, seconds(kSkew));
  auto s = a.snapshot(kNow);
  ASSERT_TRUE(s.ok());
  ReplayCache b = make(1000);
  ASSERT_TRUE(b.restore(*s, kNow));
  EXPECT_EQ(b.accepted_skew(kNow), narrow);
}

TEST_F(ReplaySnapshot, AnyDamageIsFoundAndChangesNothing) {
  const Bytes good = snapshot(3);
  ReplayCache c = make(100);
  ASSERT_EQ(c.check_and_add(alice_, 77, kNow, kNow), Verdict::fresh);
  const auto expect_bad = [&](ByteView octets) {
    const auto s = c.restore(octets, kNow);
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code, ErrorCode::bad_request);
    EXPECT_EQ(s.error().severity, Severity::request);
  };
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    expect_bad(bad);
  }
  for (std::size_t n = 0; n < good.size(); ++n) expect_bad(ByteView(good).first(n));
  Bytes longer = good;
  longer.push_back(0);
  expect_bad(longer);
  expect_bad(Bytes(10000));
  EXPECT_EQ(c.size(kNow), 1U);
  EXPECT_EQ(c.check(alice_, 77, kNow, kNow), Verdict::replay);
}

/// Rewrites four octets and makes the digest right again, as a careless tool would.
Bytes forged(Bytes s, std::size_t at, std::uint32_t value) {
  store_be(s.data() + at, value);
  const std::array<ByteView, 1> body{ByteView(s).first(s.size() - 32)};
  EXPECT_TRUE(crypto::openssl().hash(crypto::Hash::sha256, body, MutableBytes(s).last(32)));
  return s;
}

TEST_F(ReplaySnapshot, CountsVersionsAndSkewsAreChecked) {
  const Bytes good = snapshot(3);
  ReplayCache c = make(100);
  ASSERT_TRUE(c.restore(forged(good, 24, kSkew), kNow));  // the same octets again
  EXPECT_FALSE(c.restore(forged(good, 4, 2), kNow));
  EXPECT_FALSE(c.restore(forged(good, 0, 0), kNow));
  EXPECT_FALSE(c.restore(forged(good, 24, kSkew + 1), kNow));
  for (const std::uint32_t n : {0U, 2U, 4U, 0xFFFFFFFFU}) EXPECT_FALSE(c.restore(forged(good, 36, n), kNow));
  EXPECT_EQ(c.size(kNow), 3U);
}

TEST_F(ReplaySnapshot, ImpossibleTimesAreRefused) {
  const Bytes good = snapshot(3);
  const auto latest = static_cast<std::uint32_t>(kNow.value >> 32);
  constexpr auto kS = static_cast<std::uint32_t>(kSkew);
  ReplayCache c = make(100);
  for (const std::uint32_t oldest : {0U, latest - kS - 2, latest + kS + 3, latest + 0x7FFFFFFFU})
    EXPECT_FALSE(c.restore(forged(good, 32, oldest), kNow)) << oldest;
  for (const std::uint32_t oldest : {latest - kS - 1, latest, latest + kS + 2})
    EXPECT_TRUE(c.restore(forged(good, 32, oldest), kNow)) << oldest;
}

TEST_F(ReplaySnapshot, OddTimesOfEntriesDoNoHarm) {
  const Bytes good = snapshot(3);
  for (const std::uint32_t entry : {0U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    ReplayCache c = make(100);
    ASSERT_TRUE(c.restore(forged(good, 40 + 16, entry), kNow));
    EXPECT_LE(c.size(kNow), 3U);
    const NtpTime later = kNow + seconds(kSkew + 2);
    EXPECT_EQ(c.check_and_add(alice_, 9, later, later), Verdict::fresh);
    EXPECT_EQ(c.check_and_add(alice_, 9, later, later), Verdict::replay);
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_NE(c.check_and_add(alice_, i, kNow, later), Verdict::fresh);
  }
}

TEST_F(ReplaySnapshot, OfAWiderSkewIsRefused) {
  const Bytes wide = snapshot(3, 600);
  ReplayCache c = make(100);
  EXPECT_FALSE(c.restore(wide, kNow));
  ReplayCache same = make(100, 600);
  EXPECT_TRUE(same.restore(wide, kNow));
  ReplayCache wider = make(100, 900);
  EXPECT_TRUE(wider.restore(wide, kNow));
  EXPECT_EQ(wider.accepted_skew(kNow), seconds(601));  // what was given up before stays given up
}

TEST_F(ReplaySnapshot, InASmallerCacheWhatFindsNoRoomIsRefused) {
  const Bytes s = snapshot(1000);
  ReplayCache c = make(100);
  ASSERT_TRUE(c.restore(s, kNow));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Verdict v = c.check_and_add(alice_, i, kNow, kNow);
    ASSERT_TRUE(v == Verdict::replay || v == Verdict::stale);
  }
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(1), kNow + seconds(1)), Verdict::fresh);
}

TEST_F(ReplaySnapshot, OnAClockSetBackNothingComesAgain) {
  const Bytes s = snapshot(10);
  for (const std::int64_t back :
       {std::int64_t{10}, kSkew + 2, 3 * kSkew, 3 * kSkew + 1, std::int64_t{86400}}) {
    SCOPED_TRACE(back);
    ReplayCache c = make(100);
    const NtpTime now = kNow + seconds(-back);
    ASSERT_TRUE(c.restore(s, now));
    EXPECT_NE(c.check_and_add(alice_, 1, kNow, now), Verdict::fresh);
    if (back > kSkew + 1) {
      EXPECT_EQ(c.check_and_add(alice_, 100, now, now), Verdict::stale);
    }
    const bool wrong_before = back > 3 * kSkew;  // then the skew must pass, else the clock must catch up
    const NtpTime later = wrong_before ? now + seconds(kSkew + 2) : kNow;
    EXPECT_EQ(c.check_and_add(alice_, 100, later, later), Verdict::fresh);
  }
}

// Several processes share what they have seen: one key, and each tells the others.
TEST_F(ReplaySnapshot, CachesOfOneKeyShareEntries) {
  ReplayCache a = make(100);
  ReplayCache b = make(100);
  auto s = a.snapshot(kNow);
  ASSERT_TRUE(s.ok());
  ASSERT_TRUE(b.restore(*s, kNow));
  int told = 0;
  a.on_added([&](const ReplayCache::Entry& e) {
    EXPECT_EQ(b.insert(e, kNow), Verdict::fresh);
    ++told;
  });
  ASSERT_EQ(a.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(a.check_and_add(alice_, 1, kNow, kNow), Verdict::replay);
  EXPECT_EQ(a.check_and_add(alice_, 2, kNow + seconds(-kSkew - 2), kNow), Verdict::stale);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(b.check_and_add(alice_, 1, kNow, kNow), Verdict::replay);
}

}  // namespace
}  // namespace mikey::keys
