/// \file
/// ECCSI, certificateless signatures (RFC 6507) over NIST P-256 with SHA-256, as RFC 6509 2.1.1 uses it.
///
/// Objects are immutable, cheap to copy, and may be used from several threads.
#pragma once

#include <memory>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/rng.hpp"
#include "mikey/base/secret.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::ibc {

using Ksak = Secret<struct KsakTag>;  ///< KMS Secret Authentication Key, up to 32 octets, big-endian
using Ssk = Secret<struct SskTag>;    ///< Secret Signing Key, 32 octets, big-endian

namespace eccsi {

inline constexpr std::size_t kScalarSize = 32;                               ///< N: integers and hash values
inline constexpr std::size_t kPointSize = 65;                                ///< 04 || x || y
inline constexpr std::size_t kSignatureSize = 2 * kScalarSize + kPointSize;  ///< r || s || PVT

/// A fresh KSAK in 1 .. q-1 (RFC 6507 4.2) from the draw "ECCSI KSAK" of 40 octets: 1 + draw mod (q - 1).
Result<Ksak> generate_ksak(Rng& rng);

/// KPAK = [KSAK]G as kPointSize octets. ErrorCode::bad_request when the KSAK is not in 1 .. q-1.
Result<Bytes> kms_public_key(const Ksak& ksak);

/// KPAK of a KMS, checked, with a table of its multiples (88 KB).
class KmsPublicKey {
 public:
  /// From 04 || x || y. ErrorCode::bad_request when it is not on the curve (RFC 6507 4.2).
  static Result<KmsPublicKey> load(ByteView kpak);
  const Bytes& octets() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// What a KMS gives a signer.
struct SigningPair {
  Ssk ssk;
  Bytes pvt;  ///< Public Validation Token, kPointSize octets
};

/// RFC 6507 5.1.1 with v = 1 + draw mod (q - 1), draw "ECCSI v" of 40 octets. ErrorCode::bad_request when the
/// KSAK is out of range or does not belong to `kms`; crypto when SSK or HS is zero (try again).
Result<SigningPair> issue(const crypto::Provider& provider, Rng& rng, const Ksak& ksak,
                          const KmsPublicKey& kms, ByteView id);

/// RFC 6507 5.1.2: KPAK = [SSK]G - [HS]PVT. ErrorCode::bad_request otherwise.
Status validate_pair(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id, const Ssk& ssk,
                     ByteView pvt);

/// One's own signing key, validated, with its HS.
class SigningKey {
 public:
  /// As validate_pair().
  static Result<SigningKey> load(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id,
                                 const Ssk& ssk, ByteView pvt);
  ByteView pvt() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// r || s || PVT over `message` (RFC 6507 5.2.1), with j = 1 + draw mod (q - 1), draw "ECCSI j" of 40 octets.
Result<Bytes> sign(const crypto::Provider& provider, Rng& rng, const SigningKey& key, ByteView message);

/// RFC 6507 5.2.2. ErrorCode::auth_failure when the signature has another length, its PVT is not on the curve
/// or it does not verify. Takes time that depends on its (public) arguments.
Status verify(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id, ByteView message,
              ByteView signature);

/// A signer whose signatures are expected again: HS and a table of multiples of [HS]PVT + KPAK (88 KB). It
/// says nothing about who holds the key: that is what each signature shows.
class KnownSigner {
 public:
  /// ErrorCode::auth_failure when the PVT is not on the curve.
  static Result<KnownSigner> prepare(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id,
                                     ByteView pvt);
  ByteView pvt() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// The PVT a signature carries; empty when its length is wrong. What KnownSigners are looked up by.
ByteView pvt_of(ByteView signature);

/// As the other verify(); a signature with another PVT than the signer's is refused.
Status verify(const crypto::Provider& provider, const KnownSigner& signer, ByteView message,
              ByteView signature);

}  // namespace eccsi
}  // namespace mikey::ibc
