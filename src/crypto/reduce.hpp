/// \file
/// Secret numbers modulo public ones.
#pragma once

#include "mikey/base/secret.hpp"

namespace mikey::crypto::detail {

/// r mod m of big-endian numbers, as many octets as m, which is not zero. The time depends on the lengths
/// alone.
SecretBytes reduce(ByteView r, ByteView m);

}  // namespace mikey::crypto::detail
