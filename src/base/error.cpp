#include "mikey/base/error.hpp"

#include <array>

namespace mikey {

std::string_view error_name(ErrorCode code) {
  static constexpr std::array<std::string_view, 16> kNames = {"Auth failure",      "Invalid TS",
                                                              "Invalid PRF",       "Invalid MAC",
                                                              "Invalid EA",        "Invalid HA",
                                                              "Invalid DH",        "Invalid ID",
                                                              "Invalid Cert",      "Invalid SP",
                                                              "Invalid SPpar",     "Invalid DT",
                                                              "Unspecified error", "Unsupported message type",
                                                              "Invalid TICKET",    "Invalid TPpar"};
  const auto n = static_cast<std::size_t>(code);
  if (n < kNames.size()) return kNames[n];
  switch (code) {
    case ErrorCode::bad_request:
      return "request";
    case ErrorCode::crypto:
      return "cryptographic provider";
    case ErrorCode::resource:
      return "limit reached";
    default:
      return "unknown error";
  }
}

std::string Error::to_string() const {
  std::string s{error_name(code)};
  if (!detail.empty()) s += ": " + detail;
  const bool has_rfc = *rfc != '\0';
  if (offset || has_rfc) {
    s += " (";
    if (offset) s += "offset " + std::to_string(*offset);
    if (offset && has_rfc) s += ", ";
    s += rfc;
    s += ")";
  }
  return s;
}

}  // namespace mikey
