/// \file
/// Lines of bounded length over file descriptors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mikey/base/secret.hpp"

namespace mikey::cmd {

/// Reads lines from a file descriptor. Never holds more than one line and one block; what was read is wiped
/// when it has been used, since lines may hold keys.
class LineReader {
 public:
  enum class Got : std::uint8_t { line, too_long, end, failure };

  LineReader(int fd, std::size_t longest) : fd_(fd), longest_(longest), block_(kBlock) {}

  /// The next line, without its end, is in line(). A longer one is read up to its end and dropped. A last
  /// line without an end is a line.
  Got next();
  std::string_view line() const { return line_; }
  /// Overwrites the line.
  void wipe_line();

 private:
  static constexpr std::size_t kBlock = 65536;

  bool refill();

  int fd_;
  std::size_t longest_;
  SecretBytes block_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool failed_ = false;
  std::string line_;
};

/// Writes all of `text`; false when the other end is gone or cannot take it.
bool write_all(int fd, std::string_view text);

/// Longest request line, in octets, without its end.
inline constexpr std::size_t kMaxLine = std::size_t{4} << 20;

/// How the serving of lines ended.
enum class Served : std::uint8_t { to_the_end, input_failed, output_closed };

/// Answers the lines of standard input on standard output until one of them ends. `handle` gives the answer
/// without the end of the line, or nothing. Lines and answers are wiped when they were used.
Served serve_lines(const std::function<std::optional<std::string>(std::string_view)>& handle,
                   const std::string& too_long);

}  // namespace mikey::cmd
