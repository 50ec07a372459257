#include "kms/xml/key_wrap.hpp"

#include <array>

namespace mikey::kms::xml {
namespace {

constexpr const char* kClause = "TS 33.180 9.3.4.2";
constexpr std::array<std::uint8_t, 8> kInitialValue{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};

}  // namespace

std::vector<const SecurityKey*> candidates(std::span<const SecurityKey> keys, std::string_view id) {
  std::vector<const SecurityKey*> all;
  for (const SecurityKey& k : keys) {
    if (!id.empty() && k.id == id) return {&k};
    all.push_back(&k);
  }
  return all;
}

Result<WrappedKey> wrap_key(const crypto::Provider& provider, const SecurityKey& transport_key, Wrap wrap,
                            ByteView key) {
  if (transport_key.key.size() != kTransportKeySize)
    return bad_request("a transport key (TrK) has 32 octets, not " + std::to_string(transport_key.key.size()),
                       kClause);
  auto octets = wrap == Wrap::rfc3394 ? provider.aes_wrap(transport_key.key.reveal(), kInitialValue, key)
                                      : provider.aes_wrap_padded(transport_key.key.reveal(), key);
  if (!octets) return std::move(octets).error();
  return WrappedKey{wrap, transport_key.id, *std::move(octets)};
}

Result<SecretBytes> unwrap_key(const crypto::Provider& provider, std::span<const SecurityKey> keys,
                               const WrappedKey& wrapped) {
  for (const SecurityKey* k : candidates(keys, wrapped.key_name)) {
    if (k->key.size() != kTransportKeySize) continue;  // an InK, perhaps
    if (auto padded = provider.aes_unwrap_padded(k->key.reveal(), wrapped.octets)) return padded;
    if (wrapped.wrap == Wrap::rfc5649) continue;
    if (auto plain = provider.aes_unwrap(k->key.reveal(), kInitialValue, wrapped.octets)) return plain;
  }
  return bad_message(ErrorCode::auth_failure, kClause, "none of the transport keys (TrK) opens it");
}

}  // namespace mikey::kms::xml
