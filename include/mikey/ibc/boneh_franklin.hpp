/// \file
/// Boneh-Franklin identity-based encryption (RFC 5091 section 5, FullIdent) on type-1 curves y^2 = x^3 + 1,
/// with the DER forms of its section 8.
#pragma once

#include <memory>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/rng.hpp"
#include "mikey/base/secret.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::ibc {

using BfMasterSecret = Secret<struct BfMasterSecretTag>;  ///< s, big-endian
using BfPrivateKey = Secret<struct BfPrivateKeyTag>;      ///< S_id as x || y, twice the size of p
using BfPlaintext = Secret<struct BfPlaintextTag>;        ///< m of a decryption

namespace bf {

/// RFC 5091 5.1.2: n, the security of an RSA modulus of that many bits.
enum class Level : std::uint16_t { n1024 = 1024, n2048 = 2048, n3072 = 3072, n7680 = 7680, n15360 = 15360 };

/// Coordinates, big-endian. Those this library makes have as many octets as p.
struct Point {
  Bytes x;
  Bytes y;
  friend bool operator==(const Point&, const Point&) = default;
};

/// (U, V, W) of RFC 5091 5.4.1.
struct Ciphertext {
  Point u;
  Bytes v;  ///< hashlen octets
  Bytes w;  ///< as many octets as the plaintext
  friend bool operator==(const Ciphertext&, const Ciphertext&) = default;
};

/// (p, q, P, P_pub, hashfcn), checked. Immutable, cheap to copy, for any number of threads.
class PublicParameters {
 public:
  /// ErrorCode::bad_request unless p and q are primes (up to 7680 and 512 bits; a composite passes with
  /// probability below 4^-8) with p = 11 modulo 12 and 12 q | p + 1, and both points have order q.
  static Result<PublicParameters> load(const crypto::Provider& provider, ByteView p, ByteView q,
                                       const Point& point_p, const Point& point_p_pub, crypto::Hash hash);
  /// BFPublicParameters (RFC 5091 8), version 2.
  static Result<PublicParameters> from_der(const crypto::Provider& provider, ByteView der);
  Bytes to_der() const;

  const Bytes& p() const;
  const Bytes& q() const;
  const Point& point_p() const;
  const Point& point_p_pub() const;
  crypto::Hash hash() const;
  std::size_t element_size() const { return p().size(); }  ///< Ceiling(lg(p) / 8)

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

struct Setup {
  PublicParameters parameters;
  BfMasterSecret master_secret;
};

/// BFsetup1 (RFC 5091 5.1.2). Draws, each 8 octets longer than the number it becomes and reduced: "BF q"
/// (which Solinas prime to start looking from), "BF r" until p = 12 r q - 1 is prime, "BF y" (a point), "BF
/// s". Takes milliseconds at n1024 and up to minutes at n15360.
Result<Setup> setup(const crypto::Provider& provider, Rng& rng, Level level);

/// Q_id (5.2.1), a point of order q. ErrorCode::bad_request for the one string in q that hashes to infinity.
Result<Point> derive_public_key(const crypto::Provider& provider, const PublicParameters& parameters,
                                ByteView id);

/// S_id = [s]Q_id (5.3.1). ErrorCode::bad_request when s is not in 2 .. q-1.
Result<BfPrivateKey> extract(const crypto::Provider& provider, const PublicParameters& parameters,
                             const BfMasterSecret& s, ByteView id);

/// That s is in 2 .. q-1 and P_pub = [s]P. ErrorCode::bad_request otherwise.
Status check_master_secret(const PublicParameters& parameters, const BfMasterSecret& s);

/// Whether a key received belongs to `id`: S_id has order q and e'(S_id, P) = e'(Q_id, P_pub).
/// ErrorCode::bad_request otherwise.
Status validate_private_key(const crypto::Provider& provider, const PublicParameters& parameters, ByteView id,
                            const BfPrivateKey& key);

/// BFencrypt (5.4.1) with rho from the draw "rho" of hashlen octets.
Result<Ciphertext> encrypt(const crypto::Provider& provider, Rng& rng, const PublicParameters& parameters,
                           ByteView id, ByteView message);

/// BFdecrypt (5.5.1). ErrorCode::unspecified when U is no point of order q, V has another length, or U is not
/// [l]P.
Result<BfPlaintext> decrypt(const crypto::Provider& provider, const PublicParameters& parameters,
                            const BfPrivateKey& key, const Ciphertext& ciphertext);

/// BFPrivateKeyBlock and BFCiphertextBlock (RFC 5091 8). Reading is strict DER: ErrorCode::bad_request for
/// anything else, trailing octets included; lengths are those of the parameters for a key.
SecretBytes private_key_to_der(const PublicParameters& parameters, const BfPrivateKey& key);
Result<BfPrivateKey> private_key_from_der(const PublicParameters& parameters, ByteView der);
Bytes ciphertext_to_der(const Ciphertext& ciphertext);
Result<Ciphertext> ciphertext_from_der(ByteView der);

}  // namespace bf
}  // namespace mikey::ibc
