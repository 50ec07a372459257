/// \file
/// NIST P-256 with tables for fixed points.
#pragma once

#include "curve.hpp"

namespace mikey::ibc {

inline constexpr std::size_t kP256Limbs = 4;
using P256Point = Affine<kP256Limbs>;
using P256Sum = Jacobian<kP256Limbs>;
using P256Scalar = Limbs<kP256Limbs>;  ///< below the order, not in Montgomery form

/// Multiples j * 64^i of one public point, for j = 1, 3 .. 63 and i < 43: 88 KB, made in under a millisecond.
/// Scalars are written in odd digits of six bits, so that no digit is zero and no addition exceptional but
/// perhaps the last one.
class P256Table {
 public:
  P256Table(const Curve<kP256Limbs>& curve, const P256Point& base);
  /// [k]base in constant time, 0 < k < order.
  P256Sum mul(const P256Scalar& k) const;
  /// acc += [k]base for a public k < order.
  void accumulate_vartime(P256Sum& acc, const P256Scalar& k) const;

 private:
  const Curve<kP256Limbs>& curve_;
  std::vector<P256Point> entries_;
};

struct P256 {
  P256();
  P256(const P256&) = delete;
  P256& operator=(const P256&) = delete;

  Field<kP256Limbs> p;
  Field<kP256Limbs> q;  ///< integers modulo the order
  Curve<kP256Limbs> curve;
  P256Point base;
  Bytes base_octets;  ///< 04 || x || y
  P256Table table;    ///< of the base
};

/// Made at the first call.
const P256& p256();

}  // namespace mikey::ibc
