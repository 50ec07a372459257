// AES-GCM against NIST's test cases (the GCM specification of McGrew and Viega, Appendix B, cases 2, 4 and
// 6).
#include <gtest/gtest.h>

#include "mikey/crypto/provider.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::crypto {
namespace {

using test::hex;

struct Case {
  const char *key, *iv, *aad, *plain, *sealed;
};
constexpr const char* kKey = "feffe9928665731c6d6a8f9467308308";
constexpr const char* kAad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr const char* kPlain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5"
    "aa0de657ba637b39";
const Case kCases[] = {
    {"00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {kKey, "cafebabefacedbaddecaf888", kAad, kPlain,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b3"
     "9"
     "6a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {kKey,
     "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf"
     "5"
     "a0de6a57a637b39b",
     kAad, kPlain,
     "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6fd62875d"
     "2"
     "aca417034c34aee5619cc5aefffe0bfa462af43c1699d050"},
};

TEST(AesGcm, TestCases) {
  for (const Case& c : kCases) {
    const auto sealed = openssl().aes_gcm_seal(hex(c.key), hex(c.iv), hex(c.aad), hex(c.plain));
    ASSERT_TRUE(sealed.ok()) << sealed.error().to_string();
    EXPECT_EQ(to_hex(*sealed), c.sealed);
    const auto plain = openssl().aes_gcm_open(hex(c.key), hex(c.iv), hex(c.aad), *sealed);
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(to_hex(plain->reveal()), c.plain);
  }
}

TEST(AesGcm, WhatIsChangedDoesNotOpen) {
  const Case& c = kCases[1];
  const Bytes sealed = hex(c.sealed);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    const auto r = openssl().aes_gcm_open(hex(c.key), hex(c.iv), hex(c.aad), bad);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, ErrorCode::auth_failure);
  }
  for (std::size_t n = 0; n < sealed.size(); ++n)
    EXPECT_FALSE(openssl().aes_gcm_open(hex(c.key), hex(c.iv), hex(c.aad), ByteView(sealed).first(n)).ok());
  EXPECT_FALSE(openssl().aes_gcm_open(hex(c.key), hex(c.iv), hex("00"), sealed).ok());
  const auto tag_alone = openssl().aes_gcm_seal(hex(c.key), hex(c.iv), {}, {});
  EXPECT_EQ(tag_alone->size(), 16U);
  EXPECT_TRUE(openssl().aes_gcm_open(hex(c.key), hex(c.iv), {}, *tag_alone).ok());
}

TEST(AesGcm, LengthsThatItCannotTake) {
  for (const std::size_t n : {0U, 15U, 17U, 33U})
    EXPECT_EQ(openssl().aes_gcm_seal(Bytes(n), Bytes(12), {}, {}).error().code, ErrorCode::bad_request);
  for (const std::size_t n : {0U, 1025U})
    EXPECT_EQ(openssl().aes_gcm_seal(Bytes(16), Bytes(n), {}, {}).error().code, ErrorCode::bad_request);
  EXPECT_TRUE(openssl().aes_gcm_seal(Bytes(32), Bytes(16), {}, {}).ok());
}

}  // namespace
}  // namespace mikey::crypto
