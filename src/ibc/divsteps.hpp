/// \file
/// Modular inversion in constant time: D. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and
/// modular inversion" (2019), 62 division steps at a time.
#pragma once

#include "limbs.hpp"

namespace mikey::ibc {

/// a^-1 modulo the odd number p (gcd(a, p) = 1), and 0 for a = 0. a < p.
template <std::size_t N>
Limbs<N> invert_modulo(const Limbs<N>& a, const Limbs<N>& p, Limb neg_inverse);

}  // namespace mikey::ibc
