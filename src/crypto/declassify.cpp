#include "crypto/declassify.hpp"

namespace mikey::crypto::detail {

std::size_t public_length(std::size_t length) {
  return length;
}
bool public_outcome(std::size_t mask) {
  return mask != 0;
}

}  // namespace mikey::crypto::detail
