#include "field.hpp"
#include "declassify.hpp"

#include <vector>

#include "divsteps.hpp"

namespace mikey::ibc {
namespace {

constexpr Limb kLow62 = (Limb{1} << 62) - 1;

/// The 2x2 matrix of 62 division steps, times 2^62.
struct Steps {
  SignedLimb u = 1, v = 0, q = 0, r = 1;
};

/// Runs 62 steps on the low limbs of f and g; the new delta.
SignedLimb run_steps(SignedLimb delta, Limb f, Limb g, Steps& out) {
  Limb u = 1;
  Limb v = 0;
  Limb q = 0;
  Limb r = 1;
  for (int i = 0; i < 62; ++i) {
    const Limb odd = value_barrier(Limb{0} - (g & 1));
    const Limb swap = odd & value_barrier(static_cast<Limb>(-delta >> 63));  // delta > 0 and g odd
    // (f, g) -> (g, -f) when swapping, with the rows of the matrix
    const Limb f0 = f;
    const Limb u0 = u;
    const Limb v0 = v;
    f ^= swap & (f ^ g);
    u ^= swap & (u ^ q);
    v ^= swap & (v ^ r);
    const Limb gx = (f0 ^ swap) - swap;
    const Limb qx = (u0 ^ swap) - swap;
    const Limb rx = (v0 ^ swap) - swap;
    delta = static_cast<SignedLimb>((static_cast<Limb>(delta) ^ swap) - swap) + 1;
    // without a swap the other row is added when g is odd: g + f; with one: f' = g, g' = g - f = -f + f'
    g = g + (gx & odd);
    q = q + (qx & odd);
    r = r + (rx & odd);
    g >>= 1;
    u <<= 1;
    v <<= 1;
  }
  out = {static_cast<SignedLimb>(u), static_cast<SignedLimb>(v), static_cast<SignedLimb>(q),
         static_cast<SignedLimb>(r)};
  return delta;
}

/// Two's complement numbers in limbs of 62 bits, the top one signed.
template <std::size_t N>
struct Signed62 {
  static constexpr std::size_t kCount = (64 * N + 2 + 61) / 62 + 1;
  std::array<SignedLimb, kCount> v{};

  static Signed62 from(const Limbs<N>& a) {
    Signed62 s;
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::size_t bit = 62 * i;
      Limb x = bit / 64 < N ? a[bit / 64] >> (bit % 64) : 0;
      if (bit % 64 > 2 && bit / 64 + 1 < N) x |= a[bit / 64 + 1] << (64 - bit % 64);
      s.v[i] = static_cast<SignedLimb>(x & kLow62);
    }
    return s;
  }
  Limbs<N> to_limbs() const {  // of a value in [0, 2^(64 N))
    Limbs<N> a{};
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::size_t bit = 62 * i;
      const Limb x = static_cast<Limb>(v[i]);
      if (bit / 64 < N) a[bit / 64] |= x << (bit % 64);
      if (bit % 64 > 2 && bit / 64 + 1 < N) a[bit / 64 + 1] |= x >> (64 - bit % 64);
    }
    return a;
  }
};

/// (f, g) = the steps' matrix times (f, g), divided by 2^62 exactly.
template <std::size_t N>
void update_fg(Signed62<N>& f, Signed62<N>& g, const Steps& t) {
  SignedWide cf = 0;
  SignedWide cg = 0;
  for (std::size_t i = 0; i < f.v.size(); ++i) {
    const SignedWide fi = f.v[i];
    const SignedWide gi = g.v[i];
    cf += t.u * fi + t.v * gi;
    cg += t.q * fi + t.r * gi;
    if (i > 0) {
      f.v[i - 1] = static_cast<SignedLimb>(static_cast<Limb>(cf) & kLow62);
      g.v[i - 1] = static_cast<SignedLimb>(static_cast<Limb>(cg) & kLow62);
    }
    cf >>= 62;
    cg >>= 62;
  }
  f.v.back() = static_cast<SignedLimb>(cf);
  g.v.back() = static_cast<SignedLimb>(cg);
}

/// (d, e) = the same modulo p, both kept in (-2p, p).
template <std::size_t N>
void update_de(Signed62<N>& d, Signed62<N>& e, const Steps& t, const Signed62<N>& p, Limb inverse62) {
  const SignedLimb sd = d.v.back() >> 63;
  const SignedLimb se = e.v.back() >> 63;
  // adding p to a negative d or e first keeps the result in range
  SignedLimb md = (t.u & sd) + (t.v & se);
  SignedLimb me = (t.q & sd) + (t.r & se);
  const Limb low_d =
      static_cast<Limb>(t.u) * static_cast<Limb>(d.v[0]) + static_cast<Limb>(t.v) * static_cast<Limb>(e.v[0]);
  const Limb low_e =
      static_cast<Limb>(t.q) * static_cast<Limb>(d.v[0]) + static_cast<Limb>(t.r) * static_cast<Limb>(e.v[0]);
  md -= static_cast<SignedLimb>((inverse62 * low_d + static_cast<Limb>(md)) & kLow62);
  me -= static_cast<SignedLimb>((inverse62 * low_e + static_cast<Limb>(me)) & kLow62);
  SignedWide cd = 0;
  SignedWide ce = 0;
  for (std::size_t i = 0; i < d.v.size(); ++i) {
    const SignedWide di = d.v[i];
    const SignedWide ei = e.v[i];
    const SignedWide pi = p.v[i];
    cd += t.u * di + t.v * ei + pi * md;
    ce += t.q * di + t.r * ei + pi * me;
    if (i > 0) {
      d.v[i - 1] = static_cast<SignedLimb>(static_cast<Limb>(cd) & kLow62);
      e.v[i - 1] = static_cast<SignedLimb>(static_cast<Limb>(ce) & kLow62);
    }
    cd >>= 62;
    ce >>= 62;
  }
  d.v.back() = static_cast<SignedLimb>(cd);
  e.v.back() = static_cast<SignedLimb>(ce);
}

template <std::size_t N>
void propagate(Signed62<N>& a) {
  for (std::size_t i = 0; i + 1 < a.v.size(); ++i) {
    a.v[i + 1] += a.v[i] >> 62;
    a.v[i] = static_cast<SignedLimb>(static_cast<Limb>(a.v[i]) & kLow62);
  }
}

/// d in (-2p, p), negated when `sign` is -1, brought into [0, p).
template <std::size_t N>
void normalize(Signed62<N>& d, SignedLimb sign, const Signed62<N>& p) {
  SignedLimb add = d.v.back() >> 63;
  for (std::size_t i = 0; i < d.v.size(); ++i) {
    d.v[i] += p.v[i] & add;
    d.v[i] = (d.v[i] ^ sign) - sign;
  }
  propagate(d);
  add = d.v.back() >> 63;
  for (std::size_t i = 0; i < d.v.size(); ++i) d.v[i] += p.v[i] & add;
  propagate(d);
}

}  // namespace

template <std::size_t N>
Limbs<N> invert_modulo(const Limbs<N>& a, const Limbs<N>& p, Limb neg_inverse) {
  // Theorem 11.2 of the paper: enough steps for inputs of this many bits.
  const std::size_t bits = bit_length_vartime(p);
  const std::size_t steps = bits < 46 ? (49 * bits + 80) / 17 : (49 * bits + 57) / 17;
  const Signed62<N> modulus = Signed62<N>::from(p);
  const Limb inverse62 = (Limb{0} - neg_inverse) & kLow62;
  Signed62<N> f = modulus;
  Signed62<N> g = Signed62<N>::from(a);
  Signed62<N> d;
  Signed62<N> e;
  e.v[0] = 1;
  SignedLimb delta = 1;
  Steps t;
  for (std::size_t done = 0; done < steps; done += 62) {
    const Limb f0 = static_cast<Limb>(f.v[0]) | static_cast<Limb>(f.v[1]) << 62;
    const Limb g0 = static_cast<Limb>(g.v[0]) | static_cast<Limb>(g.v[1]) << 62;
    delta = run_steps(delta, f0, g0, t);
    update_de(d, e, t, modulus, inverse62);
    update_fg(f, g, t);
  }
  normalize(d, f.v.back() >> 63, modulus);  // f is 1 or -1
  const Limbs<N> r = d.to_limbs();
  wipe_object(f);
  wipe_object(g);
  wipe_object(d);
  wipe_object(e);
  wipe_object(t);
  return r;
}

template <std::size_t N>
Field<N>::Field(const Limbs<N>& modulus, const Kernel& kernel)
    : p_(modulus), kernel_(&kernel), bits_(bit_length_vartime(modulus)) {
  Limb inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - p_[0] * inverse;  // doubles the correct bits each time
  neg_inverse_ = Limb{0} - inverse;
  // 2^(bits - 1) < p, then doublings modulo p
  Limbs<N> power{};
  power[(bits_ - 1) / 64] = Limb{1} << ((bits_ - 1) % 64);
  std::size_t e = bits_ - 1;
  for (; e < 64 * N; ++e) add(power, power, power);
  one_ = power;
  for (; e < 128 * N; ++e) add(power, power, power);
  r2_ = power;
  for (; e < 192 * N; ++e) add(power, power, power);
  fix_ = power;
}

template <std::size_t N>
void Field<N>::mul_add(Element& r, const Element& a, const Element& b, const Element& c,
                       const Element& d) const {
  Limbs<2 * N> t;
  Limbs<2 * N> u;
  kernel_->mul_wide(t.data(), a.data(), b.data(), N);
  kernel_->mul_wide(u.data(), c.data(), d.data(), N);
  kernel_->add_wide(t.data(), u.data(), ref());
  kernel_->reduce(r.data(), t.data(), ref());
}

template <std::size_t N>
void Field<N>::mul_sub(Element& r, const Element& a, const Element& b, const Element& c,
                       const Element& d) const {
  Limbs<2 * N> t;
  Limbs<2 * N> u;
  kernel_->mul_wide(t.data(), a.data(), b.data(), N);
  kernel_->mul_wide(u.data(), c.data(), d.data(), N);
  kernel_->sub_wide(t.data(), u.data(), ref());
  kernel_->reduce(r.data(), t.data(), ref());
}

template <std::size_t N>
Limbs<N> Field<N>::to_limbs(const Element& a) const {
  return mul(a, Limbs<N>{1});
}

template <std::size_t N>
typename Field<N>::Element Field<N>::from_octets_reduced(ByteView octets) const {
  Element r{};
  std::size_t head = octets.size() % (8 * N);
  if (head == 0 && !octets.empty()) head = 8 * N;
  while (!octets.empty()) {
    Limbs<N> block;
    limbs_from_octets(block, octets.first(head));
    mul(r, r, r2_);  // times 2^(64 N)
    add(r, r, from_limbs(block));
    octets = octets.subspan(head);
    head = 8 * N;
  }
  return r;
}

template <std::size_t N>
bool Field<N>::from_octets(Element& r, ByteView octets_in) const {
  Limbs<N> plain;
  if (octets_in.size() != octets() || !limbs_from_octets(plain, octets_in)) return false;
  if (!public_outcome(mask_if_less(plain, p_))) return false;
  r = from_limbs(plain);
  return true;
}

template <std::size_t N>
typename Field<N>::Element Field<N>::inverse(const Element& a) const {
  return mul(invert_modulo(a, p_, neg_inverse_), fix_);  // (a R)^-1 R^3 / R = a^-1 R
}

template <std::size_t N>
void Field<N>::invert_all(std::span<Element* const> elements) const {
  if (elements.empty()) return;
  std::vector<Element> before(elements.size());
  Element product = one_;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    before[i] = product;
    mul(product, product, *elements[i]);
  }
  Element rest = inverse(product);
  for (std::size_t i = elements.size(); i-- > 0;) {
    const Element own = *elements[i];
    mul(*elements[i], rest, before[i]);
    mul(rest, rest, own);
  }
  for (Element& e : before) wipe_object(e);
  wipe_object(product);
  wipe_object(rest);
}

template <std::size_t N>
typename Field<N>::Element Field<N>::pow_public(const Element& a, std::span<const Limb> exponent) const {
  constexpr std::size_t kWindow = 4;
  std::array<Element, 1U << kWindow> table;
  table[0] = one_;
  for (std::size_t i = 1; i < table.size(); ++i) mul(table[i], table[i - 1], a);
  Element r = one_;
  for (std::size_t i = exponent.size() * 64; i > 0; i -= kWindow) {
    for (std::size_t j = 0; j < kWindow; ++j) sqr(r, r);
    const std::size_t low = i - kWindow;
    const Limb digit = exponent[low / 64] >> (low % 64) & (table.size() - 1);
    if (digit != 0) mul(r, r, table[digit]);
  }
  wipe_object(table);
  return r;
}

template <std::size_t N>
Limb Field<N>::sqrt(Element& r, const Element& a) const {
  Limbs<N> e;  // (p + 1) / 4 = floor(p / 4) + 1
  for (std::size_t i = 0; i < N; ++i) e[i] = p_[i] >> 2 | (i + 1 < N ? p_[i + 1] << 62 : 0);
  Limbs<N> unit{1};
  add_limbs(e.data(), e.data(), unit.data(), N);
  const Element root = pow_public(a, e);
  const Limb ok = mask_if_equal(sqr(root), a);
  r = root;
  return ok;
}

template class Field<1>;
template class Field<4>;
template class Field<8>;
template class Field<16>;
template class Field<24>;
template class Field<64>;
template class Field<120>;

}  // namespace mikey::ibc
