#include "mikey/crypto/ecdh.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/reduce.hpp"
#include "mikey/wire/field.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::crypto {
namespace {

using test::CountingRng;
using test::hex;
using test::ScriptedRng;

std::vector<EccCurve> all_curves() {
  std::vector<EccCurve> out;
  for (std::uint8_t n = 1; n <= 16; ++n) out.push_back(static_cast<EccCurve>(n));
  return out;
}

TEST(Ecdh, BothSidesAgreeOnEveryCurveOfTheRegistry) {
  CountingRng rng;
  for (const EccCurve curve : all_curves()) {
    SCOPED_TRACE(static_cast<int>(curve));
    const auto a = ec_generate(curve, rng);
    const auto b = ec_generate(curve, rng);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->public_value.size(), 1 + 2 * *wire::field_size(curve));
    EXPECT_EQ(a->public_value[0], 4);
    EXPECT_TRUE(ec_check_point(curve, a->public_value).ok());
    const auto ab = ec_shared(*a, b->public_value);
    const auto ba = ec_shared(*b, a->public_value);
    ASSERT_TRUE(ab.ok() && ba.ok());
    EXPECT_TRUE(ct_equal(ab->reveal(), ba->reveal()));
    EXPECT_EQ(ab->size(), a->public_value.size());
    EXPECT_TRUE(ec_check_point(curve, ab->reveal()).ok());
  }
}

TEST(Ecdh, StrengthIsThatOfTheOrder) {
  EXPECT_EQ(ec_order_bits(EccCurve::p256), 256U);
  EXPECT_EQ(ec_order_bits(EccCurve::p521), 521U);
  EXPECT_EQ(ec_order_bits(EccCurve::k283), 281U);
  EXPECT_EQ(ec_order_bits(EccCurve::b163), 163U);
  EXPECT_EQ(ec_order_bits(EccCurve{17}), 0U);
}

TEST(Ecdh, UnknownCurvesAreRefused) {
  CountingRng rng;
  for (const EccCurve curve : {EccCurve{0}, EccCurve{17}, EccCurve{255}}) {
    EXPECT_EQ(ec_generate(curve, rng).error().code, ErrorCode::invalid_dh);
    EXPECT_EQ(ec_check_point(curve, Bytes(65, 4)).error().code, ErrorCode::invalid_dh);
  }
}

TEST(Ecdh, PointsThatAreNoneAreRefused) {
  CountingRng rng;
  for (const EccCurve curve : all_curves()) {
    SCOPED_TRACE(static_cast<int>(curve));
    const auto own = ec_generate(curve, rng);
    ASSERT_TRUE(own.ok());
    const Bytes good = own->public_value;
    const std::size_t n = *wire::field_size(curve);
    Bytes off = good;
    off.back() ^= 1;
    Bytes zero(good.size());
    zero[0] = 4;
    Bytes huge = good;
    std::fill_n(huge.begin() + 1, n, 0xFF);
    Bytes compressed(good.begin(), good.begin() + 1 + static_cast<std::ptrdiff_t>(n));
    compressed[0] = 2;
    Bytes hybrid = good;
    hybrid[0] = 6;
    Bytes long_one = good;
    long_one.push_back(0);
    for (const Bytes& bad : {off, zero, huge, compressed, hybrid, long_one, Bytes{0}, Bytes{}}) {
      EXPECT_EQ(ec_check_point(curve, bad).error().code, ErrorCode::invalid_dh) << to_hex(bad);
      EXPECT_EQ(ec_shared(*own, bad).error().code, ErrorCode::invalid_dh);
    }
  }
}

/// Curves over binary fields have points of order 2, which would tell the peer's multiplier modulo 2: (0,
/// sqrt(b)), and b = 1 in all of the Koblitz curves.
TEST(Ecdh, PointsOfSmallOrderAreRefused) {
  CountingRng rng;
  for (const EccCurve curve :
       {EccCurve::k163, EccCurve::k233, EccCurve::k283, EccCurve::k409, EccCurve::k571}) {
    Bytes point(1 + 2 * *wire::field_size(curve));
    point[0] = 4;
    point.back() = 1;
    const auto checked = ec_check_point(curve, point);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().detail, "the point is not of the curve's order");
    const auto own = ec_generate(curve, rng);
    EXPECT_FALSE(ec_shared(*own, point).ok());
  }
}

TEST(Ecdh, DrawsAreReducedIntoTheOrder) {
  const auto generate = [](Bytes drawn) {
    ScriptedRng rng;
    rng.add("ECCPT secret", std::move(drawn));
    return *ec_generate(EccCurve::p256, rng);
  };
  const Bytes less = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");  // q - 1
  EXPECT_EQ(to_hex(generate(Bytes(40)).secret.reveal()), std::string(62, '0') + "01");
  Bytes drawn(40);  // eight octets more than the order has
  std::ranges::copy(less, drawn.begin() + 8);
  EXPECT_EQ(to_hex(generate(drawn).secret.reveal()), std::string(62, '0') + "01");
  --drawn.back();
  const EcKeyPair last = generate(drawn);  // the greatest multiplier, q - 1
  EXPECT_EQ(to_hex(last.secret.reveal()), to_hex(less));
  const EcKeyPair first = generate(Bytes(40));
  EXPECT_TRUE(std::equal(first.public_value.begin(), first.public_value.begin() + 33,
                         last.public_value.begin()));  // P and -P
  EXPECT_NE(first.public_value, last.public_value);
}

TEST(Reduce, SmallNumbersExhaustively) {
  for (unsigned m = 1; m < 40; ++m)
    for (unsigned r = 0; r < 700; ++r) {
      const Bytes number{static_cast<std::uint8_t>(r >> 8), static_cast<std::uint8_t>(r)};
      const Bytes modulus{static_cast<std::uint8_t>(m)};
      ASSERT_EQ(detail::reduce(number, modulus).reveal()[0], r % m) << r << " mod " << m;
    }
}

TEST(Reduce, HighestModulus) {
  const Bytes m(16, 0xFF);
  Bytes r(24, 0xFF);
  EXPECT_EQ(to_hex(detail::reduce(r, m).reveal()), "0000000000000000ffffffffffffffff");
  EXPECT_EQ(to_hex(detail::reduce(m, m).reveal()), std::string(32, '0'));
}

}  // namespace
}  // namespace mikey::crypto
