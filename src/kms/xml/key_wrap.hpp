/// \file
/// Key material under a transport key (TS 33.180 9.3.4.2).
#pragma once

#include <span>

#include "mikey/base/error.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms::xml {

inline constexpr std::size_t kTransportKeySize = 32;

/// Wraps `key`. ErrorCode::bad_request when the transport key has not 32 octets, or the method cannot take a
/// key of that size.
Result<WrappedKey> wrap_key(const crypto::Provider& provider, const SecurityKey& transport_key, Wrap wrap,
                            ByteView key);

/// Opens `wrapped` with the transport key it names, or with whichever of `keys` does. What is named kw-aes256
/// may be wrapped by RFC 3394 or RFC 5649: each has its own integrity check. ErrorCode::auth_failure when
/// none opens it.
Result<SecretBytes> unwrap_key(const crypto::Provider& provider, std::span<const SecurityKey> keys,
                               const WrappedKey& wrapped);

/// The keys to try for a thing that names `id`: the one of that name, or all.
std::vector<const SecurityKey*> candidates(std::span<const SecurityKey> keys, std::string_view id);

}  // namespace mikey::kms::xml
