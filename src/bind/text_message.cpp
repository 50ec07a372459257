#include "mikey/bind/text_message.hpp"

#include "bind/text.hpp"

namespace mikey::bind {
namespace {

constexpr const char* kRfc = "RFC 7826 5";

Error broken(std::string detail, std::size_t offset) {
  return bad_message(ErrorCode::unspecified, kRfc, std::move(detail), offset);
}

bool is_version(std::string_view s) {
  const std::size_t slash = s.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view name = s.substr(0, slash);
  const std::string_view number = s.substr(slash + 1);
  return (name == "RTSP" || name == "SIP") && number.size() == 3 && text::is_digit(number[0]) &&
         number[1] == '.' && text::is_digit(number[2]);
}

bool read_start_line(std::string_view line, TextMessage& m) {
  const std::size_t a = line.find(' ');
  if (a == std::string_view::npos) return false;
  if (is_version(line.substr(0, a))) {
    m.version = line.substr(0, a);
    const std::string_view rest = line.substr(a + 1);
    const auto status = text::number<unsigned>(rest.substr(0, 3));
    if (!status || *status < 100 || *status > 699 || (rest.size() > 3 && rest[3] != ' ')) return false;
    m.status = *status;
    if (rest.size() > 4) m.reason = rest.substr(4);
    return m.reason.find('\0') == std::string::npos;
  }
  const std::size_t b = line.rfind(' ');
  if (b == a || !is_version(line.substr(b + 1)) || !text::is_token(line.substr(0, a))) return false;
  m.method = line.substr(0, a);
  m.uri = line.substr(a + 1, b - a - 1);
  m.version = line.substr(b + 1);
  return !m.uri.empty() && m.uri.find_first_of(std::string_view(" \t\0", 3)) == std::string::npos;
}

// Reads header lines off `rest`; true once the empty line was taken, false at the end of the text.
Result<bool> take_headers(std::string_view& rest, std::vector<Header>& out, std::size_t base) {
  const std::size_t size = rest.size();
  while (!rest.empty()) {
    const std::size_t offset = base + size - rest.size();
    std::string_view end;
    const std::string_view line = text::take_line(rest, end);
    if (line.empty()) return true;
    if (line.find('\0') != std::string_view::npos) return broken("a header has a NUL", offset);
    if (text::is_blank(line[0])) {
      if (out.empty()) return broken("the first header begins with a blank", offset);
      const std::string_view more = text::trim(line);
      if (!more.empty()) {
        if (!out.back().value.empty()) out.back().value += ' ';
        out.back().value += more;
      }
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = text::trim(line.substr(0, std::min(colon, line.size())));
    if (colon == std::string_view::npos || !text::is_token(name))
      return broken("a header is not a name, a colon and a value", offset);
    if (out.size() == kMaxHeaders)
      return Error{ErrorCode::resource, Severity::message, kRfc, offset, "the message has too many headers"};
    out.push_back({std::string(name), std::string(text::trim(line.substr(colon + 1)))});
  }
  return false;
}

// How many octets of body the headers announce; nothing when they do not.
Result<std::optional<std::size_t>> content_length(const TextMessage& m) {
  std::optional<std::string_view> value = m.header("Content-Length");
  if (!value && m.is_sip()) value = m.header("l");  // the compact form
  if (!value) return std::optional<std::size_t>();
  const auto n = text::number<std::size_t>(*value);
  if (!n || *n > kMaxTextMessage) return broken("the Content-Length is not a length within bounds", 0);
  return std::optional(*n);
}

}  // namespace

std::optional<std::string_view> TextMessage::header(std::string_view name) const {
  for (const Header& h : headers)
    if (text::iequals(h.name, name)) return h.value;
  return std::nullopt;
}

std::vector<std::string_view> TextMessage::header_values(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Header& h : headers)
    if (text::iequals(h.name, name)) out.emplace_back(h.value);
  return out;
}

std::string TextMessage::to_text() const {
  std::string out = is_request() ? method + ' ' + uri + ' ' + version
                                 : version + ' ' + std::to_string(status) + ' ' + reason;
  out += "\r\n";
  bool has_length = false;
  for (const Header& h : headers) {
    const bool length = text::iequals(h.name, "Content-Length") || (is_sip() && text::iequals(h.name, "l"));
    if (length && has_length) continue;
    has_length = has_length || length;
    out += h.name + ": " + (length ? std::to_string(body.size()) : h.value) + "\r\n";
  }
  if (!has_length && !body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

bool starts_text_message(std::string_view s) {
  std::string_view end;
  TextMessage m;
  // A start line longer than this is nobody's; the bound keeps looking for one cheap.
  std::string_view rest = s.substr(0, 8192);
  const std::string_view line = text::take_line(rest, end);
  return !end.empty() && read_start_line(line, m);
}

Result<ReadMessage> read_text_message(std::string_view all, Reading reading) {
  ReadMessage out;
  TextMessage& m = out.message;
  std::string_view rest = all;
  std::string_view end;
  if (!read_start_line(text::take_line(rest, end), m))
    return broken("the start line is not one of RTSP or SIP", 0);
  const Result<bool> complete = take_headers(rest, m.headers, all.size() - rest.size());
  if (!complete) return complete.error();
  if (!*complete && reading == Reading::strict) return broken("the headers do not end", all.size());
  if (!*complete) out.diagnostics.emplace_back("the message ends within its headers");
  Result<std::optional<std::size_t>> announced = content_length(m);
  if (!announced) {
    announced.error().offset = all.size() - rest.size();
    return std::move(announced).error();
  }
  std::size_t length = announced->value_or(m.is_sip() ? rest.size() : 0);
  if (length > rest.size()) {
    if (reading == Reading::strict) return broken("the body is shorter than its Content-Length", all.size());
    out.diagnostics.emplace_back("the body is shorter than its Content-Length");
    length = rest.size();
  }
  if (length > kMaxTextMessage)
    return Error{ErrorCode::resource, Severity::message, kRfc, std::nullopt, "the message is too large"};
  m.body = rest.substr(0, length);
  out.consumed = all.size() - rest.size() + length;
  return out;
}

Result<std::vector<Header>> read_headers(std::string_view text) {
  std::vector<Header> out;
  const Result<bool> complete = take_headers(text, out, 0);
  if (!complete) return complete.error();
  return out;
}

}  // namespace mikey::bind
