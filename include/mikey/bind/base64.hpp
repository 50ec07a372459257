/// \file
/// Base64 as signalling carries it: strict by default, and tolerant of what real peers do to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::bind {

/// How text that is not quite as its RFC wants it is taken.
enum class Reading : std::uint8_t {
  strict,   ///< any deviation is an error
  tolerant  ///< what can be understood without guessing is taken, and reported as a diagnostic
};

/// The largest message any binding takes or makes, in octets.
inline constexpr std::size_t kMaxMessage = std::size_t{1} << 20;

/// Octets that came as base64, with one sentence for every deviation that was tolerated.
struct DecodedBase64 {
  Bytes octets;
  std::vector<std::string> diagnostics;
};

/// Reads base64 (RFC 4648 section 4). Tolerant reading takes white space inside, missing padding, bits after
/// the last octet that are not zero, and the URL alphabet of section 5. Empty text, any other character,
/// an impossible length and more than kMaxMessage octets are errors in either reading; the error's offset is
/// the character at which it broke.
Result<DecodedBase64> decode_base64(std::string_view text, Reading reading = Reading::strict);

}  // namespace mikey::bind
