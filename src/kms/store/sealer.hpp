/// \file
/// Secrets at rest: AES-256-GCM under data-encryption keys (DEKs), which stand in the database wrapped by the
/// master key.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "kms/store/database.hpp"
#include "mikey/kms/master_key.hpp"

namespace mikey::kms::store {

/// Where a sealed value stands. It opens nowhere else: who can write the database cannot give one user's key
/// to another.
struct Place {
  std::string_view table;
  ByteView row;
};

class Sealer {
 public:
  /// `provider` and `rng` must outlive it.
  Sealer(const crypto::Provider& provider, Rng& rng, std::shared_ptr<const MasterKey> master)
      : provider_(provider), rng_(rng), master_(std::move(master)) {}

  /// Reads the keys. An error of ErrorCode::bad_request when the master key is not the one they are wrapped
  /// by.
  Status load(Database& db);
  bool has_key() const { return !keys_.empty(); }
  /// Whether these are the keys of a database that has `count` keys, the newest being number `newest`.
  bool knows(std::int64_t count, std::int64_t newest) const {
    return static_cast<std::int64_t>(keys_.size()) == count &&
           (keys_.empty() || std::int64_t{keys_.rbegin()->first} == newest);
  }
  /// Makes a key for what is sealed from now on. Inside of a transaction that is not undone.
  Status add_key(Database& db, std::int64_t now);
  /// Forgets all keys but the newest, here and in the database.
  Status drop_old_keys(Database& db);
  /// Wraps all keys in the database by another master key. Once that is committed, `use` it.
  Status rewrap(Database& db, const MasterKey& master);
  void use(std::shared_ptr<const MasterKey> master) { master_ = std::move(master); }

  /// A version octet, the key's number (4 octets), a nonce (12), the ciphertext and its tag (16).
  Result<Bytes> seal(const Place& place, ByteView plain);
  /// ErrorCode::crypto when it was changed, or moved here from elsewhere. Reads keys that others have added.
  Result<SecretBytes> open(Database& db, const Place& place, ByteView sealed);

  const std::string& master_id() const { return master_->id(); }

 private:
  const crypto::Provider& provider_;
  Rng& rng_;
  std::shared_ptr<const MasterKey> master_;
  std::map<std::uint32_t, SecretBytes> keys_;  // the last one seals
};

}  // namespace mikey::kms::store
