#include "mikey/base/clock.hpp"
#include "wire/dissect/explain.hpp"

namespace mikey::wire {
namespace {

/// Seconds between 1601, where Windows begins to count, and 1970.
constexpr std::int64_t kFiletimeEpoch = 11644473600;

/// The time meant, if these octets are a Windows FILETIME (units of 100 ns since 1601) of the years 2000 to
/// 2099, as some video management software sends (ONVIF Streaming, "MIKEY"). As NTP timestamps such values
/// lie in the first months of 2037, or of 1901.
std::optional<NtpTime> as_filetime(std::uint64_t value) {
  const auto seconds = static_cast<std::int64_t>(value / 10000000) - kFiletimeEpoch;
  if (seconds < 946684800 || seconds >= 4102444800) return std::nullopt;
  const auto fraction = (value % 10000000 << 32) / 10000000;
  return NtpTime::from_unix(seconds, static_cast<std::uint32_t>(fraction));
}

}  // namespace

std::string time_meaning(TsType type, ByteView value) {
  if (ts_size(type) != value.size()) return {};
  switch (type) {
    case TsType::counter:
      return std::to_string(load_be<std::uint32_t>(value.data()));
    case TsType::ntp_utc_32:
      return to_string(NtpTime{std::uint64_t{load_be<std::uint32_t>(value.data())} << 32});
    case TsType::ntp_utc:
    case TsType::ntp:
      break;
  }
  const NtpTime t{load_be<std::uint64_t>(value.data())};
  std::string text = to_string(t);
  if (auto windows = as_filetime(t.value))
    text += " (implausible; as a Windows FILETIME it is " + to_string(*windows) + ")";
  return text;
}

}  // namespace mikey::wire
