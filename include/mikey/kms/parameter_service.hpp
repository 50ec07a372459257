/// \file
/// Public parameters of MIKEY-IBAKE over HTTP: as RFC 5408 4 has them, and as JSON.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include "mikey/ibc/ibake_keys.hpp"
#include "mikey/kms/server.hpp"

namespace mikey::kms {

/// Where they are: kParameterPath + "params" as application/ibe-pp-data, + "params.json" as JSON.
inline constexpr std::string_view kParameterPath = "/ibake/";

/// Answers GET and HEAD. `plain_http`: also without TLS, behind a proxy that has it; whoever gets parameters
/// by a way that others can change gets what others want (RFC 5408 2.3.1: a secure protocol).
/// ErrorCode::bad_request when the KMS's URI cannot be published.
Result<HttpService> make_parameter_service(const ibc::IbakeKms& kms, bool plain_http);

}  // namespace mikey::kms
