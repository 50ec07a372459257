/// \file
/// SRTP protection profiles by name, as the users of MIKEY know them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mikey/base/iana.hpp"

namespace mikey::keys {

/// The named suites of the `mikey agent` contract.
enum class Suite : std::uint8_t {
  aes_cm_128_hmac_sha1_80,
  aes_cm_128_hmac_sha1_32,
  aes_192_cm_hmac_sha1_80,
  aes_192_cm_hmac_sha1_32,
  aes_256_cm_hmac_sha1_80,
  aes_256_cm_hmac_sha1_32,
  f8_128_hmac_sha1_80,
  null_hmac_sha1_80,
  null_hmac_sha1_32,
  aead_aes_128_gcm,
  aead_aes_256_gcm,
  seed_ctr_128_hmac_sha1_80,
  seed_128_ccm_80,
  seed_128_gcm_96,
};

/// Everything the suite fixes. Lengths in octets.
struct SuiteInfo {
  Suite suite;
  std::string_view name;  ///< "AES_CM_128_HMAC_SHA1_80"
  SrtpEncr encr;
  SrtpAuth auth;
  std::uint8_t key_len;        ///< SRTP master (and session encryption) key
  std::uint8_t salt_len;       ///< SRTP master salt: 14, AEAD 12
  std::uint8_t auth_key_len;   ///< 20 for HMAC-SHA-1, 0 for AEAD
  std::uint8_t srtp_tag_len;   ///< authentication tag of an SRTP packet
  std::uint8_t srtcp_tag_len;  ///< authentication tag of an SRTCP packet; 10 with HMAC-SHA-1 whatever SRTP's
                               ///< (RFC 3711 5.2)
  bool aead;
};

const SuiteInfo& info(Suite suite);
/// All suites, in the order of the enumeration.
std::span<const SuiteInfo> all_suites();
/// By name; "F8" is an alias of F8_128_HMAC_SHA1_80.
std::optional<Suite> suite_by_name(std::string_view name);

}  // namespace mikey::keys
