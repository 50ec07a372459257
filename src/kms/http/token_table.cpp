#include "mikey/kms/key_service.hpp"

namespace mikey::kms {
namespace {

constexpr std::size_t kLeastToken = 16;
constexpr std::size_t kMostToken = 1024;

/// b64token of RFC 6750 2.1.
bool is_token(std::string_view t) {
  while (t.ends_with('=')) t.remove_suffix(1);
  return !t.empty() && std::ranges::all_of(t, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t first = s.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Result<TokenTable::Digest> TokenTable::digest(std::string_view token) const {
  Digest out{};
  const std::array<ByteView, 1> parts{as_bytes(token)};
  if (auto s = provider_->hmac(crypto::Hash::sha256, key_.reveal(), parts, out); !s)
    return std::move(s).error();
  return out;
}

Result<TokenTable> TokenTable::parse(const crypto::Provider& provider, Rng& rng, std::string_view text) {
  TokenTable table(provider);
  auto key = rng.secret(32, "token table key");
  if (!key) return std::move(key).error();
  table.key_ = std::move(*key);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const auto bad = [&](const char* why) {
      return bad_request("line " + std::to_string(number) + ": " + why);
    };
    const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view token = line.substr(0, space);
    const std::string_view identity = trimmed(line.substr(space));
    if (token.size() < kLeastToken || token.size() > kMostToken || !is_token(token))
      return bad("expected a token of 16 to 1024 letters, digits and -._~+/ (RFC 6750 2.1)");
    if (identity.empty() || identity.find_first_of(" \t") != std::string_view::npos)
      return bad("expected one identity behind the token");
    auto d = table.digest(token);
    if (!d) return std::move(d).error();
    if (!table.identities_.emplace(*d, identity).second) return bad("the token stands there twice");
  }
  return table;
}

std::optional<std::string> TokenTable::identity_of(std::string_view token) const {
  // The order of digests under a key that nobody knows tells nothing of tokens.
  const auto d = digest(token);
  if (!d) return std::nullopt;
  const auto it = identities_.find(*d);
  if (it == identities_.end() || !ct_equal(it->first, *d)) return std::nullopt;
  return it->second;
}

}  // namespace mikey::kms
