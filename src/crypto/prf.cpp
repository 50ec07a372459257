#include "mikey/crypto/prf.hpp"

namespace mikey::crypto {
namespace {

// RFC 3830 4.1.2: s_1 ... s_n have 256 bits each but the last. RFC 6043 6.1 replaces the HMAC and the value
// 160 only, so the blocks of the key stay what they are.
constexpr std::size_t kKeyBlock = 32;

Result<Hash> hash_of(PrfFunc f) {
  switch (f) {
    case PrfFunc::mikey_1:
      return Hash::sha1;
    case PrfFunc::hmac_sha_256:
      return Hash::sha256;
  }
  return bad_message(ErrorCode::invalid_prf, "RFC 3830 6.1",
                     "no PRF function " + std::to_string(static_cast<unsigned>(f)));
}

}  // namespace

Status prf(const Provider& provider, PrfFunc f, ByteView inkey, ByteView label, MutableBytes out) {
  const auto h = hash_of(f);
  if (!h) return h.error();
  if (inkey.empty()) return bad_request("the PRF needs a key", "RFC 3830 4.1.2");

  ByteView s_i = inkey.first(std::min(inkey.size(), kKeyBlock));
  if (auto s = provider.p_hash(*h, s_i, label, out); !s) return s;
  if (inkey.size() <= kKeyBlock) return {};

  SecretBytes p(out.size());
  for (inkey = inkey.subspan(kKeyBlock); !inkey.empty(); inkey = inkey.subspan(s_i.size())) {
    s_i = inkey.first(std::min(inkey.size(), kKeyBlock));
    if (auto s = provider.p_hash(*h, s_i, label, p.reveal_mutable()); !s) return s;
    const ByteView more = p.reveal();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(out[i] ^ more[i]);
  }
  return {};
}

}  // namespace mikey::crypto
