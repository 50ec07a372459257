/// \file
/// What a server counts. Every thread has counters of its own, which others only read.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mikey::kms::http {

/// A number that one thread changes and any thread reads.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Kinds of messages, by the data type of the HDR.
inline constexpr std::array<std::string_view, 7> kMessageTypes{"request_init_psk",
                                                               "request_init_pk",
                                                               "resolve_init_psk",
                                                               "resolve_init_pk",
                                                               "request_key_init_psk",
                                                               "request_key_init_pke",
                                                               "other"};
std::size_t message_type(std::uint8_t data_type);

enum class Became : std::uint8_t {
  answered,     ///< what was asked for
  refused,      ///< an error message
  dropped,      ///< no message: malformed, a replay, a stranger
  limited,      ///< the sender asks too often
  overloaded,   ///< the queue is full
  unavailable,  ///< the KMS cannot work
};
inline constexpr std::array<std::string_view, 6> kResults{"answered", "refused",    "dropped",
                                                          "limited",  "overloaded", "unavailable"};

/// Statuses that are counted by themselves; all others together.
inline constexpr std::array<unsigned, 15> kStatuses{200, 400, 401, 403, 404, 405, 408, 413,
                                                    415, 429, 431, 500, 502, 503, 0};

/// Upper bounds of the latency histogram, in microseconds.
inline constexpr std::array<std::uint64_t, 12> kLatencies{50,   100,   250,   500,    1000,    2500,
                                                          5000, 10000, 50000, 100000, 1000000, 10000000};

/// Ways in, in the order of ListenAddress::Kind.
inline constexpr std::array<std::string_view, 4> kTransports{"http", "https", "udp", "tcp"};

struct Counters {
  std::array<std::array<Counter, kResults.size()>, kMessageTypes.size()> messages;
  std::array<Counter, kStatuses.size()> statuses;
  std::array<Counter, kLatencies.size() + 1> latencies;
  Counter latency_sum;  ///< microseconds
  Counter tickets_issued, tickets_resolved;
  Counter queue_full, limited_by_address, limited_by_identity;
  Counter queued, unqueued;
  std::array<Counter, kTransports.size()> opened, closed;

  void count_status(unsigned status);
  void count_latency(std::chrono::microseconds passed);
};

/// What is counted elsewhere.
struct Totals {
  std::string version;
  std::int64_t started = 0;  ///< seconds since 1970
  std::uint64_t refused_connections = 0;
  std::uint64_t reloads = 0, failed_reloads = 0;
};

/// The text form of Prometheus, version 0.0.4.
std::string metrics_text(std::span<const Counters* const> threads, const Totals& totals);

}  // namespace mikey::kms::http
