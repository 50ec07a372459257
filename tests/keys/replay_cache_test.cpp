#include "mikey/keys/replay_cache.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "support/scripted_rng.hpp"

namespace mikey::keys {
namespace {

using Verdict = ReplayCache::Verdict;
using std::chrono::seconds;

constexpr NtpTime kNow = NtpTime::from_unix(1790000000);
constexpr std::int64_t kSkew = 300;

class ReplayCacheTest : public testing::Test {
 protected:
  ReplayCache make(std::size_t max, std::int64_t skew = kSkew) {
    return {crypto::openssl(), rng_, seconds(skew), max};
  }
  test::CountingRng rng_;
  const Identity alice_ = Identity::uri("sip:alice@example.com");
  const Identity bob_ = Identity::uri("sip:bob@example.com");
};

TEST_F(ReplayCacheTest, KnowsWhatItHasSeen) {
  ReplayCache c = make(1000);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::replay);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow + seconds(kSkew)), Verdict::replay);
  EXPECT_EQ(c.size(kNow), 1U);
}

TEST_F(ReplayCacheTest, SenderCsbAndTimestampMakeAMessage) {
  ReplayCache c = make(1000);
  const Identity nai = Identity::nai("sip:alice@example.com");
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(bob_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(nai, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(Identity{}, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 2, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 1, NtpTime{kNow.value + 1}, kNow), Verdict::fresh);
  EXPECT_EQ(c.size(kNow), 6U);
}

TEST_F(ReplayCacheTest, CheckAddsNothing) {
  ReplayCache c = make(1000);
  EXPECT_EQ(c.check(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.size(kNow), 0U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check(alice_, 1, kNow, kNow), Verdict::replay);
  EXPECT_EQ(c.check(alice_, 1, kNow, kNow + seconds(kSkew + 2)), Verdict::stale);
}

TEST_F(ReplayCacheTest, TheWholeSkewIsAcceptedOnBothSides) {
  ReplayCache c = make(1000);
  EXPECT_EQ(c.accepted_skew(kNow), seconds(kSkew));
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(-kSkew), kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(-kSkew - 2), kNow), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew + 2), kNow), Verdict::stale);
}

// An entry lives until its timestamp is not accepted any more, 2 * skew + 1 s at most.
TEST_F(ReplayCacheTest, EntriesExpire) {
  ReplayCache c = make(1000);
  const NtpTime ahead = kNow + seconds(kSkew);
  ASSERT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  ASSERT_EQ(c.check_and_add(alice_, 1, ahead, kNow), Verdict::fresh);
  EXPECT_EQ(c.size(kNow + seconds(kSkew + 1)), 2U);
  EXPECT_EQ(c.size(kNow + seconds(kSkew + 2)), 1U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow + seconds(kSkew + 2)), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 1, ahead, kNow + seconds(2 * kSkew)), Verdict::replay);
  EXPECT_EQ(c.size(kNow + seconds(2 * kSkew + 1)), 1U);
  EXPECT_EQ(c.size(kNow + seconds(2 * kSkew + 2)), 0U);
  EXPECT_EQ(c.check_and_add(alice_, 1, ahead, kNow + seconds(2 * kSkew + 2)), Verdict::stale);
}

TEST_F(ReplayCacheTest, FillsToItsLimitAndEmptiesWithTime) {
  constexpr std::uint32_t kMax = 200000;
  ReplayCache c = make(kMax);
  EXPECT_EQ(c.capacity(), kMax);
  for (std::uint32_t i = 0; i < kMax; ++i)
    ASSERT_EQ(c.check_and_add(alice_, i, kNow, kNow), Verdict::fresh) << i;
  EXPECT_EQ(c.size(kNow), kMax);
  EXPECT_EQ(c.check_and_add(alice_, kMax, kNow, kNow), Verdict::full);
  EXPECT_EQ(c.check(alice_, kMax, kNow, kNow), Verdict::full);
  for (std::uint32_t i = 0; i < kMax; ++i)
    ASSERT_EQ(c.check_and_add(alice_, i, kNow, kNow), Verdict::replay) << i;
  const NtpTime later = kNow + seconds(kSkew + 2);
  EXPECT_EQ(c.check_and_add(alice_, 0, kNow, later), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 0, later, later), Verdict::fresh);
  EXPECT_EQ(c.size(later), 1U);
}

TEST_F(ReplayCacheTest, MemoryIsTakenAsEntriesComeUpTo32OctetsForEach) {
  constexpr std::uint32_t kMax = 1 << 20;
  ReplayCache c = make(kMax);
  EXPECT_LE(c.max_memory(), std::size_t{32} * kMax + (64U << 10));
  EXPECT_LE(c.memory(), 64U << 10);
  std::uint32_t n = 0;
  for (; n < 1000; ++n) ASSERT_EQ(c.check_and_add(alice_, n, kNow, kNow), Verdict::fresh);
  EXPECT_LE(c.memory(), 1U << 20);
  for (; n < kMax; ++n) {
    ASSERT_EQ(c.check_and_add(alice_, n, kNow, kNow), Verdict::fresh);
    ASSERT_LE(c.memory(), c.max_memory());
  }
  for (n = 0; n < kMax; n += 97) ASSERT_EQ(c.check(alice_, n, kNow, kNow), Verdict::replay);
}

TEST_F(ReplayCacheTest, WhatHasExpiredMakesRoomBeforeMemoryIsTaken) {
  ReplayCache c = make(1 << 20);
  std::size_t after_the_first = 0;
  for (std::int64_t age = 0; age < 20; ++age) {
    const NtpTime now = kNow + seconds(age * (kSkew + 2));
    for (std::uint32_t i = 0; i < 20000; ++i) ASSERT_EQ(c.check_and_add(alice_, i, now, now), Verdict::fresh);
    if (age == 0) after_the_first = c.memory();
  }
  EXPECT_LE(c.memory(), 2 * after_the_first);
}

TEST_F(ReplayCacheTest, TheSmallestCacheWorks) {
  ReplayCache c = make(0);  // taken as 1
  EXPECT_EQ(c.capacity(), 1U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 2, kNow, kNow), Verdict::full);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::replay);
  EXPECT_EQ(c.check_and_add(alice_, 2, kNow, kNow + seconds(kSkew + 2)), Verdict::stale);
}

/// `n` messages a second for each of the last `kSkew` seconds, oldest first.
void fill_history(ReplayCache& c, const Identity& peer, std::uint32_t n) {
  for (std::int64_t age = kSkew; age > 0; --age)
    for (std::uint32_t i = 0; i < n; ++i) {
      ASSERT_EQ(c.check_and_add(peer, i, kNow + seconds(-age), kNow), Verdict::fresh);
    }
}

TEST_F(ReplayCacheTest, UnderLoadTheWindowShrinks) {
  ReplayCache c = make(4000);
  fill_history(c, alice_, 10);  // 3000: three quarters
  EXPECT_EQ(c.accepted_skew(kNow), seconds(kSkew));
  ASSERT_EQ(c.check_and_add(bob_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.size(kNow), 2991U);  // one second's messages went
  EXPECT_EQ(c.accepted_skew(kNow), seconds(kSkew - 1));
  EXPECT_EQ(c.check_and_add(alice_, 0, kNow + seconds(-kSkew), kNow), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 0, kNow + seconds(-kSkew + 1), kNow), Verdict::replay);
  for (std::uint32_t i = 100; i < 2100; ++i)
    ASSERT_EQ(c.check_and_add(bob_, i, kNow, kNow), Verdict::fresh) << i;
  EXPECT_LE(c.size(kNow), 3000U);
  EXPECT_LT(c.accepted_skew(kNow), seconds(110));
  EXPECT_GE(c.accepted_skew(kNow), seconds(kSkew / 10));
}

TEST_F(ReplayCacheTest, TheWindowHasAFloor) {
  ReplayCache c = make(4000);
  Verdict v = Verdict::fresh;
  for (std::uint32_t i = 0; v == Verdict::fresh; ++i) v = c.check_and_add(alice_, i, kNow, kNow);
  EXPECT_EQ(v, Verdict::full);
  EXPECT_EQ(c.size(kNow), 4000U);
  EXPECT_EQ(c.accepted_skew(kNow), seconds(kSkew / 10));
  // It widens again with time.
  EXPECT_EQ(c.accepted_skew(kNow + seconds(100)), seconds(100 + kSkew / 10));
  EXPECT_EQ(c.accepted_skew(kNow + seconds(kSkew)), seconds(kSkew));
}

TEST_F(ReplayCacheTest, AFullCacheLetsTheOldestGoOnceTheWindowMayPassThem) {
  ReplayCache c = make(100);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(c.check_and_add(alice_, i, kNow, kNow), Verdict::fresh);
  NtpTime now = kNow + seconds(kSkew / 10);
  EXPECT_EQ(c.check_and_add(bob_, 1, now, now), Verdict::full);
  now = now + seconds(1);
  EXPECT_EQ(c.check_and_add(bob_, 1, now, now), Verdict::fresh);
  EXPECT_EQ(c.size(now), 1U);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, now), Verdict::stale);
}

// Messages from the future stay longest. They may not take the room of those whose clocks are right.
TEST_F(ReplayCacheTest, UnderLoadTheFutureIsCutToo) {
  ReplayCache c = make(4000);
  const NtpTime ahead = kNow + seconds(kSkew);
  Verdict v = Verdict::fresh;
  for (std::uint32_t i = 0; v == Verdict::fresh; ++i) v = c.check_and_add(alice_, i, ahead, kNow);
  EXPECT_EQ(v, Verdict::stale);
  EXPECT_EQ(c.size(kNow), 3000U);
  EXPECT_EQ(c.check_and_add(bob_, 1, kNow, kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(bob_, 1, kNow + seconds(kSkew / 10), kNow), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(bob_, 1, kNow + seconds(kSkew / 10 + 2), kNow), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 0, ahead, kNow), Verdict::replay);
}

TEST_F(ReplayCacheTest, ASmallStepBackOfTheClockForgetsNothing) {
  ReplayCache c = make(1000);
  ASSERT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  const NtpTime back = kNow + seconds(-100);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, back), Verdict::replay);
  EXPECT_EQ(c.check_and_add(alice_, 1, back, back), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 2, back + seconds(-kSkew), back), Verdict::stale);  // was given up before
}

// RFC 3830 5.4: who loses track refuses everything until the skew has passed.
TEST_F(ReplayCacheTest, AfterAJumpOfTheClockItWaitsForTheSkewAndGoesOn) {
  ReplayCache c = make(1000);
  ASSERT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), kNow), Verdict::fresh);
  const NtpTime wrong = kNow + seconds(20LL * 365 * 86400);
  ASSERT_EQ(c.check_and_add(alice_, 1, wrong, wrong), Verdict::fresh);
  for (std::int64_t s = 0; s < kSkew; s += 10) {
    const NtpTime now = kNow + seconds(s);
    EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), now), Verdict::stale);
    EXPECT_EQ(c.check_and_add(alice_, 2, now, now), Verdict::stale);
  }
  const NtpTime later = kNow + seconds(kSkew + 2);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), later), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 2, later, later), Verdict::fresh);
  EXPECT_EQ(c.check_and_add(alice_, 2, later, later), Verdict::replay);
}

TEST_F(ReplayCacheTest, LostTrackRefusesUntilTheSkewHasPassed) {
  ReplayCache c = make(1000);  // after a restart that lost the old one
  c.lost_track(kNow);
  EXPECT_EQ(c.accepted_skew(kNow), seconds(0));
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), kNow + seconds(kSkew)), Verdict::stale);
  const NtpTime later = kNow + seconds(kSkew + 2);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow + seconds(kSkew), later), Verdict::stale);
  EXPECT_EQ(c.check_and_add(alice_, 1, later, later), Verdict::fresh);
}

TEST_F(ReplayCacheTest, WithoutRandomnessNothingIsAccepted) {
  test::ScriptedRng dry;
  ReplayCache c(crypto::openssl(), dry, seconds(kSkew), 10);
  EXPECT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::full);
  EXPECT_EQ(c.check(alice_, 1, kNow, kNow), Verdict::full);
  EXPECT_FALSE(c.snapshot(kNow).ok());
}

TEST_F(ReplayCacheTest, TwoCachesPlaceMessagesDifferently) {
  std::vector<ReplayCache::Entry> entries;
  for (int i = 0; i < 2; ++i) {
    ReplayCache c = make(100);
    c.on_added([&](const ReplayCache::Entry& e) { entries.push_back(e); });
    ASSERT_EQ(c.check_and_add(alice_, 1, kNow, kNow), Verdict::fresh);
  }
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_NE(entries[0].high, entries[1].high);
  EXPECT_NE(entries[0].low, entries[1].low);
}

/// What the cache should be, written the obvious way: everything ever accepted, and the oldest second that is
/// still accepted.
class Model {
 public:
  explicit Model(std::int64_t skew) : skew_(skew) {}
  Verdict check_and_add(std::uint32_t peer, std::uint32_t csb, std::int64_t t, std::int64_t now) {
    oldest_ = std::max(oldest_, now - skew_ - 1);
    if (t < oldest_) return Verdict::stale;
    if (seen_.contains({peer, csb, t})) return Verdict::replay;
    if (t > now + skew_ + 1) return Verdict::stale;
    seen_.insert({peer, csb, t});
    return Verdict::fresh;
  }
  std::size_t size() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(seen_, [&](const auto& e) { return std::get<2>(e) >= oldest_; }));
  }

 private:
  std::int64_t skew_;
  std::int64_t oldest_ = std::numeric_limits<std::int64_t>::min();
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> seen_;
};

NtpTime at_second(std::int64_t s) {
  return {static_cast<std::uint64_t>(s) << 32};  // modulo the era of 2036
}

// The seconds of an NTP timestamp start again at 0 in 2036.
TEST_F(ReplayCacheTest, CountsAcrossTheEndOfTheEra) {
  constexpr std::int64_t kEnd = std::int64_t{1} << 32;
  for (const int skew : {1, 5, 20, 300}) {
    ReplayCache c = make(10000, skew);
    const std::int64_t start = kEnd - skew / 2;
    for (std::int64_t t = start - skew; t <= start + skew; ++t)
      ASSERT_EQ(c.check_and_add(alice_, 1, at_second(t), at_second(start)), Verdict::fresh);
    auto left = static_cast<std::size_t>(2 * skew + 1);
    EXPECT_EQ(c.size(at_second(start)), left);
    for (std::int64_t now = start + 2; left > 0; ++now)
      ASSERT_EQ(c.size(at_second(now)), --left) << skew << " " << now - kEnd;
  }
}

// Random walks of the clock, over the end of the NTP era too.
TEST_F(ReplayCacheTest, AgreesWithAModel) {
  std::mt19937 r(7);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(r); };
  for (const std::int64_t start : {std::int64_t{4000000000}, (std::int64_t{1} << 32) - 150}) {
    std::map<Verdict, int> seen;
    ReplayCache c = make(100000, 20);
    Model model(20);
    std::int64_t now = start;
    for (int i = 0; i < 30000; ++i) {
      if (draw(0, 49) == 0) now += draw(-3, 5);
      if (draw(0, 4999) == 0) now += 100;
      const auto peer = static_cast<std::uint32_t>(draw(0, 2));
      const auto csb = static_cast<std::uint32_t>(draw(0, 4));
      const std::int64_t t = now + draw(-25, 25);
      const Verdict want = model.check_and_add(peer, csb, t, now);
      const Identity id = Identity::uri(std::to_string(peer));
      ASSERT_EQ(c.check_and_add(id, csb, at_second(t), at_second(now)), want) << i << " t-now=" << t - now;
      ++seen[want];
      if (i % 500 == 0) {
        ASSERT_EQ(c.size(at_second(now)), model.size());
      }
    }
    EXPECT_GT(seen[Verdict::fresh], 1000);
    EXPECT_GT(seen[Verdict::replay], 1000);
    EXPECT_GT(seen[Verdict::stale], 1000);
  }
}

// Whatever happens - crowding, restarts, steps of the clock of up to three times the skew - no message is
// fresh twice.
TEST_F(ReplayCacheTest, NothingIsFreshTwice) {
  std::mt19937 r(11);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(r); };
  auto c = std::make_unique<ReplayCache>(make(60, 20));
  std::set<std::pair<std::uint32_t, std::int64_t>> accepted;
  std::map<Verdict, int> seen;
  std::int64_t now = 4000000000;
  std::int64_t latest = now;
  int restarts = 0;
  for (int i = 0; i < 60000; ++i) {
    if (draw(0, 9) == 0) now += draw(0, 2);
    latest = std::max(latest, now);
    if (draw(0, 199) == 0) now = std::max(now - draw(0, 60), latest - 60);
    if (draw(0, 999) == 0) {
      auto snapshot = c->snapshot(at_second(now));
      ASSERT_TRUE(snapshot.ok());
      c = std::make_unique<ReplayCache>(make(static_cast<std::size_t>(draw(20, 100)), 20));
      ASSERT_TRUE(c->restore(*snapshot, at_second(now)));
      ++restarts;
    }
    const auto csb = static_cast<std::uint32_t>(draw(0, 39));
    const std::int64_t t = now + draw(-22, 22) / draw(1, 8);
    const Verdict v = c->check_and_add(alice_, csb, at_second(t), at_second(now));
    ++seen[v];
    if (v == Verdict::fresh) {
      ASSERT_TRUE(accepted.insert({csb, t}).second) << i;
    }
    ASSERT_LE(c->size(at_second(now)), c->capacity());
  }
  EXPECT_GT(restarts, 20);
  for (const Verdict v : {Verdict::fresh, Verdict::replay, Verdict::stale, Verdict::full})
    EXPECT_GT(seen[v], 100) << static_cast<int>(v);
}

}  // namespace
}  // namespace mikey::keys
