/// \file
/// The text form in which certificates, revocation lists and keys are kept in files (RFC 7468).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mikey/base/secret.hpp"

namespace mikey::cmd {

/// The contents of all blocks whose label is `label` or ends with a space and `label` ("RSA PRIVATE KEY" is a
/// "PRIVATE KEY"); text between blocks is skipped. Nothing when a block does not end, or is not base64.
std::optional<std::vector<SecretBytes>> pem_blocks(std::string_view text, std::string_view label);

}  // namespace mikey::cmd
