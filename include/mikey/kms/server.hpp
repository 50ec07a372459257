/// \file
/// The network server of a KMS: MIKEY over HTTP, HTTPS, UDP and TCP, further HTTP services beside it, and
/// what operating it needs.
///
/// One thread a core works on its own: connections stay with the thread that got them, and a thread's
/// requests wait in a bounded queue of its own. Handlers may block: give the server more threads then.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http), which links OpenSSL's libssl and spdlog.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mikey/kms/http_client.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/log.hpp"
#include "mikey/kms/rate_limit.hpp"

namespace mikey::kms {

// ------------------------------------------------------------------ what is served

/// What became of a message, and whether its sender asks too often.
struct Reply {
  Answer answer;
  std::optional<std::chrono::seconds> retry_after;  ///< the client's share is used up
};

/// Answers MIKEY messages in one thread. Errors of severity `system` mean that it cannot work at the moment.
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  virtual Reply handle(ByteView message) = 0;
  /// What another KMS answered to the question in Answer::forward.
  virtual Answer take(ByteView message) = 0;
  /// Called when messages were handled or taken, before anything leaves on account of them, answers or
  /// questions: what was changed for them is to be on the disk. After an error all of them have failed.
  virtual Status settle() { return {}; }
};

/// One request to a service beside MIKEY's.
struct HttpRequest {
  std::string_view method;  ///< "POST"
  std::string_view target;  ///< as it stands in the request line
  std::string_view content_type;
  std::string_view authorization;
  ByteView body;
  bool secure = false;                            ///< came over TLS
  std::span<const std::string> certificate_uris;  ///< subjectAltName URIs of the client's certificate
};
struct HttpReply {
  unsigned status = 200;
  std::string content_type;
  SecretBytes body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};
using HttpService = std::function<HttpReply(const HttpRequest&)>;

/// What works behind the sockets. Each factory is called once for each thread, and what it makes is used by
/// that thread alone. An error keeps the server from starting, or from taking a new configuration.
struct Services {
  std::function<Result<std::unique_ptr<MessageHandler>>()> messages;
  /// By the beginning of the path, e.g. "/keymanagement/identity/v1/"; the longest that fits is asked.
  std::map<std::string, std::function<Result<HttpService>()>> http = {};
  /// How to reach the KMSs that are asked about their tickets (RFC 6043 10).
  std::map<Identity, HttpEndpoint> other_kms = {};
};

// ------------------------------------------------------------------ how

/// Where to listen. Port 0 lets the system choose.
struct ListenAddress {
  enum class Kind : std::uint8_t {
    http,
    https,
    udp,  ///< a message a datagram
    tcp,  ///< each message behind its length in two octets, big-endian (the framing of RFC 4571)
  };
  Kind kind = Kind::http;
  std::string host = "127.0.0.1";  ///< an IP address
  std::uint16_t port = 0;

  /// "https://[::1]:8443"
  std::string text() const;
  /// The port may be missing: 80, 443, and 2269 for udp and tcp. ErrorCode::bad_request.
  static Result<ListenAddress> parse(std::string_view text);
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

enum class ClientCertificate : std::uint8_t { none, optional, required };

struct TlsOptions {
  std::string chain;      ///< certificates in PEM, the server's first
  SecretBytes key;        ///< PEM
  std::string client_ca;  ///< PEM; needed when client certificates are looked at
  ClientCertificate client_certificate = ClientCertificate::none;
  bool tls_1_2 = false;  ///< TLS 1.2 beside 1.3
};

struct ServerOptions {
  std::vector<ListenAddress> listen;
  std::shared_ptr<const TlsOptions> tls;  ///< for https
  unsigned threads = 0;                   ///< 0: one a processor
  std::size_t queue = 1000;               ///< requests that wait, over all threads
  std::size_t max_body = 65536;           ///< octets of a message or of a request's body
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 1000;
  std::chrono::seconds request_timeout{
      10};                                ///< for a whole request, a TLS handshake, or an answer to be taken
  std::chrono::seconds idle_timeout{60};  ///< between requests
  std::chrono::seconds shutdown_timeout{10};
  RateLimit per_address{};  ///< requests from an IPv4 address or an IPv6 /64
  std::vector<std::string> metrics_from{"127.0.0.1/32", "::1/128"};  ///< who may read /metrics
  std::string version;                                               ///< told by /metrics
};

/// That the options fit together: ErrorCode::bad_request, naming what does not.
Status check_options(const ServerOptions& options);

class Server {
 public:
  /// Binds the addresses, makes the handlers and takes over SIGTERM, SIGINT and SIGHUP, which wait for run().
  /// `log` must outlive the server.
  static Result<std::unique_ptr<Server>> create(ServerOptions options, const Services& services, Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The addresses with the ports that the system chose.
  const std::vector<ListenAddress>& addresses() const;

  /// Serves until SIGTERM, SIGINT or stop(); then takes no more requests, finishes those that are there, for
  /// as long as the options say, and returns. A second signal ends it at once. `on_hangup` is called for each
  /// SIGHUP, in this thread.
  Status run(std::function<void()> on_hangup = {});
  /// From any thread, or a handler.
  void stop();
  /// New options and handlers; addresses and the number of threads stay as they are. Nothing changes on an
  /// error. To be called in the thread of run(), or while it does not run.
  Status reload(ServerOptions options, const Services& services);
  /// Counts a reload, for /metrics.
  void count_reload(bool good);

  /// /metrics: counters in the text form of Prometheus.
  std::string metrics() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mikey::kms
