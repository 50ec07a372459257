/// \file
/// SHA-1, SHA-2 and HMAC on libcrypto's low-level functions.
#pragma once

#include "mikey/crypto/provider.hpp"

namespace mikey::crypto::detail {

/// As Provider's functions of the same names; they cannot fail but by wrong lengths.
Status low_level_hash(Hash h, std::span<const ByteView> parts, MutableBytes out);
Status low_level_hmac(Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out);
Status low_level_p_hash(Hash h, ByteView key, ByteView label, MutableBytes out);

}  // namespace mikey::crypto::detail
