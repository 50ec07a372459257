/// \file
/// One thread of a server: its sockets' events, a queue of requests, and a handler that answers them.
/// Requests that wait together are handled together: what they change goes to the disk at once, and then
/// their answers leave.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <set>

#include "kms/http/metrics.hpp"
#include "kms/http/outbound.hpp"
#include "mikey/kms/server.hpp"

namespace mikey::kms::http {

namespace asio = boost::asio;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

class Worker;

/// What all threads share. Lives as long as they do.
struct Shared {
  explicit Shared(Log& l, RateLimiter& by_address) : log(l), per_address(by_address) {}

  Log& log;
  RateLimiter& per_address;
  Outbound outbound;
  std::atomic<bool> stopping{false};
  std::function<std::string()> metrics;

  // Connections, by the address they came from.
  std::mutex mutex;
  std::map<std::string, std::size_t> connections;
  std::size_t all_connections = 0;
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::size_t> being_refused{0};  ///< connections that are told so at the moment
  std::atomic<std::uint64_t> reloads{0}, failed_reloads{0};
};

/// An open connection, counted for as long as this exists.
class ConnectionSlot {
 public:
  /// Nothing when there are too many.
  static std::shared_ptr<ConnectionSlot> take(Shared& shared, const ServerOptions& o, std::string address);
  ~ConnectionSlot();
  ConnectionSlot(const ConnectionSlot&) = delete;
  ConnectionSlot& operator=(const ConnectionSlot&) = delete;
  /// The name under which its requests are limited: an IPv4 address or the /64 of an IPv6 address.
  const std::string& address() const { return address_; }

 private:
  ConnectionSlot(Shared& shared, std::string address) : shared_(shared), address_(std::move(address)) {}
  Shared& shared_;
  std::string address_;
};

/// The name of a client's address for limits.
std::string limit_name(const asio::ip::address& a);

/// Whether an address is in one of the networks, e.g. "10.0.0.0/8", "::1".
bool is_in(const asio::ip::address& a, std::span<const std::string> networks);

/// What a message or request gets.
struct Verdict {
  Became became = Became::dropped;
  Bytes message;  ///< to be sent back; may be there when something failed, too
  std::optional<std::chrono::seconds> retry_after;
  std::string why;       ///< when there is no message
  bool gateway = false;  ///< another KMS is why
};

/// Something open, which ends when the server stops. Made, used and destroyed in its worker's thread, or when
/// no thread runs any more.
class Session {
 public:
  explicit Session(Worker& worker);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Ends at once when nothing is asked, else after the answer.
  virtual void retire() = 0;

 protected:
  Worker& worker() const { return worker_; }

 private:
  Worker& worker_;
};

/// What a thread serves with; replaced as a whole by a new configuration.
struct Serving {
  std::shared_ptr<const ServerOptions> options;
  std::shared_ptr<MessageHandler> handler;
  std::map<std::string, HttpService> services;
  std::shared_ptr<const KmsWays> ways;
};

/// All of it but start(), join() and the counters is for its own thread.
class Worker {
 public:
  explicit Worker(Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  asio::io_context& io() { return io_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  Shared& shared() { return shared_; }
  Log& log() { return shared_.log; }
  const Serving& serving() const { return serving_; }
  const ServerOptions& options() const { return *serving_.options; }
  void serve_with(Serving serving) { serving_ = std::move(serving); }
  std::set<Session*>& sessions() { return sessions_; }

  /// Whether the client may ask now: nothing, or the refusal.
  std::optional<Verdict> admit(const std::string& address);
  /// Queues a MIKEY message; `done` gets what comes of it, later. `done` must own what it needs.
  void answer(Bytes message, std::string address, std::function<void(Verdict)> done);
  /// Queues other work. False when the queue is full.
  bool enqueue(std::function<void()> work);

  /// Has what was done for messages so far taken to the disk, and lets their answers go.
  void settle();

  /// The service whose path begins that of the request, if there is one.
  const HttpService* service_for(std::string_view path) const;
  /// Ends all that is open.
  void retire_all();

  /// "Sat, 28 Nov 2026 21:15:48 GMT", for the Date header.
  const std::string& date();

 private:
  struct Asked;
  struct Settling;
  template <class F>
  void guarded(const F& work) noexcept;
  void work_a_while();
  void work_later();
  void work_on(const std::shared_ptr<Asked>& asked);
  void settle(const std::shared_ptr<MessageHandler>& handler);
  void ask_other(const std::shared_ptr<Asked>& asked, std::shared_ptr<MessageHandler> handler, Send question);
  void finish(const Asked& asked, Reply reply);
  void tell(const Asked& asked, const Answer& answer, Became became);

  Shared& shared_;
  Counters counters_;
  std::set<Session*> sessions_;
  Serving serving_;
  asio::io_context io_{1};                   // sessions end with it, and tell the members above
  std::deque<std::function<void()>> queue_;  // holds sessions, whose sockets need the io_context
  std::vector<Settling> settling_;           // handled, not answered yet
  bool at_work_ = false;                     // there is a call of work_a_while() to come
  std::string date_;
  std::time_t date_of_ = 0;
  Steady::time_point told_since_{};
  std::size_t told_ = 0;
  std::size_t untold_ = 0;
};

}  // namespace mikey::kms::http
