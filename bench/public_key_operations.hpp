/// \file
/// The bare public-key operations of libcrypto, as rows of bench measure them: keys are loaded and contexts
/// set up beforehand, nothing is hashed, parsed, padded by others or allocated that the library itself does
/// not.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mikey::bench {

/// RSA of one key pair (PKCS#1 v1.5, SHA-1, as RFC 3830 4.2.5 and 4.2.6 have it by default), and
/// exponentiations modulo the prime of OAKLEY 5 with exponents of its full length (4.2.7).
class PublicKeyOperations {
 public:
  /// Ends the program when the key does not load.
  explicit PublicKeyOperations(std::string_view private_key_pem);

  void sign() const;
  void verify() const;
  void encrypt() const;
  void decrypt() const;
  /// One exponentiation in constant time, on a Montgomery context made beforehand: a DH value, or the secret.
  void exponentiate() const;

  /// "openssl-operations 3.0.x"
  static std::string name();

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace mikey::bench
