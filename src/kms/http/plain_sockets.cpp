#include "kms/http/plain_sockets.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "kms/http/deadline.hpp"
#include "kms/http/http_session.hpp"

namespace mikey::kms::http {
namespace {

using asio::ip::tcp;
using asio::ip::udp;

constexpr auto kUdp = static_cast<std::size_t>(ListenAddress::Kind::udp);
constexpr auto kTcp = static_cast<std::size_t>(ListenAddress::Kind::tcp);
constexpr std::size_t kLargest = 65535;

class Datagrams final : public Session, public std::enable_shared_from_this<Datagrams> {
 public:
  Datagrams(Worker& w, udp::socket socket) : Session(w), socket_(std::move(socket)), buffer_(kLargest) {
    worker().counters().opened[kUdp].add();
  }
  ~Datagrams() override { worker().counters().closed[kUdp].add(); }

  void receive() {
    socket_.async_receive_from(asio::buffer(buffer_), from_,
                               [self = shared_from_this()](const error_code& ec, std::size_t n) {
                                 if (!self->socket_.is_open()) return;
                                 if (!ec) self->take(n);
                                 self->receive();  // also when an answer could not be delivered before
                               });
  }

  void retire() override {
    error_code ec;
    socket_.close(ec);
  }

 private:
  void take(std::size_t n) {
    if (n > worker().options().max_body) return;
    Bytes message(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(n));
    worker().answer(std::move(message), limit_name(from_.address()),
                    [self = shared_from_this(), to = from_](const Verdict& v) {
                      if (v.message.empty() || !self->socket_.is_open()) return;
                      error_code ec;  // as with all datagrams, nobody knows whether they arrive
                      self->socket_.send_to(asio::buffer(v.message), to, 0, ec);
                    });
  }

  udp::socket socket_;
  udp::endpoint from_;
  Bytes buffer_;
};

class FramedSession final : public Session, public std::enable_shared_from_this<FramedSession> {
 public:
  FramedSession(Worker& w, tcp::socket socket, std::shared_ptr<ConnectionSlot> slot)
      : Session(w),
        socket_(std::move(socket)),
        slot_(std::move(slot)),
        deadline_(w.io(), [this] { close(); }) {
    worker().counters().opened[kTcp].add();
  }
  ~FramedSession() override { worker().counters().closed[kTcp].add(); }

  void next() {
    if (retired_) return close();
    idle_ = true;
    wait(worker().options().idle_timeout);
    asio::async_read(socket_, asio::buffer(length_),
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (ec) return self->close();
                       self->read_message();
                     });
  }

  void retire() override {
    retired_ = true;
    // What has arrived already is answered; the octets may have been read, and their handler wait its turn.
    asio::post(worker().io(), [self = shared_from_this()] {
      error_code ec;
      if (self->idle_ && self->socket_.available(ec) == 0) self->close();
    });
  }

 private:
  void wait(Steady::duration d) { deadline_.set(d, shared_from_this()); }

  void read_message() {
    idle_ = false;
    wait(worker().options().request_timeout);
    const std::size_t n = load_be<std::uint16_t>(length_.data());
    if (n == 0 || n > worker().options().max_body) return close();
    message_.resize(n);
    asio::async_read(socket_, asio::buffer(message_),
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (ec) return self->close();
                       self->ask();
                     });
  }

  void ask() {
    wait(std::chrono::hours(24));  // the handler has time-outs of its own
    worker().answer(std::move(message_), slot_->address(),
                    [self = shared_from_this()](const Verdict& v) { self->write(v.message); });
  }

  /// No answer is one of no octets, so that the client need not wait.
  void write(const Bytes& message) {
    const std::size_t n = message.size() > kLargest ? 0 : message.size();
    out_.resize(2);
    store_be(out_.data(), static_cast<std::uint16_t>(n));
    append(out_, ByteView(message).first(n));
    wait(worker().options().request_timeout);
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const error_code& ec, std::size_t) {
                        if (ec) return self->close();
                        self->next();
                      });
  }

  void close() {
    deadline_.stop();
    error_code ec;
    socket_.close(ec);
  }

  tcp::socket socket_;
  std::shared_ptr<ConnectionSlot> slot_;
  Deadline deadline_;
  std::array<std::uint8_t, 2> length_{};
  Bytes message_;
  Bytes out_;
  bool idle_ = false;
  bool retired_ = false;
};

}  // namespace

std::shared_ptr<Session> start_datagrams(Worker& worker, udp::socket socket) {
  auto s = std::make_shared<Datagrams>(worker, std::move(socket));
  s->receive();
  return s;
}

std::shared_ptr<Session> start_framed(Worker& worker, tcp::socket socket,
                                      std::shared_ptr<ConnectionSlot> slot) {
  auto s = std::make_shared<FramedSession>(worker, std::move(socket), std::move(slot));
  s->next();
  return s;
}

}  // namespace mikey::kms::http
