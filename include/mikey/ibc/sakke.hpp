/// \file
/// SAKKE, Sakai-Kasahara key encryption (RFC 6508) with parameter set 1 of RFC 6509 Appendix A.
///
/// Identifiers are octet strings (RFC 6509 3.2 says how they are made); where they serve as integers they are
/// read big-endian and reduced modulo q. All functions may be called from several threads; the objects are
/// immutable and cheap to copy.
#pragma once

#include <memory>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/rng.hpp"
#include "mikey/base/secret.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::ibc {

using Ssv = Secret<struct SsvTag>;                              ///< Shared Secret Value, 16 octets
using Rsk = Secret<struct RskTag>;                              ///< Receiver Secret Key K_(a,T), 257 octets
using SakkeMasterSecret = Secret<struct SakkeMasterSecretTag>;  ///< z_T, up to 128 octets, big-endian

namespace sakke {

inline constexpr std::size_t kElementSize = 128;                         ///< L: an element of F_p
inline constexpr std::size_t kPointSize = 257;                           ///< 04 || x || y
inline constexpr std::size_t kSsvSize = 16;                              ///< n / 8
inline constexpr std::size_t kEncapsulatedSize = kPointSize + kSsvSize;  ///< R || H

/// HashToIntegerRange(s, n, hash), RFC 6508 5.1: an integer below `n` (big-endian, any length, not zero), as
/// many octets as `n` has. `n` is public.
Result<SecretBytes> hash_to_integer_range(const crypto::Provider& provider, ByteView s, ByteView n,
                                          crypto::Hash hash = crypto::Hash::sha256);

/// A fresh z_T in 2 .. q-1 (RFC 6508 6.1) from the draw "SAKKE z" of 136 octets: 2 + draw mod (q - 2).
Result<SakkeMasterSecret> generate_master_secret(Rng& rng);

/// Z_T = [z_T]P as kPointSize octets. ErrorCode::bad_request when z_T is not in 2 .. q-1.
Result<Bytes> kms_public_key(const SakkeMasterSecret& z);

/// K_(a,T) = [(a + z_T)^-1]P (RFC 6508 6.1.1). ErrorCode::bad_request when z_T is out of range or a + z_T =
/// 0.
Result<Rsk> extract_rsk(const SakkeMasterSecret& z, ByteView id);

/// Z_T of a KMS, checked, with a table of its multiples (1.3 MB).
class KmsPublicKey {
 public:
  /// From 04 || x || y. ErrorCode::bad_request when it is no point of order q (RFC 6508 6.1).
  static Result<KmsPublicKey> load(ByteView z_t);
  const Bytes& octets() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// RFC 6508 6.1.2: <[a]P + Z, K> = g, and K of order q. ErrorCode::bad_request otherwise.
Status validate_rsk(const KmsPublicKey& kms, ByteView id, const Rsk& rsk);

/// A receiver a sender writes to more than once: [b]P + Z with a table of its multiples (1.3 MB).
class KnownReceiver {
 public:
  /// ErrorCode::bad_request when [b]P + Z is infinity.
  static Result<KnownReceiver> prepare(const KmsPublicKey& kms, ByteView id);

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// What a receiver keeps beside its key.
enum class Tables : std::uint8_t {
  none,  ///< nothing: a decapsulation costs a whole pairing
  own,   ///< the functions of the pairing with its RSK (420 KB, secret, wiped) and multiples of [b]P + Z (1.3
         ///< MB)
};

/// One's own RSK, validated.
class ReceiverKey {
 public:
  /// As validate_rsk().
  static Result<ReceiverKey> load(const KmsPublicKey& kms, ByteView id, const Rsk& rsk,
                                  Tables tables = Tables::own);
  ByteView id() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// Encapsulated Data R || H of `ssv` (RFC 6508 6.2.1), kEncapsulatedSize octets. ErrorCode::bad_request when
/// the SSV has not kSsvSize octets.
Result<Bytes> encapsulate(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id,
                          const Ssv& ssv);
Result<Bytes> encapsulate(const crypto::Provider& provider, const KnownReceiver& receiver, const Ssv& ssv);

/// A fresh SSV: the draw "SSV" of kSsvSize octets.
Result<Ssv> generate_ssv(Rng& rng);

/// RFC 6508 6.2.2. ErrorCode::unspecified when the data have a wrong length or form, R is not on the curve or
/// TEST is another point than R; the comparison is of whole points, so that R must have order q.
Result<Ssv> decapsulate(const crypto::Provider& provider, const ReceiverKey& key, ByteView encapsulated);

}  // namespace sakke
}  // namespace mikey::ibc
