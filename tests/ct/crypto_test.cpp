#include <gtest/gtest.h>

#include <array>

#include "mikey/crypto/prf.hpp"
#include "mikey/crypto/provider.hpp"
#include "poison.hpp"

namespace mikey::crypto {
namespace {

using test::poison;
using test::release;

TEST(CtPrf, OfASecretKey) {
  for (const PrfFunc f : {PrfFunc::mikey_1, PrfFunc::hmac_sha_256}) {
    Bytes key(40, 0x42);
    const Bytes label(41, 7);
    Bytes expected(30);
    ASSERT_TRUE(prf(openssl(), f, key, label, expected));
    poison(key);
    Bytes out(30);
    ASSERT_TRUE(prf(openssl(), f, key, label, out));
    release(out);
    EXPECT_EQ(out, expected);
  }
}

TEST(CtHmac, OfASecretKeyAndMessage) {
  Bytes key(20, 0x42);
  Bytes message(100, 3);
  poison(key);
  poison(message);
  Bytes mac(20);
  const std::array<ByteView, 1> parts{message};
  ASSERT_TRUE(openssl().hmac(Hash::sha1, key, parts, mac));
  release(mac);
  EXPECT_NE(mac, Bytes(20));
}

TEST(CtAesCtr, OfASecretKeyAndPlaintext) {
  Bytes key(16, 0x42);
  const Bytes iv(16, 9);
  Bytes plain(33, 3);
  poison(key);
  poison(plain);
  Bytes there(33);
  ASSERT_TRUE(openssl().aes_ctr(key, iv, plain, there));
  Bytes back(33);
  ASSERT_TRUE(openssl().aes_ctr(key, iv, there, back));
  release(back);
  EXPECT_EQ(back, Bytes(33, 3));
}

}  // namespace
}  // namespace mikey::crypto
