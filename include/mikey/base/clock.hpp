/// \file
/// Time as MIKEY knows it: NTP timestamps, 32 bits of seconds since 1900 and 32 bits of fraction (RFC 5905
/// 6).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mikey {

/// A 64-bit NTP timestamp. Differences are taken modulo 2^64, so the era change of 2036 is nothing special.
struct NtpTime {
  std::uint64_t value =
      0;  ///< seconds since 1900-01-01 in the upper, fractions of 2^-32 s in the lower 32 bits

  static constexpr std::uint64_t kUnixEpoch = 2208988800;  ///< seconds from 1900 to 1970

  static constexpr NtpTime from_unix(std::int64_t seconds, std::uint32_t fraction = 0) {
    return {(static_cast<std::uint64_t>(seconds) + kUnixEpoch) << 32 | fraction};
  }
  /// Seconds since 1970, the era chosen so that the result lies between 1968 and 2104.
  constexpr std::int64_t unix_seconds() const {
    const auto s = static_cast<std::int64_t>(value >> 32);
    return s - static_cast<std::int64_t>(kUnixEpoch) + (s < 0x80000000LL ? 0x100000000LL : 0);
  }
  friend constexpr bool operator==(NtpTime, NtpTime) = default;
};

/// a - b in units of 2^-32 s, signed, modulo 2^64.
constexpr std::int64_t ntp_difference(NtpTime a, NtpTime b) {
  return static_cast<std::int64_t>(a.value - b.value);
}

constexpr NtpTime operator+(NtpTime t, std::chrono::seconds s) {
  return {t.value + (static_cast<std::uint64_t>(s.count()) << 32)};
}

/// "2026-11-24T15:09:47.250Z"
std::string to_string(NtpTime t);

/// Where the time comes from. The library never asks the system by itself.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual NtpTime now() const = 0;
  /// The time to compare with, not to send: what now() would say to somebody who does not use it up (see
  /// UniqueClock).
  virtual NtpTime read() const { return now(); }
};

/// The system's UTC clock, optionally shifted.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(std::chrono::milliseconds offset = {}) : offset_(offset) {}
  NtpTime now() const override;

 private:
  std::chrono::milliseconds offset_;
};

/// A clock that stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(NtpTime t) : t_(t) {}
  NtpTime now() const override { return t_; }
  void set(NtpTime t) { t_ = t; }
  void advance(std::chrono::seconds s) { t_ = t_ + s; }

 private:
  NtpTime t_;
};

}  // namespace mikey
