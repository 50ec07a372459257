/// \file
/// [store]: where a KMS keeps what it knows, and the key that seals its secrets.
#pragma once

#include <optional>
#include <string>

#include "config_reader.hpp"

namespace mikey::cmd {

struct StoreConfig {
  std::string url;         ///< sqlite:PATH, postgresql://..., "host=... dbname=..."
  std::string master_key;  ///< file:PATH, env:NAME, pkcs11:...
};

/// Nothing when there is no such table. Relative paths start from the configuration's folder.
std::optional<StoreConfig> read_store(ConfigSection section);

/// The [store] of a configuration, whatever else stands in it. The error is one line.
std::variant<StoreConfig, std::string> load_store_config(const std::string& path);

}  // namespace mikey::cmd
