/// \file
/// RSA as MIKEY uses it: signatures (RFC 3830 4.2.6) and the transport of envelope keys (RFC 3830 4.2.5).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mikey/base/iana.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {

/// How an envelope key is padded for RSA. No field of PKE says so: RFC 3830 4.2.5 makes PKCS#1 v1.5 mandatory
/// and leaves OAEP (with SHA-1, MGF1-SHA-1 and the empty label) to agreement between the parties.
enum class PkePadding : std::uint8_t { pkcs1_v15, oaep };

/// What is accepted, and sent, as the signature of a message.
struct SignaturePolicy {
  bool allow_sha1 = true;           ///< SHA-1 is the default hash of RFC 3830 4.2.1
  std::size_t min_rsa_bits = 2048;  ///< shorter moduli are refused
  Hash send_hash = Hash::sha1;  ///< what to sign with; any receiver that reads DigestInfo takes SHA-256 too

  /// No SHA-1, RSA of 2048 bits and more, SHA-256 sent.
  static constexpr SignaturePolicy modern() { return {false, 2048, Hash::sha256}; }
};

/// An RSA public key. A shared immutable value, cheap to copy, usable from several threads at once.
class PublicKey {
 public:
  struct Impl;

  /// From a DER or PEM SubjectPublicKeyInfo. RSA of 512 to 8192 bits only: ErrorCode::invalid_cert.
  static Result<PublicKey> from_der(ByteView spki);
  static Result<PublicKey> from_pem(std::string_view pem);

  /// Octets of the modulus: the length of a signature and of encrypted data.
  std::size_t size() const;
  /// Bits of the modulus.
  std::size_t bits() const;
  /// SubjectPublicKeyInfo in DER.
  ByteView der() const;

  /// Checks the signature of a SIGN payload (RFC 3830 6.5) and tells which hash it was made with: SHA-1,
  /// -256, -384 or -512, with PKCS#1 v1.5 (S type 0) or PSS (S type 1: MGF1 on the same hash, salt as long as
  /// the hash). ErrorCode::auth_failure when it does not match, invalid_ha when `policy` refuses its hash,
  /// invalid_cert when it refuses the key, invalid_dt for another S type.
  Result<Hash> verify(SignType type, ByteView message, ByteView signature,
                      const SignaturePolicy& policy = {}) const;

  /// Encrypts an envelope key. Draws "PKCS#1 padding" or "OAEP seed". ErrorCode::bad_request when `plain` is
  /// empty or too long for the key.
  Result<Bytes> encrypt(PkePadding padding, ByteView plain, Rng& rng) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b);

  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// The lengths an envelope key may have, in octets.
struct EnvelopeKeyLengths {
  std::size_t min = 16;
  std::size_t max = 64;
};

/// An RSA private key, wherever it is kept. Implementations are immutable and may be used from several
/// threads at once.
class PrivateKey {
 public:
  virtual ~PrivateKey() = default;

  virtual const PublicKey& public_key() const = 0;

  /// Signs `message`, which is hashed with `hash`. PSS draws "PSS salt". ErrorCode::bad_request for another S
  /// type than rsa_pkcs1_15 and rsa_pss, or a key too short for the hash.
  virtual Result<Bytes> sign(SignType type, Hash hash, ByteView message, Rng& rng) const = 0;

  /// Decrypts an envelope key.
  ///
  /// PKCS#1 v1.5 must not tell anyone whether the padding was right (Bleichenbacher's attack), so it rejects
  /// implicitly: when the padding is wrong, or the length is outside `lengths`, the result is a key of
  /// `lengths.min` octets that depends on the ciphertext and on a secret of this object, found in the same
  /// time. The MAC of the message then fails, as it does under any other wrong key. Callers must not decide
  /// anything by the result before that MAC. ErrorCode::auth_failure only for what the ciphertext shows by
  /// itself: its length, a value not below the modulus. OAEP fails openly, with auth_failure.
  virtual Result<SecretBytes> decrypt(PkePadding padding, ByteView ciphertext,
                                      EnvelopeKeyLengths lengths = {}) const = 0;
};

/// An RSA private key from PEM (PKCS#8, PKCS#1; encrypted when a passphrase is given). ErrorCode::bad_request
/// when there is none, the passphrase is missing or wrong, or the key is not RSA of 512 to 8192 bits.
Result<std::shared_ptr<const PrivateKey>> load_private_key_pem(std::string_view pem,
                                                               std::string_view passphrase = {});

/// A PKCS#11 module (an HSM, a smart card) through OpenSSL's engine "pkcs11" of libp11 (Debian:
/// libengine-pkcs11-openssl). Its keys keep it loaded. One object a module is enough for all keys.
class Pkcs11Module {
 public:
  struct Impl;

  /// `module_path`: the vendor's shared library; `pin`: of the user, empty when the token wants none. Asks
  /// nobody for a PIN. ErrorCode::crypto when the engine or the module does not load.
  static Result<Pkcs11Module> open(const std::string& module_path, std::string_view pin);

  /// The key `uri` names (RFC 7512), e.g. "pkcs11:token=mikey;object=alice;type=private".
  /// ErrorCode::bad_request when there is none. The token must allow RSA on raw blocks (CKM_RSA_X_509) for
  /// decryption and PSS, as the padding is checked here, and CKM_RSA_PKCS for PKCS#1 v1.5 signatures.
  Result<std::shared_ptr<const PrivateKey>> load_private_key(const std::string& uri) const;

  explicit Pkcs11Module(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<Impl> impl_;
};

/// Opens the module and loads the key in one step.
Result<std::shared_ptr<const PrivateKey>> load_private_key_uri(const std::string& uri,
                                                               const std::string& module_path,
                                                               std::string_view pin);

}  // namespace mikey::crypto
