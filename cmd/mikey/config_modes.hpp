/// \file
/// The tables of the configuration that belong to single modes.
#pragma once

#include "config.hpp"
#include "config_reader.hpp"

namespace mikey::cmd {

/// [certificate]: own chain and key, trust anchors, revocation lists.
void read_certificate(ConfigSection section);
/// [peers."x"]: certificate and KMS.
void read_peers(ConfigSection section);
/// [rsar], [sakke], [ticket], [ibake]: these modes are not part of this program yet; what stands there is
/// checked, so that a mistake shows early, and has no effect.
void check_rsar(ConfigSection section);
void check_sakke(ConfigSection section);
void check_ticket(ConfigSection section);
void check_ibake(ConfigSection section);

}  // namespace mikey::cmd
