/// \file
/// HTTP/1.1 responses as octets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kms/http/worker.hpp"

namespace mikey::kms::http {

inline constexpr std::string_view kMikeyType = "application/mikey";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

struct Response {
  unsigned status = 200;
  std::string_view content_type = kTextType;
  ByteView body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool close = false;
  bool keep_alive = false;  ///< to be said, as HTTP/1.0 does not assume it
  bool head_only = false;   ///< the answer to HEAD
};

/// Whether two words are the same but for the case of ASCII letters. (Beast's iequals, of Boost 1.74, reads
/// an octet beyond words that differ.)
bool same_token(std::string_view a, std::string_view b);

std::string_view reason_of(unsigned status);

/// The head and the body in one piece.
SecretBytes response_octets(const Response& r, const std::string& date);

/// The response to a MIKEY message. `text` keeps the body when it is none of the verdict's.
Response response_to(const Verdict& v, std::string& text);

/// Whether a Content-Type means MIKEY (RFC 4567's registration: the parameter `version` is 1 when it is
/// missing).
bool is_mikey_type(std::string_view content_type);

}  // namespace mikey::kms::http
