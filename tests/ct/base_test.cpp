#include <gtest/gtest.h>

#include "mikey/base/secret.hpp"
#include "poison.hpp"

namespace mikey {
namespace {

using test::poison;
using test::release;
using test::released;

TEST(CtEqual, LooksAtNoOctetByItself) {
  for (const std::size_t differs : {std::size_t{0}, std::size_t{19}, std::size_t{20}}) {
    Bytes mac(20, 0x5A);
    Bytes other = mac;
    if (differs < other.size()) other[differs] ^= 1;
    poison(mac);
    poison(other);
    EXPECT_EQ(released(ct_equal(mac, other)), differs == mac.size());
  }
}

TEST(CtSecretBytes, MovingCloningAndWipingDependOnTheLengthOnly) {
  for (const std::size_t size : {SecretBytes::kInline, SecretBytes::kInline + 1}) {
    Bytes plain(size, 0x11);
    poison(plain);
    SecretBytes a{ByteView(plain)};
    SecretBytes b = a.clone();
    const SecretBytes c = std::move(a);
    b.truncate(size / 2);
    EXPECT_EQ(b.size(), size / 2);
    release(c.reveal());
    EXPECT_EQ(c.reveal()[size - 1], 0x11);
  }
}

TEST(LeakBranch, OnASecretOctet) {
  Bytes key(16, 1);
  poison(key);
  volatile int branches = 0;
  if (key[3] == 1) branches = 1;
  EXPECT_EQ(branches, 1);
}

TEST(LeakAddress, MadeOfASecretOctet) {
  const volatile std::uint8_t table[256] = {7};
  Bytes key(16, 0);
  poison(key);
  std::uint8_t found = table[key[3]];
  release({&found, 1});
  EXPECT_EQ(found, 7);
}

TEST(LeakCompare, ByMemcmpAsOthersDo) {
  Bytes mac(20, 0x5A);
  const Bytes other = mac;
  poison(mac);
  EXPECT_TRUE(released(std::equal(mac.begin(), mac.end(), other.begin())));
}

}  // namespace
}  // namespace mikey
