/// \file
/// How far a long work has come: a bar on a terminal, now and then a line elsewhere.
#pragma once

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

namespace mikey::cmd {

/// Tells on standard error of `total` things that are done by any number of threads.
class Progress {
 public:
  /// `unit`: "key sets"; one of them is called so without the s.
  Progress(std::size_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::size_t n);
  /// Clears the bar; no more is told.
  void end();
  std::size_t done() const { return done_; }
  /// "1000 key sets in 2.1 s, 476/s"
  std::string summary() const;

 private:
  using Clock = std::chrono::steady_clock;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  void bar();
  void line();

  const std::size_t total_;
  const std::string unit_;
  const bool terminal_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point told_ = begin_;
  std::size_t done_ = 0;
  bool shown_ = false;
  bool ended_ = false;
  std::mutex mutex_;
};

/// "1 h 12 min", "3 min 20 s", "45 s".
std::string duration_text(double seconds);

}  // namespace mikey::cmd
