#include "pem.hpp"

#include <string>

namespace mikey::cmd {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";

bool fits(std::string_view found, std::string_view label) {
  return found == label || (found.ends_with(label) && found[found.size() - label.size() - 1] == ' ');
}

std::optional<SecretBytes> decode(std::string_view body) {
  SecretBytes text(body.size());
  std::size_t n = 0;
  for (const char c : body)
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t')
      text.reveal_mutable()[n++] = static_cast<std::uint8_t>(c);
  text.truncate(n);
  auto octets = from_base64(as_text(text.reveal()));
  if (!octets || octets->empty()) return std::nullopt;
  SecretBytes out{ByteView(*octets)};
  wipe(*octets);
  return out;
}

}  // namespace

std::optional<std::vector<SecretBytes>> pem_blocks(std::string_view text, std::string_view label) {
  std::vector<SecretBytes> out;
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    const std::size_t name_end = text.find(kDashes, at);
    if (name_end == std::string_view::npos) return std::nullopt;
    const std::string_view found = text.substr(at, name_end - at);
    const std::string end = "-----END " + std::string(found) + "-----";
    const std::size_t body = name_end + kDashes.size();
    const std::size_t body_end = text.find(end, body);
    if (body_end == std::string_view::npos) return std::nullopt;
    at = body_end + end.size();
    if (!fits(found, label)) continue;
    auto octets = decode(text.substr(body, body_end - body));
    if (!octets) return std::nullopt;
    out.push_back(std::move(*octets));
  }
  return out;
}

}  // namespace mikey::cmd
