/// \file
/// [sakke] of `mikey-kms serve`: the key services of TS 33.180 for users of MIKEY-SAKKE.
#pragma once

#include <memory>

#include "config_reader.hpp"
#include "mikey/kms/key_service.hpp"

namespace mikey::cmd {

/// Reads the section; nothing when it is not there.
std::shared_ptr<const kms::KeyServiceOptions> read_sakke_service(ConfigSection section);

/// Lets the services answer for SAKKE keys too. `clock` must outlive them.
void add_sakke_service(kms::Services& to, std::shared_ptr<const kms::KeyServiceOptions> options,
                       const Clock& clock);

}  // namespace mikey::cmd
