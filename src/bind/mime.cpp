#include "mikey/bind/mime.hpp"

#include <iterator>

#include "bind/text.hpp"

namespace mikey::bind::mime {
namespace {

constexpr const char* kMultipart = "RFC 2046 5.1";
constexpr const char* kEncodings = "RFC 2045 6";
constexpr std::string_view kMikeyType = "application/mikey";

Error broken(const char* rfc, std::string detail) {
  return bad_message(ErrorCode::unspecified, rfc, std::move(detail));
}

std::string_view value_of(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& h : headers)
    if (text::iequals(h.name, name)) return h.value;
  return {};
}

bool is_boundary(std::string_view s) {
  const auto good = [](char c) {
    return text::is_alnum(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
  };
  return !s.empty() && s.size() <= 70 && s.back() != ' ' && std::ranges::all_of(s, good);
}

// A boundary line found in a multipart body: where the part before it ends, where what follows begins.
struct Delimiter {
  std::size_t begin = 0;  // the line end before the boundary belongs to it
  std::size_t after = 0;
  bool closing = false;
};

std::optional<Delimiter> find_delimiter(std::string_view body, std::string_view boundary, std::size_t from) {
  const std::string mark = "--" + std::string(boundary);
  for (std::size_t at = body.find(mark, from); at != std::string_view::npos; at = body.find(mark, at + 1)) {
    const bool line_start = at == 0 || body[at - 1] == '\n' || body[at - 1] == '\r';
    if (!line_start) continue;
    std::string_view rest = body.substr(at + mark.size());
    Delimiter d;
    d.closing = rest.starts_with("--");
    if (d.closing) rest.remove_prefix(2);
    std::string_view end;
    if (!text::trim(text::take_line(rest, end)).empty()) continue;  // a longer boundary's line
    d.after = body.size() - rest.size();
    d.begin = at;
    if (d.begin > from && body[d.begin - 1] == '\n') --d.begin;
    if (d.begin > from && body[d.begin - 1] == '\r') --d.begin;
    return d;
  }
  return std::nullopt;
}

// Splits "headers, empty line, content".
Result<std::pair<std::vector<Header>, std::string_view>> split_part(std::string_view part) {
  std::string_view rest = part;
  std::string_view end;
  while (!rest.empty()) {
    if (text::take_line(rest, end).empty()) break;
  }
  Result<std::vector<Header>> headers = read_headers(part.substr(0, part.size() - rest.size()));
  if (!headers) return std::move(headers).error();
  return std::pair(std::move(*headers), rest);
}

// Walks a body, collecting leaves. Recursion ends at kMaxDepth.
class Walker {
 public:
  explicit Walker(Reading reading) : reading_(reading) {}

  Status walk(std::string_view type, std::string_view encoding, std::vector<Header> headers,
              std::string_view body, std::size_t depth) {
    Result<ContentType> ct = ContentType::parse(type);
    if (!ct) return std::move(ct).error();
    if (ct->type.starts_with("multipart/")) return walk_multipart(*ct, body, depth);
    if (parts_.size() == kMaxParts) return too_much();
    return add_leaf(std::move(*ct), encoding, std::move(headers), body);
  }

  std::vector<Part> take() { return std::move(parts_); }

 private:
  static Error too_much() {
    return {ErrorCode::resource, Severity::message, kMultipart, std::nullopt, "the body has too many parts"};
  }

  Status walk_multipart(const ContentType& type, std::string_view body, std::size_t depth) {
    if (depth == kMaxDepth) return too_much();
    const std::string_view boundary = type.param("boundary").value_or("");
    if (!is_boundary(boundary)) return broken(kMultipart, "a multipart body without a usable boundary");
    std::optional<Delimiter> d = find_delimiter(body, boundary, 0);
    if (!d) return broken(kMultipart, "a multipart body in which its boundary does not stand");
    while (!d->closing) {
      const std::size_t begin = d->after;
      d = find_delimiter(body, boundary, begin);
      if (!d && reading_ == Reading::strict)
        return broken(kMultipart, "a multipart body without its closing boundary");
      const bool open = !d;
      if (open) d = Delimiter{body.size(), body.size(), true};
      if (Status s = walk_part(body.substr(begin, d->begin - begin), depth + 1); !s) return s;
      if (open && !parts_.empty())
        parts_.back().diagnostics.emplace_back("a multipart body without its closing boundary");
    }
    return {};
  }

  Status walk_part(std::string_view part, std::size_t depth) {
    Result<std::pair<std::vector<Header>, std::string_view>> split = split_part(part);
    if (!split) return std::move(split).error();
    const std::string type(value_of(split->first, "Content-Type"));
    const std::string encoding(value_of(split->first, "Content-Transfer-Encoding"));
    return walk(type.empty() ? "text/plain" : type, encoding, std::move(split->first), split->second, depth);
  }

  Status add_leaf(ContentType type, std::string_view encoding, std::vector<Header> headers,
                  std::string_view body) {
    Part p{std::move(type), std::move(headers), {}, {}};
    encoding = text::trim(encoding);
    if (text::iequals(encoding, "base64")) {
      // RFC 2045 6.8 breaks base64 into lines: white space is not a deviation here.
      std::string packed;
      std::ranges::copy_if(body, std::back_inserter(packed), [](char c) { return !text::is_space(c); });
      Result<DecodedBase64> data = decode_base64(packed, reading_);
      if (!data) return std::move(data).error();
      p.content = std::move(data->octets);
      p.diagnostics = std::move(data->diagnostics);
    } else if (encoding.empty() || text::iequals(encoding, "binary") || text::iequals(encoding, "8bit") ||
               text::iequals(encoding, "7bit")) {
      p.content = to_bytes(as_bytes(body));
    } else {
      return broken(kEncodings, "a Content-Transfer-Encoding other than base64, binary, 8bit and 7bit");
    }
    parts_.push_back(std::move(p));
    return {};
  }

  Reading reading_;
  std::vector<Part> parts_;
};

void put_header(TextMessage& m, std::string_view name, std::string_view value) {
  m.headers.push_back({std::string(name), std::string(value)});
}

void drop_content_headers(TextMessage& m) {
  std::erase_if(m.headers, [&m](const Header& h) {
    const bool compact = m.is_sip() && (text::iequals(h.name, "c") || text::iequals(h.name, "l") ||
                                        text::iequals(h.name, "e"));
    return compact || text::istarts_with(h.name, "Content-");
  });
}

Status check(const OutPart& p) {
  if (!ContentType::parse(p.content_type) || !text::fits_a_line(p.content_type))
    return bad_request("a part needs a content type", "RFC 2045 5.1");
  for (const Header& h : p.headers)
    if (!text::is_token(h.name) || !text::fits_a_line(h.value))
      return bad_request("a header of a part does not fit a line", "RFC 2045 3");
  return {};
}

}  // namespace

Result<ContentType> ContentType::parse(std::string_view value) {
  const std::vector<std::string_view> pieces = text::split(value, ';');
  const std::string_view type = pieces.front();
  const std::size_t slash = type.find('/');
  if (slash == std::string_view::npos || !text::is_token(type.substr(0, slash)) ||
      !text::is_token(type.substr(slash + 1)))
    return broken("RFC 2045 5.1", "the Content-Type is not a type and a subtype");
  ContentType out{text::to_lower(type), {}};
  for (std::size_t i = 1; i < pieces.size() && i <= kMaxHeaders; ++i) {
    if (pieces[i].empty()) continue;
    const std::size_t equals = pieces[i].find('=');
    if (equals == std::string_view::npos)
      return broken("RFC 2045 5.1", "a parameter of the Content-Type has no value");
    out.params.push_back({text::to_lower(text::trim(pieces[i].substr(0, equals))),
                          text::unquote(text::trim(pieces[i].substr(equals + 1)))});
  }
  return out;
}

std::optional<std::string_view> ContentType::param(std::string_view name) const {
  for (const Header& p : params)
    if (p.name == name) return p.value;
  return std::nullopt;
}

Result<std::vector<Part>> parse_body(std::string_view type, std::string_view transfer_encoding,
                                     std::string_view body, Reading reading) {
  if (body.size() > kMaxTextMessage)
    return Error{ErrorCode::resource, Severity::message, kMultipart, std::nullopt, "the body is too large"};
  Walker w(reading);
  if (Status s = w.walk(type, transfer_encoding, {}, body, 0); !s) return std::move(s).error();
  return w.take();
}

Result<std::vector<Part>> parse_body(const TextMessage& message, Reading reading) {
  std::string_view type = value_of(message.headers, "Content-Type");
  if (type.empty() && message.is_sip()) type = value_of(message.headers, "c");  // the compact form
  if (type.empty() || message.body.empty()) return std::vector<Part>();
  return parse_body(type, value_of(message.headers, "Content-Transfer-Encoding"), message.body, reading);
}

Result<std::optional<Bytes>> mikey_of(const Part& part) {
  if (part.type.type != kMikeyType) return std::optional<Bytes>();
  if (part.type.param("version").value_or("1") != "1")
    return broken("RFC 3830 10.1", "an application/mikey body of a version other than 1");
  if (part.content.empty()) return broken("RFC 3830 10.1", "an application/mikey body that is empty");
  return std::optional(part.content);
}

Result<OutPart> mikey_part(ByteView message, Encoding encoding) {
  if (message.empty() || message.size() > kMaxMessage)
    return bad_request("a MIKEY body has 1 octet to 1 MiB", "RFC 3830 10.1");
  OutPart p{std::string(kMikeyType) + ";version=1", {}, {}};
  if (encoding == Encoding::binary) {
    p.headers.push_back({"Content-Transfer-Encoding", "binary"});
    p.content = as_text(message);
    return p;
  }
  p.headers.push_back({"Content-Transfer-Encoding", "base64"});
  const std::string all = to_base64(message);
  for (std::size_t i = 0; i < all.size(); i += 76) p.content += all.substr(i, 76) + "\r\n";
  return p;
}

Status set_body(TextMessage& message, const OutPart& part) {
  if (Status s = check(part); !s) return s;
  drop_content_headers(message);
  put_header(message, "Content-Type", part.content_type);
  for (const Header& h : part.headers) put_header(message, h.name, h.value);
  put_header(message, "Content-Length", std::to_string(part.content.size()));
  message.body = part.content;
  return {};
}

Status set_multipart(TextMessage& message, std::span<const OutPart> parts, std::string_view boundary) {
  if (parts.empty() || parts.size() > kMaxParts) return bad_request("a multipart body has 1 to 128 parts");
  if (!is_boundary(boundary)) return bad_request("a boundary is 1 to 70 characters", kMultipart);
  const std::string mark = "--" + std::string(boundary);
  std::string body;
  for (const OutPart& p : parts) {
    if (Status s = check(p); !s) return s;
    if (p.content.find(mark) != std::string::npos)
      return bad_request("the boundary stands in one of the parts", kMultipart);
    body += mark + "\r\nContent-Type: " + p.content_type + "\r\n";
    for (const Header& h : p.headers) body += h.name + ": " + h.value + "\r\n";
    body += "\r\n" + p.content + "\r\n";
  }
  body += mark + "--\r\n";
  drop_content_headers(message);
  put_header(message, "Content-Type", "multipart/mixed;boundary=" + text::quote(boundary));
  put_header(message, "Content-Length", std::to_string(body.size()));
  message.body = std::move(body);
  return {};
}

}  // namespace mikey::bind::mime
