#include "mikey/base/bytes.hpp"

#include <array>

namespace mikey {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

constexpr std::array<std::int8_t, 256> base64_values() {
  std::array<std::int8_t, 256> t{};
  t.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i)
    t[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
  return t;
}

constexpr auto kBase64Value = base64_values();

}  // namespace

std::string to_hex(ByteView octets) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (const std::uint8_t b : octets) {
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  Bytes out;
  out.reserve(text.size() / 2);
  int high = -1;
  for (const char c : text) {
    if (is_separator(c)) {
      if (high >= 0) return std::nullopt;
      continue;
    }
    const int d = hex_digit(c);
    if (d < 0) return std::nullopt;
    if (high < 0) {
      high = d;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | d));
      high = -1;
    }
  }
  if (high >= 0) return std::nullopt;
  return out;
}

std::string to_base64(ByteView octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t v = 0;
    for (std::size_t j = 0; j < 3; ++j) v = v << 8 | (j < n ? octets[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) out += j <= n ? kBase64[v >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t pad = 0;
  while (pad < 2 && pad < text.size() && text[text.size() - 1 - pad] == '=') ++pad;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t v = 0;
    const std::size_t n = i + 4 == text.size() ? 4 - pad : 4;
    for (std::size_t j = 0; j < 4; ++j) {
      const int d = j < n ? kBase64Value[static_cast<unsigned char>(text[i + j])] : 0;
      if (d < 0) return std::nullopt;
      v = v << 6 | static_cast<std::uint32_t>(d);
    }
    if (n < 4 && (v & (n == 3 ? 0xFFU : 0xFFFFU)) != 0) return std::nullopt;  // unused bits must be zero
    for (std::size_t j = 0; j + 1 < n; ++j) out.push_back(static_cast<std::uint8_t>(v >> (16 - 8 * j)));
  }
  return out;
}

}  // namespace mikey
