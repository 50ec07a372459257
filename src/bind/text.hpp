// Small tools for line-based protocols. ASCII only, no locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mikey::bind::text {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
inline bool is_space(char c) {
  return is_blank(c) || c == '\r' || c == '\n';
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline bool is_alnum(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}
/// A character of a token: RFC 3261 25.1, RFC 7826 20.1, RFC 8866 9.
inline bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view s);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view s, std::string_view prefix);
std::string to_lower(std::string_view s);
std::string_view trim(std::string_view s);

/// The whole of `s` as a decimal number; no sign, no space.
template <class U>
std::optional<U> number(std::string_view s) {
  U v{};
  if (s.empty() || !is_digit(s.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
  return v;
}

/// Whether `s` can stand inside one line: no CR, LF or NUL.
bool fits_a_line(std::string_view s);

/// Takes the first line off `rest`, without its end; `end` gets the line's end ("\r\n", "\n", "\r" or "").
std::string_view take_line(std::string_view& rest, std::string_view& end);

/// Where `separator` first stands outside double quotes (a backslash escapes one character in there); the
/// size of `s` when it does not.
std::size_t find_unquoted(std::string_view s, char separator);

/// Parts between `separator`, quotes respected, each trimmed. Empty parts are kept.
std::vector<std::string_view> split(std::string_view s, char separator);

/// Without the double quotes around it and the backslashes inside; as it is when it has none.
std::string unquote(std::string_view s);
/// In double quotes, with backslashes before quotes and backslashes.
std::string quote(std::string_view s);

}  // namespace mikey::bind::text
