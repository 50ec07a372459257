#include "ibc/field.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <memory>

#include "support/scripted_rng.hpp"

namespace mikey::ibc {
namespace {

struct BnFree {
  void operator()(BIGNUM* b) const { BN_free(b); }
  void operator()(BN_CTX* c) const { BN_CTX_free(c); }
};
using Bn = std::unique_ptr<BIGNUM, BnFree>;

template <std::size_t N>
Bn to_bn(const Limbs<N>& a) {
  const Bytes o = limbs_to_bytes(a, 8 * N);
  return Bn(BN_bin2bn(o.data(), static_cast<int>(o.size()), nullptr));
}

template <std::size_t N>
Limbs<N> from_bn(const BIGNUM* b) {
  Bytes o(8 * N);
  EXPECT_EQ(BN_bn2binpad(b, o.data(), static_cast<int>(o.size())), static_cast<int>(o.size()));
  Limbs<N> r;
  EXPECT_TRUE(limbs_from_octets(r, o));
  return r;
}

class EveryKernel : public testing::TestWithParam<const Kernel*> {};

INSTANTIATE_TEST_SUITE_P(Kernels, EveryKernel,
                         testing::ValuesIn(usable_kernels().begin(), usable_kernels().end()),
                         [](const auto& p) { return std::string(p.param->name); });

TEST_P(EveryKernel, AllPairsOfAnEightBitPrime) {
  constexpr Limb kP = 251;
  const Field<1> f(Limbs<1>{kP}, *GetParam());
  std::vector<Limbs<1>> form(kP);
  for (Limb a = 0; a < kP; ++a) {
    form[a] = f.from_int(a);
    ASSERT_EQ(f.to_limbs(form[a])[0], a);
  }
  for (Limb a = 0; a < kP; ++a) {
    for (Limb b = 0; b < kP; ++b) {
      ASSERT_EQ(f.mul(form[a], form[b]), form[a * b % kP]) << a << "*" << b;
      ASSERT_EQ(f.add(form[a], form[b]), form[(a + b) % kP]) << a << "+" << b;
      ASSERT_EQ(f.sub(form[a], form[b]), form[(a + kP - b) % kP]) << a << "-" << b;
      Limbs<1> r;
      f.mul_add(r, form[a], form[b], form[b], form[b]);
      ASSERT_EQ(r, form[(a * b + b * b) % kP]);
      f.mul_sub(r, form[a], form[b], form[b], form[b]);
      ASSERT_EQ(r, form[(a * b + (kP - b) * b) % kP]);
      const std::array<Limbs<1>, 3> left{form[a], form[b], form[b]}, right{form[b], form[b], form[a]};
      ASSERT_EQ(f.dot(left, right), form[(2 * a * b + b * b) % kP]);
    }
    const Limbs<1> inverse = f.inverse(form[a]);
    ASSERT_EQ(f.mul(inverse, form[a]), form[a == 0 ? 0 : 1]) << a;
    Limbs<1> root;
    const bool square = f.sqrt(root, form[a]) != 0;
    bool expected = false;
    for (Limb b = 0; b < kP; ++b) expected = expected || b * b % kP == a;
    ASSERT_EQ(square, expected) << a;
  }
}

template <std::size_t N>
void against_openssl(const Kernel& kernel, int bits, int rounds) {
  const std::unique_ptr<BN_CTX, BnFree> ctx(BN_CTX_new());
  const Bn p(BN_new());
  ASSERT_EQ(BN_generate_prime_ex(p.get(), bits, 0, nullptr, nullptr, nullptr), 1);
  const Field<N> f(from_bn<N>(p.get()), kernel);
  EXPECT_EQ(f.bits(), static_cast<std::size_t>(bits));
  test::CountingRng rng(static_cast<std::uint64_t>(bits));
  const Bn a(BN_new());
  const Bn b(BN_new());
  const Bn want(BN_new());
  const Bn want2(BN_new());
  for (int i = 0; i < rounds; ++i) {
    // the edges first: 0, 1, p - 1
    if (i < 3) {
      BN_set_word(a.get(), static_cast<BN_ULONG>(i));
      BN_sub(b.get(), p.get(), BN_value_one());
    } else {
      BN_rand_range(a.get(), p.get());
      BN_rand_range(b.get(), p.get());
    }
    const auto ea = f.from_limbs(from_bn<N>(a.get()));
    const auto eb = f.from_limbs(from_bn<N>(b.get()));
    const auto check = [&](const auto& got, const char* what) {
      ASSERT_EQ(BN_cmp(to_bn(f.to_limbs(got)).get(), want.get()), 0) << what << " of " << bits << " bits";
    };
    BN_mod_mul(want.get(), a.get(), b.get(), p.get(), ctx.get());
    check(f.mul(ea, eb), "product");
    BN_mod_add(want.get(), a.get(), b.get(), p.get(), ctx.get());
    check(f.add(ea, eb), "sum");
    BN_mod_sub(want.get(), a.get(), b.get(), p.get(), ctx.get());
    check(f.sub(ea, eb), "difference");
    typename Field<N>::Element r;
    BN_mod_mul(want.get(), a.get(), b.get(), p.get(), ctx.get());
    BN_mod_sqr(want2.get(), b.get(), p.get(), ctx.get());
    BN_mod_add(want.get(), want.get(), want2.get(), p.get(), ctx.get());
    f.mul_add(r, ea, eb, eb, eb);
    check(r, "sum of products");
    BN_mod_sub(want.get(), want.get(), want2.get(), p.get(), ctx.get());
    BN_mod_sub(want.get(), want.get(), want2.get(), p.get(), ctx.get());
    f.mul_sub(r, ea, eb, eb, eb);
    check(r, "difference of products");
    // with b = p - 1 the largest sums there are
    for (const std::size_t count : {1U, 2U, 3U, 5U, 8U, 14U, 15U}) {
      std::vector<typename Field<N>::Element> left(count, ea), right(count, eb);
      BN_mod_mul(want.get(), a.get(), b.get(), p.get(), ctx.get());
      BN_mul_word(want.get(), count);
      BN_nnmod(want.get(), want.get(), p.get(), ctx.get());
      check(f.dot(left, right), "dot product");
      BN_mod_sqr(want.get(), b.get(), p.get(), ctx.get());
      BN_mul_word(want.get(), count);
      BN_nnmod(want.get(), want.get(), p.get(), ctx.get());
      check(f.dot(right, right), "sum of squares");
    }
    if (i % 16 == 0) {
      if (BN_is_zero(a.get())) {
        BN_zero(want.get());
      } else {
        ASSERT_NE(BN_mod_inverse(want.get(), a.get(), p.get(), ctx.get()), nullptr);
      }
      check(f.inverse(ea), "inverse");
      BN_mod_exp(want.get(), a.get(), b.get(), p.get(), ctx.get());
      check(f.pow_public(ea, from_bn<N>(b.get())), "power");
    }
    Bytes wide(8 * N * 2 + 3);
    ASSERT_TRUE(rng.fill(wide, "").ok());
    const Bn w(BN_bin2bn(wide.data(), static_cast<int>(wide.size()), nullptr));
    BN_nnmod(want.get(), w.get(), p.get(), ctx.get());
    check(f.from_octets_reduced(wide), "reduction");
  }
}

TEST_P(EveryKernel, AgreesWithOpenSsl) {
  against_openssl<4>(*GetParam(), 256, 400);
  against_openssl<4>(*GetParam(), 130, 100);
  against_openssl<8>(*GetParam(), 512, 300);
  against_openssl<8>(*GetParam(), 192, 100);
  against_openssl<16>(*GetParam(), 1024, 300);
  against_openssl<16>(*GetParam(), 1022, 100);
  against_openssl<24>(*GetParam(), 1536, 150);
}

// Moduli need not be prime for products: the largest sizes with all-ones limbs reach every carry.
template <std::size_t N>
void carries(const Kernel& kernel) {
  const std::unique_ptr<BN_CTX, BnFree> ctx(BN_CTX_new());
  Limbs<N> m;
  m.fill(~Limb{0});
  const Field<N> f(m, kernel);
  Limbs<N> a = m;
  a[0] -= 1;
  const Bn p = to_bn(m);
  const Bn x = to_bn(a);
  const Bn want(BN_new());
  BN_mod_sqr(want.get(), x.get(), p.get(), ctx.get());
  const auto e = f.from_limbs(a);
  EXPECT_EQ(BN_cmp(to_bn(f.to_limbs(f.sqr(e))).get(), want.get()), 0) << N;
  Limbs<N> top{};
  top[N - 1] = Limb{1} << 63;
  const Bn y = to_bn(top);
  BN_mod_mul(want.get(), x.get(), y.get(), p.get(), ctx.get());
  EXPECT_EQ(BN_cmp(to_bn(f.to_limbs(f.mul(e, f.from_limbs(top)))).get(), want.get()), 0) << N;
  // an element that is all ones but one in Montgomery form too
  const std::vector<Limbs<N>> terms(kMaxTerms, a);
  const Bn r(BN_new());
  BN_one(r.get());
  BN_lshift(r.get(), r.get(), static_cast<int>(64 * N));
  BN_mod_inverse(r.get(), r.get(), p.get(), ctx.get());
  BN_mod_sqr(want.get(), x.get(), p.get(), ctx.get());
  BN_mod_mul(want.get(), want.get(), r.get(), p.get(), ctx.get());
  BN_mul_word(want.get(), kMaxTerms);
  BN_nnmod(want.get(), want.get(), p.get(), ctx.get());
  EXPECT_EQ(BN_cmp(to_bn(f.dot(terms, terms)).get(), want.get()), 0) << N;
}

TEST_P(EveryKernel, CarriesOfAllOnes) {
  carries<1>(*GetParam());
  carries<4>(*GetParam());
  carries<8>(*GetParam());
  carries<16>(*GetParam());
  carries<24>(*GetParam());
  carries<64>(*GetParam());
  carries<120>(*GetParam());
}

TEST(Field, RefusesOctetsThatAreNoElement) {
  const Field<1> f(Limbs<1>{251});
  Limbs<1> e;
  EXPECT_TRUE(f.from_octets(e, Bytes{250}));
  EXPECT_EQ(f.to_octets(e), Bytes{250});
  EXPECT_FALSE(f.from_octets(e, Bytes{251}));
  EXPECT_FALSE(f.from_octets(e, Bytes{0, 1}));
  EXPECT_FALSE(f.from_octets(e, Bytes{}));
}

TEST(Field, InvertsAllAtOnce) {
  const Field<1> f(Limbs<1>{251});
  std::vector<Limbs<1>> v;
  for (Limb a = 1; a < 251; ++a) v.push_back(f.from_int(a));
  std::vector<Limbs<1>*> pointers;
  for (auto& e : v) pointers.push_back(&e);
  f.invert_all(pointers);
  for (Limb a = 1; a < 251; ++a) EXPECT_EQ(v[a - 1], f.inverse(f.from_int(a)));
  f.invert_all({});
}

}  // namespace
}  // namespace mikey::ibc
