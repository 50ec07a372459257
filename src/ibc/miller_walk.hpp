/// \file
/// The walk of Miller's algorithm through the multiples of a point of SAKKE's curve.
#pragma once

#include "declassify.hpp"
#include "pairing.hpp"

namespace mikey::ibc {

/// A line at the image (-x, i y) of (x, y) is l x + m + i n y, up to a factor from F_p.
struct ScaledLine {
  SakkeElement l, m, n;
};

/// v = 2v, and the tangent that went with it.
inline void tangent_step(const SakkeField& f, Jacobian<kSakkeLimbs>& v, ScaledLine& line) {
  SakkeElement zz, m, t, yy, yyyy, s;
  f.sqr(zz, v.z);
  f.sub(t, v.x, zz);
  f.add(m, v.x, zz);
  f.mul(t, t, m);
  f.dbl(m, t);
  f.add(m, m, t);  // 3 (X - Z^2)(X + Z^2)
  f.sqr(yy, v.y);
  f.dbl(yy, yy);  // 2 Y^2
  f.mul(line.m, m, v.x);
  f.sub(line.m, line.m, yy);
  f.mul(line.l, m, zz);
  f.mul(s, v.x, yy);
  f.dbl(s, s);  // 4 X Y^2
  f.sqr(yyyy, yy);
  f.dbl(yyyy, yyyy);  // 8 Y^4
  f.mul(v.z, v.y, v.z);
  f.dbl(v.z, v.z);
  f.mul(line.n, v.z, zz);
  f.sqr(v.x, m);
  f.sub(v.x, v.x, s);
  f.sub(v.x, v.x, s);
  f.sub(s, s, v.x);
  f.mul(s, s, m);
  f.sub(v.y, s, yyyy);
}

/// v = v + a, and the chord that went with it.
inline void chord_step(const SakkeField& f, Jacobian<kSakkeLimbs>& v, const SakkePoint& a, ScaledLine& line) {
  SakkeElement zz, h, r, hh, hhh, w, t;
  f.sqr(zz, v.z);
  f.mul(h, a.x, zz);
  f.sub(h, h, v.x);
  f.mul(r, v.z, zz);
  f.mul(r, r, a.y);
  f.sub(r, r, v.y);
  f.sqr(hh, h);
  f.mul(hhh, hh, h);
  f.mul(w, v.x, hh);
  f.mul(v.z, v.z, h);
  f.sqr(t, r);
  f.sub(t, t, hhh);
  f.sub(t, t, w);
  f.sub(v.x, t, w);
  f.sub(w, w, v.x);
  f.mul(w, w, r);
  f.mul(hhh, hhh, v.y);
  f.sub(v.y, w, hhh);
  line.l = r;
  f.mul_sub(line.m, r, a.x, v.z, a.y);
  line.n = v.z;
}

/// Walks from `first` to [q -+ 1]first and hands each line to `on_line(line, is_tangent)`. The last addition,
/// whose line is vertical and lies in F_p, is left out (Barreto's trick). True when [q]first = 0.
template <class OnLine>
bool walk(const SakkeParameterSet& set, const SakkePoint& first, OnLine on_line) {
  const SakkeField& f = set.p;
  const SakkePoint minus = set.curve.negate(first);
  Jacobian<kSakkeLimbs> v = set.curve.lift(first);
  ScaledLine line;
  for (std::size_t i = set.q_digits.size() - 1; i-- > 0;) {
    tangent_step(f, v, line);
    on_line(line, true);
    if (set.q_digits[i] == 0 || i == 0) continue;
    chord_step(f, v, set.q_digits[i] > 0 ? first : minus, line);
    on_line(line, false);
  }
  const SakkePoint& end = set.q_digits[0] < 0 ? first : minus;
  const SakkeElement zz = f.sqr(v.z);
  const Limb x = mask_if_equal(f.mul(end.x, zz), v.x);
  const Limb y = mask_if_equal(f.mul(end.y, f.mul(zz, v.z)), v.y);
  const Limb proper = ~mask_if_zero(v.z);
  wipe_object(v);
  wipe_object(line);
  return public_outcome(x & y & proper);
}

/// The exponent (p + 1) / q = 4.
inline void final_exponentiation(const SakkeField& f, SakkeFp2& t) {
  fp2_sqr(f, t, t);
  fp2_sqr(f, t, t);
}

}  // namespace mikey::ibc
