/// \file
/// Octet strings, their views, and the text forms they travel in (hex and base64).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mikey {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// A borrowed octet string that compares by content. Payload structs are made of these: they point into the
/// message they were read from, or at what the caller is about to write.
struct Octets : ByteView {
  using ByteView::ByteView;
  constexpr Octets() = default;
  constexpr Octets(ByteView v) : ByteView(v) {}             // NOLINT(google-explicit-constructor)
  Octets(const Bytes& v) : ByteView(v.data(), v.size()) {}  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Octets& a, const Octets& b) { return std::ranges::equal(a, b); }
};

/// The octets of a string, without copying them.
inline ByteView as_bytes(std::string_view s) {
  return {static_cast<const std::uint8_t*>(static_cast<const void*>(s.data())), s.size()};
}

/// The octets as text, without copying and without checking that they are any particular encoding.
inline std::string_view as_text(ByteView b) {
  return {static_cast<const char*>(static_cast<const void*>(b.data())), b.size()};
}

inline Bytes to_bytes(ByteView v) {
  return Bytes(v.begin(), v.end());
}

inline void append(Bytes& to, ByteView more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Octets as lower-case hexadecimal, two digits an octet.
std::string to_hex(ByteView octets);

/// Reads hexadecimal of either case; white space and colons between octets are skipped. Nothing on any other
/// character or on half an octet.
std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding.
std::string to_base64(ByteView octets);

/// Strict RFC 4648 section 4: alphabet, padding and unused bits are checked. White space is not skipped.
std::optional<Bytes> from_base64(std::string_view text);

/// Big-endian unsigned integer of `N` octets at `p`.
template <class U>
constexpr U load_be(const std::uint8_t* p) {
  U v = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) v = static_cast<U>((static_cast<std::uint64_t>(v) << 8) | p[i]);
  return v;
}

template <class U>
constexpr void store_be(std::uint8_t* p, U v) {
  for (std::size_t i = sizeof(U); i-- > 0;) {
    p[i] = static_cast<std::uint8_t>(v);
    v = static_cast<U>(static_cast<std::uint64_t>(v) >> 8);
  }
}

}  // namespace mikey
