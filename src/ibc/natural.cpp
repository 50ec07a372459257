#include "natural.hpp"

#include <algorithm>

namespace mikey::ibc {

Natural natural_from_octets(ByteView octets) {
  Natural r(octets.size() / 8 + 1, 0);
  for (std::size_t i = 0; i < octets.size(); ++i)
    r[i / 8] |= Limb{octets[octets.size() - 1 - i]} << (8 * (i % 8));
  return r;
}

Bytes natural_to_octets(const Natural& a) {
  const std::size_t n = std::max<std::size_t>(1, (bit_length_vartime(a) + 7) / 8);
  Bytes out(n);
  for (std::size_t i = 0; i < n && i / 8 < a.size(); ++i)
    out[n - 1 - i] = static_cast<std::uint8_t>(a[i / 8] >> (8 * (i % 8)));
  return out;
}

std::size_t bit_length_vartime(const Natural& a) {
  for (std::size_t i = a.size(); i-- > 0;)
    if (a[i] != 0) return 64 * i + 64 - static_cast<std::size_t>(__builtin_clzll(a[i]));
  return 0;
}

int compare_vartime(const Natural& a, const Natural& b) {
  for (std::size_t i = std::max(a.size(), b.size()); i-- > 0;) {
    const Limb x = i < a.size() ? a[i] : 0;
    const Limb y = i < b.size() ? b[i] : 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

Natural add_vartime(const Natural& a, const Natural& b) {
  const std::size_t n = std::max(a.size(), b.size());
  Natural x = a;
  Natural y = b;
  x.resize(n, 0);
  y.resize(n, 0);
  const Limb carry = add_limbs(x.data(), x.data(), y.data(), n);
  x.push_back(carry);
  return x;
}

Natural subtract_vartime(const Natural& a, const Natural& b) {
  Natural x = a;
  Natural y = b;
  y.resize(std::max(a.size(), b.size()), 0);
  x.resize(y.size(), 0);
  sub_limbs(x.data(), x.data(), y.data(), x.size());
  return x;
}

Natural multiply_vartime(const Natural& a, const Natural& b) {
  Natural r(a.size() + b.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Limb carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Wide t = Wide{a[i]} * b[j] + r[i + j] + carry;
      r[i + j] = static_cast<Limb>(t);
      carry = static_cast<Limb>(t >> 64);
    }
    r[i + b.size()] = carry;
  }
  return r;
}

std::pair<Natural, Natural> divide_vartime(const Natural& a, const Natural& b) {
  Natural quotient(a.size(), 0);
  Natural rest(b.size() + 1, 0);
  Natural divisor = b;
  divisor.push_back(0);
  for (std::size_t i = bit_length_vartime(a); i-- > 0;) {
    add_limbs(rest.data(), rest.data(), rest.data(), rest.size());
    rest[0] |= a[i / 64] >> (i % 64) & 1;
    if (compare_vartime(rest, divisor) < 0) continue;
    sub_limbs(rest.data(), rest.data(), divisor.data(), rest.size());
    quotient[i / 64] |= Limb{1} << (i % 64);
  }
  return {std::move(quotient), std::move(rest)};
}

Limb modulo_vartime(const Natural& a, Limb m) {
  Limb r = 0;
  for (std::size_t i = a.size(); i-- > 0;) r = static_cast<Limb>((Wide{r} << 64 | a[i]) % m);
  return r;
}

Natural power_of_two(std::size_t e) {
  Natural r(e / 64 + 1, 0);
  r[e / 64] = Limb{1} << (e % 64);
  return r;
}

}  // namespace mikey::ibc
