/// \file
/// Certificate paths: who certified whom, and whether every certificate of a path may.
#pragma once

#include "crypto/openssl/public_key_impl.hpp"
#include "mikey/crypto/trust.hpp"

namespace mikey::crypto::detail {

/// "Invalid Cert" with the reason.
Error refuse_certificate(std::string why, const char* rfc = "RFC 3830 4.3.1");

/// The path from the leaf of `chain` to one of `anchors`, both ends included: names, signatures, basic
/// constraints, path lengths, name constraints and unknown critical extensions are checked (RFC 5280 6.1),
/// which does not depend on time or policy.
Result<std::vector<Certificate>> build_path(std::span<const Certificate> chain,
                                            std::span<const Certificate> anchors);

/// Dates, digests and key sizes along a path, and the key usage of its leaf. `now` in seconds since 1970.
Status check_path(std::span<const Certificate> path, std::int64_t now, Purpose purpose,
                  const VerifyOptions& options);

}  // namespace mikey::crypto::detail
