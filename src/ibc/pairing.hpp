/// \file
/// SAKKE's Tate-Lichtenbaum pairing (RFC 6508 3.2) and powers of g.
#pragma once

#include "edwards.hpp"
#include "fp2.hpp"

namespace mikey::ibc {

/// A run of doublings, each with the addition that its digit of q asks for. With V the multiple it starts
/// from and 2^doublings V + [d]P the one, W, it ends with, the function that is merged from it has the zeros
/// 2^doublings (V) + |d| (P or -P) + (-W): that many poles at infinity tell the degrees of A and B.
struct MillerBlock {
  std::size_t doublings;
  std::size_t poles;
  /// Coefficients of A and of B without the leading one of both, which is 1.
  std::size_t in_a() const { return poles / 2 + (poles % 2); }
  std::size_t in_b() const { return (poles - 1) / 2 - (poles % 2); }
};

/// The division of digits into blocks that costs a pairing least.
std::vector<MillerBlock> plan_miller_blocks(const std::vector<std::int8_t>& digits);

/// RFC 6509 Appendix A with what can be computed from it once and for all.
class SakkeParameterSet {
 public:
  explicit SakkeParameterSet(const Kernel& kernel);
  SakkeParameterSet(const SakkeParameterSet&) = delete;
  SakkeParameterSet& operator=(const SakkeParameterSet&) = delete;

  SakkeField p;
  SakkeField q;
  Curve<kSakkeLimbs> curve;
  EdwardsForm edwards;
  SakkePoint base;                    ///< P
  SakkeElement g;                     ///< <P,P>
  std::vector<std::int8_t> q_digits;  ///< NAF of q, least significant first
  std::vector<MillerBlock> blocks;    ///< how a MillerTable divides them, from the top

  const FixedBase& base_table() const { return base_table_; }
  /// g^k in F_p^2 up to a factor from F_p, in constant time.
  Fp2<kSakkeLimbs> power_of_g(const SakkeScalar& k) const;

 private:
  void make_g_table();
  FixedBase base_table_;
  std::vector<SakkeElement> g_table_;  // representatives of g^(j 32^i), laid out as in FixedBase
};

/// Parameter set 1 on the best kernel; made at the first call.
const SakkeParameterSet& sakke_set_1();

using SakkeFp2 = Fp2<kSakkeLimbs>;

/// The functions of Miller's algorithm for one first argument, those of several doublings merged into one
/// A(x) + i y B(x) with its verticals divided out (they lie in F_p, which the final exponentiation maps to
/// 1). 420 KB; as secret as the point they were made from.
class MillerTable {
 public:
  /// Functions of multiples of `first` (constant time in it). `of_order_q` tells whether [q]first = 0.
  MillerTable(const SakkeParameterSet& set, const SakkePoint& first);
  MillerTable(MillerTable&&) noexcept = default;
  MillerTable& operator=(MillerTable&&) noexcept = default;
  MillerTable(const MillerTable&) = delete;
  MillerTable& operator=(const MillerTable&) = delete;
  ~MillerTable();

  bool of_order_q() const { return of_order_q_; }
  /// <first, second> before its quotient is taken: representative im/re. Only where of_order_q().
  SakkeFp2 pair(const SakkeParameterSet& set, const SakkePoint& second) const;

 private:
  std::vector<SakkeElement> coefficients_;
  bool of_order_q_ = false;
};

/// <first, second> without tables, constant time in both. `of_order_q` as above, of `first`.
SakkeFp2 sakke_pairing(const SakkeParameterSet& set, const SakkePoint& first, const SakkePoint& second,
                       bool& of_order_q);

/// The representative in F_p (RFC 6508 3.2), 0 for an element without one.
SakkeElement torus_representative(const SakkeParameterSet& set, const SakkeFp2& t);

}  // namespace mikey::ibc
