/// \file
/// The public-key operations of an exchange done with OpenSSL alone.
#pragma once

#include <memory>
#include <string>

#include "row.hpp"

namespace mikey::bench {

/// How many of each an exchange needs, both parties together.
struct PublicKeyCounts {
  unsigned sign = 0;     ///< RSA PKCS#1 v1.5 over a SHA-1 hash that is there already
  unsigned verify = 0;   ///< the same
  unsigned encrypt = 0;  ///< RSA PKCS#1 v1.5 of 16 octets
  unsigned decrypt = 0;
  unsigned power =
      0;  ///< exponentiations in OAKLEY group 5 with exponents of its full length, in constant time
};

/// Contexts, keys and Montgomery forms are made once.
class PublicKeyOperations {
 public:
  /// `key_pem`: an RSA key; may be empty when only powers are wanted. Ends the program when OpenSSL refuses.
  PublicKeyOperations(const PublicKeyCounts& counts, const std::string& key_pem);
  void run(std::size_t n) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mikey::bench
