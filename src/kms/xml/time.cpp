// xsd:dateTime (W3C XML Schema part 2, 3.2.7), in the part of it that a calendar of this century needs.
#include <array>
#include <cstdio>

#include "mikey/kms/xml.hpp"

namespace mikey::kms {
namespace {

namespace chrono = std::chrono;

constexpr int kFirstYear = 1900;
constexpr unsigned kMaxZoneHours = 14;

/// Takes a text apart from its front; the first thing that does not fit sticks.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  unsigned number(std::size_t digits) {
    unsigned out = 0;
    if (rest_.size() < digits) ok_ = false;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') ok_ = false;
      out = out * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    if (ok_) rest_.remove_prefix(digits);
    return ok_ ? out : 0;
  }
  void literal(char c) {
    if (!take(c)) ok_ = false;
  }
  bool take(char c) {
    if (!ok_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_digits() {
    const std::size_t n = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (n == 0) ok_ = false;
    rest_.remove_prefix(n);
  }
  bool ended() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// What has to be added to the local time to have UTC; a text without a zone is UTC.
chrono::minutes read_zone(Scanner& in) {
  if (in.take('Z')) return chrono::minutes(0);
  const bool east = in.take('+');
  if (!east && !in.take('-')) return chrono::minutes(0);
  const unsigned hours = in.number(2);
  in.literal(':');
  const unsigned minutes = in.number(2);
  if (hours > kMaxZoneHours || minutes > 59) in.literal('\0');
  const chrono::minutes out = chrono::hours(hours) + chrono::minutes(minutes);
  return east ? -out : out;
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
  Scanner in(text);
  const auto year = chrono::year(static_cast<int>(in.number(4)));
  in.literal('-');
  const auto month = chrono::month(in.number(2));
  in.literal('-');
  const auto day = chrono::day(in.number(2));
  in.literal('T');
  const unsigned h = in.number(2);
  in.literal(':');
  const unsigned m = in.number(2);
  in.literal(':');
  const unsigned s = in.number(2);
  if (in.take('.')) in.skip_digits();
  const chrono::minutes zone = read_zone(in);
  const chrono::year_month_day date(year, month, day);
  if (!in.ended() || static_cast<int>(year) < kFirstYear || !date.ok() || h > 23 || m > 59 || s > 59)
    return std::nullopt;
  return chrono::sys_days(date) + chrono::hours(h) + chrono::minutes(m) + chrono::seconds(s) + zone;
}

std::string time_text(Time t) {
  const auto days = chrono::floor<chrono::days>(t);
  const chrono::year_month_day date(days);
  const chrono::hh_mm_ss time(t - days);
  std::array<char, 40> out{};
  const int n =
      std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()));
  return std::string(out.data(), static_cast<std::size_t>(n));
}

}  // namespace mikey::kms
