#include <gtest/gtest.h>

#include <array>

#include "crypto/rsa_padding.hpp"
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

// Whether the padding of a PKE was right must not show in the time it takes (Bleichenbacher's attack).
TEST(CtRsaPadding, RightAndWrongPkcs1BlocksOfEveryKind) {
  Bytes right(256, 0xAA);
  right[0] = 0;
  right[1] = 2;
  right[256 - 17] = 0;
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes b = right;
    b[at] = value;
    return b;
  };
  const std::array<Bytes, 6> blocks{right,          changed(0, 1),        changed(1, 1),
                                    changed(5, 0),  changed(256 - 17, 1),  // no zero octet at all
                                    changed(100, 0)};                      // a key of 155 octets
  const EnvelopeKeyLengths lengths{16, 64};
  Bytes rejection(64, 0x55);
  poison(rejection);
  for (Bytes block : blocks) {
    const bool good = block == right;
    poison(block);
    Bytes out(64);
    std::size_t length = detail::unpad_pkcs1_encryption(out, block, lengths, rejection);
    (void)VALGRIND_MAKE_MEM_DEFINED(&length, sizeof length);
    release(out);
    EXPECT_EQ(length, 16U);
    EXPECT_EQ(out.back(), good ? 0xAA : 0x55);
  }
}

// The same check as it is often written.
TEST(LeakRsaPadding, BranchOnTheSecondOctet) {
  Bytes block(256, 2);
  poison(block);
  volatile int branches = 0;
  if (block[1] == 2) branches = 1;
  EXPECT_EQ(branches, 1);
}

}  // namespace
}  // namespace mikey::crypto
