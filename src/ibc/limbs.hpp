/// \file
/// Natural numbers of a fixed number of 64-bit limbs, least significant first. Everything here takes time
/// that depends on sizes only, except what is named vartime.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "mikey/base/bytes.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::ibc {

using Limb = std::uint64_t;
using SignedLimb = std::int64_t;
// __extension__ keeps -Wpedantic quiet about the 128-bit types of gcc and clang.
__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

template <std::size_t N>
using Limbs = std::array<Limb, N>;

/// Hides a value's origin from the optimiser, so that a mask is not turned back into a branch.
inline Limb value_barrier(Limb v) {
  __asm__("" : "+r"(v));
  return v;
}

/// All ones when `bit` is 1, zero when it is 0.
inline Limb mask_of_bit(Limb bit) {
  return value_barrier(Limb{0} - bit);
}

/// All ones when `v` is zero.
inline Limb mask_if_zero(Limb v) {
  return mask_of_bit((~v & (v - 1)) >> 63);
}

/// All ones when a == b.
inline Limb mask_if_equal(Limb a, Limb b) {
  return mask_if_zero(a ^ b);
}

/// r = a + b; the carry.
inline Limb add_limbs(Limb* r, const Limb* a, const Limb* b, std::size_t n) {
  Limb carry = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Wide t = Wide{a[i]} + b[i] + carry;
    r[i] = static_cast<Limb>(t);
    carry = static_cast<Limb>(t >> 64);
  }
  return carry;
}

/// r = a - b; the borrow.
inline Limb sub_limbs(Limb* r, const Limb* a, const Limb* b, std::size_t n) {
  Limb borrow = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Wide t = Wide{a[i]} - b[i] - borrow;
    r[i] = static_cast<Limb>(t);
    borrow = static_cast<Limb>(t >> 64) & 1;
  }
  return borrow;
}

/// r = mask ? a : b.
inline void select_limbs(Limb* r, Limb mask, const Limb* a, const Limb* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) r[i] = (a[i] & mask) | (b[i] & ~mask);
}

/// out = table[wanted], of a table that is read as a whole; all zero when there is no such entry. T is made
/// of limbs.
template <class T>
void pick_entry(T& out, std::span<const T> table, Limb wanted) {
  using Pair = Limb __attribute__((vector_size(16)));
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % (4 * sizeof(Limb)) == 0);
  constexpr std::size_t kLimbs = sizeof(T) / sizeof(Limb);
  constexpr std::size_t kMostEntries = 32;
  const auto* in = static_cast<const Limb*>(static_cast<const void*>(table.data()));
  auto* to = static_cast<Limb*>(static_cast<void*>(&out));
  std::array<Limb, kMostEntries> masks;
  for (std::size_t j = 0; j < table.size(); ++j) masks[j] = mask_if_equal(wanted, j);
  for (std::size_t l = 0; l < kLimbs; l += 4) {
    Pair low{};
    Pair high{};
    for (std::size_t j = 0; j < table.size(); ++j) {
      const Limb* at = in + j * kLimbs + l;
      const Pair mask{masks[j], masks[j]};
      low |= Pair{at[0], at[1]} & mask;
      high |= Pair{at[2], at[3]} & mask;
    }
    to[l] = low[0];
    to[l + 1] = low[1];
    to[l + 2] = high[0];
    to[l + 3] = high[1];
  }
}

template <std::size_t N>
void select(Limbs<N>& r, Limb mask, const Limbs<N>& a, const Limbs<N>& b) {
  select_limbs(r.data(), mask, a.data(), b.data(), N);
}

/// All ones when every limb is zero.
template <std::size_t N>
Limb mask_if_zero(const Limbs<N>& a) {
  Limb any = 0;
  for (const Limb v : a) any |= v;
  return mask_if_zero(any);
}

template <std::size_t N>
Limb mask_if_equal(const Limbs<N>& a, const Limbs<N>& b) {
  Limb any = 0;
  for (std::size_t i = 0; i < N; ++i) any |= a[i] ^ b[i];
  return mask_if_zero(any);
}

/// All ones when a < b.
template <std::size_t N>
Limb mask_if_less(const Limbs<N>& a, const Limbs<N>& b) {
  Limbs<N> t;
  return mask_of_bit(sub_limbs(t.data(), a.data(), b.data(), N));
}

/// Big-endian octets; leading ones that do not fit into N limbs must be zero (false otherwise).
template <std::size_t N>
bool limbs_from_octets(Limbs<N>& r, ByteView octets) {
  r.fill(0);
  std::uint8_t lost = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const std::uint8_t o = octets[octets.size() - 1 - i];
    if (i / 8 < N) {
      r[i / 8] |= Limb{o} << (8 * (i % 8));
    } else {
      lost = static_cast<std::uint8_t>(lost | o);
    }
  }
  return lost == 0;
}

/// The low out.size() octets, big-endian.
template <std::size_t N>
void limbs_to_octets(MutableBytes out, const Limbs<N>& a) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[out.size() - 1 - i] =
        i / 8 < N ? static_cast<std::uint8_t>(a[i / 8] >> (8 * (i % 8))) : std::uint8_t{0};
  }
}

template <std::size_t N>
Bytes limbs_to_bytes(const Limbs<N>& a, std::size_t octets) {
  Bytes out(octets);
  limbs_to_octets(MutableBytes(out), a);
  return out;
}

/// Number of significant bits of a public value.
template <std::size_t N>
std::size_t bit_length_vartime(const Limbs<N>& a) {
  for (std::size_t i = N; i-- > 0;)
    if (a[i] != 0) return 64 * i + 64 - static_cast<std::size_t>(__builtin_clzll(a[i]));
  return 0;
}

template <std::size_t N>
Limb bit_of(const Limbs<N>& a, std::size_t i) {
  return i / 64 < N ? a[i / 64] >> (i % 64) & 1 : 0;
}

/// Overwrites a value that held a secret.
template <class T>
void wipe_object(T& t) {
  static_assert(std::is_trivially_copyable_v<T>);
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(&t)), sizeof(T)});
}

}  // namespace mikey::ibc
