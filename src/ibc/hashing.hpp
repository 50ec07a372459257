/// \file
/// Hash functions onto integers: RFC 6508 5.1 and RFC 5091 4.
#pragma once

#include "mikey/crypto/provider.hpp"

namespace mikey::ibc {

/// v_1 || v_2 || ... of RFC 6508 5.1 before it is reduced; `out` is a multiple of the hash's size.
Status merkle_expand(const crypto::Provider& provider, crypto::Hash hash, ByteView s, MutableBytes out);

/// Big-endian value modulo the public big-endian n; n.size() octets. Constant time in the value.
SecretBytes reduce_octets(ByteView value, ByteView n);

/// Ceiling(lg n) of a big-endian number above zero.
std::size_t ceiling_log2(ByteView n);

}  // namespace mikey::ibc
