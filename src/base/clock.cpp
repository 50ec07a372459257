#include "mikey/base/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace mikey {

std::string to_string(NtpTime t) {
  const std::time_t s = t.unix_seconds();
  std::tm tm{};
  if (gmtime_r(&s, &tm) == nullptr) return "(no such time)";
  const unsigned ms = static_cast<unsigned>(((t.value & 0xFFFFFFFF) * 1000) >> 32);
  std::array<char, 48> buf{};
  std::snprintf(buf.data(), buf.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900,
                tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
  return buf.data();
}

NtpTime SystemClock::now() const {
  using namespace std::chrono;
  const auto ns = duration_cast<nanoseconds>((system_clock::now() + offset_).time_since_epoch()).count();
  const auto s = ns / 1000000000;
  const auto fraction = static_cast<std::uint64_t>(ns % 1000000000);
  return NtpTime::from_unix(s, static_cast<std::uint32_t>((fraction << 32) / 1000000000));
}

}  // namespace mikey
