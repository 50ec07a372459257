/// \file
/// SAKKE's Tate-Lichtenbaum pairing (RFC 6508 3.2) and powers of g.
#pragma once

#include "edwards.hpp"
#include "fp2.hpp"

namespace mikey::ibc {

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

/// The lines of Miller's algorithm for one first argument, each divided by the coefficient of i y: at the
/// image
/// (-x, i y) of (x, y) a line is l x + m + i y. 350 KB; as secret as the point they were made from.
class MillerLines {
 public:
  /// Lines through multiples of `first` (constant time in it). `of_order_q` tells whether [q]first = 0.
  MillerLines(const SakkeParameterSet& set, const SakkePoint& first);
  MillerLines(MillerLines&&) noexcept = default;
  MillerLines& operator=(MillerLines&&) noexcept = default;
  MillerLines(const MillerLines&) = delete;
  MillerLines& operator=(const MillerLines&) = delete;
  ~MillerLines();

  bool of_order_q() const { return of_order_q_; }
  /// <first, second> before its quotient is taken: representative im/re. second.y must not be zero.
  SakkeFp2 pair(const SakkeParameterSet& set, const SakkePoint& second) const;

 private:
  struct Line {
    SakkeElement l, m;
  };
  std::vector<Line> lines_;
  bool of_order_q_ = false;
};

/// <first, second> without tables, constant time in both. `of_order_q` as above, of `first`.
SakkeFp2 sakke_pairing(const SakkeParameterSet& set, const SakkePoint& first, const SakkePoint& second,
                       bool& of_order_q);

/// The representative in F_p (RFC 6508 3.2), 0 for an element without one.
SakkeElement torus_representative(const SakkeParameterSet& set, const SakkeFp2& t);

}  // namespace mikey::ibc
