// The unpadding of envelope keys. What RSA decrypted is secret: whether the padding was right, and where it
// ended, must show in neither jumps nor addresses (Bleichenbacher's attack; RFC 8017 7.1.2, 7.2.2).
#include "crypto/rsa_padding.hpp"

#include <gtest/gtest.h>

#include <array>

#include "crypto/declassify.hpp"
#include "poison.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::crypto::detail {

// In place of the library's own: what is asked here is public from here on.
std::size_t public_length(std::size_t length) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&length, sizeof length);
  return length;
}
bool public_outcome(std::size_t mask) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&mask, sizeof mask);
  return mask != 0;
}

namespace {

using test::poison;
using test::release;

constexpr std::size_t kSize = 256;
constexpr EnvelopeKeyLengths kLengths{16, 64};

Bytes rejection() {
  return Bytes(kLengths.max, 0xEE);
}

Bytes pkcs1_block(std::size_t key) {
  test::CountingRng rng;
  const auto em = pad_pkcs1_encryption(Bytes(key, 0x5A), kSize, rng);
  return to_bytes(em->reveal());
}

/// Unpads a secret block; the result is public.
Bytes unpad(Bytes em) {
  Bytes instead = rejection();
  poison(em);
  poison(instead);
  Bytes out(kLengths.max);
  const std::size_t length = public_length(unpad_pkcs1_encryption(out, em, kLengths, instead));
  release(out);
  return to_bytes(ByteView(out).last(length));
}

TEST(CtPkcs1, GoodBlocks) {
  for (const std::size_t n : {16U, 17U, 32U, 64U}) EXPECT_EQ(unpad(pkcs1_block(n)), Bytes(n, 0x5A));
}

TEST(CtPkcs1, EveryKindOfBadBlockIsRejectedImplicitly) {
  const Bytes instead(kLengths.min, 0xEE);
  Bytes first = pkcs1_block(16);
  first[0] = 1;
  EXPECT_EQ(unpad(first), instead);
  Bytes type = pkcs1_block(16);
  type[1] = 1;
  EXPECT_EQ(unpad(type), instead);
  Bytes early = pkcs1_block(16);
  early[5] = 0;
  EXPECT_EQ(unpad(early), instead);
  Bytes never(kSize, 7);
  never[0] = 0;
  never[1] = 2;
  EXPECT_EQ(unpad(never), instead);
  EXPECT_EQ(unpad(pkcs1_block(15)), instead);
  EXPECT_EQ(unpad(pkcs1_block(65)), instead);
  EXPECT_EQ(unpad(Bytes(kSize)), instead);
}

TEST(CtOaep, GoodAndBadBlocks) {
  test::CountingRng rng;
  const auto em = pad_oaep(Bytes(16, 0x5A), kSize, rng);
  for (const std::size_t damaged : {kSize, std::size_t{0}, std::size_t{1}, std::size_t{30}, kSize - 1}) {
    Bytes block = to_bytes(em->reveal());
    if (damaged < kSize) block[damaged] ^= 1;
    poison(block);
    const auto key = unpad_oaep(block);
    ASSERT_EQ(key.ok(), damaged == kSize);
    if (!key) continue;
    Bytes out = to_bytes(key->reveal());
    release(out);
    EXPECT_EQ(out, Bytes(16, 0x5A));
  }
}

/// What an unpadding must not do: look for the end of the padding and stop there.
TEST(LeakPkcs1, ScanningForTheEndOfThePadding) {
  Bytes em = pkcs1_block(16);
  poison(em);
  std::size_t i = 2;
  while (i < em.size() && em[i] != 0) ++i;
  EXPECT_EQ(public_length(i), kSize - 17);
}

/// Nor fetch the key from an address that tells its length.
TEST(LeakPkcs1, AnIndexThatDependsOnTheBlock) {
  Bytes em = pkcs1_block(16);
  poison(em);
  static constexpr std::array<std::uint8_t, 256> kTable{1, 2, 3};
  std::uint8_t found = kTable[em[1]];
  release({&found, 1});
  EXPECT_EQ(found, 3);
}

}  // namespace
}  // namespace mikey::crypto::detail
