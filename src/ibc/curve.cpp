#include "curve.hpp"
#include "declassify.hpp"

namespace mikey::ibc {

template <std::size_t N>
std::vector<std::int8_t> naf_vartime(const Limbs<N>& k) {
  std::vector<std::int8_t> digits;
  int carry = 0;
  for (std::size_t i = 0; i <= 64 * N; ++i) {
    const int bit = static_cast<int>(bit_of(k, i)) + carry;
    const int next = static_cast<int>(bit_of(k, i + 1));
    std::int8_t d = 0;
    if (bit == 1) d = next == 1 ? std::int8_t{-1} : std::int8_t{1};
    carry = (bit - d) / 2;
    digits.push_back(d);
  }
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
  return digits;
}

template <std::size_t N>
Curve<N>::Curve(const F& field, A a, const Element& b, const Limbs<N>& order)
    : field_(field), a_(a), b_(b), order_(order) {}

template <std::size_t N>
bool Curve<N>::on_curve(const Affine<N>& p) const {
  const F& f = field_;
  Element t = f.sqr(p.x);
  if (a_ == A::minus_3) t = f.sub(t, f.from_int(3));
  t = f.add(f.mul(t, p.x), b_);
  return public_outcome(mask_if_equal(t, f.sqr(p.y)));
}

template <std::size_t N>
bool Curve<N>::in_subgroup_vartime(const Affine<N>& p) const {
  return is_infinity(mul_vartime(order_, p)) != 0;
}

template <std::size_t N>
std::optional<Affine<N>> Curve<N>::decode(ByteView octets) const {
  const std::size_t n = field_.octets();
  if (octets.size() != 2 * n + 1 || octets[0] != 4) return std::nullopt;
  Affine<N> p;
  if (!field_.from_octets(p.x, octets.subspan(1, n)) || !field_.from_octets(p.y, octets.subspan(1 + n)))
    return std::nullopt;
  if (!on_curve(p)) return std::nullopt;
  return p;
}

template <std::size_t N>
Bytes Curve<N>::encode(const Affine<N>& p) const {
  Bytes out{4};
  append(out, field_.to_octets(p.x));
  append(out, field_.to_octets(p.y));
  return out;
}

template <std::size_t N>
bool Curve<N>::to_affine(Affine<N>& r, const Jacobian<N>& p) const {
  const F& f = field_;
  const Element i = f.inverse(p.z);
  const Element ii = f.sqr(i);
  r = {f.mul(p.x, ii), f.mul(p.y, f.mul(ii, i))};
  return public_outcome(~is_infinity(p));
}

template <std::size_t N>
std::vector<Affine<N>> Curve<N>::to_affine(std::span<const Jacobian<N>> points) const {
  const F& f = field_;
  std::vector<Element> z;
  std::vector<Element*> pointers;
  z.reserve(points.size());
  for (const auto& p : points) {
    z.push_back(p.z);
    pointers.push_back(&z.back());
  }
  f.invert_all(pointers);
  std::vector<Affine<N>> out(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Element zz = f.sqr(z[i]);
    out[i] = {f.mul(points[i].x, zz), f.mul(points[i].y, f.mul(zz, z[i]))};
  }
  for (Element& e : z) wipe_object(e);
  return out;
}

template <std::size_t N>
bool Curve<N>::equal_vartime(const Jacobian<N>& p, const Affine<N>& q) const {
  if (is_infinity(p) != 0) return false;
  const F& f = field_;
  const Element zz = f.sqr(p.z);
  return f.mul(q.x, zz) == p.x && f.mul(q.y, f.mul(zz, p.z)) == p.y;
}

template <std::size_t N>
void Curve<N>::slope_of_tangent(Element& m, const Jacobian<N>& p, const Element& zz) const {
  const F& f = field_;
  Element t;
  if (a_ == A::minus_3) {  // 3 (X - Z^2)(X + Z^2)
    Element u;
    f.sub(t, p.x, zz);
    f.add(u, p.x, zz);
    f.mul(t, t, u);
  } else {
    f.sqr(t, p.x);
  }
  f.dbl(m, t);
  f.add(m, m, t);
}

template <std::size_t N>
void Curve<N>::dbl(Jacobian<N>& r, const Jacobian<N>& p) const {
  const F& f = field_;
  Element zz, m, yy, s, z3;
  f.sqr(zz, p.z);
  slope_of_tangent(m, p, zz);
  f.sqr(yy, p.y);
  f.mul(s, p.x, yy);
  f.dbl(s, s);
  f.dbl(s, s);  // 4 X Y^2
  f.mul(z3, p.y, p.z);
  f.dbl(z3, z3);
  f.sqr(r.x, m);
  f.sub(r.x, r.x, s);
  f.sub(r.x, r.x, s);
  f.dbl(yy, yy);
  f.sqr(yy, yy);
  f.dbl(yy, yy);  // 8 Y^4
  f.sub(s, s, r.x);
  f.mul(s, s, m);
  f.sub(r.y, s, yy);
  r.z = z3;
}

template <std::size_t N>
void Curve<N>::add_distinct(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const {
  const F& f = field_;
  Element zz, u, s, hh, hhh, v;
  f.sqr(zz, p.z);
  f.mul(u, q.x, zz);
  f.sub(u, u, p.x);  // H
  f.mul(s, p.z, zz);
  f.mul(s, s, q.y);
  f.sub(s, s, p.y);  // R
  f.sqr(hh, u);
  f.mul(hhh, hh, u);
  f.mul(v, p.x, hh);
  f.mul(r.z, p.z, u);
  f.sqr(zz, s);
  f.sub(zz, zz, hhh);
  f.sub(zz, zz, v);
  f.sub(r.x, zz, v);
  f.sub(v, v, r.x);
  f.mul(v, v, s);
  f.mul(hhh, hhh, p.y);
  f.sub(r.y, v, hhh);
}

template <std::size_t N>
void Curve<N>::add(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const {
  const F& f = field_;
  const Element zz = f.sqr(p.z);
  const Limb same_x = mask_if_equal(f.mul(q.x, zz), p.x);
  const Limb same_y = mask_if_equal(f.mul(q.y, f.mul(zz, p.z)), p.y);
  const Limb at_infinity = is_infinity(p);
  Jacobian<N> sum;
  Jacobian<N> twice;
  add_distinct(sum, p, q);  // Z = 0, so infinity, for p = -q
  dbl(twice, p);
  const Limb is_double = same_x & same_y & ~at_infinity;
  const Jacobian<N> lifted = lift(q);
  const auto choose = [&](Element Jacobian<N>::*c, Element& out) {
    Element t;
    select(t, is_double, twice.*c, sum.*c);
    select(out, at_infinity, lifted.*c, t);
  };
  Jacobian<N> out;
  choose(&Jacobian<N>::x, out.x);
  choose(&Jacobian<N>::y, out.y);
  choose(&Jacobian<N>::z, out.z);
  r = out;
}

template <std::size_t N>
void Curve<N>::add_vartime(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const {
  if (is_infinity(p) != 0) {
    r = lift(q);
    return;
  }
  Jacobian<N> sum;
  add_distinct(sum, p, q);
  if (is_infinity(sum) != 0 && equal_vartime(p, q)) return dbl(r, p);  // the same point, or its negative
  r = sum;
}

template <std::size_t N>
void Curve<N>::add_vartime(Jacobian<N>& r, const Jacobian<N>& p, const Jacobian<N>& q) const {
  if (is_infinity(q) != 0) {
    r = p;
    return;
  }
  Affine<N> a;
  to_affine(a, q);
  add_vartime(r, p, a);
}

template <std::size_t N>
Jacobian<N> Curve<N>::mul(const Limbs<N>& k, const Affine<N>& p) const {
  // Odd signed digits: an even k is replaced by k + order. For an odd k' the choice d = (k' mod 32) - 16
  // leaves (k' - d) / 16 = floor(k' / 16) with its low bit set, so every digit can be read off k' directly.
  constexpr std::size_t kBits = 4;
  constexpr std::size_t kEntries = 8;
  const std::size_t digits = (bit_length_vartime(order_) + 1 + kBits - 1) / kBits;
  Limbs<N + 1> odd{};
  {
    Limbs<N> masked;
    const Limb even = mask_of_bit((k[0] & 1) ^ 1);
    for (std::size_t i = 0; i < N; ++i) masked[i] = order_[i] & even;
    odd[N] = add_limbs(odd.data(), k.data(), masked.data(), N);
  }
  // [1]p, [3]p, ... [15]p
  std::array<Jacobian<N>, kEntries> odd_multiples;
  odd_multiples[0] = lift(p);
  Jacobian<N> two;
  dbl(two, odd_multiples[0]);
  const Affine<N> twice = to_affine(std::span<const Jacobian<N>>(&two, 1))[0];
  for (std::size_t i = 1; i < kEntries; ++i) add_distinct(odd_multiples[i], odd_multiples[i - 1], twice);
  std::vector<Affine<N>> table = to_affine(odd_multiples);

  const auto pick = [&](std::size_t i, bool last) {
    // the top digit is all that is left: at most 4 bits, and odd
    const std::size_t at = i * kBits;
    Limb window = odd[at / 64] >> (at % 64);
    if (at % 64 > 64 - kBits - 1 && at / 64 < N) window |= odd[at / 64 + 1] << (64 - at % 64);
    window = (window & (2 * kEntries * 2 - 1)) | 1;
    const Limb negative = last ? 0 : mask_of_bit((window >> kBits ^ 1) & 1);
    const Limb raw = window - (last ? 0 : Limb{1} << kBits);
    const Limb index = ((raw ^ negative) - negative) >> 1;
    Affine<N> r{};
    for (std::size_t j = 0; j < kEntries; ++j) {
      const Limb m = mask_if_equal(index, j);
      for (std::size_t l = 0; l < N; ++l) {
        r.x[l] |= table[j].x[l] & m;
        r.y[l] |= table[j].y[l] & m;
      }
    }
    field_.negate_if(r.y, negative, r.y);
    return r;
  };
  Jacobian<N> acc = lift(pick(digits - 1, true));
  for (std::size_t i = digits - 1; i-- > 0;) {
    for (std::size_t j = 0; j < kBits; ++j) dbl(acc, acc);
    if (i > 0) {
      add_distinct(acc, acc, pick(i, false));
    } else {
      add(acc, acc, pick(i, false));  // only here can the sum so far meet the digit, for k or -k below 32
    }
  }
  for (Affine<N>& e : table) wipe_object(e);
  wipe_object(odd);
  return acc;
}

template <std::size_t N>
Jacobian<N> Curve<N>::mul_vartime(std::span<const Limb> k, const Affine<N>& p) const {
  // width-5 NAF
  std::vector<Limb> rest(k.begin(), k.end());
  rest.push_back(0);
  std::vector<int> digits;
  const std::size_t bits = 64 * k.size() + 1;
  for (std::size_t i = 0; i < bits;) {
    if ((rest[i / 64] >> (i % 64) & 1) == 0) {
      digits.push_back(0);
      ++i;
      continue;
    }
    Limb window = rest[i / 64] >> (i % 64);
    if (i % 64 > 59 && i / 64 + 1 < rest.size()) window |= rest[i / 64 + 1] << (64 - i % 64);
    int d = static_cast<int>(window & 31);
    const bool negative = d > 16;
    if (negative) d -= 32;
    // rest -= d << i: clear the five bits, then carry one above them for a negative digit
    for (std::size_t j = i; j < i + 5 && j < 64 * rest.size(); ++j) rest[j / 64] &= ~(Limb{1} << (j % 64));
    if (negative) {
      for (std::size_t j = (i + 5) / 64, c = 1; c != 0 && j < rest.size(); ++j) {
        const Limb add = j == (i + 5) / 64 ? Limb{1} << ((i + 5) % 64) : 1;
        rest[j] += add;
        c = rest[j] < add ? 1 : 0;
      }
    }
    digits.push_back(d);
    for (std::size_t j = 1; j < 5 && i + j < bits; ++j) digits.push_back(0);
    i += 5;
  }
  while (!digits.empty() && digits.back() == 0) digits.pop_back();  // of a number shorter than its limbs
  std::vector<Jacobian<N>> odd_multiples(8);
  odd_multiples[0] = lift(p);
  Jacobian<N> two;
  dbl(two, odd_multiples[0]);
  bool small_order = is_infinity(two) != 0;
  if (!small_order) {
    Affine<N> twice;
    to_affine(twice, two);
    for (std::size_t i = 1; i < odd_multiples.size(); ++i) {
      add_vartime(odd_multiples[i], odd_multiples[i - 1], twice);
      small_order = small_order || is_infinity(odd_multiples[i]) != 0;
    }
  }
  if (small_order) odd_multiples.resize(1);
  const std::vector<Affine<N>> table = to_affine(odd_multiples);
  Jacobian<N> acc = infinity();
  for (std::size_t i = digits.size(); i-- > 0;) {
    dbl(acc, acc);
    if (digits[i] == 0) continue;
    const auto magnitude = static_cast<std::size_t>(std::abs(digits[i]));
    const std::size_t times = small_order ? magnitude : 1;
    const Affine<N>& e = small_order ? table[0] : table[magnitude / 2];
    for (std::size_t j = 0; j < times; ++j) add_vartime(acc, acc, digits[i] < 0 ? negate(e) : e);
  }
  return acc;
}

template std::vector<std::int8_t> naf_vartime(const Limbs<4>&);
template std::vector<std::int8_t> naf_vartime(const Limbs<8>&);
template std::vector<std::int8_t> naf_vartime(const Limbs<16>&);
template std::vector<std::int8_t> naf_vartime(const Limbs<24>&);
template std::vector<std::int8_t> naf_vartime(const Limbs<64>&);
template std::vector<std::int8_t> naf_vartime(const Limbs<120>&);
template class Curve<4>;
template class Curve<8>;
template class Curve<16>;
template class Curve<24>;
template class Curve<64>;
template class Curve<120>;

}  // namespace mikey::ibc
