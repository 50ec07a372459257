/// \file
/// The master key of a KMS's store: it wraps the data-encryption keys under which secrets are sealed in the
/// database.
#pragma once

#include <memory>
#include <string>

#include "mikey/crypto/public_key.hpp"

namespace mikey::kms {

/// Wraps and unwraps keys of 32 octets. Implementations are immutable and may be used from several threads at
/// once.
class MasterKey {
 public:
  virtual ~MasterKey() = default;
  /// What the store calls it, without telling anything of it: "aes-..." or "rsa-..." and 16 hexadecimal
  /// digits.
  virtual const std::string& id() const = 0;
  /// `context`: what the key is for; the same must be said when it is unwrapped. ErrorCode::crypto.
  virtual Result<Bytes> wrap(ByteView key, ByteView context, Rng& rng) const = 0;
  /// ErrorCode::auth_failure when this master key did not wrap it, or the context is another.
  virtual Result<SecretBytes> unwrap(ByteView wrapped, ByteView context) const = 0;
};

/// Octets of a master key at least.
inline constexpr std::size_t kLeastMasterKey = 32;

/// A master key made of a secret of 32 to 1024 octets: AES-256-GCM under a key derived from it
/// (HMAC-SHA-256). ErrorCode::bad_request for another length. `provider` must outlive it.
Result<std::shared_ptr<const MasterKey>> symmetric_master_key(const crypto::Provider& provider,
                                                              ByteView secret);

/// A master key that is an RSA key, wherever that is kept, e.g. behind PKCS#11: OAEP. `provider` must outlive
/// it. ErrorCode::bad_request for less than 2048 bits.
Result<std::shared_ptr<const MasterKey>> rsa_master_key(const crypto::Provider& provider,
                                                        std::shared_ptr<const crypto::PrivateKey> key);

}  // namespace mikey::kms
