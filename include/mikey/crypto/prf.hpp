/// \file
/// MIKEY's pseudo-random functions.
#pragma once

#include "mikey/base/iana.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {

/// Whether `f` is a PRF this library has.
constexpr bool known(PrfFunc f) {
  return f == PrfFunc::mikey_1 || f == PrfFunc::hmac_sha_256;
}

/// Fills `out` with PRF(inkey, label): RFC 3830 4.1.2 (MIKEY-1: HMAC-SHA-1 on 256-bit blocks of the key,
/// XORed) or RFC 6043 6.1 (PRF-HMAC-SHA-256: the same construction on HMAC-SHA-256). ErrorCode::invalid_prf
/// for any other function, bad_request for an empty key.
Status prf(const Provider& provider, PrfFunc f, ByteView inkey, ByteView label, MutableBytes out);

}  // namespace mikey::crypto
