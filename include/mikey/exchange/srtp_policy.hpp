/// \file
/// What the SP payload says of SRTP, as one of the named suites and back (RFC 3830 6.10.1, RFC 4771, RFC
/// 5748, RFC 7714 14.3).
#pragma once

#include "mikey/keys/suite.hpp"
#include "mikey/wire/payload/policy.hpp"

namespace mikey::exchange {

/// Whether a well-known misreading is understood: GStreamer and cameras built on it put the length of the
/// authentication tag (10 or 4) into parameter 3, "session auth key length", and leave parameter 11 out.
enum class CameraTolerance : bool { no, yes };

/// The suite that `sp` describes. Lengths are octets; values are unsigned big-endian integers of one octet or
/// more. A parameter that is missing has SRTP's default, so an SP without parameters is
/// AES_CM_128_HMAC_SHA1_80. Parameters 14 to 19 (RFC 4771) go before 2, 3 and 11.
/// Errors: invalid_sp for another protocol than SRTP; invalid_sppar for a parameter that is unknown, there
/// twice, empty, or of a value that no suite has (a key derivation rate, FEC, a prefix, RCC).
Result<keys::Suite> suite_of(const wire::Sp& sp, CameraTolerance tolerance = CameraTolerance::no);

/// The "Policy param" octets of an SP payload for `suite`: every parameter that tells it from another suite,
/// so that receivers with other defaults agree.
Result<Bytes> params_of(keys::Suite suite);

}  // namespace mikey::exchange
