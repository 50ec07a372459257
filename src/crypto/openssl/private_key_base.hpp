/// \file
/// What all RSA private keys have in common: everything but the operation itself.
#pragma once

#include "crypto/openssl/public_key_impl.hpp"

namespace mikey::crypto::detail {

/// A private key that can do RSA on a block as long as the modulus.
class RsaPrivateKey : public PrivateKey {
 public:
  const PublicKey& public_key() const final { return public_; }
  Result<Bytes> sign(SignType type, Hash hash, ByteView message, Rng& rng) const final;
  Result<SecretBytes> decrypt(PkePadding padding, ByteView ciphertext,
                              EnvelopeKeyLengths lengths) const final;

 protected:
  /// `rejection_secret`: what the results of failed decryptions are made of.
  RsaPrivateKey(PublicKey key, SecretBytes rejection_secret)
      : public_(std::move(key)), rejection_secret_(std::move(rejection_secret)) {}

  /// RSASP1 of an encoded message.
  virtual Status raw_sign(ByteView em, MutableBytes out) const = 0;
  /// RSADP.
  virtual Status raw_decrypt(ByteView ciphertext, MutableBytes out) const = 0;
  /// RSASSA-PKCS1-v1_5; by encoding and raw_sign unless the key wants to pad by itself.
  virtual Status pkcs1_sign(Hash hash, ByteView message, MutableBytes out) const;

 private:
  Result<SecretBytes> rejection(ByteView ciphertext, std::size_t size) const;

  PublicKey public_;
  SecretBytes rejection_secret_;
};

/// 32 octets from libcrypto's private generator.
Result<SecretBytes> random_secret();

}  // namespace mikey::crypto::detail
