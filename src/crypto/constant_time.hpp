/// \file
/// Choices without branches. A mask is all ones for true, zero for false.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mikey::crypto::detail {

using Mask = std::size_t;

/// Hides from the optimiser what it might know of `v`, so that it makes no branch of it.
inline std::size_t opaque(std::size_t v) {
  __asm__ __volatile__("" : "+r"(v));
  return v;
}

/// Whether the highest bit is set.
inline Mask mask_of_high_bit(std::size_t v) {
  return std::size_t{0} - (opaque(v) >> (sizeof v * 8 - 1));
}
inline Mask is_zero(std::size_t v) {
  return mask_of_high_bit(~v & (v - 1));
}
inline Mask is_equal(std::size_t a, std::size_t b) {
  return is_zero(a ^ b);
}
/// a < b, for values below 2^63.
inline Mask is_less(std::size_t a, std::size_t b) {
  return mask_of_high_bit(a - b);
}
inline std::size_t select(Mask m, std::size_t a, std::size_t b) {
  return (opaque(m) & a) | (~opaque(m) & b);
}
inline std::uint8_t select8(Mask m, std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(select(m, a, b));
}

}  // namespace mikey::crypto::detail
