#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "ibc/pairing.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::ibc {
namespace {

SakkeScalar scalar(Limb v) {
  return SakkeScalar{v};
}

SakkeScalar random_scalar(const SakkeParameterSet& set, std::uint64_t seed) {
  test::CountingRng rng(seed);
  Bytes octets(128);
  EXPECT_TRUE(rng.fill(octets, "").ok());
  return set.q.to_limbs(set.q.from_octets_reduced(octets));
}

SakkePoint point(const SakkeParameterSet& set, const EdwardsForm::Extended& e) {
  return set.edwards.to_point(e, set.p.inverse(set.edwards.denominator(e)));
}

SakkePoint fixed(const SakkeParameterSet& set, const SakkeScalar& k) {
  EdwardsForm::Extended e = set.edwards.identity();
  set.base_table().accumulate(e, k);
  return point(set, e);
}

/// Whatever is slow and obvious.
SakkePoint plain(const SakkeParameterSet& set, const SakkeScalar& k, const SakkePoint& p) {
  SakkePoint r;
  EXPECT_TRUE(set.curve.to_affine(r, set.curve.mul_vartime(k, p)));
  return r;
}

bool same(const SakkePoint& a, const SakkePoint& b) {
  return a.x == b.x && a.y == b.y;
}

class SakkeSet : public testing::TestWithParam<const Kernel*> {
 protected:
  static const SakkeParameterSet& set() {
    static std::map<const Kernel*, std::unique_ptr<SakkeParameterSet>> made;
    auto& s = made[GetParam()];
    if (!s) s = std::make_unique<SakkeParameterSet>(*GetParam());
    return *s;
  }
};

INSTANTIATE_TEST_SUITE_P(Kernels, SakkeSet,
                         testing::ValuesIn(usable_kernels().begin(), usable_kernels().end()),
                         [](const auto& p) { return std::string(p.param->name); });

TEST_P(SakkeSet, BaseIsOnTheCurveAndOfOrderQ) {
  EXPECT_TRUE(set().curve.on_curve(set().base));
  EXPECT_TRUE(set().curve.in_subgroup_vartime(set().base));
}

TEST_P(SakkeSet, TableSumsAreMultiples) {
  SakkeScalar last = set().q.modulus();
  last[0] -= 1;
  std::vector<SakkeScalar> ks = {scalar(1), scalar(2), scalar(16), scalar(17), scalar(31), scalar(32), last};
  for (std::uint64_t i = 0; i < 4; ++i) ks.push_back(random_scalar(set(), i));
  for (const SakkeScalar& k : ks) {
    const SakkePoint want = plain(set(), k, set().base);
    EXPECT_TRUE(same(fixed(set(), k), want));
    SakkePoint ct;
    ASSERT_TRUE(set().curve.to_affine(ct, set().curve.mul(k, set().base)));
    EXPECT_TRUE(same(ct, want));
    EdwardsForm::Extended e = set().edwards.identity();
    set().base_table().accumulate(e, k);
    EXPECT_TRUE(set().edwards.equals(e, want));
    EXPECT_FALSE(set().edwards.equals(e, set().curve.negate(want)));
  }
  EdwardsForm::Extended zero = set().edwards.identity();
  set().base_table().accumulate(zero, scalar(0));
  EXPECT_TRUE(mask_if_zero(zero.x) != 0);
  EXPECT_FALSE(set().edwards.equals(zero, set().base));
}

TEST_P(SakkeSet, PairingOfTheBaseIsG) {
  bool order = false;
  EXPECT_EQ(torus_representative(set(), sakke_pairing(set(), set().base, set().base, order)), set().g);
  EXPECT_TRUE(order);
  const MillerTable lines(set(), set().base);
  EXPECT_TRUE(lines.of_order_q());
  EXPECT_EQ(torus_representative(set(), lines.pair(set(), set().base)), set().g);
}

TEST_P(SakkeSet, PairingIsBilinear) {
  const SakkeScalar a = random_scalar(set(), 10);
  const SakkeScalar b = random_scalar(set(), 11);
  const SakkeField& q = set().q;
  const SakkeScalar ab = q.to_limbs(q.mul(q.from_limbs(a), q.from_limbs(b)));
  const SakkePoint pa = fixed(set(), a);
  const SakkePoint pb = fixed(set(), b);
  bool order = false;
  const SakkeElement want = torus_representative(set(), set().power_of_g(ab));
  EXPECT_EQ(torus_representative(set(), sakke_pairing(set(), pa, pb, order)), want);
  EXPECT_EQ(torus_representative(set(), sakke_pairing(set(), pb, pa, order)), want);
  EXPECT_EQ(torus_representative(set(), MillerTable(set(), pb).pair(set(), pa)), want);
}

TEST_P(SakkeSet, PowersOfGMultiply) {
  // RFC 6508 2.1: (a + b) / (1 - a b) represents the product
  const SakkeField& f = set().p;
  SakkeElement power = set().g;
  for (Limb k = 2; k < 40; ++k) {
    const SakkeElement below = f.sub(f.one(), f.mul(power, set().g));
    power = f.mul(f.add(power, set().g), f.inverse(below));
    EXPECT_EQ(torus_representative(set(), set().power_of_g(scalar(k))), power) << k;
  }
  EXPECT_EQ(torus_representative(set(), set().power_of_g(scalar(0))), SakkeField::zero());
}

TEST_P(SakkeSet, PointsOfOtherOrdersAreSeen) {
  // T = (x, y) with x = sqrt(-3) up to sign has order 4, and (0, 0) has order 2.
  const SakkeField& f = set().p;
  SakkePoint t;
  f.sqrt(t.x, f.neg(f.from_int(3)));
  const auto lift_x = [&] {
    const SakkeElement rhs = f.mul(f.sub(f.sqr(t.x), f.from_int(3)), t.x);
    return f.sqrt(t.y, rhs) != 0;
  };
  if (!lift_x()) {
    t.x = f.neg(t.x);
    ASSERT_TRUE(lift_x());
  }
  ASSERT_TRUE(set().curve.on_curve(t));
  Jacobian<kSakkeLimbs> sum;
  set().curve.dbl(sum, set().curve.lift(t));
  SakkePoint two;
  ASSERT_TRUE(set().curve.to_affine(two, sum));
  EXPECT_EQ(two.x, SakkeField::zero());
  EXPECT_EQ(two.y, SakkeField::zero());
  EXPECT_FALSE(set().curve.in_subgroup_vartime(t));
  EXPECT_FALSE(set().curve.in_subgroup_vartime(two));
  set().curve.add_vartime(sum, set().curve.lift(set().base), t);
  SakkePoint mixed;
  ASSERT_TRUE(set().curve.to_affine(mixed, sum));
  EXPECT_FALSE(set().curve.in_subgroup_vartime(mixed));
  bool order = true;
  sakke_pairing(set(), mixed, set().base, order);
  EXPECT_FALSE(order);
  EXPECT_FALSE(MillerTable(set(), mixed).of_order_q());
  EXPECT_FALSE(MillerTable(set(), t).of_order_q());
  EXPECT_FALSE(MillerTable(set(), two).of_order_q());
}

TEST_P(SakkeSet, AdditionCoversEveryCase) {
  const auto& c = set().curve;
  const SakkePoint p = set().base;
  Jacobian<kSakkeLimbs> r;
  c.add(r, c.infinity(), p);
  EXPECT_TRUE(c.equal_vartime(r, p));
  c.add(r, c.lift(p), p);
  EXPECT_TRUE(c.equal_vartime(r, plain(set(), scalar(2), p)));
  c.add(r, r, p);
  EXPECT_TRUE(c.equal_vartime(r, plain(set(), scalar(3), p)));
  c.add(r, c.lift(p), c.negate(p));
  EXPECT_TRUE(c.is_infinity(r) != 0);
  c.add_vartime(r, c.lift(p), c.negate(p));
  EXPECT_TRUE(c.is_infinity(r) != 0);
  c.dbl(r, r);
  EXPECT_TRUE(c.is_infinity(r) != 0);
}

}  // namespace
}  // namespace mikey::ibc
