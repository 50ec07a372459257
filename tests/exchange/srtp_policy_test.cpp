#include "mikey/exchange/srtp_policy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace mikey::exchange {
namespace {

using keys::Suite;

Result<Suite> read(std::string_view hex, CameraTolerance t = CameraTolerance::no) {
  const Bytes params = from_hex(hex).value();
  wire::Sp sp;
  sp.params = params;
  return suite_of(sp, t);
}

ErrorCode refusal(std::string_view hex, CameraTolerance t = CameraTolerance::no) {
  const auto r = read(hex, t);
  EXPECT_FALSE(r.ok()) << hex;
  if (r.ok()) return ErrorCode::unspecified;
  EXPECT_FALSE(r.error().detail.empty());
  return r.error().code;
}

// What each suite is sent as: RFC 3830 6.10.1 in full for HMAC suites, RFC 7714 14.3 for AES-GCM.
const std::map<std::string_view, std::string_view> kSent{
    {"AES_CM_128_HMAC_SHA1_80", "00010101011002010103011404010e0501000701010801010a01010b010a"},
    {"AES_CM_128_HMAC_SHA1_32", "00010101011002010103011404010e0501000701010801010a01010b0104"},
    {"AES_192_CM_HMAC_SHA1_80", "00010101011802010103011404010e0501000701010801010a01010b010a"},
    {"AES_192_CM_HMAC_SHA1_32", "00010101011802010103011404010e0501000701010801010a01010b0104"},
    {"AES_256_CM_HMAC_SHA1_80", "00010101012002010103011404010e0501000701010801010a01010b010a"},
    {"AES_256_CM_HMAC_SHA1_32", "00010101012002010103011404010e0501000701010801010a01010b0104"},
    {"F8_128_HMAC_SHA1_80", "00010201011002010103011404010e0501000701010801010a01010b010a"},
    {"NULL_HMAC_SHA1_80", "00010001011002010103011404010e0501000701000801000a01010b010a"},
    {"NULL_HMAC_SHA1_32", "00010001011002010103011404010e0501000701000801000a01010b0104"},
    {"AEAD_AES_128_GCM", "00010601011002010004010c050100070101080101140110"},
    {"AEAD_AES_256_GCM", "00010601012002010004010c050100070101080101140110"},
    {"SEED_CTR_128_HMAC_SHA1_80", "00010301011002010103011404010e0501010701010801010a01010b010a"},
    {"SEED_128_CCM_80", "00010401011002010004010c0501010701010801010b010a"},
    {"SEED_128_GCM_96", "00010501011002010004010c0501010701010801010b010c"},
};

TEST(SrtpPolicy, EverySuiteIsSentAndReadBack) {
  ASSERT_EQ(keys::all_suites().size(), kSent.size());
  for (const keys::SuiteInfo& s : keys::all_suites()) {
    const auto params = params_of(s.suite);
    ASSERT_TRUE(params.ok()) << s.name;
    EXPECT_EQ(to_hex(*params), kSent.at(s.name)) << s.name;
    for (const auto tolerance : {CameraTolerance::no, CameraTolerance::yes}) {
      const auto back = read(to_hex(*params), tolerance);
      ASSERT_TRUE(back.ok()) << s.name << ": " << back.error().to_string();
      EXPECT_EQ(*back, s.suite) << s.name;
    }
  }
}

TEST(SrtpPolicy, MissingParametersHaveDefaults) {
  EXPECT_EQ(*read(""), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(*read("0b0104"), Suite::aes_cm_128_hmac_sha1_32);
  EXPECT_EQ(*read("010120"), Suite::aes_256_cm_hmac_sha1_80);
  EXPECT_EQ(*read("000106"), Suite::aead_aes_128_gcm);
  EXPECT_EQ(*read("000106010120"), Suite::aead_aes_256_gcm);
  EXPECT_EQ(*read("000103"), Suite::seed_ctr_128_hmac_sha1_80);
  EXPECT_EQ(*read("000104"), Suite::seed_128_ccm_80);
  EXPECT_EQ(*read("000105"), Suite::seed_128_gcm_96);
  EXPECT_EQ(*read("000100"), Suite::null_hmac_sha1_80);
}

TEST(SrtpPolicy, ValuesAreBigEndianOfAnyLength) {
  EXPECT_EQ(*read("01020010"), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(*read("010c000000000000000000000020"), Suite::aes_256_cm_hmac_sha1_80);
  // 2^64 + 16 must not wrap round to 16.
  EXPECT_EQ(refusal("0109010000000000000010"), ErrorCode::invalid_sppar);
  EXPECT_EQ(refusal("01020110"), ErrorCode::invalid_sppar);
  EXPECT_EQ(refusal("0100"), ErrorCode::invalid_sppar);
}

TEST(SrtpPolicy, SpecificParametersOfRfc4771GoFirst) {
  EXPECT_EQ(*read("0b010a120104"), Suite::aes_cm_128_hmac_sha1_32);
  EXPECT_EQ(*read("0201000e01010f0101"), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(*read("030100100114110114"), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(refusal("0201000e0101"), ErrorCode::invalid_sppar);
  EXPECT_EQ(*read("13010a"), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(refusal("130104"), ErrorCode::invalid_sppar);
  EXPECT_EQ(refusal("0b0104130104"), ErrorCode::invalid_sppar);
}

TEST(SrtpPolicy, NullCipherDoesNotLookAtEncryptionSwitches) {
  EXPECT_EQ(*read("000100070101080101"), Suite::null_hmac_sha1_80);
  EXPECT_EQ(*read("000100070100080100"), Suite::null_hmac_sha1_80);
}

TEST(SrtpPolicy, RefusesWhatNoSuiteHas) {
  for (const std::string_view hex : {
           "060101",  // key derivation rate
           "090101",  // FEC order
           "0c0101",  // prefix
           "0d020001",
           "0d0100",  // ROC transmission
           "020102",
           "020103",
           "020104",
           "020100",  // RCC; NULL authentication
           "0e0102",
           "0f0104",  // RCC by the specific parameters
           "03010a",
           "030104",
           "100115",
           "110113",  // authentication key length
           "040108",
           "04010c",
           "0001060401"
           "0e",  // salt
           "050101",
           "0501ff",  // PRF
           "070100",
           "080100",  // encryption off
           "0a0100",  // authentication off
           "0b0108",
           "120105",  // tag
           "140110",
           "000104140110",  // AEAD tag without AES-GCM
           "00010614010c",
           "000106020101",
           "000106140108",
           "000107",
           "000108",
           "0001ff",  // ARIA, unknown
           "010111",  // key length
           "150101",
           "ff0101",        // unknown parameters
           "010110010110",  // twice
       })
    EXPECT_EQ(refusal(hex), ErrorCode::invalid_sppar) << hex;
}

TEST(SrtpPolicy, OtherProtocols) {
  wire::Sp sp;
  sp.prot_type = ProtType::tesla;
  const auto r = suite_of(sp);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, ErrorCode::invalid_sp);
}

// The SP of GStreamer 1.22 and of the cameras in gortsplib's tests.
TEST(SrtpPolicy, CamerasPutTheTagIntoTheKeyLength) {
  const std::string_view tag80 = "00010101011002010103010a0701010801010a0101";
  const std::string_view tag32 = "0001010101100201010301040701010801010a0101";
  EXPECT_EQ(refusal(tag80), ErrorCode::invalid_sppar);
  EXPECT_EQ(refusal(tag32), ErrorCode::invalid_sppar);
  EXPECT_EQ(*read(tag80, CameraTolerance::yes), Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(*read(tag32, CameraTolerance::yes), Suite::aes_cm_128_hmac_sha1_32);
  // Parameter 11 says what the tag is, so 3 must mean the key.
  EXPECT_EQ(refusal("03010a0b010a", CameraTolerance::yes), ErrorCode::invalid_sppar);
  EXPECT_EQ(refusal("030105", CameraTolerance::yes), ErrorCode::invalid_sppar);
  EXPECT_EQ(*read("030114", CameraTolerance::yes), Suite::aes_cm_128_hmac_sha1_80);
  // GStreamer's AES-GCM needs no tolerance.
  EXPECT_EQ(*read("0001060101100201000301000701010801010a0101"), Suite::aead_aes_128_gcm);
}

}  // namespace
}  // namespace mikey::exchange
