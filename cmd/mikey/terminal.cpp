#include "terminal.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace mikey::cmd {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t octets;
};

// The least code point that may be written with so many octets: shorter forms are the only valid ones.
constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};

std::optional<CodePoint> decode_utf8(std::string_view s) {
  const auto lead = static_cast<std::uint8_t>(s[0]);
  const std::size_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (n == 0 || n > s.size()) return std::nullopt;
  std::uint32_t v = n == 1 ? lead : lead & (0x7fU >> n);
  for (std::size_t i = 1; i < n; ++i) {
    const auto c = static_cast<std::uint8_t>(s[i]);
    if (c >> 6 != 2) return std::nullopt;
    v = v << 6 | (c & 0x3fU);
  }
  if (v < kLeast[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) return std::nullopt;
  return CodePoint{v, n};
}

// Controls, separators and invisible characters that could move, hide or reverse what stands beside them.
bool printable(std::uint32_t c) {
  return c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && c != 0xad && !(c >= 0x200b && c <= 0x200f) &&
         !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2060 && c <= 0x206f) && c != 0x061c && c != 0xfeff &&
         !(c >= 0xfff9 && c <= 0xfffb) && c < 0xe0000;
}

std::string escaped(const char* format, std::uint32_t v) {
  std::array<char, 16> buffer{};
  const int n = std::snprintf(buffer.data(), buffer.size(), format, v);
  return std::string(buffer.data(), static_cast<std::size_t>(n));
}

bool set_and_not_empty(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the tool has one thread here
  return value != nullptr && *value != '\0';
}

constexpr std::array<const char*, 9> kCodes{"0", "1", "2", "31", "32", "33", "34", "35", "36"};
constexpr std::array<Paint::Style, 6> kCycle{Paint::cyan,    Paint::yellow, Paint::green,
                                             Paint::magenta, Paint::blue,   Paint::red};

}  // namespace

std::string safe_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = decode_utf8(text);
    const std::size_t n = c ? c->octets : 1;
    if (c && printable(c->value)) {
      out.append(text.substr(0, n));
    } else if (c && c->value >= 0x80) {
      out.append(escaped("\\u{%x}", c->value));
    } else {
      out.append(escaped("\\x%02x", static_cast<std::uint8_t>(text[0])));
    }
    text.remove_prefix(n);
  }
  return out;
}

bool wants_color(ColorMode mode, int fd) {
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  if (set_and_not_empty("NO_COLOR")) return false;
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

std::string Paint::operator()(Style style, std::string_view text) const {
  if (!on_ || style == plain || text.empty()) return std::string(text);
  return std::string("\x1b[") + kCodes[style] + "m" + std::string(text) + "\x1b[0m";
}

std::string Paint::cycle(std::size_t n, std::string_view text) const {
  return (*this)(kCycle[n % kCycle.size()], text);
}

}  // namespace mikey::cmd
