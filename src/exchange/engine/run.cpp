#include "exchange/engine/run.hpp"

namespace mikey::engine {

Result<std::optional<std::string>> CertificateFetch::next(const wire::Message& m) const {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::cert) continue;
    const auto c = m.get<wire::Cert>(s);
    if (c.type != CertType::x509v3_url) continue;
    std::string url(as_text(c.data));
    if (known_.contains(url)) continue;
    if (known_.size() >= kMaxUrls || url.size() > kMaxUrl)
      return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7",
                         "too many certificate URLs, or one that is too long", s.offset);
    return std::optional(std::move(url));
  }
  return std::optional<std::string>();
}

}  // namespace mikey::engine
