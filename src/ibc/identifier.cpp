#include "mikey/ibc/identifier.hpp"

#include <charconv>
#include <chrono>

namespace mikey::ibc {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::int64_t kMonths = 12;
constexpr std::int64_t kMaxMonth = 9999 * kMonths + kMonths - 1;
constexpr std::size_t kMaxName = 0xFFFF;
constexpr const char* kRfc = "RFC 6509 3.2";
constexpr const char* kUid = "TS 33.180 F.2.1";

year_month_day date_of(NtpTime t) {
  return year_month_day(std::chrono::floor<days>(sys_seconds(std::chrono::seconds(t.unix_seconds()))));
}

KeyPeriod month_of(const year_month_day& d) {
  return {std::int64_t{static_cast<int>(d.year())} * kMonths + static_cast<unsigned>(d.month()) - 1};
}

/// Seconds since 1900, beyond 2036 too.
std::int64_t ntp_seconds(NtpTime t) {
  return t.unix_seconds() + static_cast<std::int64_t>(NtpTime::kUnixEpoch);
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// The fewest octets that hold n; one for zero.
Bytes minimal(std::uint64_t n) {
  Bytes out(8);
  store_be(out.data(), n);
  const auto first = std::ranges::find_if(out.begin(), out.end() - 1, [](std::uint8_t o) { return o != 0; });
  out.erase(out.begin(), first);
  return out;
}

bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= kMaxName;
}

}  // namespace

Status check_scheme(const IdScheme& ids) {
  if (ids.scheme == SakkeIdScheme::tel_uri_monthly) {
    if (ids.period != 0 || ids.offset != 0)
      return bad_request("key periods of tel URIs are months: they have no length of their own", kRfc);
    return {};
  }
  if (ids.scheme != SakkeIdScheme::mcx_hashed_uid) return bad_request("unknown ID scheme", "RFC 6509 4.2");
  if (ids.period == 0) return bad_request("the key period has no length", kUid);
  if (ids.offset >= ids.period) return bad_request("the key period offset is not below the key period", kUid);
  return {};
}

KeyPeriod period_at(const IdScheme& ids, NtpTime t) {
  if (ids.scheme == SakkeIdScheme::tel_uri_monthly) return month_of(date_of(t));
  return {floor_divide(ntp_seconds(t) - ids.offset, std::max<std::int64_t>(1, ids.period))};
}

NtpTime period_begin(const IdScheme& ids, KeyPeriod period) {
  if (ids.scheme == SakkeIdScheme::tel_uri_monthly) {
    const year y(static_cast<int>(floor_divide(period.number, kMonths)));
    const month m(static_cast<unsigned>(period.number - floor_divide(period.number, kMonths) * kMonths) + 1);
    return NtpTime::from_unix(sys_seconds(sys_days(y / m / 1)).time_since_epoch().count());
  }
  const auto seconds = static_cast<std::uint64_t>(period.number) * ids.period + ids.offset;
  return {seconds << 32};
}

bool period_acceptable(const IdScheme& ids, KeyPeriod then, NtpTime now) {
  const std::int64_t ahead = then.number - period_at(ids, now).number;
  if (ahead == 0) return true;
  if (ids.scheme != SakkeIdScheme::tel_uri_monthly) return ahead == 1 || ahead == -1;
  const year_month_day d = date_of(now);
  const auto last = static_cast<unsigned>((d.year() / d.month() / std::chrono::last).day());
  const auto today = static_cast<unsigned>(d.day());
  return (ahead == 1 && today + 1 >= last) || (ahead == -1 && today <= 2);
}

std::string period_text(SakkeIdScheme scheme, KeyPeriod period) {
  if (scheme != SakkeIdScheme::tel_uri_monthly) return std::to_string(period.number);
  const std::int64_t y = floor_divide(period.number, kMonths);
  std::string text = "0000-00";
  const auto put = [&text](std::size_t at, std::size_t digits, std::int64_t n) {
    for (std::size_t i = digits; i-- > 0; n /= 10) text[at + i] = static_cast<char>('0' + n % 10);
  };
  put(0, 4, y);
  put(5, 2, period.number - y * kMonths + 1);
  return text;
}

std::optional<KeyPeriod> parse_period(SakkeIdScheme scheme, std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
    std::int64_t n = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, n);
    if (error != std::errc{} || stop != end || digits.front() < '0' || digits.front() > '9')
      return std::nullopt;
    return n;
  };
  if (text.empty()) return std::nullopt;
  if (scheme != SakkeIdScheme::tel_uri_monthly) {
    const auto n = number(text);
    return n ? std::optional(KeyPeriod{*n}) : std::nullopt;
  }
  if (text.size() != 7 || text[4] != '-') return std::nullopt;
  const auto y = number(text.substr(0, 4));
  const auto m = number(text.substr(5));
  if (!y || !m || *m < 1 || *m > kMonths) return std::nullopt;
  return KeyPeriod{*y * kMonths + *m - 1};
}

bool is_constrained_tel_uri(std::string_view uri) {
  constexpr std::string_view kHead = "tel:+";
  return uri.size() > kHead.size() && uri.size() <= kMaxName && uri.starts_with(kHead) &&
         uri.find_first_not_of("0123456789", kHead.size()) == std::string_view::npos;
}

Result<Bytes> identifier(const crypto::Provider& provider, const IdScheme& ids, std::string_view kms_uri,
                         std::string_view uri, KeyPeriod period) {
  if (ids.scheme == SakkeIdScheme::tel_uri_monthly) {
    if (!is_constrained_tel_uri(uri))
      return bad_message(ErrorCode::invalid_id, kRfc, "the identity is not \"tel:+\" and digits");
    if (period.number < 0 || period.number > kMaxMonth) return bad_request("no such month", kRfc);
    Bytes id = to_bytes(as_bytes(period_text(ids.scheme, period)));
    id.push_back(0);
    append(id, as_bytes(uri));
    id.push_back(0);
    return id;
  }
  if (period.number < 0) return bad_request("no such key period", kUid);
  return hashed_uid(provider, uri, kms_uri, ids.period, ids.offset,
                    static_cast<std::uint64_t>(period.number));
}

Result<Bytes> hashed_uid(const crypto::Provider& provider, std::string_view uri, std::string_view kms_uri,
                         std::uint64_t key_period, std::uint64_t key_period_offset,
                         std::uint64_t period_number) {
  if (!is_name(uri) || !is_name(kms_uri))
    return bad_message(ErrorCode::invalid_id, kUid, "a name of a hashed UID has 1 to 65535 octets");
  Bytes input{0x00};
  const auto parameter = [&input](ByteView p) {
    append(input, p);
    input.push_back(static_cast<std::uint8_t>(p.size() >> 8));
    input.push_back(static_cast<std::uint8_t>(p.size()));
  };
  parameter(as_bytes("MIKEY-SAKKE-UID"));
  parameter(as_bytes(uri));
  parameter(as_bytes(kms_uri));
  for (const std::uint64_t n : {key_period, key_period_offset, period_number}) parameter(minimal(n));
  Bytes uid(crypto::hash_size(crypto::Hash::sha256));
  const std::array<ByteView, 1> parts{input};
  if (auto s = provider.hash(crypto::Hash::sha256, parts, uid); !s) return std::move(s).error();
  return uid;
}

}  // namespace mikey::ibc
