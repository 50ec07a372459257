/// \file
/// The configuration of `mikey-kms`.
#pragma once

#include "config.hpp"
#include "mikey/kms/issuer.hpp"

namespace mikey::cmd {

struct KmsConfig {
  Identity identity;
  Policy policy;
  Pki pki;
  kms::Tables tables;
  std::set<Identity> other_kms;  ///< asked about their tickets (RFC 6043 10)
  bool compatible = false;       ///< makes tickets that are messages of RFC 3830 (RFC 6043 B.1)
  std::vector<std::string> warnings;
};

/// Reads the configuration at `path`. The error is one line that names the file, the key and what was
/// expected.
std::variant<KmsConfig, std::string> load_kms_config(const std::string& path);
/// The same of a text, as if it stood at `path`.
std::variant<KmsConfig, std::string> parse_kms_config(const std::string& path, std::string_view text);

}  // namespace mikey::cmd
