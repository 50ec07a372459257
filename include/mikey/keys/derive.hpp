/// \file
/// Key derivation (RFC 3830 4.1).
#pragma once

#include "mikey/crypto/prf.hpp"

namespace mikey::keys {

/// The constants that begin a label: RFC 3830 4.1.3 (from a TGK) and 4.1.4 (from a PSK or envelope key), RFC
/// 6043 5.1.1 (forking) and A.2.2 (from an MPK), RFC 6267 5.1 (from K_SESSION).
enum class Derivation : std::uint32_t {
  tek = 0x2AD01C64,
  auth_key = 0x1B5C7973,
  encr_key = 0x15798CEF,
  salt_key = 0x39A2C14B,
  message_encr_key = 0x150533E1,
  message_auth_key = 0x2D22AC75,
  message_salt_key = 0x29B88916,
  forked_mpk_r = 0x2B288856,
  forked_tgk = 0x1512B54A,
  mpk_i = 0x220E99A2,
  mpk_r = 0x1F4D675B,
  ibake_mpk = 0x220E99A2,
  ibake_tgk = 0x1F4D675B,
};

/// The CS ID in labels of keys that protect MIKEY messages.
inline constexpr std::uint8_t kMessageCsId = 0xFF;

/// Fills `out` with PRF(key, constant || cs_id || csb_id || context). `context` is the RAND in RFC 3830; in
/// RFC 6043 it is a tag octet and RANDs with their lengths. ErrorCode::bad_request for an empty key,
/// invalid_prf for an unknown PRF.
Status derive(const crypto::Provider& provider, PrfFunc prf, ByteView key, Derivation what,
              std::uint8_t cs_id, std::uint32_t csb_id, ByteView context, MutableBytes out);

}  // namespace mikey::keys
