#include "crypto/reduce.hpp"

#include "crypto/constant_time.hpp"

namespace mikey::crypto::detail {

/// Bit by bit, from the highest: doubled, and m taken away whether it fits or not.
SecretBytes reduce(ByteView r, ByteView m) {
  SecretBytes low(m.size() + 1);  // the remainder, with room for one more bit
  SecretBytes less(m.size() + 1);
  const MutableBytes x = low.reveal_mutable();
  const MutableBytes y = less.reveal_mutable();
  for (std::size_t bit = 0; bit < 8 * r.size(); ++bit) {
    std::size_t carry = (r[bit / 8] >> (7 - bit % 8)) & 1U;
    for (std::size_t i = x.size(); i-- > 0;) {
      carry |= std::size_t{x[i]} << 1;
      x[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    std::size_t borrow = 0;
    for (std::size_t i = x.size(); i-- > 0;) {
      const std::size_t d = std::size_t{x[i]} - (i > 0 ? m[i - 1] : 0U) - borrow;
      y[i] = static_cast<std::uint8_t>(d);
      borrow = d >> (sizeof d * 8 - 1);
    }
    const Mask below = std::size_t{0} - borrow;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = select8(below, x[i], y[i]);
  }
  return SecretBytes(low.reveal().subspan(1));
}

}  // namespace mikey::crypto::detail
