/// \file
/// Public natural numbers of any size, for parameters that are worked out once. Variable time throughout.
#pragma once

#include <utility>
#include <vector>

#include "limbs.hpp"

namespace mikey::ibc {

/// Least significant limb first; leading zeros are allowed.
using Natural = std::vector<Limb>;

Natural natural_from_octets(ByteView octets);
/// Without leading zeros, at least one octet.
Bytes natural_to_octets(const Natural& a);
std::size_t bit_length_vartime(const Natural& a);
int compare_vartime(const Natural& a, const Natural& b);
Natural add_vartime(const Natural& a, const Natural& b);
/// a - b for a >= b.
Natural subtract_vartime(const Natural& a, const Natural& b);
Natural multiply_vartime(const Natural& a, const Natural& b);
/// Quotient and remainder; b is not zero.
std::pair<Natural, Natural> divide_vartime(const Natural& a, const Natural& b);
/// a modulo a single limb.
Limb modulo_vartime(const Natural& a, Limb m);
/// 2^e.
Natural power_of_two(std::size_t e);

}  // namespace mikey::ibc
