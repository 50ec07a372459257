#include "wire/dissect/text.hpp"

#include <array>
#include <cstdio>

namespace mikey::wire {
namespace {

/// Characters that make a terminal do something, or that change how the text beside them is shown.
bool harmless(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;     // C0, DEL, C1
  if (c == 0xAD || c == 0x61C || c == 0x180E) return false;  // soft hyphen, Arabic letter mark, invisible
  if (c >= 0x200B && c <= 0x200F) return false;              // zero width, direction marks
  if (c >= 0x2028 && c <= 0x202E) return false;              // separators, embeddings, overrides
  if (c >= 0x2060 && c <= 0x206F) return false;              // invisible operators, isolates
  if (c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB)) return false;  // byte order mark, annotations
  if (c >= 0xE000 && c <= 0xF8FF) return false;                   // private use
  return c < 0xE0000 && (c & 0xFFFE) != 0xFFFE;                   // tags, private planes, non-characters
}

constexpr char32_t kReplacement = 0xFFFD;

void append_utf8(std::string& to, char32_t c) {
  const auto octet = [&](char32_t v) { to += static_cast<char>(static_cast<unsigned char>(v)); };
  if (c < 0x80) {
    octet(c);
  } else if (c < 0x800) {
    octet(0xC0 | c >> 6);
    octet(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    octet(0xE0 | c >> 12);
    octet(0x80 | (c >> 6 & 0x3F));
    octet(0x80 | (c & 0x3F));
  } else {
    octet(0xF0 | c >> 18);
    octet(0x80 | (c >> 12 & 0x3F));
    octet(0x80 | (c >> 6 & 0x3F));
    octet(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::optional<char32_t> take_character(std::string_view& utf8) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  const unsigned char lead = at(0);
  std::size_t n = 1;
  char32_t c = lead;
  char32_t least = 0;
  if (lead >= 0xF0 && lead < 0xF8) {
    n = 4, c = lead & 0x07U, least = 0x10000;
  } else if (lead >= 0xE0) {
    n = 3, c = lead & 0x0FU, least = 0x800;
  } else if (lead >= 0xC0) {
    n = 2, c = lead & 0x1FU, least = 0x80;
  }
  bool good = lead < 0x80 || (n > 1 && lead < 0xF8 && n <= utf8.size());
  for (std::size_t i = 1; good && i < n; ++i) {
    good = (at(i) & 0xC0) == 0x80;
    c = c << 6 | (at(i) & 0x3FU);
  }
  good = good && c >= least && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
  utf8.remove_prefix(good ? n : 1);
  return good ? std::optional(c) : std::nullopt;
}

std::optional<std::string> printable(ByteView octets) {
  std::string_view rest = as_text(octets);
  while (!rest.empty()) {
    const auto c = take_character(rest);
    if (!c || !harmless(*c)) return std::nullopt;
  }
  return std::string(as_text(octets));
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char32_t c = take_character(text).value_or(kReplacement);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      append_utf8(out, c);
    }
  }
  return out + '"';
}

}  // namespace mikey::wire
