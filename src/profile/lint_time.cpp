// T and RAND: what makes a message fresh.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

constexpr std::int64_t kFiletimeEpoch = 11644473600;  // seconds from 1601 to 1970
constexpr std::int64_t kFiletimeTicks = 10'000'000;   // in a second
constexpr std::int64_t kYear = 31'556'952;
constexpr std::int64_t kDay = 86'400;

// Without a clock: from the year MIKEY's authors began, to the end of NTP's era 0 in February 2036.
constexpr std::uint64_t kFirstPlausible = 3'092'601'600;  // 1998-01-01, in seconds since 1900

// Apart, in units of 2^-32 s.
std::uint64_t distance(NtpTime a, NtpTime b) {
  const auto d = static_cast<std::uint64_t>(ntp_difference(a, b));
  return d >> 63 != 0 ? 0 - d : d;
}

bool farther(NtpTime a, NtpTime b, std::uint64_t seconds) {
  return distance(a, b) > seconds << 32;
}

bool plausible(NtpTime t, std::optional<NtpTime> now) {
  if (now) return !farther(t, *now, 30 * kYear);
  return t.value >> 32 >= kFirstPlausible;
}

// The time a Windows FILETIME (100 ns since 1601) stands for, if it is one between 1990 and 2060.
std::optional<NtpTime> as_filetime(std::uint64_t v) {
  const std::int64_t seconds = static_cast<std::int64_t>(v / kFiletimeTicks) - kFiletimeEpoch;
  if (seconds < 20 * kYear || seconds > 90 * kYear) return std::nullopt;
  const std::uint64_t fraction = ((v % kFiletimeTicks) << 32) / kFiletimeTicks;
  return NtpTime::from_unix(seconds, static_cast<std::uint32_t>(fraction));
}

void check_clock(Context& c, NtpTime t, std::size_t at) {
  const bool close = c.now && !farther(t, *c.now, kDay);
  if (const auto real = as_filetime(t.value); real && !close) {
    const std::string as = "as a Windows FILETIME it is " + to_string(*real);
    return c.add(rule("t-filetime"), at, "T is " + to_string(t) + " as an NTP time; " + as);
  }
  if (!plausible(t, c.now)) return c.add(rule("t-implausible"), at, "T is " + to_string(t));
  if (!c.now || c.response()) return;
  const std::string off = std::to_string(distance(t, *c.now) >> 32) + " seconds from the time of the check";
  if (farther(t, *c.now, 300)) c.add(rule("t-skew"), at, "T is " + off);
  if (farther(t, *c.now, 3600)) c.add(rule("t-outside-hour"), at, "T is " + off);
}

void check_t(Context& c, const wire::T& t) {
  const std::size_t at = c.offset_of(t.value);
  switch (t.type) {
    case TsType::ntp_utc:
    case TsType::ntp:
      return check_clock(c, NtpTime{load_be<std::uint64_t>(t.value.data())}, at);
    case TsType::counter:
      return c.add(rule("t-counter"), at - 1,
                   "T is the counter " + std::to_string(load_be<std::uint32_t>(t.value.data())));
    case TsType::ntp_utc_32:
      return c.add(rule("t-ntp-utc-32"), at - 1, "T is of type NTP-UTC-32");
  }
}

void check_rand_octets(Context& c, ByteView rand, std::size_t at) {
  if (rand.size() < 16) c.add(rule("rand-short"), at, "RAND has " + std::to_string(rand.size()) + " octets");
  if (rand.size() > 1 && std::ranges::all_of(rand, [&](std::uint8_t o) { return o == rand[0]; }))
    c.add(rule("rand-constant"), at, "all octets of RAND are equal");
}

}  // namespace

void check_time(Context& c) {
  c.each<wire::T>([&](const wire::T& t, const wire::Slot&) { check_t(c, t); });
  c.each<wire::Rand>(
      [&](const wire::Rand& r, const wire::Slot& s) { check_rand_octets(c, r.data, s.body()); });
  c.each<wire::Randr>(
      [&](const wire::Randr& r, const wire::Slot& s) { check_rand_octets(c, r.data, s.body() + 1); });
  if (c.update)
    c.add(rule("rand-missing"), c.m.octets().size(),
          "no " + std::string(wire::name_of(c.kind->rand)) + ": this can only update an existing CSB");
}

}  // namespace mikey::profile
