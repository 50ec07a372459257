/// \file
/// Prime fields of a fixed number of limbs. The modulus is a value, so the same code serves an 8-bit prime in
/// one limb and the 7680 bits of RFC 5091's highest level.
#pragma once

#include <type_traits>

#include "kernel.hpp"

namespace mikey::ibc {

/// The integers modulo an odd number p > 2 of at most 64 N bits, in Montgomery form. An element is an
/// Limbs<N> below p. Constant time in the elements, but for what is named vartime; the modulus and exponents
/// called public may show in the time taken. `inverse` and `sqrt` ask for a prime.
template <std::size_t N>
class Field {
 public:
  using Element = Limbs<N>;

  explicit Field(const Limbs<N>& modulus, const Kernel& kernel = best_kernel());

  const Limbs<N>& modulus() const { return p_; }
  const Kernel& kernel() const { return *kernel_; }
  std::size_t bits() const { return bits_; }
  std::size_t octets() const { return (bits_ + 7) / 8; }
  const Element& one() const { return one_; }
  static Element zero() { return Element{}; }

  void mul(Element& r, const Element& a, const Element& b) const {
    kernel_->mul(r.data(), a.data(), b.data(), ref());
  }
  void sqr(Element& r, const Element& a) const { mul(r, a, a); }
  void add(Element& r, const Element& a, const Element& b) const {
    kernel_->add(r.data(), a.data(), b.data(), ref());
  }
  void sub(Element& r, const Element& a, const Element& b) const {
    kernel_->sub(r.data(), a.data(), b.data(), ref());
  }
  void dbl(Element& r, const Element& a) const { add(r, a, a); }
  void neg(Element& r, const Element& a) const { sub(r, zero(), a); }
  /// r = mask ? -a : a.
  void negate_if(Element& r, Limb mask, const Element& a) const {
    Element n;
    neg(n, a);
    select(r, mask, n, a);
  }

  Element mul(const Element& a, const Element& b) const { return apply(&Field::mul, a, b); }
  Element add(const Element& a, const Element& b) const { return apply(&Field::add, a, b); }
  Element sub(const Element& a, const Element& b) const { return apply(&Field::sub, a, b); }
  Element sqr(const Element& a) const { return mul(a, a); }
  Element neg(const Element& a) const { return sub(zero(), a); }

  /// r = a b + c d and a b - c d with one reduction.
  void mul_add(Element& r, const Element& a, const Element& b, const Element& c, const Element& d) const;
  void mul_sub(Element& r, const Element& a, const Element& b, const Element& c, const Element& d) const;

  /// The sum of a[i] b[i] for up to kMaxTerms pairs with one reduction; 0 for none.
  Element dot(std::span<const Element> a, std::span<const Element> b) const {
    Element r{};
    if (!a.empty()) kernel_->dot(r.data(), a.front().data(), b.front().data(), a.size(), ref());
    return r;
  }

  /// From and to the plain integer. `plain` may be any N limbs: it is reduced.
  Element from_limbs(const Limbs<N>& plain) const { return mul(plain, r2_); }
  Limbs<N> to_limbs(const Element& a) const;
  Element from_int(Limb v) const { return from_limbs(Limbs<N>{v}); }
  /// Big-endian octets of any length, reduced.
  Element from_octets_reduced(ByteView octets) const;
  /// octets() big-endian octets of a value below p; anything else is refused.
  bool from_octets(Element& r, ByteView octets) const;
  Bytes to_octets(const Element& a) const { return limbs_to_bytes(to_limbs(a), octets()); }

  /// 1/a, and 0 for 0.
  Element inverse(const Element& a) const;
  /// All of them with one inversion; none may be zero.
  void invert_all(std::span<Element* const> elements) const;
  /// a to a public power.
  template <std::size_t M>
  Element pow_public(const Element& a, const Limbs<M>& exponent) const {
    return pow_public(a, std::span<const Limb>(exponent));
  }
  Element pow_public(const Element& a, std::span<const Limb> exponent) const;
  /// A square root for p = 3 modulo 4. All ones when `a` is a square.
  Limb sqrt(Element& r, const Element& a) const;

 private:
  ModulusRef ref() const { return {p_.data(), neg_inverse_, N}; }
  Element apply(void (Field::*f)(Element&, const Element&, const Element&) const, const Element& a,
                const Element& b) const {
    Element r;
    (this->*f)(r, a, b);
    return r;
  }

  Limbs<N> p_;
  Limb neg_inverse_;
  const Kernel* kernel_;
  std::size_t bits_;
  Element one_;  // 2^(64 N)
  Element r2_;   // 2^(128 N)
  Element fix_;  // what brings the inverse of a Montgomery form back into it
};

extern template class Field<1>;
extern template class Field<4>;
extern template class Field<8>;
extern template class Field<16>;
extern template class Field<24>;
extern template class Field<64>;
extern template class Field<120>;

}  // namespace mikey::ibc
