/// \file
/// Session descriptions (RFC 8866) as documents: every line that is not changed keeps its octets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/bind/base64.hpp"

namespace mikey::bind::sdp {

inline constexpr std::size_t kMaxSize = std::size_t{1} << 20;  ///< octets of a description
inline constexpr std::size_t kMaxLines = 8192;                 ///< lines of a description
inline constexpr std::size_t kMaxMedia = 256;                  ///< media sections of a description

/// One line. `text` is all of it but its end ("a=sendrecv"); `end` is "\r\n", "\n", "\r", or "" for a last
/// line that has none. Tolerant reading may leave line ends inside the text of a folded key-mgmt attribute.
struct Line {
  std::string text;
  std::string end;

  char type() const { return text[0]; }
  std::string_view value() const { return std::string_view(text).substr(2); }
  friend bool operator==(const Line&, const Line&) = default;
};

/// The value of an m= line (RFC 8866 5.14).
struct MediaLine {
  std::string type;              ///< "audio", "video", "application", ...
  std::uint16_t port = 0;        ///< 0: refused or unused (RFC 3264 6)
  std::uint32_t port_count = 1;  ///< the number after the slash
  std::string proto;             ///< "RTP/SAVP"
  std::vector<std::string> formats;

  static Result<MediaLine> parse(std::string_view value);
  std::string to_text() const;
  friend bool operator==(const MediaLine&, const MediaLine&) = default;
};

/// The value of a c= line (RFC 8866 5.7).
struct Connection {
  std::string network = "IN";
  std::string address_type = "IP4";
  std::string address;  ///< with "/ttl" and "/count" as they stand
  friend bool operator==(const Connection&, const Connection&) = default;
};

/// The session level, or one media description: its lines in order.
class Section {
 public:
  const std::vector<Line>& lines() const { return lines_; }

  /// The value of the first attribute `name`; empty for a flag. Views live as long as the section is not
  /// changed.
  std::optional<std::string_view> attribute(std::string_view name) const;
  /// The values of all attributes `name`, in order.
  std::vector<std::string_view> attributes(std::string_view name) const;
  /// The first c= line; nothing when there is none or it cannot be read.
  std::optional<Connection> connection() const;

  /// Puts `a=name:value` (or `a=name` when the value is empty) behind the section's last line, with the
  /// document's line end. The name must be a token, the value fit one line.
  Status add_attribute(std::string_view name, std::string_view value = {});
  /// Takes all attributes `name` away; says how many there were.
  std::size_t remove_attributes(std::string_view name);

 private:
  friend class SessionDescription;
  std::vector<Line> lines_;
  std::string end_ = "\r\n";  // for lines to come
};

/// A whole description.
class SessionDescription {
 public:
  /// Reads a description that begins with `v=0`. Line ends may be CRLF, LF or CR. A line is a lower-case
  /// letter, "=", and a value; an m= line must be well-formed; other values are not judged. Tolerant reading
  /// also passes over blank lines (they are kept, as part of a line's end) and takes a key-mgmt attribute
  /// folded over several lines, as RFCs print them. Errors: ErrorCode::unspecified with the offset of the
  /// line, ErrorCode::resource when a limit is passed.
  static Result<SessionDescription> parse(std::string_view text, Reading reading = Reading::strict);

  /// Exactly what was read, but for what was changed since.
  std::string to_text() const;

  const Section& session() const { return session_; }
  Section& session() { return session_; }
  std::size_t media_count() const { return media_.size(); }
  /// Media section `index`, from 0, which must be below media_count(). Its first line is the m= line.
  const Section& media(std::size_t index) const { return media_[index]; }
  Section& media(std::size_t index) { return media_[index]; }
  /// The m= line of a media section.
  const MediaLine& media_line(std::size_t index) const { return media_lines_[index]; }
  /// Replaces it, keeping the section's other lines.
  Status set_media_line(std::size_t index, const MediaLine& line);
  /// Adds a media section at the end.
  Status add_media(const MediaLine& line);
  /// The connection that holds for a media section: its own, else the session's.
  std::optional<Connection> connection(std::size_t index) const;

 private:
  Status add_line(Line line, std::size_t offset);
  bool fold(std::string_view text, std::string_view end);

  Section session_;
  std::vector<Section> media_;
  std::vector<MediaLine> media_lines_;  // of media_, by index
};

}  // namespace mikey::bind::sdp
