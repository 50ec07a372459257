#include "mikey/keys/message_keys.hpp"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::keys {
namespace {

using nlohmann::json;
using test::hex;

const Bytes kT = test::hex("ee5dbd4012345678");

const crypto::Provider& provider() {
  return crypto::openssl();
}

class KemacVectors : public testing::Test {
 protected:
  static Bytes field(const json& v, const char* name) { return hex(v[name].get<std::string>()); }
  static PrfFunc prf(const json& v) {
    return v["prf"] == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256;
  }
  static std::uint32_t csb(const json& v) {
    return static_cast<std::uint32_t>(std::stoul(v["csb_id"].get<std::string>(), nullptr, 16));
  }
  static MessageKeys keys_of(const json& v) {
    return {provider(), prf(v), field(v, "key"), csb(v), field(v, "rand")};
  }
  static Bytes derived(const json& v, Derivation what, const char* name) {
    Bytes out(field(v, name).size());
    EXPECT_TRUE(
        derive(provider(), prf(v), field(v, "key"), what, kMessageCsId, csb(v), field(v, "rand"), out));
    return out;
  }
  const json all_ = json::parse(test::read_source_file("vectors/mikey-peer/kemac.json"));
};

TEST_F(KemacVectors, DerivedKeys) {
  ASSERT_EQ(all_.size(), 30U);
  int ciphers = 0;
  for (const json& v : all_) {
    SCOPED_TRACE(v["content"].get<std::string>() + " " + v["encr_alg"].dump());
    EXPECT_EQ(derived(v, Derivation::message_auth_key, "auth_key"), field(v, "auth_key"));
    if (!v.contains("encr_key")) continue;
    EXPECT_EQ(derived(v, Derivation::message_encr_key, "encr_key"), field(v, "encr_key"));
    EXPECT_EQ(derived(v, Derivation::message_salt_key, "salt_key"), field(v, "salt_key"));
    ++ciphers;
  }
  EXPECT_EQ(ciphers, 25);
}

TEST_F(KemacVectors, SealAndOpen) {
  for (const json& v : all_) {
    SCOPED_TRACE(v["content"].get<std::string>() + " " + v["encr_alg"].dump());
    const auto alg = v["encr_alg"].get<EncrAlg>();
    const MessageKeys keys = keys_of(v);
    const Bytes plain = field(v, "sub_payloads");
    const auto sealed = keys.seal(alg, field(v, "timestamp"), plain);
    ASSERT_TRUE(sealed.ok()) << sealed.error().to_string();
    EXPECT_EQ(to_hex(*sealed), v["encr_data"].get<std::string>());
    const auto opened = keys.open(alg, field(v, "timestamp"), *sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    Bytes want = plain;
    if (alg == EncrAlg::aes_kw_128) want.resize((plain.size() + 7) / 8 * 8);
    EXPECT_EQ(to_hex(opened->reveal()), to_hex(want));
  }
}

TEST_F(KemacVectors, Mac) {
  for (const json& v : all_) {
    const auto encr = v["encr_alg"].get<std::uint8_t>();
    const auto alg = v["mac_alg"].get<MacAlg>();
    const Bytes data = field(v, "encr_data");
    const Bytes want = field(v, "mac_public_key_mode");
    Bytes head = {0, encr, 0, 0};  // next payload, algorithm, length (RFC 3830 6.2)
    store_be(head.data() + 2, static_cast<std::uint16_t>(data.size()));
    const Bytes tail = {static_cast<std::uint8_t>(alg)};
    const std::array<ByteView, 3> parts{head, data, tail};
    const MessageKeys keys = keys_of(v);
    Bytes mac(want.size());
    ASSERT_TRUE(keys.mac(alg, parts, mac));
    EXPECT_EQ(to_hex(mac), to_hex(want));
    EXPECT_TRUE(keys.verify(alg, parts, want));
  }
}

class MessageKeysTest : public testing::Test {
 protected:
  MessageKeys keys_{provider(), PrfFunc::mikey_1, hex("000102030405060708090a0b0c0d0e0f"), 0x01020304,
                    hex("101112131415161718191a1b1c1d1e1f")};
  Bytes text_ = hex("00000010eb4854a13279f14d76736c73ced7543c");
  std::array<ByteView, 1> parts_{text_};
};

TEST_F(MessageKeysTest, MacSizes) {
  EXPECT_EQ(mac_size(MacAlg::null), 0U);
  EXPECT_EQ(mac_size(MacAlg::hmac_sha_1_160), 20U);
  EXPECT_EQ(mac_size(MacAlg::hmac_sha_256_256), 32U);
  EXPECT_EQ(mac_size(static_cast<MacAlg>(3)), std::nullopt);
}

TEST_F(MessageKeysTest, EveryBitOfAMacCounts) {
  for (const MacAlg alg : {MacAlg::hmac_sha_1_160, MacAlg::hmac_sha_256_256}) {
    Bytes mac(*mac_size(alg));
    ASSERT_TRUE(keys_.mac(alg, parts_, mac));
    ASSERT_TRUE(keys_.verify(alg, parts_, mac));
    for (std::size_t bit = 0; bit < mac.size() * 8; ++bit) {
      mac[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const auto s = keys_.verify(alg, parts_, mac);
      ASSERT_FALSE(s) << bit;
      EXPECT_EQ(s.error().code, ErrorCode::auth_failure);
      mac[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
  }
}

TEST_F(MessageKeysTest, AMacOfAnotherLengthIsWrong) {
  for (const MacAlg alg : {MacAlg::null, MacAlg::hmac_sha_1_160, MacAlg::hmac_sha_256_256}) {
    const std::size_t right = *mac_size(alg);
    Bytes mac(right);
    ASSERT_TRUE(keys_.mac(alg, parts_, mac));
    for (const std::size_t n : {0U, 1U, 19U, 20U, 21U, 31U, 32U, 33U, 255U}) {
      if (n == right) continue;
      Bytes other = mac;
      other.resize(n);
      const auto s = keys_.verify(alg, parts_, other);
      ASSERT_FALSE(s) << n;
      EXPECT_EQ(s.error().code, ErrorCode::auth_failure);
      EXPECT_EQ(s.error().severity, Severity::message);
    }
  }
}

TEST_F(MessageKeysTest, PartsAreOneText) {
  Bytes whole(20);
  Bytes split(20);
  ASSERT_TRUE(keys_.mac(MacAlg::hmac_sha_1_160, parts_, whole));
  const ByteView v(text_);
  const std::array<ByteView, 4> pieces{v.first(1), ByteView{}, v.subspan(1, 9), v.subspan(10)};
  ASSERT_TRUE(keys_.mac(MacAlg::hmac_sha_1_160, pieces, split));
  EXPECT_EQ(whole, split);
}

TEST_F(MessageKeysTest, AlgorithmsMayAlternate) {
  Bytes first(20);
  Bytes again(20);
  Bytes other(32);
  ASSERT_TRUE(keys_.mac(MacAlg::hmac_sha_1_160, parts_, first));
  ASSERT_TRUE(keys_.mac(MacAlg::hmac_sha_256_256, parts_, other));
  ASSERT_TRUE(keys_.mac(MacAlg::hmac_sha_1_160, parts_, again));
  EXPECT_EQ(first, again);
  EXPECT_TRUE(keys_.verify(MacAlg::hmac_sha_256_256, parts_, other));
}

TEST_F(MessageKeysTest, NullMac) {
  EXPECT_TRUE(keys_.mac(MacAlg::null, parts_, {}));
  EXPECT_TRUE(keys_.verify(MacAlg::null, parts_, {}));
}

TEST_F(MessageKeysTest, UnknownAlgorithms) {
  Bytes out(20);
  const auto mac = keys_.mac(static_cast<MacAlg>(3), parts_, out);
  ASSERT_FALSE(mac);
  EXPECT_EQ(mac.error().code, ErrorCode::invalid_mac);
  const auto verify = keys_.verify(static_cast<MacAlg>(255), parts_, out);
  ASSERT_FALSE(verify);
  EXPECT_EQ(verify.error().code, ErrorCode::invalid_mac);
  const auto seal = keys_.seal(static_cast<EncrAlg>(4), kT, text_);
  ASSERT_FALSE(seal);
  EXPECT_EQ(seal.error().code, ErrorCode::invalid_ea);
  const auto open = keys_.open(static_cast<EncrAlg>(255), kT, text_);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::invalid_ea);
  const auto size = keys_.mac(MacAlg::hmac_sha_1_160, parts_, MutableBytes(out).first(19));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, ErrorCode::bad_request);
}

// 4.2.3: IV = (S XOR (0x0000 || CSB ID || T)) || 0x0000, put together here from its parts.
TEST_F(MessageKeysTest, AesCmIvIsSaltCsbAndTimestamp) {
  const Bytes key = hex("000102030405060708090a0b0c0d0e0f");
  const Bytes rand = hex("101112131415161718191a1b1c1d1e1f");
  for (const auto& [alg, n] : {std::pair{EncrAlg::aes_cm_128, 16U}, std::pair{EncrAlg::aes_cm_256, 32U}}) {
    Bytes encr(n);
    Bytes iv(14);
    ASSERT_TRUE(derive(provider(), PrfFunc::mikey_1, key, Derivation::message_encr_key, 0xFF, 0x01020304,
                       rand, encr));
    ASSERT_TRUE(
        derive(provider(), PrfFunc::mikey_1, key, Derivation::message_salt_key, 0xFF, 0x01020304, rand, iv));
    const Bytes mask =
        hex("0000"
            "01020304"
            "ee5dbd4012345678");
    for (std::size_t i = 0; i < 14; ++i) iv[i] ^= mask[i];
    iv.resize(16);
    Bytes want(text_.size());
    ASSERT_TRUE(provider().aes_ctr(encr, iv, text_, want));
    const auto got = keys_.seal(alg, kT, text_);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(to_hex(*got), to_hex(want));
  }
}

TEST_F(MessageKeysTest, TimestampHasEightOctets) {
  for (const std::size_t n : {0U, 4U, 7U, 9U}) {
    const Bytes t(n);
    const auto s = keys_.seal(EncrAlg::aes_cm_128, t, text_);
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code, ErrorCode::bad_request);
  }
  EXPECT_TRUE(keys_.seal(EncrAlg::aes_kw_128, {}, text_).ok());  // a key wrap has no use for it
}

TEST_F(MessageKeysTest, NothingStaysNothing) {
  for (const EncrAlg alg : {EncrAlg::null, EncrAlg::aes_cm_128, EncrAlg::aes_kw_128, EncrAlg::aes_cm_256}) {
    const auto sealed = keys_.seal(alg, kT, {});
    ASSERT_TRUE(sealed.ok());
    EXPECT_TRUE(sealed->empty());
    const auto opened = keys_.open(alg, kT, {});
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(opened->empty());
  }
}

TEST_F(MessageKeysTest, KeyWrapPadsWithZeros) {
  for (std::size_t n = 1; n <= 33; ++n) {
    const Bytes plain(n, 0xA5);
    const std::size_t padded = n <= 16 ? 16 : (n + 7) / 8 * 8;
    const auto sealed = keys_.seal(EncrAlg::aes_kw_128, kT, plain);
    ASSERT_TRUE(sealed.ok());
    ASSERT_EQ(sealed->size(), padded + 8);
    const auto opened = keys_.open(EncrAlg::aes_kw_128, kT, *sealed);
    ASSERT_TRUE(opened.ok());
    Bytes want = plain;
    want.resize(padded);
    EXPECT_EQ(to_hex(opened->reveal()), to_hex(want)) << n;
  }
}

TEST_F(MessageKeysTest, KeyWrapFindsEveryChange) {
  const auto good = keys_.seal(EncrAlg::aes_kw_128, kT, text_);
  ASSERT_TRUE(good.ok());
  for (std::size_t bit = 0; bit < good->size() * 8; ++bit) {
    Bytes bad = *good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const auto r = keys_.open(EncrAlg::aes_kw_128, kT, bad);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, ErrorCode::auth_failure);
  }
  for (std::size_t n = 1; n < good->size(); ++n) {
    const auto r = keys_.open(EncrAlg::aes_kw_128, kT, ByteView(*good).first(n));
    ASSERT_FALSE(r.ok()) << n;
    EXPECT_EQ(r.error().code, ErrorCode::auth_failure);
  }
}

TEST_F(MessageKeysTest, AesCmEndsWhereItsCounterWould) {
  Bytes large(std::size_t{1} << 20);
  EXPECT_TRUE(keys_.seal(EncrAlg::aes_cm_128, kT, large).ok());
  large.push_back(0);
  const auto s = keys_.seal(EncrAlg::aes_cm_128, kT, large);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, ErrorCode::bad_request);
}

TEST_F(MessageKeysTest, AnEmptyKeyIsNoKey) {
  const MessageKeys none(provider(), PrfFunc::mikey_1, {}, 1, hex("00"));
  Bytes mac(20);
  EXPECT_FALSE(none.mac(MacAlg::hmac_sha_1_160, parts_, mac));
  EXPECT_FALSE(none.verify(MacAlg::hmac_sha_1_160, parts_, mac));
  EXPECT_FALSE(none.seal(EncrAlg::aes_cm_128, kT, text_).ok());
  EXPECT_TRUE(none.seal(EncrAlg::null, kT, text_).ok());
}

}  // namespace
}  // namespace mikey::keys
