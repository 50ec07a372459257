/// \file
/// Elliptic curves y^2 = x^3 + a x + b over a prime field, in Jacobian coordinates.
#pragma once

#include <optional>
#include <vector>

#include "field.hpp"

namespace mikey::ibc {

/// A point other than infinity, coordinates in Montgomery form.
template <std::size_t N>
struct Affine {
  Limbs<N> x;
  Limbs<N> y;
};

/// (X / Z^2, Y / Z^3); infinity has Z = 0.
template <std::size_t N>
struct Jacobian {
  Limbs<N> x;
  Limbs<N> y;
  Limbs<N> z;
};

/// Signed digits in {-1, 0, 1}, least significant first, no two neighbours non-zero. For public numbers.
template <std::size_t N>
std::vector<std::int8_t> naf_vartime(const Limbs<N>& k);

template <std::size_t N>
class Curve {
 public:
  using F = Field<N>;
  using Element = typename F::Element;
  enum class A { zero, minus_3 };

  /// `b` in Montgomery form; `order` is that of the subgroup used, a public odd prime.
  Curve(const F& field, A a, const Element& b, const Limbs<N>& order);

  const F& field() const { return field_; }
  const Limbs<N>& order() const { return order_; }

  bool on_curve(const Affine<N>& p) const;
  /// Of order `order`, given that it is on the curve.
  bool in_subgroup_vartime(const Affine<N>& p) const;

  /// 04 || x || y, RFC 5480 2.2. Coordinates must be reduced and satisfy the equation.
  std::optional<Affine<N>> decode(ByteView octets) const;
  Bytes encode(const Affine<N>& p) const;
  std::size_t encoded_size() const { return 1 + 2 * field_.octets(); }

  static Jacobian<N> infinity() { return {}; }
  Jacobian<N> lift(const Affine<N>& p) const { return {p.x, p.y, field_.one()}; }
  /// False for infinity, of which nothing else is said.
  bool to_affine(Affine<N>& r, const Jacobian<N>& p) const;
  Affine<N> negate(const Affine<N>& p) const { return {p.x, field_.neg(p.y)}; }
  bool equal_vartime(const Jacobian<N>& p, const Affine<N>& q) const;
  static Limb is_infinity(const Jacobian<N>& p) { return mask_if_zero(p.z); }

  /// 2p; right for infinity too.
  void dbl(Jacobian<N>& r, const Jacobian<N>& p) const;
  /// p + q in constant time, for p not infinity and p != q, -q.
  void add_distinct(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const;
  /// p + q in constant time for all p.
  void add(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const;
  /// p + q; the time shows which case it was.
  void add_vartime(Jacobian<N>& r, const Jacobian<N>& p, const Affine<N>& q) const;
  void add_vartime(Jacobian<N>& r, const Jacobian<N>& p, const Jacobian<N>& q) const;

  /// [k]p for a secret 0 < k < order and a point of that order, in constant time.
  Jacobian<N> mul(const Limbs<N>& k, const Affine<N>& p) const;
  /// [k]p for anything public.
  Jacobian<N> mul_vartime(std::span<const Limb> k, const Affine<N>& p) const;

  /// Many at once with one inversion; none may be infinity.
  std::vector<Affine<N>> to_affine(std::span<const Jacobian<N>> points) const;

 private:
  void slope_of_tangent(Element& m, const Jacobian<N>& p, const Element& zz) const;

  const F& field_;
  A a_;
  Element b_;
  Limbs<N> order_;
};

extern template class Curve<4>;
extern template class Curve<8>;
extern template class Curve<16>;
extern template class Curve<24>;
extern template class Curve<64>;
extern template class Curve<120>;

}  // namespace mikey::ibc
