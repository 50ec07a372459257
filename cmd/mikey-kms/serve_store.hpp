/// \file
/// The KMS behind the server when its users stand in a store: each thread has a connection of its own, and no
/// state that another thread or process would need.
#pragma once

#include "serve_tables.hpp"

namespace mikey::cmd {

/// Handlers for the threads of a server, on the store that `config` names. `lasting` must outlive them;
/// `audit` may be missing. The error is the master key's; a store that does not open is an error of the
/// handlers.
Result<kms::Services> store_services(ServeConfig config, const Lasting& lasting,
                                     std::shared_ptr<kms::AuditFile> audit);

}  // namespace mikey::cmd
