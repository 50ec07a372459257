/// \file
/// The configuration of `mikey-kms`.
#pragma once

#include <functional>

#include "config.hpp"
#include "kms_ibake.hpp"
#include "kms_store_config.hpp"
#include "mikey/kms/issuer.hpp"

namespace mikey::cmd {

struct KmsConfig {
  Identity identity;
  Policy policy;
  Pki pki;
  kms::Tables tables;
  std::set<Identity> other_kms;      ///< asked about their tickets (RFC 6043 10)
  std::optional<StoreConfig> store;  ///< where users and keys are, in place of the tables
  std::optional<KmsIbake> ibake;
  bool compatible = false;  ///< makes tickets that are messages of RFC 3830 (RFC 6043 B.1)
  std::vector<std::string> warnings;
};

/// A list of identities; a failure of the section when one is none.
std::optional<std::set<Identity>> read_identities(ConfigSection& s, std::string_view key, IdType type);

/// Reads [server] and [sakke], which others than `mikey-kms serve` pass over.
using ReadServer = std::function<void(ConfigSection& root, const Identity& self)>;

/// Reads the configuration at `path`. The error is one line that names the file, the key and what was
/// expected.
std::variant<KmsConfig, std::string> load_kms_config(const std::string& path, const ReadServer& server = {});
/// The same of a text, as if it stood at `path`.
std::variant<KmsConfig, std::string> parse_kms_config(const std::string& path, std::string_view text);

}  // namespace mikey::cmd
