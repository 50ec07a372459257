#include "mikey/bind/gst_caps.hpp"
#include "mikey/bind/sdes.hpp"
#include "srtp_bundle.hpp"

namespace mikey::bind {
namespace {

using keys::Suite;

// Key 00 01 02 ... 0f, salt 10 11 ... 1d, as GStreamer's own test messages have it.
keys::CryptoSession counting(Suite suite) {
  keys::CryptoSession s = session(suite, 1, 0x12345678, 0);
  const std::size_t n = s.tek.size();
  for (std::size_t i = 0; i < s.salt.size(); ++i)
    s.salt.reveal_mutable()[i] = static_cast<std::uint8_t>(n + i);
  return s;
}

TEST(GstCaps, SrtpdecForm) {
  keys::CryptoSession s = counting(Suite::aes_cm_128_hmac_sha1_32);
  s.roc = 7;
  s.validity.type = KvType::spi;
  s.validity.spi = {0, 0, 0, 0x2F};
  const auto caps = reveal_gst_caps(s);
  ASSERT_TRUE(caps.ok());
  EXPECT_EQ(
      *caps,
      "application/x-srtp, ssrc=(uint)305419896, "
      "srtp-key=(buffer)000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d, "
      "srtp-cipher=(string)aes-128-icm, srtp-auth=(string)hmac-sha1-32, srtcp-cipher=(string)aes-128-icm, "
      "srtcp-auth=(string)hmac-sha1-80, roc=(uint)7, mki=(buffer)0000002f");
  EXPECT_NE(reveal_gst_caps(s, 5)->find("ssrc=(uint)5,"), std::string::npos);
  EXPECT_FALSE(reveal_gst_enc_properties(s).ok());  // its ROC is not 0
}

TEST(GstCaps, KeyLengthsOfTheOtherCiphers) {
  const auto digits = [](Suite suite) {
    const std::string caps = *reveal_gst_caps(counting(suite));
    const std::size_t at = caps.find("(buffer)") + 8;
    return caps.find(',', at) - at;
  };
  EXPECT_EQ(digits(Suite::aes_256_cm_hmac_sha1_80), 2 * 46U);
  EXPECT_EQ(digits(Suite::aead_aes_128_gcm), 2 * 28U);
  EXPECT_EQ(digits(Suite::aead_aes_256_gcm), 2 * 44U);
  EXPECT_NE(reveal_gst_caps(counting(Suite::aead_aes_256_gcm))->find("srtp-auth=(string)null"),
            std::string::npos);
  for (const Suite s : {Suite::aes_192_cm_hmac_sha1_80, Suite::f8_128_hmac_sha1_80, Suite::seed_128_ccm_80,
                        Suite::null_hmac_sha1_80, Suite::null_hmac_sha1_32})
    EXPECT_FALSE(reveal_gst_caps(counting(s)).ok());
  keys::CryptoSession bad = counting(Suite::aead_aes_128_gcm);
  bad.salt = Salt(14);
  EXPECT_FALSE(reveal_gst_caps(bad).ok());
  EXPECT_FALSE(reveal_gst_enc_properties(bad).ok());
}

TEST(GstCaps, SrtpencProperties) {
  keys::CryptoSession s = counting(Suite::aead_aes_128_gcm);
  using P = std::vector<std::pair<std::string, std::string>>;
  P want{{"key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b"},
         {"rtp-cipher", "aes-128-gcm"},
         {"rtp-auth", "null"},
         {"rtcp-cipher", "aes-128-gcm"},
         {"rtcp-auth", "null"}};
  EXPECT_EQ(*reveal_gst_enc_properties(s), want);
  s.validity.type = KvType::spi;
  s.validity.spi = {0xAB};
  want.insert(want.begin() + 1, {"mki", "ab"});
  EXPECT_EQ(*reveal_gst_enc_properties(s), want);
}

TEST(Sdes, Rfc4568Form) {
  keys::CryptoSession s = counting(Suite::aes_cm_128_hmac_sha1_80);
  EXPECT_EQ(*reveal_sdes_crypto(s, 1),
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd");
  s.validity.type = KvType::spi;
  s.validity.spi = {0, 0, 1, 0};
  EXPECT_TRUE(reveal_sdes_crypto(s, 2)->ends_with("|256:4"));
  s.validity.spi = Bytes(16, 0xFF);
  EXPECT_TRUE(reveal_sdes_crypto(s, 2)->ends_with("|340282366920938463463374607431768211455:16"));
  s.validity.spi = {0};
  EXPECT_TRUE(reveal_sdes_crypto(s, 2)->ends_with("|0:1"));
}

TEST(Sdes, OtherSuitesAndLimits) {
  EXPECT_EQ(reveal_sdes_crypto(counting(Suite::null_hmac_sha1_32), 0)->substr(0, 42),
            "a=crypto:0 AES_CM_128_HMAC_SHA1_32 inline:");
  EXPECT_TRUE(reveal_sdes_crypto(counting(Suite::null_hmac_sha1_32), 0)
                  ->ends_with(" UNENCRYPTED_SRTP UNENCRYPTED_SRTCP"));
  EXPECT_EQ(reveal_sdes_crypto(counting(Suite::aead_aes_256_gcm), 9)->substr(0, 28),
            "a=crypto:9 AEAD_AES_256_GCM ");
  keys::CryptoSession s = counting(Suite::f8_128_hmac_sha1_80);
  EXPECT_TRUE(reveal_sdes_crypto(s, 999'999'999).ok());
  EXPECT_FALSE(reveal_sdes_crypto(s, 1'000'000'000).ok());
  s.roc = 1;
  EXPECT_FALSE(reveal_sdes_crypto(s, 1).ok());
  s.roc = 0;
  s.validity = {KvType::spi, Bytes(129), {}, {}};
  EXPECT_FALSE(reveal_sdes_crypto(s, 1).ok());
  s.validity = {};
  s.tek = Tek(5);
  EXPECT_FALSE(reveal_sdes_crypto(s, 1).ok());
}

}  // namespace
}  // namespace mikey::bind
