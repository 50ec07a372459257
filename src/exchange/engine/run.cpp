#include "exchange/engine/run.hpp"

#include <algorithm>

namespace mikey::engine {
namespace {

/// scheme "://" and something after it, in printable ASCII (RFC 3986 3).
bool is_url(std::string_view s) {
  const std::size_t colon = s.find("://");
  const auto graphic = [](char c) { return c > ' ' && c < 0x7F; };
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return colon != std::string_view::npos && colon > 0 && s.size() > colon + 3 && letter(s[0]) &&
         std::ranges::all_of(s, graphic);
}

}  // namespace

Result<std::optional<std::string>> CertificateFetch::next(const wire::Message& m) const {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::cert) continue;
    const auto c = m.get<wire::Cert>(s);
    if (c.type != CertType::x509v3_url) continue;
    std::string url(as_text(c.data));
    if (known_.contains(url)) continue;
    if (!is_url(url))
      return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7", "a certificate URL is no URL", s.offset);
    if (known_.size() >= kMaxUrls || url.size() > kMaxUrl)
      return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7",
                         "too many certificate URLs, or one that is too long", s.offset);
    return std::optional(std::move(url));
  }
  return std::optional<std::string>();
}

}  // namespace mikey::engine
