/// \file
/// The tables of the configuration that belong to single modes.
#pragma once

#include "config.hpp"
#include "config_reader.hpp"

namespace mikey::cmd {

/// What every party's configuration begins with, a KMS's too: identity, times, [policy], [psk],
/// [certificate], [peers].
void read_common(ConfigSection& root, Config& out);
/// [certificate]: own chain and key, trust anchors, revocation lists, exclusions. [peers."x"]: the
/// certificate.
void read_certificates(ConfigSection certificate, ConfigSection peers, Config& out);
/// [rsar]: the group whose key is handed out.
void read_rsar(ConfigSection section, Credentials& to);
/// [ticket]: one's KMS, what tickets are asked for, and what is answered for.
void read_ticket(ConfigSection section, IdType type, Credentials& to);
/// [sakke]: KMSs, own key sets, what is sent and accepted. Of the rest of `out` it needs the peers.
void read_sakke(ConfigSection section, Config& out);
/// [ibake]: KMSs' parameters, own private keys, who answers for whom. Of the rest of `out` it needs the
/// peers.
void read_ibake(ConfigSection section, Config& out);

}  // namespace mikey::cmd
