/// \file
/// F_p[i] with i^2 = -1, for p = 3 modulo 4 (RFC 5091 2.1, RFC 6508 2.1).
#pragma once

#include "field.hpp"

namespace mikey::ibc {

/// re + i im.
template <std::size_t N>
struct Fp2 {
  Limbs<N> re;
  Limbs<N> im;
};

template <std::size_t N>
Fp2<N> fp2_one(const Field<N>& f) {
  return {f.one(), Field<N>::zero()};
}

template <std::size_t N>
void fp2_mul(const Field<N>& f, Fp2<N>& r, const Fp2<N>& a, const Fp2<N>& b) {
  Limbs<N> re;
  f.mul_sub(re, a.re, b.re, a.im, b.im);
  f.mul_add(r.im, a.re, b.im, a.im, b.re);
  r.re = re;
}

template <std::size_t N>
void fp2_sqr(const Field<N>& f, Fp2<N>& r, const Fp2<N>& a) {
  Limbs<N> sum, difference, im;
  f.add(sum, a.re, a.im);
  f.sub(difference, a.re, a.im);
  f.mul(im, a.re, a.im);
  f.dbl(r.im, im);
  f.mul(r.re, sum, difference);
}

/// r *= 1 + i b: an element of the torus (RFC 6508's PF_p) by its representative.
template <std::size_t N>
void fp2_mul_torus(const Field<N>& f, Fp2<N>& r, const Limbs<N>& b) {
  Limbs<N> re, im;
  f.mul(re, r.im, b);
  f.mul(im, r.re, b);
  f.sub(r.re, r.re, re);
  f.add(r.im, r.im, im);
}

template <std::size_t N>
Fp2<N> fp2_conjugate(const Field<N>& f, const Fp2<N>& a) {
  return {a.re, f.neg(a.im)};
}

}  // namespace mikey::ibc
