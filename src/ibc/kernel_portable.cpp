#include <bit>

#include "kernel.hpp"

namespace mikey::ibc {
namespace {

/// t += a * b for n limbs; the limb that is carried out.
Limb mul_add_row(Limb* t, const Limb* a, Limb b, std::size_t n) {
  Limb carry = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Wide v = Wide{a[i]} * b + t[i] + carry;
    t[i] = static_cast<Limb>(v);
    carry = static_cast<Limb>(v >> 64);
  }
  return carry;
}

/// r = (carry, a) modulo p, for a value below 2p.
void reduce_once(Limb* r, const Limb* a, Limb carry, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> t;
  const Limb borrow = sub_limbs(t.data(), a, m.p, m.n);
  select_limbs(r, mask_of_bit(carry | (borrow ^ 1)), t.data(), a, m.n);
}

void mul_wide(Limb* t, const Limb* a, const Limb* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) t[i] = 0;
  for (std::size_t i = 0; i < n; ++i) t[n + i] = mul_add_row(t + i, a, b[i], n);
}

/// t[n ..] = (t + a multiple of p) / 2^(64 n), below t / 2^(64 n) + p; the limb above.
Limb divide(Limb* t, const ModulusRef& m) {
  Limb top = 0;
  for (std::size_t i = 0; i < m.n; ++i) {
    const Limb c = mul_add_row(t + i, m.p, t[i] * m.neg_inverse, m.n);
    const Wide v = Wide{t[m.n + i]} + c + top;
    t[m.n + i] = static_cast<Limb>(v);
    top = static_cast<Limb>(v >> 64);
  }
  return top;
}

void reduce(Limb* r, Limb* t, const ModulusRef& m) {
  const Limb top = divide(t, m);
  reduce_once(r, t + m.n, top, m);
}

/// r = (top, a) modulo p, for a value below (count + 1) p; `count` is public, and `a` is used up.
void reduce_multiple(Limb* r, Limb* a, Limb top, std::size_t count, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> t;
  for (std::size_t s = std::bit_width(count); s-- > 0;) {  // 2^s p is subtracted when it fits
    Limb borrow = 0;
    Limb below = 0;
    for (std::size_t i = 0; i < m.n; ++i) {
      const Limb shifted = static_cast<Limb>((Wide{m.p[i]} << 64 | below) << s >> 64);
      below = m.p[i];
      const Wide d = Wide{a[i]} - shifted - borrow;
      t[i] = static_cast<Limb>(d);
      borrow = static_cast<Limb>(d >> 64) & 1;
    }
    const Limb over = s == 0 ? 0 : below >> (64 - s);
    const Wide d = Wide{top} - over - borrow;
    const Limb fits = mask_of_bit((static_cast<Limb>(d >> 64) & 1) ^ 1);
    select_limbs(s == 0 ? r : a, fits, t.data(), a, m.n);
    top = (static_cast<Limb>(d) & fits) | (top & ~fits);
  }
}

void dot(Limb* r, const Limb* a, const Limb* b, std::size_t count, const ModulusRef& m) {
  const std::size_t n = m.n;
  std::array<Limb, 2 * kMaxLimbs> t;
  mul_wide(t.data(), a, b, n);
  Limb top = 0;
  for (std::size_t k = 1; k < count; ++k) {
    Limb carry = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Limb c = mul_add_row(&t[i], a + k * n, b[k * n + i], n);
      const Wide v = Wide{t[n + i]} + c + carry;
      t[n + i] = static_cast<Limb>(v);
      carry = static_cast<Limb>(v >> 64);
    }
    top += carry;
  }
  top += divide(t.data(), m);
  reduce_multiple(r, &t[n], top, count, m);
}

void mul(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  std::array<Limb, 2 * kMaxLimbs> t;
  mul_wide(t.data(), a, b, m.n);
  reduce(r, t.data(), m);
}

void add(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> t;
  const Limb carry = add_limbs(t.data(), a, b, m.n);
  reduce_once(r, t.data(), carry, m);
}

void sub(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> t;
  std::array<Limb, kMaxLimbs> u;
  const Limb borrow = sub_limbs(t.data(), a, b, m.n);
  add_limbs(u.data(), t.data(), m.p, m.n);
  select_limbs(r, mask_of_bit(borrow), u.data(), t.data(), m.n);
}

void add_wide(Limb* t, const Limb* u, const ModulusRef& m) {
  const Limb carry = add_limbs(t, t, u, 2 * m.n);
  reduce_once(t + m.n, t + m.n, carry, m);
}

void sub_wide(Limb* t, const Limb* u, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> v;
  const Limb borrow = sub_limbs(t, t, u, 2 * m.n);
  add_limbs(v.data(), t + m.n, m.p, m.n);
  select_limbs(t + m.n, mask_of_bit(borrow), v.data(), t + m.n, m.n);
}

constexpr Kernel kPortable = {"portable", mul, mul_wide, reduce, dot, add, sub, add_wide, sub_wide};

}  // namespace

const Kernel& portable_kernel() {
  return kPortable;
}

}  // namespace mikey::ibc
