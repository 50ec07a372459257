#include "mikey/crypto/provider.hpp"

#include <array>

namespace mikey::crypto {

Status Provider::p_hash(Hash h, ByteView key, ByteView label, MutableBytes out) const {
  if (out.empty()) return {};
  SecretBytes a(hash_size(h));  // A_i
  const std::array<ByteView, 1> first{label};
  if (auto s = hmac(h, key, first, a.reveal_mutable()); !s) return s;
  for (;;) {
    const std::size_t n = std::min(out.size(), a.size());
    const std::array<ByteView, 2> block{a.reveal(), label};
    if (auto s = hmac(h, key, block, out.first(n)); !s) return s;
    out = out.subspan(n);
    if (out.empty()) return {};
    SecretBytes next(a.size());
    const std::array<ByteView, 1> previous{a.reveal()};
    if (auto s = hmac(h, key, previous, next.reveal_mutable()); !s) return s;
    a = std::move(next);
  }
}

}  // namespace mikey::crypto
