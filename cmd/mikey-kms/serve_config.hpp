/// \file
/// The configuration of `mikey-kms serve`: that of the KMS, [server] and [sakke].
#pragma once

#include "kms_config.hpp"
#include "mikey/kms/key_service.hpp"
#include "mikey/kms/server.hpp"

namespace mikey::cmd {

struct ServeConfig {
  KmsConfig kms;
  kms::ServerOptions server;
  kms::LogOptions log;
  std::string audit;  ///< a file; empty: none
  kms::RateLimit per_identity{0, 1};
  std::map<Identity, kms::HttpEndpoint> other_kms;      ///< where they are
  std::shared_ptr<const kms::KeyServiceOptions> sakke;  ///< none: no keys for MIKEY-SAKKE
};

/// Reads the configuration at `path`. The error is one line that names the file, the key and what was
/// expected.
std::variant<ServeConfig, std::string> load_serve_config(const std::string& path);

}  // namespace mikey::cmd
