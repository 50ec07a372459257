#include "ibc/kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "mikey/ibc/kernel.hpp"

namespace mikey::ibc {
namespace {

// CTest runs the schemes' tests a second time with MIKEY_TEST_KERNEL=portable.
const char* asked_kernel() {
  return std::getenv("MIKEY_TEST_KERNEL");  // NOLINT(concurrency-mt-unsafe): one thread, at start-up
}

const bool kUsed = asked_kernel() == nullptr || use_kernel(asked_kernel()).ok();

TEST(Kernel, IsTheOneAskedForOrTheFastest) {
  ASSERT_TRUE(kUsed);
  const std::string_view wanted = asked_kernel() != nullptr ? asked_kernel() : kernel_names().front();
  EXPECT_EQ(kernel_in_use(), wanted);
  EXPECT_EQ(best_kernel().name, wanted);
}

TEST(Kernel, OnlyWhatTheProcessorHasIsOffered) {
  const auto names = kernel_names();
  EXPECT_EQ(names.back(), "portable");
  const bool offered = std::ranges::find(names, "adx") != names.end();
  EXPECT_EQ(offered, adx_kernel() != nullptr);
  std::ifstream file("/proc/cpuinfo");  // what the system says, by another way than ours
  std::string line;
  while (std::getline(file, line) && !line.starts_with("flags")) continue;
  line += ' ';
  EXPECT_EQ(offered, line.find(" bmi2 ") != std::string::npos && line.find(" adx ") != std::string::npos);
  EXPECT_TRUE(offered || !use_kernel("adx").ok());
}

TEST(Kernel, IsChosenOnce) {
  const std::string_view now = kernel_in_use();
  EXPECT_TRUE(use_kernel(now).ok());
  for (const std::string_view other : kernel_names()) {
    if (other == now) continue;
    const auto s = use_kernel(other);
    ASSERT_FALSE(s.ok());
    EXPECT_EQ(s.error().code, ErrorCode::bad_request);
  }
  EXPECT_FALSE(use_kernel("").ok());
  EXPECT_FALSE(use_kernel("fastest").ok());
  EXPECT_EQ(kernel_in_use(), now);
}

}  // namespace
}  // namespace mikey::ibc
