/// \file
/// SRTP policies: SP payloads and the suites they spell out (RFC 3830 6.10.1, RFC 4771, RFC 7714 14).
#pragma once

#include "mikey/keys/suite.hpp"
#include "mikey/wire/payload/policy.hpp"

namespace mikey::exchange {

/// How to take parameters that cameras use in a way of their own.
struct CameraTolerance {
  /// "Session auth. key length" of 4 or 10 means the length of the authentication tag (GStreamer, Axis,
  /// gortsplib).
  bool auth_key_length_is_tag_length = false;
};

/// The suite that an SP payload describes. Parameters left out have SRTP's defaults; no parameters at all are
/// AES_CM_128_HMAC_SHA1_80. ErrorCode::invalid_sp for a protocol other than SRTP, invalid_sppar for values,
/// combinations and repetitions that no suite has. Unknown parameters are refused: they could change what is
/// protected.
Result<keys::Suite> suite_of(const wire::Sp& sp, CameraTolerance tolerance = {});

/// The parameters by which a suite is offered, as octets of an SP payload.
Result<Bytes> params_of(keys::Suite suite);

}  // namespace mikey::exchange
