/// \file
/// Questions to other KMSs (RFC 6043 10), asked by threads that may wait.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "mikey/kms/http_client.hpp"
#include "mikey/kms/issuer.hpp"

namespace mikey::kms::http {

/// The ways to one KMS: connections that nobody uses at the moment.
class KmsWay {
 public:
  explicit KmsWay(HttpEndpoint endpoint) : endpoint_(std::move(endpoint)) {}
  mikey::Result<Bytes> exchange(ByteView message);

 private:
  const HttpEndpoint endpoint_;
  std::mutex mutex_;
  std::vector<HttpClient> idle_;
};
using KmsWays = std::map<Identity, std::shared_ptr<KmsWay>>;

class Outbound {
 public:
  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kMostWaiting = 256;

  /// Asks, and calls `done` in a thread of its own. False when too many questions wait already.
  bool ask(std::shared_ptr<KmsWay> way, Bytes message, std::function<void(mikey::Result<Bytes>)> done);
  /// Drops what has not begun, and waits for what has.
  void stop();

 private:
  boost::asio::thread_pool pool_{kThreads};
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace mikey::kms::http
