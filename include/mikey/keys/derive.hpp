/// \file
/// Key derivation (RFC 3830 4.1).
#pragma once

#include "mikey/crypto/prf.hpp"

namespace mikey::keys {

/// The constants of RFC 3830 4.1.3 (from a TGK) and 4.1.4 (from a PSK or envelope key).
enum class Derivation : std::uint32_t {
  tek = 0x2AD01C64,
  auth_key = 0x1B5C7973,
  encr_key = 0x15798CEF,
  salt_key = 0x39A2C14B,
  message_encr_key = 0x150533E1,
  message_auth_key = 0x2D22AC75,
  message_salt_key = 0x29B88916,
};

/// The CS ID in labels of keys that protect MIKEY messages.
inline constexpr std::uint8_t kMessageCsId = 0xFF;

/// Fills `out` with PRF(key, constant || cs_id || csb_id || RAND). `rand`: at most 255 octets.
Status derive(const crypto::Provider& provider, PrfFunc prf, ByteView key, Derivation what,
              std::uint8_t cs_id, std::uint32_t csb_id, ByteView rand, MutableBytes out);

}  // namespace mikey::keys
