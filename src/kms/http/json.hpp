/// \file
/// Writing of JSON strings; no more of JSON is needed here.
#pragma once

#include <string>
#include <string_view>

namespace mikey::kms::http {

/// Appends `text` in quotes. Octets that are no UTF-8 become U+FFFD.
void append_json(std::string& to, std::string_view text);

/// "2026-11-28T21:15:48.123Z" of milliseconds since 1970.
std::string utc_text(std::int64_t milliseconds);

}  // namespace mikey::kms::http
