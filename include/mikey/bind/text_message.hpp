/// \file
/// Requests and responses of RTSP and SIP, which share their form: a start line, headers, an empty line and
/// a body of Content-Length octets (RFC 2326 4, RFC 7826 5, RFC 3261 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/bind/base64.hpp"

namespace mikey::bind {

inline constexpr std::size_t kMaxTextMessage = std::size_t{4} << 20;  ///< octets of a message with its body
inline constexpr std::size_t kMaxHeaders = 1024;                      ///< headers of a message

/// A header. Names keep their case; a value has its folds replaced by one space and no space around it.
struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

/// A request (status 0) or a response.
struct TextMessage {
  std::string version;  ///< "RTSP/1.0", "RTSP/2.0", "SIP/2.0"
  std::string method;   ///< of a request
  std::string uri;      ///< of a request
  unsigned status = 0;  ///< of a response, 100 to 699
  std::string reason;   ///< of a response
  std::vector<Header> headers;
  std::string body;  ///< octets, of any kind

  bool is_request() const { return status == 0; }
  bool is_rtsp() const { return version.starts_with("RTSP/"); }
  bool is_sip() const { return version.starts_with("SIP/"); }

  /// The value of the first header of that name, in any case. SIP's one-letter names are not looked for.
  std::optional<std::string_view> header(std::string_view name) const;
  /// The values of all headers of that name.
  std::vector<std::string_view> header_values(std::string_view name) const;

  /// The message with CRLF line ends. A Content-Length header is put right, or added where there is a body.
  std::string to_text() const;
  friend bool operator==(const TextMessage&, const TextMessage&) = default;
};

/// A message read from text, and what of the text it took.
struct ReadMessage {
  TextMessage message;
  std::size_t consumed = 0;
  std::vector<std::string> diagnostics;
};

/// Whether `text` begins with a start line of RTSP or SIP.
bool starts_text_message(std::string_view text);

/// Reads the message at the beginning of `text`. Line ends may be CRLF, LF or CR; headers may be folded.
/// Without Content-Length an RTSP message has no body, and a SIP message has the rest. Tolerant reading takes
/// a message that ends before its body does, or in its headers, and says so. The offset of an error is the
/// line that broke it, 0 for the start line; of a bad Content-Length, the end of the headers.
Result<ReadMessage> read_text_message(std::string_view text, Reading reading = Reading::strict);

/// Reads headers until the empty line or the end of the text, as of a MIME part.
Result<std::vector<Header>> read_headers(std::string_view text);

}  // namespace mikey::bind
