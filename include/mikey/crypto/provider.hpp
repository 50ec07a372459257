/// \file
/// What MIKEY needs of classical symmetric cryptography, behind one interface.
#pragma once

#include <memory>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/rng.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::crypto {

enum class Hash : std::uint8_t { sha1, sha256, sha384, sha512, sha224 };

/// Output size in octets: 20, 32, 48, 64, 28.
constexpr std::size_t hash_size(Hash h) {
  switch (h) {
    case Hash::sha1:
      return 20;
    case Hash::sha256:
      return 32;
    case Hash::sha384:
      return 48;
    case Hash::sha512:
      return 64;
    case Hash::sha224:
      return 28;
  }
  return 0;
}

/// Symmetric primitives. Implementations are stateless and may be used from several threads at once. Every
/// call fails with ErrorCode::crypto when the underlying library does, and with ErrorCode::bad_request on
/// lengths it cannot take.
class Provider {
 public:
  virtual ~Provider() = default;

  /// Hash of the concatenated parts. `out` must have hash_size(h) octets.
  virtual Status hash(Hash h, std::span<const ByteView> parts, MutableBytes out) const = 0;

  /// HMAC (RFC 2104) of the concatenated parts. `out` may be shorter than the hash: it gets the leading
  /// octets.
  virtual Status hmac(Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) const = 0;

  /// P (s, label, m) of RFC 3830 4.1.2 on HMAC with hash `h`: fills `out` with the leading octets of
  /// HMAC (s, A_1 || label) || HMAC (s, A_2 || label) || ..., A_i = HMAC (s, A_(i-1)), A_0 = label. Made of
  /// hmac() here; an implementation that can keep a keyed HMAC should override it, as one key serves every
  /// call.
  virtual Status p_hash(Hash h, ByteView key, ByteView label, MutableBytes out) const;

  /// AES in counter mode with a 16-octet initial counter block, incremented modulo 2^128 (RFC 3711 4.1.1 with
  /// the block given). Key of 16, 24 or 32 octets; `out` as long as `in`; both may be the same octets.
  virtual Status aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const = 0;

  /// AES-GCM (NIST SP 800-38D) with an IV of 1 to 1024 octets, of any length, and a tag of 16 octets. Key of
  /// 16, 24 or 32 octets. The result is the ciphertext and, behind it, the tag.
  virtual Result<Bytes> aes_gcm_seal(ByteView key, ByteView iv, ByteView aad, ByteView plain) const = 0;

  /// The reverse. ErrorCode::auth_failure when the tag does not match, or there is not even a tag.
  virtual Result<SecretBytes> aes_gcm_open(ByteView key, ByteView iv, ByteView aad,
                                           ByteView sealed) const = 0;

  /// RFC 3394 key wrap with the 8-octet initial value `iv`. `plain`: a multiple of 8 octets, at least 16. The
  /// result is 8 octets longer.
  virtual Result<Bytes> aes_wrap(ByteView kek, ByteView iv, ByteView plain) const = 0;

  /// The reverse. ErrorCode::auth_failure when the integrity check fails.
  virtual Result<SecretBytes> aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const = 0;

  /// RFC 5649 key wrap with padding: `plain` of any length from 1 octet. The result has the next multiple of
  /// 8 octets and 8 more.
  virtual Result<Bytes> aes_wrap_padded(ByteView kek, ByteView plain) const = 0;

  /// The reverse. ErrorCode::auth_failure when the integrity check fails, the padding is not zero or the
  /// length is none that wrapped keys have.
  virtual Result<SecretBytes> aes_unwrap_padded(ByteView kek, ByteView wrapped) const = 0;
};

/// The provider on OpenSSL's libcrypto. Lives as long as the program.
const Provider& openssl();

/// A generator on OpenSSL's RAND_priv_bytes. One per thread, or locked by its owner.
std::unique_ptr<Rng> openssl_rng();

}  // namespace mikey::crypto
