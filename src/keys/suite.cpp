#include "mikey/keys/suite.hpp"

#include <array>

namespace mikey::keys {
namespace {

using enum Suite;
constexpr SrtpAuth kSha1 = SrtpAuth::hmac_sha_1;
constexpr SrtpAuth kNone = SrtpAuth::null;

// RFC 3711, 6188 (192 and 256 bits), 7714 (GCM), 5669 (SEED). SRTCP's HMAC tag is 80 bits always (RFC
// 3711 5.2).
constexpr std::array<SuiteInfo, 14> kSuites{{
    {aes_cm_128_hmac_sha1_80, "AES_CM_128_HMAC_SHA1_80", SrtpEncr::aes_cm, kSha1, 16, 14, 20, 10, 10, false},
    {aes_cm_128_hmac_sha1_32, "AES_CM_128_HMAC_SHA1_32", SrtpEncr::aes_cm, kSha1, 16, 14, 20, 4, 10, false},
    {aes_192_cm_hmac_sha1_80, "AES_192_CM_HMAC_SHA1_80", SrtpEncr::aes_cm, kSha1, 24, 14, 20, 10, 10, false},
    {aes_192_cm_hmac_sha1_32, "AES_192_CM_HMAC_SHA1_32", SrtpEncr::aes_cm, kSha1, 24, 14, 20, 4, 10, false},
    {aes_256_cm_hmac_sha1_80, "AES_256_CM_HMAC_SHA1_80", SrtpEncr::aes_cm, kSha1, 32, 14, 20, 10, 10, false},
    {aes_256_cm_hmac_sha1_32, "AES_256_CM_HMAC_SHA1_32", SrtpEncr::aes_cm, kSha1, 32, 14, 20, 4, 10, false},
    {f8_128_hmac_sha1_80, "F8_128_HMAC_SHA1_80", SrtpEncr::aes_f8, kSha1, 16, 14, 20, 10, 10, false},
    {null_hmac_sha1_80, "NULL_HMAC_SHA1_80", SrtpEncr::null, kSha1, 16, 14, 20, 10, 10, false},
    {null_hmac_sha1_32, "NULL_HMAC_SHA1_32", SrtpEncr::null, kSha1, 16, 14, 20, 4, 10, false},
    {aead_aes_128_gcm, "AEAD_AES_128_GCM", SrtpEncr::aes_gcm, kNone, 16, 12, 0, 16, 16, true},
    {aead_aes_256_gcm, "AEAD_AES_256_GCM", SrtpEncr::aes_gcm, kNone, 32, 12, 0, 16, 16, true},
    {seed_ctr_128_hmac_sha1_80, "SEED_CTR_128_HMAC_SHA1_80", SrtpEncr::seed_ctr, kSha1, 16, 14, 20, 10, 10,
     false},
    {seed_128_ccm_80, "SEED_128_CCM_80", SrtpEncr::seed_ccm, kNone, 16, 12, 0, 10, 10, true},
    {seed_128_gcm_96, "SEED_128_GCM_96", SrtpEncr::seed_gcm, kNone, 16, 12, 0, 12, 12, true},
}};

}  // namespace

const SuiteInfo& info(Suite suite) {
  return kSuites[static_cast<std::size_t>(suite)];
}

std::span<const SuiteInfo> all_suites() {
  return kSuites;
}

std::optional<Suite> suite_by_name(std::string_view name) {
  if (name == "F8") return f8_128_hmac_sha1_80;
  for (const SuiteInfo& s : kSuites)
    if (s.name == name) return s.suite;
  return std::nullopt;
}

}  // namespace mikey::keys
