#include "kms/http/http_session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

#include "kms/http/deadline.hpp"
#include "kms/http/reply.hpp"

namespace mikey::kms::http {
namespace {

namespace beast_http = boost::beast::http;
using asio::ip::tcp;

constexpr std::uint32_t kMaxHead = 8192;
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kMostDrained = std::size_t{1} << 20;
constexpr std::chrono::seconds kClosing{2};
constexpr std::chrono::hours kWorking{24};  // a request that is worked on has the time-outs of its handler
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(boost::string_view s) {
  return {s.data(), s.size()};
}

/// The path of a request target; of one in absolute form too, which RFC 9112 3.2.2 wants taken.
std::string_view path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (target.starts_with(scheme)) {
      const std::size_t slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? "/" : target.substr(slash);
      break;
    }
  return target.substr(0, target.find('?'));
}

unsigned status_of(const error_code& ec) {
  if (ec == beast_http::error::body_limit) return 413;
  if (ec == beast_http::error::header_limit) return 431;
  return 400;
}

template <class Stream>
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, tcp::socket>;
  static constexpr auto kKind =
      static_cast<std::size_t>(kTls ? ListenAddress::Kind::https : ListenAddress::Kind::http);

  HttpSession(Worker& w, Stream stream, TlsContext tls, std::shared_ptr<ConnectionSlot> slot)
      : Session(w),
        tls_(std::move(tls)),
        stream_(std::move(stream)),
        slot_(std::move(slot)),
        deadline_(w.io(), [this] { expired(); }) {
    worker().counters().opened[kKind].add();
  }
  ~HttpSession() override {
    worker().counters().closed[kKind].add();
    if (!slot_) --worker().shared().being_refused;
  }

  void start() {
    if (!slot_) return too_many();
    if constexpr (kTls) {
      set_state(State::handshake);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](const error_code& ec) {
        if (ec) return self->handshake_failed(ec);
        self->uris_ = peer_uris(self->stream_.native_handle());
        self->next_request();
      });
    } else {
      next_request();
    }
  }

  void retire() override {
    retired_ = true;
    if (state_ == State::handshake) return close();
    // What has arrived already is answered; the octets may have been read, and their handler wait its turn.
    if (state_ == State::idle) asio::post(worker().io(), [self = self()] { self->close_if_idle(); });
  }

 private:
  enum class State : std::uint8_t { handshake, idle, reading, working, writing, closing };
  using Parser = beast_http::request_parser<beast_http::vector_body<std::uint8_t>>;

  std::shared_ptr<HttpSession> self() { return this->shared_from_this(); }
  tcp::socket& lowest() {
    if constexpr (kTls)
      return stream_.next_layer();
    else
      return stream_;
  }

  void set_state(State s) {
    state_ = s;
    const auto& o = worker().options();
    deadline_.set(s == State::idle      ? Steady::duration(o.idle_timeout)
                  : s == State::working ? Steady::duration(kWorking)
                  : s == State::closing ? Steady::duration(kClosing)
                                        : Steady::duration(o.request_timeout),
                  self());
  }

  void expired() {
    if (state_ != State::reading) return close();
    timed_out_ = true;  // the client is told
    error_code ec;
    lowest().cancel(ec);
  }

  void handshake_failed(const error_code& ec) {
    worker().log().write(
        LogLevel::debug, "no TLS",
        {{"address", std::string_view(slot_->address())}, {"reason", std::string_view(ec.message())}});
    close();
  }

  // ---------------------------------------------------------------- reading

  void next_request() {
    if (retired_) return finish();
    parser_.emplace();
    parser_->header_limit(kMaxHead);
    parser_->body_limit(worker().options().max_body);
    // Not eager: Beast 1.74 then goes on behind a head whose body is too large, and forgets the error.
    parser_->eager(false);
    continued_ = false;
    set_state(State::idle);
    if (buffer_.size() > 0) return parse();  // the client did not wait for the answer
    read();
  }

  void read() {
    stream_.async_read_some(buffer_.prepare(kBlock), [self = self()](const error_code& ec, std::size_t n) {
      if (ec) return self->cannot_read();
      self->buffer_.commit(n);
      self->parse();
    });
  }

  void cannot_read() {
    if (timed_out_ && lowest().is_open()) return refuse(408, "the request did not come in time");
    close();
  }

  void parse() {
    if (state_ == State::idle) set_state(State::reading);
    error_code ec;
    while (buffer_.size() > 0 && !parser_->is_done()) {
      const std::size_t used = parser_->put(buffer_.data(), ec);
      buffer_.consume(used);
      if (ec || used == 0) break;
    }
    if (ec && ec != beast_http::error::need_more) return refuse(status_of(ec), ec.message());
    if (parser_->is_done()) return handle();
    if (parser_->is_header_done() && !continued_ &&
        same_token(header(beast_http::field::expect), "100-continue"))
      return say_continue();
    read();
  }

  void say_continue() {
    continued_ = true;
    asio::async_write(stream_, asio::buffer(kContinue), [self = self()](const error_code& ec, std::size_t) {
      if (ec) return self->cannot_read();
      self->read();
    });
  }

  // ---------------------------------------------------------------- what is asked

  std::string_view header(beast_http::field name) const { return view(parser_->get()[name]); }

  void handle() {
    set_state(State::working);
    const auto& m = parser_->get();
    http_1_0_ = m.version() == 10;
    keep_ = m.keep_alive();
    head_ = m.method() == beast_http::verb::head;
    if (!http_1_0_ && m.find(beast_http::field::host) == m.end())
      return refuse(400, "a request of HTTP/1.1 has a Host header");
    const std::string_view path = path_of(view(m.target()));
    if (path == "/" || path == "/mikey") return mikey();
    if (path == "/healthz") return health();
    if (path == "/metrics" && may_read_metrics()) return metrics();
    if (worker().service_for(path) != nullptr) return service();
    respond_text(404, "there is nothing here\n");
  }

  bool is_get() const { return head_ || parser_->get().method() == beast_http::verb::get; }

  void health() {
    if (!is_get()) return not_allowed("GET, HEAD");
    const bool stopping = worker().shared().stopping;
    respond_text(stopping ? 503 : 200, stopping ? "stopping\n" : "ok\n");
  }

  bool may_read_metrics() {
    error_code ec;
    const auto from = lowest().remote_endpoint(ec);
    return !ec && is_in(from.address(), worker().options().metrics_from);
  }

  void metrics() {
    if (!is_get()) return not_allowed("GET, HEAD");
    const std::string text = worker().shared().metrics();
    Response r;
    r.content_type = "text/plain; version=0.0.4; charset=utf-8";
    r.body = as_bytes(text);
    respond(std::move(r));
  }

  void mikey() {
    if (parser_->get().method() != beast_http::verb::post) return not_allowed("POST");
    if (!is_mikey_type(header(beast_http::field::content_type)))
      return respond_text(415, "expected Content-Type: application/mikey\n");
    worker().answer(std::move(parser_->get().body()), slot_->address(), [self = self()](const Verdict& v) {
      std::string text;
      self->respond(response_to(v, text));
    });
  }

  void service() {
    auto refusal = worker().admit(slot_->address());
    if (!refusal && !worker().enqueue([self = self()] { self->serve(); }))
      refusal = Verdict{Became::overloaded, {}, std::chrono::seconds(1), "the queue is full", false};
    if (!refusal) return;
    std::string text;
    respond(response_to(*refusal, text));
  }

  void serve() {
    worker().settle();  // nobody is to wait for what this takes
    const auto since = Steady::now();
    const auto& m = parser_->get();
    const HttpService* s = worker().service_for(path_of(view(m.target())));
    if (s == nullptr) return respond_text(404, "there is nothing here\n");
    HttpReply reply;
    try {
      reply = (*s)({view(m.method_string()), view(m.target()), header(beast_http::field::content_type),
                    header(beast_http::field::authorization), m.body(), kTls, uris_});
    } catch (const std::exception& e) {  // memory ran out
      worker().log().write(LogLevel::error, "a service failed", {{"reason", std::string_view(e.what())}});
      return respond_text(500, "the request could not be carried out\n");
    }
    worker().counters().count_latency(
        std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - since));
    Response r;
    r.status = reply.status;
    r.content_type = reply.content_type;
    r.body = reply.body.reveal();
    r.headers = std::move(reply.headers);
    respond(std::move(r));
  }

  // ---------------------------------------------------------------- answering

  void too_many() {
    Response r;
    r.status = 503;
    r.headers.emplace_back("Retry-After", "5");
    r.body = as_bytes("too many connections\n");
    respond(std::move(r));
  }

  void not_allowed(const char* methods) {
    Response r;
    r.status = 405;
    r.headers.emplace_back("Allow", methods);
    respond(std::move(r));
  }

  void respond_text(unsigned status, std::string_view text) {
    Response r;
    r.status = status;
    r.body = as_bytes(text);
    respond(std::move(r));
  }

  /// The rest of what the client sends cannot be understood, or is not wanted.
  void refuse(unsigned status, const std::string& why) {
    keep_ = false;
    respond_text(status, why + "\n");
  }

  void respond(Response r) {
    keep_ = keep_ && !retired_ && !worker().shared().stopping;
    r.close = !keep_;
    r.keep_alive = keep_ && http_1_0_;
    r.head_only = head_;
    worker().counters().count_status(r.status);
    out_ = response_octets(r, worker().date());
    set_state(State::writing);
    asio::async_write(stream_, asio::buffer(out_.reveal().data(), out_.size()),
                      [self = self()](const error_code& ec, std::size_t) {
                        self->out_.clear();
                        if (ec) return self->close();
                        if (!self->keep_) return self->finish();
                        self->next_request();
                      });
  }

  // ---------------------------------------------------------------- the end

  /// Says goodbye, and reads on for a while: what is unread when a socket is closed takes the answer with it.
  void finish() {
    set_state(State::closing);
    if constexpr (kTls) {
      stream_.async_shutdown([self = self()](const error_code&) { self->linger(); });
    } else {
      linger();
    }
  }

  void linger() {
    error_code ec;
    lowest().shutdown(tcp::socket::shutdown_send, ec);
    if (ec) return close();
    drain();
  }

  void drain() {
    lowest().async_read_some(buffer_.prepare(kBlock), [self = self()](const error_code& ec, std::size_t n) {
      self->drained_ += n;
      if (ec || self->drained_ > kMostDrained) return self->close();
      self->drain();
    });
  }

  void close_if_idle() {
    error_code ec;
    if (state_ == State::idle && lowest().available(ec) == 0) close();
  }

  void close() {
    state_ = State::closing;
    deadline_.stop();
    error_code ec;
    lowest().close(ec);
  }

  TlsContext tls_;  // outlives the stream
  Stream stream_;
  std::shared_ptr<ConnectionSlot> slot_;
  Deadline deadline_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  SecretBytes out_;
  std::vector<std::string> uris_;
  State state_ = State::idle;
  std::size_t drained_ = 0;
  bool timed_out_ = false;
  bool continued_ = false;
  bool retired_ = false;
  bool keep_ = false;
  bool head_ = false;
  bool http_1_0_ = false;
};

}  // namespace

std::shared_ptr<Session> start_http(Worker& worker, tcp::socket socket,
                                    std::shared_ptr<ConnectionSlot> slot) {
  auto s = std::make_shared<HttpSession<tcp::socket>>(worker, std::move(socket), nullptr, std::move(slot));
  s->start();
  return s;
}

std::shared_ptr<Session> start_https(Worker& worker, tcp::socket socket, TlsContext tls,
                                     std::shared_ptr<ConnectionSlot> slot) {
  using Stream = asio::ssl::stream<tcp::socket>;
  Stream stream(std::move(socket), *tls);
  auto s = std::make_shared<HttpSession<Stream>>(worker, std::move(stream), std::move(tls), std::move(slot));
  s->start();
  return s;
}

}  // namespace mikey::kms::http
