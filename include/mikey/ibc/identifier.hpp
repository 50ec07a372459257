/// \file
/// Key periods, and the identifiers that stand for a user in one of them (RFC 6509 3.2, 3.3; 3GPP TS 33.180
/// F.2.1).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "mikey/base/bytes.hpp"
#include "mikey/base/clock.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/iana.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::ibc {

/// A key period of an ID scheme.
struct KeyPeriod {
  std::int64_t number = 0;  ///< tel URIs: year * 12 + month - 1; hashed UIDs: P5 of TS 33.180 F.2.1
  friend auto operator<=>(const KeyPeriod&, const KeyPeriod&) = default;
};

/// How the identifiers of a KMS's users are made. Of hashed UIDs the two numbers are part.
struct IdScheme {
  SakkeIdScheme scheme = SakkeIdScheme::tel_uri_monthly;
  std::uint32_t period = 0;  ///< seconds of a key period (UserKeyPeriod, P3); tel URIs: 0
  std::uint32_t offset = 0;  ///< seconds (UserKeyOffset, P4), less than `period`; tel URIs: 0
  friend bool operator==(const IdScheme&, const IdScheme&) = default;
};

/// ErrorCode::bad_request for an unknown scheme, or numbers that it does not have or that do not fit.
Status check_scheme(const IdScheme& ids);

/// The key period at `t`: the month in UTC (RFC 6509 3.2), or floor((t - offset) / period) with t in seconds
/// since 1900, counted on through the era change of 2036.
KeyPeriod period_at(const IdScheme& ids, NtpTime t);

/// The moment at which the period begins.
NtpTime period_begin(const IdScheme& ids, KeyPeriod period);

/// Whether a message of period `then` may be taken now (RFC 6509 3.3: the month itself, the next one from
/// the second-to-last day on, the last one on the first two days; hashed UIDs: the period and its
/// neighbours).
bool period_acceptable(const IdScheme& ids, KeyPeriod then, NtpTime now);

/// "2026-11", or the number of a hashed UID's period.
std::string period_text(SakkeIdScheme scheme, KeyPeriod period);
/// The reverse of period_text(); nothing for what is no period of the scheme.
std::optional<KeyPeriod> parse_period(SakkeIdScheme scheme, std::string_view text);

/// Whether `uri` is a tel URI as RFC 6509 3.2 constrains it: "tel:+" and digits, nothing else.
bool is_constrained_tel_uri(std::string_view uri);

/// The identifier of `uri` in `period`: "2026-11\0tel:+447700900123\0", or the 32 octets of hashed_uid().
/// ErrorCode::invalid_id when the URI is not one of the scheme, bad_request for a period that cannot be.
Result<Bytes> identifier(const crypto::Provider& provider, const IdScheme& ids, std::string_view kms_uri,
                         std::string_view uri, KeyPeriod period);

/// UID = SHA-256 (0x00, P0 to P5, each with its length) of TS 33.180 F.2.1; 32 octets. The names must have 1
/// to 65535 octets.
Result<Bytes> hashed_uid(const crypto::Provider& provider, std::string_view uri, std::string_view kms_uri,
                         std::uint64_t key_period, std::uint64_t key_period_offset,
                         std::uint64_t period_number);

}  // namespace mikey::ibc
