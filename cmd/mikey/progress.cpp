#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace mikey::cmd {
namespace {

constexpr std::chrono::milliseconds kBarPause{100};
constexpr std::chrono::seconds kLinePause{5};
constexpr std::size_t kNarrow = 80;
constexpr std::size_t kWidest = 30;  // the bar itself

template <class... T>
std::string format(const char* pattern, T... values) {
  std::array<char, 160> out{};
  const int n = std::snprintf(out.data(), out.size(), pattern, values...);
  return std::string(out.data(), std::min(out.size() - 1, static_cast<std::size_t>(std::max(n, 0))));
}

std::size_t columns() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kNarrow;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto s = static_cast<unsigned long>(std::lround(std::min(std::max(seconds, 0.0), 1e9)));
  if (s >= 3600) return format("%lu h %lu min", s / 3600, s / 60 % 60);
  if (s >= 60) return format("%lu min %lu s", s / 60, s % 60);
  return format("%lu s", s);
}

Progress::Progress(std::size_t total, std::string unit)
    : total_(total), unit_(std::move(unit)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  end();
}

void Progress::add(std::size_t n) {
  const std::lock_guard lock(mutex_);
  done_ += n;
  const auto now = Clock::now();
  if (ended_ || now - told_ < (terminal_ ? Clock::duration(kBarPause) : Clock::duration(kLinePause))) return;
  told_ = now;
  if (terminal_)
    bar();
  else
    line();
}

void Progress::end() {
  const std::lock_guard lock(mutex_);
  if (shown_ && terminal_) std::fputs("\r\x1b[K", stderr);
  ended_ = true;
  shown_ = false;
}

std::string Progress::summary() const {
  const double s = seconds();
  const std::string_view unit = std::string_view(unit_).substr(0, unit_.size() - (done_ == 1 ? 1 : 0));
  return format("%zu %.*s in %.1f s, %.0f/s", done_, static_cast<int>(unit.size()), unit.data(), s,
                static_cast<double>(done_) / std::max(s, 1e-3));
}

void Progress::line() {
  const double rate = static_cast<double>(done_) / std::max(seconds(), 1e-3);
  const std::string left =
      duration_text(static_cast<double>(total_ - std::min(done_, total_)) / std::max(rate, 1e-9));
  std::fprintf(stderr, "%zu of %zu %s, %.0f/s, %s left\n", done_, total_, unit_.c_str(), rate, left.c_str());
}

void Progress::bar() {
  const double rate = static_cast<double>(done_) / std::max(seconds(), 1e-3);
  const double share =
      total_ == 0 ? 1.0 : std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  const std::string left =
      duration_text(static_cast<double>(total_ - std::min(done_, total_)) / std::max(rate, 1e-9));
  const std::string text = format(" %3.0f%%  %zu of %zu %s  %.0f/s  %s left", 100 * share, done_, total_,
                                  unit_.c_str(), rate, left.c_str());
  const std::size_t room = columns();
  std::string out;
  if (room > text.size() + 12) {
    const std::size_t width = std::min(kWidest, room - text.size() - 3);
    const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
    out = "[" + std::string(full, '#') + std::string(width - full, '-') + "]";
  }
  out += text.substr(0, room - 1);
  std::fprintf(stderr, "\r%s\x1b[K", out.c_str());
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace mikey::cmd
