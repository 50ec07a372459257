#include "kms/http/outbound.hpp"

#include <boost/asio/post.hpp>

namespace mikey::kms::http {

mikey::Result<Bytes> KmsWay::exchange(ByteView message) {
  std::optional<HttpClient> client;
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      client = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!client) {
    auto opened = HttpClient::open(endpoint_);
    if (!opened) return std::move(opened).error();
    client = std::move(*opened);
  }
  auto answer = client->exchange(message);
  const std::scoped_lock lock(mutex_);
  if (answer && idle_.size() < Outbound::kThreads) idle_.push_back(std::move(*client));
  return answer;
}

bool Outbound::ask(std::shared_ptr<KmsWay> way, Bytes message,
                   std::function<void(mikey::Result<Bytes>)> done) {
  if (waiting_.fetch_add(1) >= kMostWaiting) {
    waiting_.fetch_sub(1);
    return false;
  }
  boost::asio::post(pool_,
                    [this, way = std::move(way), message = std::move(message), done = std::move(done)] {
                      auto answer = way->exchange(message);
                      waiting_.fetch_sub(1);
                      done(std::move(answer));
                    });
  return true;
}

void Outbound::stop() {
  pool_.stop();
  pool_.join();
}

}  // namespace mikey::kms::http
