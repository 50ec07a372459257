/// \file
/// The dates that stand in public keys of MIKEY-IBAKE (RFC 6267 4.1: H1(identity || date)); their granularity
/// is a policy of each KMS.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "mikey/base/clock.hpp"

namespace mikey::ibc {

enum class DateFormat : std::uint8_t { month, day };

/// "YYYY-MM" or "YYYY-MM-DD", and back.
std::string_view date_format_text(DateFormat format);
std::optional<DateFormat> parse_date_format(std::string_view text);

/// A month or a day, in UTC.
struct KeyDate {
  DateFormat format = DateFormat::month;
  std::int64_t number = 0;  ///< months since 1970-01, or days since 1970-01-01
  friend auto operator<=>(const KeyDate&, const KeyDate&) = default;

  KeyDate next() const { return {format, number + 1}; }
};

/// The date at `t`, counted on through the era change of 2036.
KeyDate date_at(DateFormat format, NtpTime t);
/// The first second of a date.
NtpTime date_begin(const KeyDate& date);
/// Its last second.
NtpTime date_end(const KeyDate& date);
/// "2026-11" or "2026-11-28": what is appended to the identity (doc/readings.md, 6267-3).
std::string date_text(const KeyDate& date);
/// The reverse; nothing for what is no date of that format from 1970 to 2099, which is what NTP timestamps
/// tell apart.
std::optional<KeyDate> parse_date(DateFormat format, std::string_view text);

}  // namespace mikey::ibc
