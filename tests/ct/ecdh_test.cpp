#include <gtest/gtest.h>

#include "crypto/reduce.hpp"
#include "poison.hpp"

namespace mikey::crypto {
namespace {

/// The multiplier of an ECDH value from what was drawn for it. What libcrypto does with it is beyond
/// memcheck: doc/side_channels.md.
TEST(CtReduce, OfASecretNumber) {
  const Bytes modulus(32, 0xD3);
  Bytes number(40, 0xE7);
  const SecretBytes expected = detail::reduce(number, modulus);
  test::poison(number);
  const SecretBytes reduced = detail::reduce(number, modulus);
  test::release(reduced.reveal());
  EXPECT_TRUE(std::ranges::equal(reduced.reveal(), expected.reveal()));
}

}  // namespace
}  // namespace mikey::crypto
