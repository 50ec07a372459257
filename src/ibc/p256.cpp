#include "p256.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kBits = 6;
constexpr std::size_t kRows = 43;     // 258 bits: an odd k' below 2 * order fits
constexpr std::size_t kEntries = 32;  // odd multiples up to 63

constexpr P256Scalar kPrime = {0xFFFFFFFFFFFFFFFF, 0x00000000FFFFFFFF, 0, 0xFFFFFFFF00000001};
constexpr P256Scalar kOrder = {0xF3B9CAC2FC632551, 0xBCE6FAADA7179E84, 0xFFFFFFFFFFFFFFFF,
                               0xFFFFFFFF00000000};
constexpr P256Scalar kB = {0x3BCE3C3E27D2604B, 0x651D06B0CC53B0F6, 0xB3EBBD55769886BC, 0x5AC635D8AA3A93E7};
constexpr P256Scalar kGx = {0xF4A13945D898C296, 0x77037D812DEB33A0, 0xF8BCE6E563A440F2, 0x6B17D1F2E12C4247};
constexpr P256Scalar kGy = {0xCBB6406837BF51F5, 0x2BCE33576B315ECE, 0x8EE7EB4A7C0F9E16, 0x4FE342E2FE1A7F9B};

using OddScalar = Limbs<kP256Limbs + 1>;

/// k, or k + order when k is even.
OddScalar make_odd(const P256Scalar& k) {
  OddScalar odd{};
  P256Scalar masked;
  const Limb even = mask_of_bit((k[0] & 1) ^ 1);
  for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = kOrder[i] & even;
  odd[kP256Limbs] = add_limbs(odd.data(), k.data(), masked.data(), kP256Limbs);
  return odd;
}

struct Digit {
  Limb index;     ///< of the odd magnitude 2 index + 1
  Limb negative;  ///< a mask
};

/// d_i = (floor(k / 64^i) with its low bit set) mod 128 - 64, and the rest at the top.
Digit odd_digit(const OddScalar& k, std::size_t row) {
  const std::size_t at = row * kBits;
  Limb window = k[at / 64] >> (at % 64);
  if (at % 64 > 64 - kBits - 1 && at / 64 < kP256Limbs) window |= k[at / 64 + 1] << (64 - at % 64);
  window = (window & 127) | 1;
  const bool top = row + 1 == kRows;
  const Limb negative = top ? 0 : mask_of_bit((window >> kBits & 1) ^ 1);
  const Limb value = window - (top ? 0 : 64);
  return {((value ^ negative) - negative) >> 1, negative};
}

}  // namespace

P256Table::P256Table(const Curve<kP256Limbs>& curve, const P256Point& base) : curve_(curve) {
  std::vector<P256Sum> all;
  all.reserve(kRows * kEntries);
  P256Sum row = curve.lift(base);
  for (std::size_t i = 0; i < kRows; ++i) {
    P256Sum two;
    curve.dbl(two, row);
    P256Point step;
    curve.to_affine(step, two);
    all.push_back(row);
    for (std::size_t j = 1; j < kEntries; ++j) {
      P256Sum next;
      curve.add_vartime(next, all.back(), step);
      all.push_back(next);
    }
    for (std::size_t j = 0; j < kBits; ++j) curve.dbl(row, row);
  }
  entries_ = curve.to_affine(all);
}

P256Sum P256Table::mul(const P256Scalar& k) const {
  OddScalar odd = make_odd(k);
  P256Sum acc = Curve<kP256Limbs>::infinity();
  P256Point e;
  for (std::size_t i = 0; i < kRows; ++i) {
    const Digit d = odd_digit(odd, i);
    pick_entry(e, std::span(entries_).subspan(i * kEntries, kEntries), d.index);
    curve_.field().negate_if(e.y, d.negative, e.y);
    if (i == 0) {
      acc = curve_.lift(e);
    } else if (i + 1 < kRows) {
      // |sum so far| < 64^i <= |this entry's multiplier| < order / 2: never the same point or its negative
      curve_.add_distinct(acc, acc, e);
    } else {
      curve_.add(acc, acc, e);
    }
  }
  wipe_object(odd);
  wipe_object(e);
  return acc;
}

void P256Table::accumulate_vartime(P256Sum& acc, const P256Scalar& k) const {
  if (mask_if_zero(k) != 0) return;
  const OddScalar odd = make_odd(k);
  for (std::size_t i = 0; i < kRows; ++i) {
    const Digit d = odd_digit(odd, i);
    const P256Point& e = entries_[i * kEntries + d.index];
    curve_.add_vartime(acc, acc, d.negative != 0 ? curve_.negate(e) : e);
  }
}

P256::P256()
    : p(kPrime),
      q(kOrder),
      curve(p, Curve<kP256Limbs>::A::minus_3, p.from_limbs(kB), kOrder),
      base{p.from_limbs(kGx), p.from_limbs(kGy)},
      base_octets(curve.encode(base)),
      table(curve, base) {}

const P256& p256() {
  static const P256 curve;
  return curve;
}

}  // namespace mikey::ibc
