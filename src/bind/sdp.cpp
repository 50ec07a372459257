#include "mikey/bind/sdp.hpp"

#include "bind/text.hpp"

namespace mikey::bind::sdp {
namespace {

constexpr const char* kSdp = "RFC 8866 5";

Error broken(std::string detail, std::size_t offset) {
  return bad_message(ErrorCode::unspecified, kSdp, std::move(detail), offset);
}

Error too_much(std::string detail) {
  return {ErrorCode::resource, Severity::message, kSdp, std::nullopt, std::move(detail)};
}

bool is_line(std::string_view s) {
  return s.size() >= 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] == '=' && s.find('\0') == std::string_view::npos;
}

bool ends_a_line(std::string_view s) {
  return s.ends_with('\n') || s.ends_with('\r');
}

// The name and value of an "a=" line; an empty name for any other line.
std::pair<std::string_view, std::string_view> attribute_of(const Line& line) {
  if (line.type() != 'a') return {};
  const std::string_view value = line.value();
  const std::size_t colon = std::min(value.find(':'), value.size());
  return {value.substr(0, colon), value.substr(std::min(colon + 1, value.size()))};
}

std::vector<std::string_view> words(std::string_view s) {
  std::vector<std::string_view> out;
  for (const std::string_view w : text::split(s, ' '))
    if (!w.empty()) out.push_back(w);
  return out;
}

bool valid_proto(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, [](char c) { return text::is_token_char(c) || c == '/'; });
}

Status check(const MediaLine& line) {
  if (!text::is_token(line.type) || !valid_proto(line.proto) || line.formats.empty() || line.port_count == 0)
    return bad_request("a media line needs a type, a protocol, a port count and a format", "RFC 8866 5.14");
  for (const std::string& f : line.formats)
    if (!text::is_token(f)) return bad_request("a media format must be a token", "RFC 8866 5.14");
  return {};
}

}  // namespace

Result<MediaLine> MediaLine::parse(std::string_view value) {
  const std::vector<std::string_view> w = words(value);
  const auto bad = [](std::string why) {
    return bad_message(ErrorCode::unspecified, "RFC 8866 5.14", std::move(why));
  };
  if (w.size() < 4) return bad("the media line lacks a type, port, protocol or format");
  MediaLine m;
  m.type = w[0];
  m.proto = w[2];
  const std::size_t slash = std::min(w[1].find('/'), w[1].size());
  const auto port = text::number<std::uint16_t>(w[1].substr(0, slash));
  const auto count = slash == w[1].size() ? std::optional<std::uint32_t>(1)
                                          : text::number<std::uint32_t>(w[1].substr(slash + 1));
  if (!port || !count) return bad("the port of the media line is not a port");
  m.port = *port;
  m.port_count = *count;
  for (std::size_t i = 3; i < w.size(); ++i) m.formats.emplace_back(w[i]);
  if (const Status s = check(m); !s) return bad(s.error().detail);
  return m;
}

std::string MediaLine::to_text() const {
  std::string out = type + ' ' + std::to_string(port);
  if (port_count != 1) out += '/' + std::to_string(port_count);
  out += ' ' + proto;
  for (const std::string& f : formats) out += ' ' + f;
  return out;
}

std::optional<std::string_view> Section::attribute(std::string_view name) const {
  for (const Line& line : lines_) {
    const auto [n, value] = attribute_of(line);
    if (!n.empty() && n == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Section::attributes(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Line& line : lines_) {
    const auto [n, value] = attribute_of(line);
    if (!n.empty() && n == name) out.push_back(value);
  }
  return out;
}

std::optional<Connection> Section::connection() const {
  for (const Line& line : lines_) {
    if (line.type() != 'c') continue;
    const std::vector<std::string_view> w = words(line.value());
    if (w.size() != 3) return std::nullopt;
    return Connection{std::string(w[0]), std::string(w[1]), std::string(w[2])};
  }
  return std::nullopt;
}

Status Section::add_attribute(std::string_view name, std::string_view value) {
  if (!text::is_token(name)) return bad_request("an attribute's name must be a token", "RFC 8866 5.13");
  if (!text::fits_a_line(value))
    return bad_request("an attribute's value must fit one line", "RFC 8866 5.13");
  std::string line = "a=" + std::string(name);
  if (!value.empty()) line += ':' + std::string(value);
  if (!lines_.empty() && !ends_a_line(lines_.back().end)) lines_.back().end += end_;
  lines_.push_back({std::move(line), end_});
  return {};
}

std::size_t Section::remove_attributes(std::string_view name) {
  return std::erase_if(lines_, [name](const Line& line) {
    const auto n = attribute_of(line).first;
    return !n.empty() && n == name;
  });
}

Status SessionDescription::add_line(Line line, std::size_t offset) {
  if (line.type() == 'm') {
    if (media_.size() == kMaxMedia) return too_much("the session description has too many media lines");
    Result<MediaLine> m = MediaLine::parse(line.value());
    if (!m) return broken(m.error().detail, offset);
    media_lines_.push_back(std::move(*m));
    media_.emplace_back();
    media_.back().end_ = session_.end_;
  }
  (media_.empty() ? session_ : media_.back()).lines_.push_back(std::move(line));
  return {};
}

// What tolerant reading makes of text that is no line: part of the line before it.
bool SessionDescription::fold(std::string_view text, std::string_view end) {
  std::vector<Line>& lines = (media_.empty() ? session_ : media_.back()).lines_;
  if (lines.empty()) return false;
  Line& last = lines.back();
  const bool blank = text::trim(text).empty();
  if (!blank && attribute_of(last).first != "key-mgmt") return false;
  if (!blank && text.find('\0') != std::string_view::npos) return false;
  if (blank) {
    last.end.append(text).append(end);  // as part of the line end it disturbs nobody
  } else {
    last.text.append(last.end).append(text);
    last.end = end;
  }
  return true;
}

Result<SessionDescription> SessionDescription::parse(std::string_view all, Reading reading) {
  if (all.size() > kMaxSize) return too_much("the session description is larger than 1 MiB");
  SessionDescription d;
  std::string_view rest = all;
  std::size_t count = 0;
  for (; !rest.empty(); ++count) {
    if (count == kMaxLines) return too_much("the session description has too many lines");
    const std::size_t offset = all.size() - rest.size();
    std::string_view end;
    const std::string_view line = text::take_line(rest, end);
    if (d.session_.lines_.empty()) {
      if (line != "v=0") return broken("a session description must begin with v=0", offset);
      if (!end.empty()) d.session_.end_ = end;
    }
    if (!is_line(line)) {
      if (reading == Reading::tolerant && d.fold(line, end)) continue;
      return broken("a line is not a lower-case letter, an equals sign and a value", offset);
    }
    if (Status s = d.add_line({std::string(line), std::string(end)}, offset); !s) return std::move(s).error();
  }
  if (count == 0) return broken("the session description is empty", 0);
  return d;
}

std::string SessionDescription::to_text() const {
  std::string out;
  const auto put = [&out](const Section& s) {
    for (const Line& line : s.lines_) {
      // A line that was last when it was read may have company now.
      if (!out.empty() && !ends_a_line(out)) out += s.end_;
      out.append(line.text).append(line.end);
    }
  };
  put(session_);
  for (const Section& m : media_) put(m);
  return out;
}

Status SessionDescription::set_media_line(std::size_t index, const MediaLine& line) {
  if (index >= media_.size()) return bad_request("there is no such media line");
  if (Status s = check(line); !s) return s;
  media_lines_[index] = line;
  media_[index].lines_.front().text = "m=" + line.to_text();
  return {};
}

Status SessionDescription::add_media(const MediaLine& line) {
  if (media_.size() == kMaxMedia) return bad_request("the session description has too many media lines");
  if (Status s = check(line); !s) return s;
  return add_line({"m=" + line.to_text(), session_.end_}, 0);
}

std::optional<Connection> SessionDescription::connection(std::size_t index) const {
  if (index >= media_.size()) return std::nullopt;
  std::optional<Connection> own = media_[index].connection();
  return own ? own : session_.connection();
}

}  // namespace mikey::bind::sdp
