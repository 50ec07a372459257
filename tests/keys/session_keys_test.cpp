#include "mikey/keys/session_keys.hpp"

#include <gtest/gtest.h>

#include "mikey/keys/derive.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::keys {
namespace {

const crypto::Provider& provider() {
  return crypto::openssl();
}

KeyEntry entry(KeyDataType type, std::size_t key, std::optional<std::size_t> salt = std::nullopt) {
  test::CountingRng rng(key * 100 + salt.value_or(0));
  KeyEntry k;
  k.type = type;
  k.key = std::move(*rng.secret(key, "key"));
  k.has_salt = salt.has_value();
  if (salt) k.salt = std::move(*rng.secret(*salt, "salt"));
  return k;
}

Bundle bundle(KeyEntry key, std::initializer_list<Suite> suites) {
  Bundle b;
  b.csb_id = 0x11111111;
  b.derive_csb_id = 0x12345678;
  b.rand = test::hex("ca15a2ba543993ffda77a8588f7b32dd");
  b.keys.push_back(std::move(key));
  for (const Suite s : suites) {
    CryptoSession cs;
    cs.cs_id = static_cast<std::uint8_t>(b.sessions.size() + 1);
    cs.suite = s;
    b.sessions.push_back(std::move(cs));
  }
  return b;
}

std::string expected(const Bundle& b, Derivation what, std::uint8_t cs_id, std::size_t n) {
  Bytes out(n);
  EXPECT_TRUE(derive(provider(), b.prf, b.keys[0].key.reveal(), what, cs_id, b.derive_csb_id, b.rand, out));
  return to_hex(out);
}

void expect_refused(Bundle b, ErrorCode code = ErrorCode::invalid_sppar) {
  const auto s = derive_session_keys(provider(), b);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code, code) << s.error().to_string();
}

TEST(SessionKeys, ATgkGivesEverySessionItsOwn) {
  for (const SuiteInfo& suite : all_suites()) {
    SCOPED_TRACE(suite.name);
    Bundle b = bundle(entry(KeyDataType::tgk, 16), {suite.suite, suite.suite});
    ASSERT_TRUE(derive_session_keys(provider(), b));
    for (const CryptoSession& cs : b.sessions) {
      EXPECT_EQ(to_hex(cs.tek.reveal()), expected(b, Derivation::tek, cs.cs_id, suite.key_len));
      EXPECT_EQ(to_hex(cs.salt.reveal()), expected(b, Derivation::salt_key, cs.cs_id, suite.salt_len));
    }
    EXPECT_FALSE(ct_equal(b.sessions[0].tek.reveal(), b.sessions[1].tek.reveal()));
    EXPECT_FALSE(ct_equal(b.sessions[0].salt.reveal(), b.sessions[1].salt.reveal()));
  }
}

TEST(SessionKeys, SuitesOfDifferentLengthsShareATgk) {
  Bundle b = bundle(entry(KeyDataType::tgk, 192), {Suite::aes_cm_128_hmac_sha1_80, Suite::aead_aes_256_gcm,
                                                   Suite::aes_192_cm_hmac_sha1_32});
  ASSERT_TRUE(derive_session_keys(provider(), b));
  EXPECT_EQ(b.sessions[0].tek.size(), 16U);
  EXPECT_EQ(b.sessions[0].salt.size(), 14U);
  EXPECT_EQ(b.sessions[1].tek.size(), 32U);
  EXPECT_EQ(b.sessions[1].salt.size(), 12U);
  EXPECT_EQ(b.sessions[2].tek.size(), 24U);
  EXPECT_EQ(b.sessions[2].salt.size(), 14U);
}

TEST(SessionKeys, ACarriedSaltServesAllSessions) {
  for (const KeyDataType type : {KeyDataType::tgk_salt, KeyDataType::gtgk_salt}) {
    Bundle b = bundle(entry(type, 16, 14), {Suite::aes_cm_128_hmac_sha1_80, Suite::f8_128_hmac_sha1_80});
    ASSERT_TRUE(derive_session_keys(provider(), b));
    for (const CryptoSession& cs : b.sessions) {
      EXPECT_EQ(to_hex(cs.tek.reveal()), expected(b, Derivation::tek, cs.cs_id, 16));
      EXPECT_TRUE(ct_equal(cs.salt.reveal(), b.keys[0].salt.reveal()));
    }
  }
}

TEST(SessionKeys, ACarriedSaltHasTheLengthOfTheSuite) {
  for (const KeyDataType type : {KeyDataType::tgk_salt, KeyDataType::tek_salt}) {
    for (const std::size_t n : {0U, 1U, 12U, 13U, 15U, 16U, 255U})
      expect_refused(bundle(entry(type, 16, n), {Suite::aes_cm_128_hmac_sha1_80}));
    for (const std::size_t n : {0U, 11U, 13U, 14U})
      expect_refused(bundle(entry(type, 16, n), {Suite::aead_aes_128_gcm}));
    expect_refused(bundle(entry(type, 16, 14), {Suite::aes_cm_128_hmac_sha1_80, Suite::aead_aes_128_gcm}));
    Bundle gcm = bundle(entry(type, 16, 12), {Suite::aead_aes_128_gcm});
    EXPECT_TRUE(derive_session_keys(provider(), gcm));
  }
}

TEST(SessionKeys, ATekServesAllSessionsWithASaltOfZeros) {
  for (const SuiteInfo& suite : all_suites()) {
    SCOPED_TRACE(suite.name);
    Bundle b = bundle(entry(KeyDataType::tek, suite.key_len), {suite.suite, suite.suite});
    ASSERT_TRUE(derive_session_keys(provider(), b));
    for (const CryptoSession& cs : b.sessions) {
      EXPECT_TRUE(ct_equal(cs.tek.reveal(), b.keys[0].key.reveal()));
      EXPECT_EQ(to_hex(cs.salt.reveal()), std::string(suite.salt_len * 2U, '0'));
    }
  }
}

TEST(SessionKeys, ATekOfKeyAndSaltIsSplit) {
  for (const SuiteInfo& suite : all_suites()) {
    SCOPED_TRACE(suite.name);
    const std::size_t both = std::size_t{suite.key_len} + suite.salt_len;
    Bundle b = bundle(entry(KeyDataType::tek, both), {suite.suite});
    ASSERT_TRUE(derive_session_keys(provider(), b));
    const ByteView carried = b.keys[0].key.reveal();
    EXPECT_TRUE(ct_equal(b.sessions[0].tek.reveal(), carried.first(suite.key_len)));
    EXPECT_TRUE(ct_equal(b.sessions[0].salt.reveal(), carried.subspan(suite.key_len)));
    // with a salt of its own beside it, it is just a TEK of a wrong length
    expect_refused(bundle(entry(KeyDataType::tek_salt, both, suite.salt_len), {suite.suite}));
  }
}

TEST(SessionKeys, ATekOfAnyOtherLengthIsRefused) {
  for (const SuiteInfo& suite : all_suites())
    for (std::size_t n = 0; n < 60; ++n)
      if (n != suite.key_len && n != std::size_t{suite.key_len} + suite.salt_len)
        expect_refused(bundle(entry(KeyDataType::tek, n), {suite.suite}));
  expect_refused(
      bundle(entry(KeyDataType::tek, 16), {Suite::aes_cm_128_hmac_sha1_80, Suite::aes_256_cm_hmac_sha1_80}));
}

TEST(SessionKeys, TekAndSaltAreTakenAsTheyAre) {
  Bundle b = bundle(entry(KeyDataType::tek_salt, 16, 14), {Suite::null_hmac_sha1_32});
  ASSERT_TRUE(derive_session_keys(provider(), b));
  EXPECT_TRUE(ct_equal(b.sessions[0].tek.reveal(), b.keys[0].key.reveal()));
  EXPECT_TRUE(ct_equal(b.sessions[0].salt.reveal(), b.keys[0].salt.reveal()));
}

TEST(SessionKeys, TheFirstOfSeveralKeysCounts) {
  Bundle b = bundle(entry(KeyDataType::tgk, 16), {Suite::aes_cm_128_hmac_sha1_80});
  b.keys.push_back(entry(KeyDataType::tek, 5));  // would not fit
  ASSERT_TRUE(derive_session_keys(provider(), b));
  EXPECT_EQ(to_hex(b.sessions[0].tek.reveal()), expected(b, Derivation::tek, 1, 16));
}

TEST(SessionKeys, NewKeysReplaceOldOnes) {
  Bundle b = bundle(entry(KeyDataType::tek_salt, 16, 14), {Suite::aes_cm_128_hmac_sha1_80});
  ASSERT_TRUE(derive_session_keys(provider(), b));
  b.keys[0] = entry(KeyDataType::tek, 16);
  ASSERT_TRUE(derive_session_keys(provider(), b));
  EXPECT_TRUE(ct_equal(b.sessions[0].tek.reveal(), b.keys[0].key.reveal()));
  EXPECT_EQ(to_hex(b.sessions[0].salt.reveal()), std::string(28, '0'));
}

TEST(SessionKeys, WithoutSessionsOrKeys) {
  Bundle none = bundle(entry(KeyDataType::tek, 3), {});
  EXPECT_TRUE(derive_session_keys(provider(), none));
  Bundle keyless = bundle(entry(KeyDataType::tgk, 16), {Suite::aes_cm_128_hmac_sha1_80});
  keyless.keys.clear();
  expect_refused(std::move(keyless), ErrorCode::bad_request);
  expect_refused(bundle(entry(KeyDataType::tgk, 0), {Suite::aes_cm_128_hmac_sha1_80}),
                 ErrorCode::bad_request);
  for (const KeyDataType type : {KeyDataType::mpk, KeyDataType::k_pr})
    expect_refused(bundle(entry(type, 16), {Suite::aes_cm_128_hmac_sha1_80}), ErrorCode::unspecified);
}

}  // namespace
}  // namespace mikey::keys
