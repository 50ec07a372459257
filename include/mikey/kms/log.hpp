/// \file
/// The log of a server: one line an event, as JSON or as text.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "mikey/base/error.hpp"

namespace mikey::kms {

enum class LogLevel : std::uint8_t { debug, info, warning, error, off };

struct LogOptions {
  LogLevel level = LogLevel::info;
  bool json = true;
  std::string file;  ///< empty: standard error
};

/// What an event is about. Values come from everywhere, so they are escaped; none may be a secret.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

/// May be used from several threads at once.
class Log {
 public:
  /// ErrorCode::bad_request when the file cannot be opened.
  static Result<std::unique_ptr<Log>> open(const LogOptions& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool wants(LogLevel level) const;
  /// {"time":"2026-11-28T21:15:48.123Z","level":"info","event":"listening","address":"..."}
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
  /// Another level or form, or the same file anew after it was moved away. The old state stays on an error.
  Status reopen(const LogOptions& options);

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One event as it is written, without the end of the line. `time`: seconds and milliseconds since 1970.
std::string log_line(bool json, std::int64_t milliseconds, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields);

}  // namespace mikey::kms
