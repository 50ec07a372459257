#include "mikey/keys/suite.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mikey::keys {
namespace {

struct Row {
  std::string_view name;
  int encr, key, salt, auth, auth_key, srtp_tag, srtcp_tag;
};

// RFC 3711 8.2 and 5.2 (SRTCP's tag is 80 bits), RFC 6188 (AES-192, AES-256), RFC 7714 14.2, RFC 5669 (SEED);
// numbers of algorithms as in the IANA registry.
constexpr Row kRows[] = {
    {"AES_CM_128_HMAC_SHA1_80", 1, 16, 14, 1, 20, 10, 10},
    {"AES_CM_128_HMAC_SHA1_32", 1, 16, 14, 1, 20, 4, 10},
    {"AES_192_CM_HMAC_SHA1_80", 1, 24, 14, 1, 20, 10, 10},
    {"AES_192_CM_HMAC_SHA1_32", 1, 24, 14, 1, 20, 4, 10},
    {"AES_256_CM_HMAC_SHA1_80", 1, 32, 14, 1, 20, 10, 10},
    {"AES_256_CM_HMAC_SHA1_32", 1, 32, 14, 1, 20, 4, 10},
    {"F8_128_HMAC_SHA1_80", 2, 16, 14, 1, 20, 10, 10},
    {"NULL_HMAC_SHA1_80", 0, 16, 14, 1, 20, 10, 10},
    {"NULL_HMAC_SHA1_32", 0, 16, 14, 1, 20, 4, 10},
    {"AEAD_AES_128_GCM", 6, 16, 12, 0, 0, 16, 16},
    {"AEAD_AES_256_GCM", 6, 32, 12, 0, 0, 16, 16},
    {"SEED_CTR_128_HMAC_SHA1_80", 3, 16, 14, 1, 20, 10, 10},
    {"SEED_128_CCM_80", 4, 16, 12, 0, 0, 10, 10},
    {"SEED_128_GCM_96", 5, 16, 12, 0, 0, 12, 12},
};

TEST(Suite, EveryOneHasItsNumbers) {
  ASSERT_EQ(all_suites().size(), std::size(kRows));
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    const Row& want = kRows[i];
    SCOPED_TRACE(want.name);
    const auto suite = suite_by_name(want.name);
    ASSERT_TRUE(suite.has_value());
    EXPECT_EQ(static_cast<std::size_t>(*suite), i);
    const SuiteInfo& s = info(*suite);
    EXPECT_EQ(&s, &all_suites()[i]);
    EXPECT_EQ(s.suite, *suite);
    EXPECT_EQ(s.name, want.name);
    EXPECT_EQ(static_cast<int>(s.encr), want.encr);
    EXPECT_EQ(static_cast<int>(s.auth), want.auth);
    EXPECT_EQ(s.key_len, want.key);
    EXPECT_EQ(s.salt_len, want.salt);
    EXPECT_EQ(s.auth_key_len, want.auth_key);
    EXPECT_EQ(s.srtp_tag_len, want.srtp_tag);
    EXPECT_EQ(s.srtcp_tag_len, want.srtcp_tag);
    EXPECT_EQ(s.aead, want.encr >= 4);
  }
}

TEST(Suite, NamesAreExact) {
  EXPECT_EQ(suite_by_name("F8"), Suite::f8_128_hmac_sha1_80);
  for (const std::string_view bad : {"", "aes_cm_128_hmac_sha1_80", "AES_CM_128_HMAC_SHA1_8", "F8 ",
                                     "AES_CM_128_HMAC_SHA1_80 ", "AEAD_AES_192_GCM"})
    EXPECT_EQ(suite_by_name(bad), std::nullopt) << bad;
  std::set<std::string_view> names;
  for (const SuiteInfo& s : all_suites()) names.insert(s.name);
  EXPECT_EQ(names.size(), all_suites().size());
}

}  // namespace
}  // namespace mikey::keys
