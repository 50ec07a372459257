/// \file
/// A time-out that costs nothing to move.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "kms/http/worker.hpp"

namespace mikey::kms::http {

/// Calls its owner once the time set last has come. The timer below is not touched when the time moves away,
/// as it does with each request: it looks again when it goes off.
class Deadline {
 public:
  Deadline(asio::io_context& io, std::function<void()> expired) : timer_(io), expired_(std::move(expired)) {}

  /// `owner`: keeps this object alive while the timer runs.
  void set(Steady::duration from_now, const std::shared_ptr<void>& owner) {
    at_ = Steady::now() + from_now;
    if (!running_ || at_ < timer_.expiry()) arm(owner);
  }
  void stop() {
    at_ = Steady::time_point::max();
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void arm(std::weak_ptr<void> owner) {
    running_ = true;
    timer_.expires_at(at_);
    timer_.async_wait([this, owner = std::move(owner)](const error_code& ec) {
      const auto alive = owner.lock();
      if (!alive || ec || stopped_) return;  // cancelled: by stop(), or by another wait in its place
      if (Steady::now() >= at_) {
        running_ = false;
        expired_();
      } else {
        arm(alive);
      }
    });
  }

  asio::steady_timer timer_;
  std::function<void()> expired_;
  Steady::time_point at_ = Steady::time_point::max();
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace mikey::kms::http
