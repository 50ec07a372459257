/// \file
/// The [ibake] table of a KMS's configuration.
#pragma once

#include "config_reader.hpp"
#include "mikey/kms/key_issuer.hpp"

namespace mikey::cmd {

struct KmsIbake {
  ibc::IbakeMaster master;
  std::map<Identity, std::set<Identity>> members;  ///< further identities a user may have keys for
  std::uint32_t ahead = 0;                         ///< further key periods handed out ahead
  bool plain_http = false;                         ///< parameters are published without TLS too
};

/// Nothing without a master secret, then or after a failure of the section.
std::optional<KmsIbake> read_kms_ibake(ConfigSection s, IdType type);

}  // namespace mikey::cmd
