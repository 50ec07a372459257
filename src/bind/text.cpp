#include "bind/text.hpp"

#include <algorithm>

namespace mikey::bind::text {

bool is_token(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, is_token_char);
}

bool iequals(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool istarts_with(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

std::string to_lower(std::string_view s) {
  std::string out(s);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

bool fits_a_line(std::string_view s) {
  return s.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string_view take_line(std::string_view& rest, std::string_view& end) {
  const std::size_t at = std::min(rest.find_first_of("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, at);
  std::size_t n = at < rest.size() ? 1 : 0;
  if (rest.substr(at).starts_with("\r\n")) n = 2;
  end = rest.substr(at, n);
  rest.remove_prefix(at + n);
  return line;
}

std::size_t find_unquoted(std::string_view s, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (quoted && s[i] == '\\') {
      ++i;
    } else if (s[i] == '"') {
      quoted = !quoted;
    } else if (s[i] == separator && !quoted) {
      return i;
    }
  }
  return s.size();
}

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t n = find_unquoted(s, separator);
    parts.push_back(trim(s.substr(0, n)));
    if (n == s.size()) return parts;
    s.remove_prefix(n + 1);
  }
}

std::string unquote(std::string_view s) {
  if (s.size() < 2 || s.front() != '"' || s.back() != '"') return std::string(s);
  s = s.substr(1, s.size() - 2);
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\\' && i + 1 < s.size()) ++i;
    out += s[i];
  }
  return out;
}

std::string quote(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace mikey::bind::text
