/// \file
/// The keys that protect a MIKEY message, and what they do (RFC 3830 4.1.4, 4.2.3, 4.2.4).
#pragma once

#include <optional>

#include "mikey/keys/derive.hpp"

namespace mikey::keys {

/// Octets of a MAC, and of the key it takes (RFC 3830 4.2.4, RFC 6043 6.2); nothing for unknown algorithms.
std::optional<std::size_t> mac_size(MacAlg alg);

/// Keys derived from a PSK or an envelope key for one CSB. Each is derived when first needed. Not
/// thread-safe.
class MessageKeys {
 public:
  /// `key`: s, env_key or the key of DHHMAC; it is copied. `context`: what follows the CSB ID in the labels,
  /// in RFC 3830 the RAND. `provider` must outlive this object.
  MessageKeys(const crypto::Provider& provider, PrfFunc prf, ByteView key, std::uint32_t csb_id,
              ByteView context);

  /// MAC over the concatenated parts; `out` must have the algorithm's size (0, 20 or 32 octets).
  Status mac(MacAlg alg, std::span<const ByteView> parts, MutableBytes out) const;
  /// ErrorCode::auth_failure when `mac` is not the MAC of the parts. Takes the same time wherever it differs.
  /// The NULL MAC has no octets and always matches: whether it is allowed is decided elsewhere.
  Status verify(MacAlg alg, std::span<const ByteView> parts, ByteView mac) const;

  /// Encrypts the sub-payloads of a KEMAC. `t`: TS value of the message, 8 octets. For a key wrap, zeros are
  /// added up to a multiple of 8 octets and at least 16. Nothing stays nothing. ErrorCode::invalid_ea for an
  /// unknown algorithm, bad_request for a key wrap or AES-CM of more than 2^20 octets.
  Result<Bytes> seal(EncrAlg alg, ByteView t, ByteView plain) const;
  /// The reverse; padding of a key wrap is still there. ErrorCode::auth_failure when a key wrap fails.
  Result<SecretBytes> open(EncrAlg alg, ByteView t, ByteView sealed) const;

 private:
  struct CipherKeys {
    SecretBytes key;
    SecretBytes salt;
  };
  Result<SecretBytes> derived(Derivation what, std::size_t size) const;
  Result<CipherKeys> cipher_keys(EncrAlg alg) const;
  Status aes_cm(EncrAlg alg, ByteView t, ByteView in, MutableBytes out) const;

  const crypto::Provider& provider_;
  PrfFunc prf_;
  SecretBytes key_;
  std::uint32_t csb_id_;
  Bytes context_;
  mutable SecretBytes auth_key_;  // of the MAC algorithm used last
};

}  // namespace mikey::keys
