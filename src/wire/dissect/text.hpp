/// \file
/// Text that is safe to show.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mikey/base/bytes.hpp"

namespace mikey::wire {

/// Takes the first character off UTF-8 text; nothing, and one octet taken, when it does not begin with one.
std::optional<char32_t> take_character(std::string_view& utf8);

/// The octets as text when they are UTF-8 that a terminal can be given: no control or formatting characters.
std::optional<std::string> printable(ByteView octets);

/// `text` as a JSON string with its quotes. Octets that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace mikey::wire
