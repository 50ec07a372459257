#include "declassify.hpp"

namespace mikey::ibc {

bool public_outcome(Limb mask) {
  return mask != 0;
}

}  // namespace mikey::ibc
