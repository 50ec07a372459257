/// \file
/// What may reach a terminal: colours where they are wanted, and no control characters of others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mikey::cmd {

/// Text as it may be printed: printable ASCII and well-formed UTF-8 stay, everything else (control
/// characters, also those of Unicode, direction overrides, broken UTF-8) becomes \xNN or \u{N}.
std::string safe_text(std::string_view text);

enum class ColorMode : std::uint8_t { automatic, always, never };

/// Whether output to the file descriptor is coloured: `automatic` is yes for a terminal, unless NO_COLOR is
/// set and not empty or TERM is "dumb".
bool wants_color(ColorMode mode, int fd);

/// Puts text into colours, or leaves it as it is.
class Paint {
 public:
  enum Style : std::uint8_t { plain, bold, dim, red, green, yellow, blue, magenta, cyan };
  explicit Paint(bool on = false) : on_(on) {}
  bool on() const { return on_; }
  std::string operator()(Style style, std::string_view text) const;
  /// One of a cycle of colours that are easy to tell apart.
  std::string cycle(std::size_t n, std::string_view text) const;

 private:
  bool on_;
};

}  // namespace mikey::cmd
