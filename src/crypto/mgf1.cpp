#include "crypto/mgf1.hpp"

#include <array>

namespace mikey::crypto::detail {

Status mgf1_xor(Hash h, ByteView seed, MutableBytes data) {
  SecretBytes block(hash_size(h));
  std::array<std::uint8_t, 4> counter{};
  for (std::uint32_t i = 0; !data.empty(); ++i) {
    store_be(counter.data(), i);
    const std::array<ByteView, 2> parts{seed, counter};
    if (auto s = openssl().hash(h, parts, block.reveal_mutable()); !s) return s;
    const ByteView mask = block.reveal();
    const std::size_t n = std::min(data.size(), mask.size());
    for (std::size_t j = 0; j < n; ++j) data[j] = static_cast<std::uint8_t>(data[j] ^ mask[j]);
    data = data.subspan(n);
  }
  return {};
}

}  // namespace mikey::crypto::detail
