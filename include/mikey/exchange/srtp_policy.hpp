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

/// Whether the integrity transforms of RFC 4771 are understood, which send the ROC with every r-th packet, as
/// group keys of 3GPP TS 33.180 ask for. The suite is then the one below the transform: SRTP itself must be
/// told separately, see roc_transmission().
enum class RocTransmission : bool { refused, understood };

/// The suite that `sp` describes. Lengths are octets; values are unsigned big-endian integers of one octet or
/// more. A parameter that is missing has SRTP's default, so an SP without parameters is
/// AES_CM_128_HMAC_SHA1_80. Parameters 14 to 19 (RFC 4771) go before 2, 3 and 11.
/// Errors: invalid_sp for another protocol than SRTP; invalid_sppar for a parameter that is unknown, there
/// twice, empty, or of a value that no suite has (a key derivation rate, FEC, a prefix, RCC).
Result<keys::Suite> suite_of(const wire::Sp& sp, CameraTolerance tolerance = CameraTolerance::no,
                             RocTransmission roc = RocTransmission::refused);

/// RFC 4771's part of a policy.
struct RocPolicy {
  SrtpAuth transform = SrtpAuth::rcc_m3;  ///< rcc_m1, rcc_m2 or rcc_m3
  std::uint16_t rate = 1;                 ///< R: the ROC goes with every R-th packet
};
/// Nothing when `sp` asks for no such transform.
std::optional<RocPolicy> roc_transmission(const wire::Sp& sp);

/// The "Policy param" octets of an SP payload for `suite`: every parameter that tells it from another suite,
/// so that receivers with other defaults agree.
Result<Bytes> params_of(keys::Suite suite);

}  // namespace mikey::exchange
