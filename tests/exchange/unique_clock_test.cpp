// The clock that timestamps are taken from.
#include <gtest/gtest.h>

#include "mikey/exchange/exchange.hpp"

namespace mikey {
namespace {

constexpr NtpTime kNow = NtpTime::from_unix(1790000000);

TEST(UniqueClockTest, NeverTheSameTimeTwice) {
  ManualClock inner(kNow);
  const UniqueClock c(inner);
  EXPECT_EQ(c.now(), kNow);
  EXPECT_EQ(c.now().value, kNow.value + 1);
  inner.advance(std::chrono::seconds(1));
  EXPECT_EQ(c.now(), kNow + std::chrono::seconds(1));
}

TEST(UniqueClockTest, ASmallStepBackIsCountedOver) {
  ManualClock inner(kNow);
  const UniqueClock c(inner);
  EXPECT_EQ(c.now(), kNow);
  inner.advance(std::chrono::seconds(-59));
  EXPECT_EQ(c.now().value, kNow.value + 1);
}

TEST(UniqueClockTest, AClockThatWasWrongIsCorrected) {
  ManualClock inner(kNow + std::chrono::hours(24));
  const UniqueClock c(inner);
  static_cast<void>(c.now());
  inner.set(kNow);
  EXPECT_EQ(c.now(), kNow);
  EXPECT_EQ(c.now().value, kNow.value + 1);
}

}  // namespace
}  // namespace mikey
