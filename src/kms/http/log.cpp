#include "mikey/kms/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>

#include "kms/http/json.hpp"

namespace mikey::kms {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;
  }
  return "off";
}

spdlog::level::level_enum native(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

void append_value(std::string& to, const LogField& f) {
  if (const auto* text = std::get_if<std::string_view>(&f.value)) {
    http::append_json(to, *text);
  } else if (const auto* number = std::get_if<std::int64_t>(&f.value)) {
    to += std::to_string(*number);
  } else {
    to += fmt::format("{}", std::get<double>(f.value));
  }
}

std::shared_ptr<spdlog::logger> make_logger(const LogOptions& o) {
  spdlog::sink_ptr sink;
  if (o.file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(o.file);
  }
  auto logger = std::make_shared<spdlog::logger>("mikey-kms", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(native(o.level));
  logger->flush_on(spdlog::level::trace);  // what is told before a crash must be there after it
  return logger;
}

}  // namespace

std::string log_line(bool json, std::int64_t milliseconds, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) {
  std::string out;
  if (json) {
    out = R"({"time":")" + http::utc_text(milliseconds) + R"(","level":")";
    out.append(name_of(level)).append(R"(","event":)");
    http::append_json(out, event);
    for (const LogField& f : fields) {
      out += ',';
      http::append_json(out, f.name);
      out += ':';
      append_value(out, f);
    }
    return out + "}";
  }
  out = http::utc_text(milliseconds) + " ";
  out.append(name_of(level)).append(" ").append(event);
  for (const LogField& f : fields) {
    out.append(" ").append(f.name).append("=");
    append_value(out, f);
  }
  return out;
}

struct Log::Impl {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<bool> json{true};

  std::shared_ptr<spdlog::logger> current() {
    const std::scoped_lock lock(mutex);
    return logger;
  }
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  std::unique_ptr<Log> log(new Log(std::make_unique<Impl>()));
  if (auto s = log->reopen(options); !s) return std::move(s).error();
  return log;
}

Status Log::reopen(const LogOptions& o) {
  try {
    auto logger = make_logger(o);
    const std::scoped_lock lock(impl_->mutex);
    impl_->logger = std::move(logger);
  } catch (const spdlog::spdlog_ex& e) {
    return bad_request("the log cannot be opened: " + std::string(e.what()));
  }
  impl_->level = o.level;
  impl_->json = o.json;
  return {};
}

bool Log::wants(LogLevel level) const {
  return level >= impl_->level && level != LogLevel::off;
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!wants(level)) return;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::string line = log_line(impl_->json, now.count(), level, event, fields);
  impl_->current()->log(native(level), spdlog::string_view_t(line));
}

}  // namespace mikey::kms
