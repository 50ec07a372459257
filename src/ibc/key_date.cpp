#include "mikey/ibc/key_date.hpp"

#include <charconv>
#include <chrono>

namespace mikey::ibc {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2099;
constexpr std::int64_t kMonths = 12;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::int64_t month_number(const year_month_day& d) {
  return (std::int64_t{static_cast<int>(d.year())} - kFirstYear) * kMonths +
         static_cast<unsigned>(d.month()) - 1;
}

sys_days first_day(const KeyDate& date) {
  if (date.format == DateFormat::day) return sys_days(days(date.number));
  const std::int64_t y = floor_divide(date.number, kMonths);
  return year(static_cast<int>(y) + kFirstYear) /
         month(static_cast<unsigned>(date.number - y * kMonths) + 1) / 1;
}

void append_number(std::string& to, std::size_t digits, unsigned n) {
  const std::string text = std::to_string(n);
  to.append(text.size() < digits ? digits - text.size() : 0, '0');
  to += text;
}

std::optional<unsigned> number(std::string_view digits) {
  unsigned n = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, n);
  return error == std::errc{} && stop == end ? std::optional(n) : std::nullopt;
}

}  // namespace

std::string_view date_format_text(DateFormat format) {
  return format == DateFormat::month ? "YYYY-MM" : "YYYY-MM-DD";
}

std::optional<DateFormat> parse_date_format(std::string_view text) {
  for (const DateFormat f : {DateFormat::month, DateFormat::day})
    if (text == date_format_text(f)) return f;
  return std::nullopt;
}

KeyDate date_at(DateFormat format, NtpTime t) {
  const sys_days today = std::chrono::floor<days>(sys_seconds(std::chrono::seconds(t.unix_seconds())));
  if (format == DateFormat::day) return {format, today.time_since_epoch().count()};
  return {format, month_number(year_month_day(today))};
}

NtpTime date_begin(const KeyDate& date) {
  return NtpTime::from_unix(sys_seconds(first_day(date)).time_since_epoch().count());
}

NtpTime date_end(const KeyDate& date) {
  return date_begin(date.next()) + std::chrono::seconds(-1);
}

std::string date_text(const KeyDate& date) {
  const year_month_day d(first_day(date));
  std::string text;
  append_number(text, 4, static_cast<unsigned>(static_cast<int>(d.year())));
  text += '-';
  append_number(text, 2, static_cast<unsigned>(d.month()));
  if (date.format == DateFormat::month) return text;
  text += '-';
  append_number(text, 2, static_cast<unsigned>(d.day()));
  return text;
}

std::optional<KeyDate> parse_date(DateFormat format, std::string_view text) {
  if (text.size() != date_format_text(format).size() || text[4] != '-') return std::nullopt;
  const auto y = number(text.substr(0, 4));
  const auto m = number(text.substr(5, 2));
  if (!y || !m || *y < kFirstYear || *y > kLastYear) return std::nullopt;
  const bool has_day = format == DateFormat::day;
  const auto d = !has_day ? std::optional(1U) : text[7] == '-' ? number(text.substr(8)) : std::nullopt;
  if (!d) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*y)), month(*m), day(*d));
  if (!date.ok()) return std::nullopt;
  if (has_day) return KeyDate{format, sys_days(date).time_since_epoch().count()};
  return KeyDate{format, month_number(date)};
}

}  // namespace mikey::ibc
