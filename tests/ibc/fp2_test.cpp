#include "ibc/fp2.hpp"

#include <gtest/gtest.h>

namespace mikey::ibc {
namespace {

constexpr Limb kP = 251;  // 3 modulo 4

/// An element of F_p[i] in plain integers, and its products by the definition.
struct Plain {
  Limb re, im;
  friend bool operator==(const Plain&, const Plain&) = default;
};

Plain product(const Plain& a, const Plain& b) {
  return {(a.re * b.re + (kP - a.im) * b.im) % kP, (a.re * b.im + a.im * b.re) % kP};
}

class Fp2OfEveryKernel : public testing::TestWithParam<const Kernel*> {};

INSTANTIATE_TEST_SUITE_P(Kernels, Fp2OfEveryKernel,
                         testing::ValuesIn(usable_kernels().begin(), usable_kernels().end()),
                         [](const auto& p) { return std::string(p.param->name); });

TEST_P(Fp2OfEveryKernel, ProductsFollowTheDefinition) {
  const Field<1> f(Limbs<1>{kP}, *GetParam());
  const auto in = [&](const Plain& a) { return Fp2<1>{f.from_int(a.re), f.from_int(a.im)}; };
  const auto out = [&](const Fp2<1>& a) { return Plain{f.to_limbs(a.re)[0], f.to_limbs(a.im)[0]}; };
  for (Limb i = 0; i < kP; ++i) {
    for (Limb j = 0; j < kP; ++j) {
      const Plain a{i, j};
      const Plain b{j, (i * i + 3) % kP};
      Fp2<1> r = in(a);
      fp2_mul(f, r, r, in(b));
      ASSERT_EQ(out(r), product(a, b)) << i << ' ' << j;
      r = in(a);
      fp2_sqr(f, r, r);
      ASSERT_EQ(out(r), product(a, a));
      r = in(a);
      fp2_mul_torus(f, r, f.from_int(b.im));
      ASSERT_EQ(out(r), product(a, {1, b.im}));
      // a times its conjugate lies in F_p
      const Plain norm = product(a, out(fp2_conjugate(f, in(a))));
      ASSERT_EQ(norm, (Plain{(i * i + j * j) % kP, 0}));
    }
  }
  EXPECT_EQ(out(fp2_one(f)), (Plain{1, 0}));
}

}  // namespace
}  // namespace mikey::ibc
