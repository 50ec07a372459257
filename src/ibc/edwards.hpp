/// \file
/// Sums of multiples of fixed points on SAKKE's curve.
///
/// y^2 = x^3 - 3x over a p = 11 modulo 12 with p + 1 = 4q is birationally equivalent to the twisted Edwards
/// curve -X^2 + Y^2 = 1 + X^2 Y^2: with s^2 = -1/3 the substitution (u, v) = (s x, s y) gives Montgomery's
/// s v^2 = u^3 + u, and X = c u/v, Y = (u - 1)/(u + 1) with c^2 = -2/s the Edwards form. There an addition of
/// a table entry costs seven multiplications (H. Hisil et al., "Twisted Edwards Curves Revisited", 2008), and
/// it has no exceptional cases among points of odd order, so secret scalars need no care for them.
#pragma once

#include <vector>

#include "curve.hpp"

namespace mikey::ibc {

inline constexpr std::size_t kSakkeLimbs = 16;
using SakkeField = Field<kSakkeLimbs>;
using SakkeElement = SakkeField::Element;
using SakkePoint = Affine<kSakkeLimbs>;
using SakkeScalar = Limbs<kSakkeLimbs>;  ///< below q, not in Montgomery form

/// The map between the two shapes of the curve.
class EdwardsForm {
 public:
  /// X/Z, Y/Z with T = X Y / Z.
  struct Extended {
    SakkeElement x, y, z, t;
  };
  /// An affine point as additions want it: Y - X, Y + X, 2 X Y.
  struct Niels {
    SakkeElement minus, plus, t2;
  };

  explicit EdwardsForm(const SakkeField& field);

  Extended identity() const;
  /// A point of odd order.
  Extended from(const SakkePoint& p) const;
  /// r = r + n.
  void add(Extended& r, const Niels& n) const;
  Extended add(const Extended& a, const Extended& b) const;
  std::vector<Niels> normalize(std::span<const Extended> points) const;

  /// What must be inverted to leave the Edwards form: not zero but for the identity.
  SakkeElement denominator(const Extended& p) const;
  /// The point, given 1 / denominator(p).
  SakkePoint to_point(const Extended& p, const SakkeElement& inverse) const;
  /// Whether they are the same point; p's time only.
  bool equals(const Extended& p, const SakkePoint& q) const;

  const SakkeField& field() const { return f_; }

 private:
  const SakkeField& f_;
  SakkeElement s_;
  SakkeElement c_;
  SakkeElement s_inverse_;
};

/// Signed digits of five bits, one for each row of a table: a scalar in constant time.
inline constexpr std::size_t kWindowBits = 5;
inline constexpr std::size_t kWindowEntries = 16;
inline constexpr std::size_t kWindows = 205;

struct SignedDigit {
  Limb magnitude;  ///< 0 .. 16
  Limb negative;   ///< a mask
};
std::array<SignedDigit, kWindows> signed_digits(const SakkeScalar& k);

/// j * 32^i times one public point for all i < 205, 0 < j <= 16: 1.26 MB, made in some 10 ms.
class FixedBase {
 public:
  FixedBase(const EdwardsForm& form, const SakkePoint& base);
  /// acc += [k]base in constant time.
  void accumulate(EdwardsForm::Extended& acc, const SakkeScalar& k) const;

 private:
  const EdwardsForm& form_;
  std::vector<EdwardsForm::Niels> entries_;
};

}  // namespace mikey::ibc
