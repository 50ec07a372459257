#include "mikey/crypto/prf.hpp"

#include <algorithm>
#include <array>

namespace mikey::crypto {
namespace {

/// P of RFC 3830 4.1.2 with one 256-bit (or shorter) block of the key, XORed into `out`.
Status xor_p(const Provider& provider, Hash h, ByteView block, ByteView label, MutableBytes out) {
  const std::size_t n = hash_size(h);
  std::array<std::uint8_t, 32> a{};
  std::array<std::uint8_t, 32> piece{};
  const MutableBytes a_i(a.data(), n);
  const std::array<ByteView, 1> seed{label};
  Status s = provider.hmac(h, block, seed, a_i);  // A_1
  for (std::size_t at = 0; s.ok() && at < out.size(); at += n) {
    const std::array<ByteView, 2> parts{a_i, label};
    const std::size_t m = std::min(n, out.size() - at);
    s = provider.hmac(h, block, parts, MutableBytes(piece.data(), m));
    for (std::size_t i = 0; i < m; ++i) out[at + i] ^= piece[i];
    if (s.ok() && at + n < out.size()) {
      const std::array<ByteView, 1> last{a_i};
      s = provider.hmac(h, block, last, a_i);
    }
  }
  wipe(a);
  wipe(piece);
  return s;
}

}  // namespace

Status prf(const Provider& provider, PrfFunc f, ByteView inkey, ByteView label, MutableBytes out) {
  if (!known(f)) return bad_message(ErrorCode::invalid_prf, "RFC 3830 4.1.2", "unknown PRF function");
  if (inkey.empty()) return bad_request("the PRF needs a key", "RFC 3830 4.1.2");
  const Hash h = f == PrfFunc::mikey_1 ? Hash::sha1 : Hash::sha256;
  std::ranges::fill(out, std::uint8_t{0});
  constexpr std::size_t kBlock = 32;
  for (std::size_t at = 0; at < inkey.size(); at += kBlock) {
    const ByteView block = inkey.subspan(at, std::min(kBlock, inkey.size() - at));
    if (auto s = xor_p(provider, h, block, label, out); !s) {
      wipe(out);
      return s;
    }
  }
  return {};
}

}  // namespace mikey::crypto
