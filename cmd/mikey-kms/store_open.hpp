/// \file
/// Opening the store that a command line or a configuration names.
#pragma once

#include "kms_store_config.hpp"
#include "mikey/kms/store.hpp"

namespace mikey::cmd {

/// `file:PATH` or a path: 32 to 1024 octets, raw, or "hex:..." or hexadecimal digits; `env:NAME`:
/// hexadecimal; `pkcs11:...` (RFC 7512): an RSA key, with the attributes module-path, and pin-source (a file)
/// or pin-value. The error names where the key was looked for, and never holds any of it.
Result<std::shared_ptr<const kms::MasterKey>> load_master_key(const std::string& where);

/// The path of a master key that is a file; nothing for others.
std::optional<std::string> master_key_file(const std::string& where);

/// `rng` must outlive the store. `create`: see kms::StoreOptions.
Result<kms::Store> open_store(const StoreConfig& config, Rng& rng, bool create = false);

struct MadeStore {
  kms::Store store;
  bool made_master_key = false;
};
/// Opens the store, which is made, or brought up to date, where it has to be; and so is a master key that is
/// a file. `rng` must outlive the store.
Result<MadeStore> make_store(const StoreConfig& config, Rng& rng);

}  // namespace mikey::cmd
