/// \file
/// Where a secret ends.
#pragma once

#include "limbs.hpp"

namespace mikey::ibc {

/// Whether `mask` is set, for the outcome of a check on secrets that the caller is going to be told anyway: a
/// key is valid, TEST equals R. Every branch on something computed from secrets goes through here, and
/// tests/ct puts its own definition in this one's place that tells memcheck so.
bool public_outcome(Limb mask);

}  // namespace mikey::ibc
