#include "mikey/kms/server.hpp"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

#include "kms/http/http_session.hpp"
#include "kms/http/plain_sockets.hpp"

namespace mikey::kms {
namespace {

using namespace http;
using asio::ip::tcp;
using asio::ip::udp;
using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

constexpr std::chrono::milliseconds kAcceptAgain{100};
constexpr std::size_t kMostRefused = 64;  // connections that are told at a time that there are too many

struct Listener {
  ListenAddress::Kind kind;
  tcp::acceptor acceptor;
  asio::steady_timer again;
};

Error cannot_listen(const ListenAddress& a, const error_code& ec) {
  return bad_request("cannot listen at " + a.text() + ": " + ec.message());
}

/// Opens what is to be bound: an acceptor or a UDP socket.
template <class Socket>
void open_at(Socket& s, const ListenAddress& a, error_code& ec) {
  using Protocol = typename Socket::protocol_type;
  const auto host = asio::ip::make_address(a.host, ec);
  if (!ec) s.open(host.is_v6() ? Protocol::v6() : Protocol::v4(), ec);
  if (!ec && host.is_v6()) s.set_option(asio::ip::v6_only(true), ec);
}

template <class Socket>
void bind_at(Socket& s, ListenAddress& a, error_code& ec) {
  if (!ec) s.bind({asio::ip::make_address(a.host, ec), a.port}, ec);
  if (!ec) a.port = s.local_endpoint(ec).port();
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions o, Log& l)
      : log(l),
        rng(crypto::openssl_rng()),
        per_address(crypto::openssl(), *rng, o.per_address),
        shared(l, per_address),
        options(std::make_shared<const ServerOptions>(std::move(o))),
        version(options->version) {
    shared.metrics = [this] { return metrics(); };
    for (unsigned i = 0; i < options->threads; ++i) workers.push_back(std::make_unique<Worker>(shared));
  }

  Status listen();
  Result<std::vector<Serving>> make_servings(const std::shared_ptr<const ServerOptions>& o,
                                             const Services& services) const;
  Result<TlsContext> make_tls(const ServerOptions& o) const;
  void accept(Listener& l);
  void take(Listener& l, Worker& w, tcp::socket socket);
  void wait_for_signal();
  void begin_stop();
  void end_now();
  std::string metrics() const;

  Log& log;
  std::unique_ptr<Rng> rng;
  RateLimiter per_address;
  Shared shared;
  std::shared_ptr<const ServerOptions> options;
  const std::string version;
  TlsContext tls;
  std::vector<ListenAddress> addresses;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<WorkGuard> guards;
  std::size_t next = 0;
  std::size_t running = 0;
  std::int64_t started = std::time(nullptr);
  std::function<void()> on_hangup;
  asio::io_context control{1};  // accepts connections, takes signals; what follows belongs to it
  std::vector<std::unique_ptr<Listener>> listeners;
  asio::signal_set signals{control};
  asio::steady_timer patience{control};
};

Status Server::Impl::listen() {
  for (ListenAddress a : options->listen) {
    error_code ec;
    if (a.kind == ListenAddress::Kind::udp) {
      udp::socket first(workers.front()->io());
      open_at(first, a, ec);
      bind_at(first, a, ec);
      if (ec) return cannot_listen(a, ec);
      // Every thread has a descriptor of the one socket, so that all take datagrams.
      for (std::size_t i = 1; i < workers.size(); ++i) {
        const int copy = ::dup(first.native_handle());
        if (copy < 0) return cannot_listen(a, {errno, boost::system::system_category()});
        udp::socket more(workers[i]->io());
        more.assign(first.local_endpoint().protocol(), copy, ec);
        if (ec) return cannot_listen(a, ec);
        start_datagrams(*workers[i], std::move(more));
      }
      start_datagrams(*workers.front(), std::move(first));
    } else {
      auto l =
          std::make_unique<Listener>(Listener{a.kind, tcp::acceptor(control), asio::steady_timer(control)});
      open_at(l->acceptor, a, ec);
      if (!ec) l->acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
      bind_at(l->acceptor, a, ec);
      if (!ec) l->acceptor.listen(asio::socket_base::max_listen_connections, ec);
      if (ec) return cannot_listen(a, ec);
      listeners.push_back(std::move(l));
    }
    addresses.push_back(std::move(a));
  }
  return {};
}

Result<TlsContext> Server::Impl::make_tls(const ServerOptions& o) const {
  if (!o.tls) return TlsContext();
  auto context = server_context(*o.tls);
  if (!context) return bad_request("tls: " + context.error().detail);
  return context;
}

Result<std::vector<Serving>> Server::Impl::make_servings(const std::shared_ptr<const ServerOptions>& o,
                                                         const Services& services) const {
  auto ways = std::make_shared<KmsWays>();
  for (const auto& [name, endpoint] : services.other_kms) {
    if (auto usable = HttpClient::open(endpoint); !usable) return std::move(usable).error();
    ways->emplace(name, std::make_shared<KmsWay>(endpoint));
  }
  std::vector<Serving> out;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    Serving s{o, nullptr, {}, ways};
    auto handler = services.messages();
    if (!handler) return std::move(handler).error();
    s.handler = std::move(*handler);
    for (const auto& [path, make] : services.http) {
      auto service = make();
      if (!service) return std::move(service).error();
      s.services.emplace(path, std::move(*service));
    }
    out.push_back(std::move(s));
  }
  return out;
}

// ------------------------------------------------------------------ connections

void Server::Impl::accept(Listener& l) {
  Worker& w = *workers[next++ % workers.size()];
  l.acceptor.async_accept(w.io(), [this, &l, &w](const error_code& ec, tcp::socket socket) {
    if (!l.acceptor.is_open()) return;
    if (!ec) {
      take(l, w, std::move(socket));
      return accept(l);
    }
    // Mostly: no file descriptor is left. The connection waits in the system's queue.
    log.write(LogLevel::error, "cannot accept connections", {{"reason", std::string_view(ec.message())}});
    l.again.expires_after(kAcceptAgain);
    l.again.async_wait([this, &l](const error_code& stopped) {
      if (!stopped) accept(l);
    });
  });
}

void Server::Impl::take(Listener& l, Worker& w, tcp::socket socket) {
  error_code ec;
  const auto from = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  socket.set_option(tcp::no_delay(true), ec);
  auto slot = ConnectionSlot::take(shared, *options, limit_name(from.address()));
  if (!slot) {
    shared.refused_connections.fetch_add(1, std::memory_order_relaxed);
    if (l.kind != ListenAddress::Kind::http || shared.being_refused >= kMostRefused) return;
    ++shared.being_refused;
  }
  asio::post(w.io(),
             [kind = l.kind, &w, tls = tls, socket = std::move(socket), slot = std::move(slot)]() mutable {
               std::shared_ptr<Session> s;
               if (kind == ListenAddress::Kind::https) {
                 s = start_https(w, std::move(socket), std::move(tls), std::move(slot));
               } else if (kind == ListenAddress::Kind::http) {
                 s = start_http(w, std::move(socket), std::move(slot));
               } else {
                 s = start_framed(w, std::move(socket), std::move(slot));
               }
               if (w.shared().stopping) s->retire();
             });
}

// ------------------------------------------------------------------ the end

void Server::Impl::wait_for_signal() {
  signals.async_wait([this](const error_code& ec, int number) {
    if (ec) return;
    if (number == SIGHUP) {
      if (on_hangup) on_hangup();
    } else if (shared.stopping) {
      return end_now();
    } else {
      begin_stop();
    }
    wait_for_signal();
  });
}

void Server::Impl::begin_stop() {
  if (shared.stopping.exchange(true)) return;
  log.write(LogLevel::info, "stopping",
            {{"seconds at most", static_cast<std::int64_t>(options->shutdown_timeout.count())}});
  for (const auto& l : listeners) {
    error_code ec;
    l->acceptor.close(ec);
    l->again.cancel();
  }
  patience.expires_after(options->shutdown_timeout);
  patience.async_wait([this](const error_code& ec) {
    if (!ec) end_now();
  });
  for (const auto& w : workers) asio::post(w->io(), [&w] { w->retire_all(); });
  guards.clear();  // a thread ends when nothing is left for it to do
}

void Server::Impl::end_now() {
  log.write(LogLevel::warning, "stopped before all requests were answered");
  for (const auto& w : workers) w->io().stop();
}

std::string Server::Impl::metrics() const {
  std::vector<const Counters*> counters;
  for (const auto& w : workers) counters.push_back(&w->counters());
  Totals totals;
  totals.version = version;
  totals.started = started;
  totals.refused_connections = shared.refused_connections;
  totals.reloads = shared.reloads;
  totals.failed_reloads = shared.failed_reloads;
  return metrics_text(counters, totals);
}

// ------------------------------------------------------------------ what others see

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->shared.outbound.stop();
}

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, const Services& services, Log& log) {
  if (auto s = check_options(options); !s) return std::move(s).error();
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  std::unique_ptr<Server> server(new Server(std::make_unique<Impl>(std::move(options), log)));
  Impl& i = *server->impl_;
  auto tls = i.make_tls(*i.options);
  if (!tls) return std::move(tls).error();
  i.tls = std::move(*tls);
  auto servings = i.make_servings(i.options, services);
  if (!servings) return std::move(servings).error();
  for (std::size_t n = 0; n < i.workers.size(); ++n) i.workers[n]->serve_with(std::move((*servings)[n]));
  if (auto s = i.listen(); !s) return std::move(s).error();
  // Before anybody is told that it listens, and may send a signal.
  error_code ec;
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    if (!ec) i.signals.add(number, ec);
  if (ec) return bad_request("signals: " + ec.message());
  return server;
}

const std::vector<ListenAddress>& Server::addresses() const {
  return impl_->addresses;
}

Status Server::run(std::function<void()> on_hangup) {
  Impl& i = *impl_;
  i.on_hangup = std::move(on_hangup);
  i.wait_for_signal();
  for (const auto& l : i.listeners) i.accept(*l);
  i.running = i.workers.size();
  for (const auto& w : i.workers) i.guards.push_back(asio::make_work_guard(w->io()));
  std::vector<std::jthread> threads;
  for (const auto& w : i.workers)
    threads.emplace_back([&i, &w] {
      while (true) try {
          w->io().run();
          break;
        } catch (const std::exception& e) {  // memory ran out; what was going on is lost
          i.log.write(LogLevel::error, "a thread goes on after an exception",
                      {{"reason", std::string_view(e.what())}});
        }
      asio::post(i.control, [&i] {
        if (--i.running == 0) i.control.stop();
      });
    });
  i.control.run();
  threads.clear();
  i.shared.outbound.stop();
  return {};
}

void Server::stop() {
  asio::post(impl_->control, [this] { impl_->begin_stop(); });
}

Status Server::reload(ServerOptions options, const Services& services) {
  Impl& i = *impl_;
  if (auto s = check_options(options); !s) return s;
  if (options.listen != i.options->listen)
    i.log.write(LogLevel::warning, "other addresses need a restart", {{"key", "server.listen"}});
  if (options.threads != 0 && options.threads != i.options->threads)
    i.log.write(LogLevel::warning, "another number of threads needs a restart", {{"key", "server.threads"}});
  options.listen = i.options->listen;
  options.threads = i.options->threads;
  auto tls = i.make_tls(options);
  if (!tls) return std::move(tls).error();
  const auto fresh = std::make_shared<const ServerOptions>(std::move(options));
  auto servings = i.make_servings(fresh, services);
  if (!servings) return std::move(servings).error();
  i.options = fresh;
  i.tls = std::move(*tls);
  i.per_address.set(fresh->per_address);
  for (std::size_t n = 0; n < i.workers.size(); ++n)
    asio::post(i.workers[n]->io(), [w = i.workers[n].get(), s = std::move((*servings)[n])]() mutable {
      w->serve_with(std::move(s));
    });
  return {};
}

void Server::count_reload(bool good) {
  (good ? impl_->shared.reloads : impl_->shared.failed_reloads).fetch_add(1, std::memory_order_relaxed);
}

std::string Server::metrics() const {
  return impl_->metrics();
}

}  // namespace mikey::kms
