/// \file
/// MIKEY as a MIME body: application/mikey (RFC 3830 10.1), alone or in a multipart body (RFC 2046 5.1), as
/// SIP messages carry it (3GPP's mission critical services among them).
#pragma once

#include <span>

#include "mikey/bind/text_message.hpp"

namespace mikey::bind::mime {

inline constexpr std::size_t kMaxDepth = 4;    ///< multipart bodies within one another
inline constexpr std::size_t kMaxParts = 128;  ///< parts in all

/// A media type: "type/subtype" in lower case and its parameters.
struct ContentType {
  std::string type;
  std::vector<Header> params;  ///< names in lower case, values without quotes

  /// Reads `multipart/mixed;boundary="x"`.
  static Result<ContentType> parse(std::string_view value);
  std::optional<std::string_view> param(std::string_view name) const;
};

/// A part that is no multipart itself, with its transfer encoding taken off.
struct Part {
  ContentType type;
  std::vector<Header> headers;
  Bytes content;
  std::vector<std::string> diagnostics;
};

/// All parts of a body in order, multipart bodies replaced by their parts. `type` and `transfer_encoding` are
/// the values of the headers above the body; encodings are base64, binary, 8bit and 7bit, any other fails.
/// Tolerant reading takes a multipart body without its closing boundary and loose base64.
Result<std::vector<Part>> parse_body(std::string_view type, std::string_view transfer_encoding,
                                     std::string_view body, Reading reading = Reading::strict);
/// The same for a SIP or RTSP message; one without body or Content-Type has no parts.
Result<std::vector<Part>> parse_body(const TextMessage& message, Reading reading = Reading::strict);

/// The MIKEY message of a part; nothing when the part is of another type. Errors: the version parameter is
/// not 1, or the part is empty.
Result<std::optional<Bytes>> mikey_of(const Part& part);

/// How an application/mikey part is written.
enum class Encoding : std::uint8_t { binary, base64 };

/// One part to write: headers without the Content-Type, and content as it goes out.
struct OutPart {
  std::string content_type;
  std::vector<Header> headers;
  std::string content;
};

/// An application/mikey part with `version=1` and its Content-Transfer-Encoding. Base64 is broken into lines
/// of 76 characters (RFC 2045 6.8).
Result<OutPart> mikey_part(ByteView message, Encoding encoding);

/// Puts one part into a SIP or RTSP message as its body. Content headers it had are replaced.
Status set_body(TextMessage& message, const OutPart& part);

/// Puts parts into a message as a multipart/mixed body. The boundary is 1 to 70 characters of RFC 2046's set
/// and must not stand in any part: choose it at random.
Status set_multipart(TextMessage& message, std::span<const OutPart> parts, std::string_view boundary);

}  // namespace mikey::bind::mime
