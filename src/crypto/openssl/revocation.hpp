/// \file
/// Whether certificates were taken back: CRLs (RFC 5280 6.3) and OCSP (RFC 6960).
#pragma once

#include "crypto/openssl/public_key_impl.hpp"

namespace mikey::crypto::detail {

/// What is known about one certificate.
enum class Revocation : std::uint8_t { not_known, good, revoked, refused };

/// What a certificate's issuer says about it in an OCSP response: `refused` stands for "unknown". A response
/// that does not parse, is about others, not current, or not signed by the issuer or its delegate says
/// nothing. `now` and `skew` in seconds since 1970.
Revocation ocsp_status(ByteView response, const Certificate& subject, const Certificate& issuer,
                       std::int64_t now, std::int64_t skew, bool allow_sha1);

/// Whether `crl` is `issuer`'s and bears its signature.
bool crl_is_signed_by(const Crl& crl, const Certificate& issuer, bool allow_sha1);

/// What a list that was checked by the above says. An outdated list still revokes, but clears nobody.
Revocation crl_status(const Crl& crl, const Certificate& subject, std::int64_t now);

/// Whether a signature algorithm, by the numbers of X509_get_signature_info, is strong enough.
bool acceptable_digest(int digest_nid, bool allow_sha1);

}  // namespace mikey::crypto::detail
