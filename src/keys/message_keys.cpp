#include "mikey/keys/message_keys.hpp"

#include <array>

namespace mikey::keys {
namespace {

constexpr std::size_t kCmSalt = 14;                   // 112 bits, RFC 3830 4.2.3
constexpr std::size_t kKwIv = 8;                      // 64 bits
constexpr std::size_t kCmMax = std::size_t{1} << 20;  // 2^23 bits: the counter has 16 bits (RFC 3830 4.2.3)

}  // namespace

std::optional<std::size_t> mac_size(MacAlg alg) {
  switch (alg) {
    case MacAlg::null:
      return 0;
    case MacAlg::hmac_sha_1_160:
      return 20;
    case MacAlg::hmac_sha_256_256:
      return 32;
  }
  return std::nullopt;
}

MessageKeys::MessageKeys(const crypto::Provider& provider, PrfFunc prf, ByteView key, std::uint32_t csb_id,
                         ByteView context)
    : provider_(provider), prf_(prf), key_(key), csb_id_(csb_id), context_(to_bytes(context)) {}

Result<SecretBytes> MessageKeys::derived(Derivation what, std::size_t size) const {
  SecretBytes out(size);
  auto s =
      derive(provider_, prf_, key_.reveal(), what, kMessageCsId, csb_id_, context_, out.reveal_mutable());
  if (!s) return std::move(s).error();
  return out;
}

Status MessageKeys::mac(MacAlg alg, std::span<const ByteView> parts, MutableBytes out) const {
  const auto n = mac_size(alg);
  if (!n) return bad_message(ErrorCode::invalid_mac, "RFC 3830 6.2", "unknown MAC algorithm");
  if (out.size() != *n) return bad_request("MAC: wrong length of the output", "RFC 3830 4.2.4");
  if (*n == 0) return {};
  if (auth_key_.size() != *n) {  // the authentication key is as long as the MAC
    auto k = derived(Derivation::message_auth_key, *n);
    if (!k) return std::move(k).error();
    auth_key_ = std::move(*k);
  }
  const auto hash = alg == MacAlg::hmac_sha_1_160 ? crypto::Hash::sha1 : crypto::Hash::sha256;
  return provider_.hmac(hash, auth_key_.reveal(), parts, out);
}

Status MessageKeys::verify(MacAlg alg, std::span<const ByteView> parts, ByteView mac_received) const {
  std::array<std::uint8_t, 32> room{};
  const MutableBytes expected = MutableBytes(room).first(mac_size(alg).value_or(0));
  Status s = mac(alg, parts, expected);
  const bool same = ct_equal(expected, mac_received);
  wipe(room);
  if (!s) return s;
  if (!same) return bad_message(ErrorCode::auth_failure, "RFC 3830 5.2", "the MAC does not match");
  return {};
}

Result<MessageKeys::CipherKeys> MessageKeys::cipher_keys(EncrAlg alg) const {
  auto key = derived(Derivation::message_encr_key, alg == EncrAlg::aes_cm_256 ? 32 : 16);
  if (!key) return std::move(key).error();
  auto salt = derived(Derivation::message_salt_key, alg == EncrAlg::aes_kw_128 ? kKwIv : kCmSalt);
  if (!salt) return std::move(salt).error();
  return CipherKeys{std::move(*key), std::move(*salt)};
}

/// IV = (S XOR (0x0000 || CSB ID || T)) || 0x0000 (RFC 3830 4.2.3).
Status MessageKeys::aes_cm(EncrAlg alg, ByteView t, ByteView in, MutableBytes out) const {
  if (t.size() != 8) return bad_request("AES-CM: the timestamp has 8 octets", "RFC 3830 4.2.3");
  if (in.size() > kCmMax) return bad_request("AES-CM: more than 2^20 octets", "RFC 3830 4.2.3");
  auto k = cipher_keys(alg);
  if (!k) return std::move(k).error();
  std::array<std::uint8_t, 16> iv{};
  store_be(iv.data() + 2, csb_id_);
  std::copy(t.begin(), t.end(), iv.begin() + 6);
  for (std::size_t i = 0; i < kCmSalt; ++i) iv[i] ^= k->salt.reveal()[i];
  Status s = provider_.aes_ctr(k->key.reveal(), iv, in, out);
  wipe(iv);
  return s;
}

Result<Bytes> MessageKeys::seal(EncrAlg alg, ByteView t, ByteView plain) const {
  if (plain.empty() || alg == EncrAlg::null) return to_bytes(plain);
  switch (alg) {
    case EncrAlg::aes_cm_128:
    case EncrAlg::aes_cm_256: {
      Bytes out(plain.size());
      if (auto s = aes_cm(alg, t, plain, out); !s) return std::move(s).error();
      return out;
    }
    case EncrAlg::aes_kw_128: {
      auto k = cipher_keys(alg);
      if (!k) return std::move(k).error();
      SecretBytes padded(std::max<std::size_t>(16, (plain.size() + 7) / 8 * 8));
      std::ranges::copy(plain, padded.reveal_mutable().begin());
      return provider_.aes_wrap(k->key.reveal(), k->salt.reveal(), padded.reveal());
    }
    default:
      return bad_message(ErrorCode::invalid_ea, "RFC 3830 6.2", "unknown encryption algorithm");
  }
}

Result<SecretBytes> MessageKeys::open(EncrAlg alg, ByteView t, ByteView sealed) const {
  if (sealed.empty() || alg == EncrAlg::null) return SecretBytes(sealed);
  switch (alg) {
    case EncrAlg::aes_cm_128:
    case EncrAlg::aes_cm_256: {
      SecretBytes out(sealed.size());
      if (auto s = aes_cm(alg, t, sealed, out.reveal_mutable()); !s) return std::move(s).error();
      return out;
    }
    case EncrAlg::aes_kw_128: {
      auto k = cipher_keys(alg);
      if (!k) return std::move(k).error();
      return provider_.aes_unwrap(k->key.reveal(), k->salt.reveal(), sealed);
    }
    default:
      return bad_message(ErrorCode::invalid_ea, "RFC 3830 6.2", "unknown encryption algorithm");
  }
}

}  // namespace mikey::keys
