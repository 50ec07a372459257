/// \file
/// MGF1 (RFC 8017 B.2.1).
#pragma once

#include "mikey/crypto/provider.hpp"

namespace mikey::crypto::detail {

/// XORs the mask made from `seed` into `data`.
Status mgf1_xor(Hash h, ByteView seed, MutableBytes data);

}  // namespace mikey::crypto::detail
