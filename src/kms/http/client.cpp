#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>

#include "kms/http/reply.hpp"
#include "kms/http/tls.hpp"
#include "mikey/kms/http_client.hpp"

namespace mikey::kms {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Request = beast_http::request<beast_http::vector_body<std::uint8_t>>;
using Parser = beast_http::response_parser<beast_http::vector_body<std::uint8_t>>;

struct Url {
  bool https = false;
  std::string host;
  std::string port;
  std::string target;
  std::string authority;  ///< host and port, for the Host header
};

Result<Url> parse_url(std::string_view text) {
  const auto bad = [&] {
    return bad_request("expected an http:// or https:// URL, got \"" + std::string(text) + "\"");
  };
  Url u;
  u.https = text.starts_with("https://");
  if (!u.https && !text.starts_with("http://")) return bad();
  const auto printable = [](char c) { return c > 0x20 && c < 0x7F; };
  if (!std::ranges::all_of(text, printable)) return bad();
  const std::string_view rest = text.substr(u.https ? 8 : 7);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  u.target = rest.substr(slash, rest.find('#') - slash);
  if (!u.target.starts_with('/')) u.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return bad();
  std::size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return bad();
    u.host = authority.substr(1, bracket - 1);
    colon = bracket + 1 < authority.size() ? bracket + 1 : std::string_view::npos;
    if (colon != std::string_view::npos && authority[colon] != ':') return bad();
  } else {
    u.host = authority.substr(0, colon);
  }
  u.port = colon == std::string_view::npos ? (u.https ? "443" : "80") : authority.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, e] = std::from_chars(u.port.data(), u.port.data() + u.port.size(), number);
  if (u.host.empty() || e != std::errc() || end != u.port.data() + u.port.size() || number == 0) return bad();
  u.authority = authority;
  return u;
}

}  // namespace

struct HttpClient::Impl {
  HttpEndpoint endpoint;
  Url url;
  http::TlsContext tls;
  asio::io_context io{1};
  std::unique_ptr<TlsStream> secure;  // one of the two is there while a connection is
  std::unique_ptr<tcp::socket> plain;
  std::chrono::steady_clock::time_point until;

  tcp::socket* socket() { return secure ? &secure->next_layer() : plain.get(); }
  void drop() {
    secure.reset();
    plain.reset();
  }
  Error failure(const char* what, const error_code& ec) {
    drop();
    return {ErrorCode::resource, Severity::system, "", std::nullopt,
            endpoint.url + ": " + what + ": " + ec.message()};
  }

  /// Runs what was begun until it ends, or the time is up.
  template <class Begin>
  error_code complete(Begin begin) {
    std::optional<error_code> ended;
    begin([&ended](const error_code& ec, const auto&...) { ended = ec; });
    io.restart();
    io.run_until(until);
    if (ended) return *ended;
    if (socket() != nullptr) {
      error_code ignored;
      socket()->close(ignored);
    }
    io.restart();
    io.run();  // what was begun ends now
    return asio::error::timed_out;
  }

  /// A connection that was kept and on which something can be read was closed by the other side.
  bool is_stale() {
    error_code ec;
    std::array<std::uint8_t, 1> octet{};
    socket()->non_blocking(true, ec);
    (void)socket()->receive(asio::buffer(octet), tcp::socket::message_peek, ec);
    return ec != asio::error::would_block;
  }

  Status connect();
};

Status HttpClient::Impl::connect() {
  if (socket() != nullptr && !is_stale()) return {};
  drop();
  tcp::resolver resolver(io);
  tcp::resolver::results_type found;
  error_code ec = complete([&](auto done) {
    resolver.async_resolve(url.host, url.port,
                           [&found, done](const error_code& e, tcp::resolver::results_type r) {
                             found = std::move(r);
                             done(e);
                           });
  });
  if (ec) return failure("the name is not known", ec);
  if (url.https) {
    secure = std::make_unique<TlsStream>(io, *tls);
  } else {
    plain = std::make_unique<tcp::socket>(io);
  }
  ec = complete([&](auto done) { asio::async_connect(*socket(), found, done); });
  if (ec) return failure("no connection", ec);
  socket()->set_option(tcp::no_delay(true), ec);
  if (!secure) return {};
  error_code not_a_name;
  const bool literal = (asio::ip::make_address(url.host, not_a_name), !not_a_name);
  if (!literal && !http::set_server_name(secure->native_handle(), url.host))
    return failure("TLS", asio::error::no_memory);
  secure->set_verify_callback(asio::ssl::host_name_verification(url.host), ec);
  if (!ec) ec = complete([&](auto done) { secure->async_handshake(asio::ssl::stream_base::client, done); });
  if (ec) return failure("no TLS", ec);
  return {};
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::open(HttpEndpoint endpoint) {
  auto url = parse_url(endpoint.url);
  if (!url) return std::move(url).error();
  auto impl = std::make_unique<Impl>();
  if (url->https) {
    auto tls = http::client_context(endpoint);
    if (!tls) return std::move(tls).error();
    impl->tls = std::move(*tls);
  }
  impl->url = std::move(*url);
  impl->endpoint = std::move(endpoint);
  return HttpClient(std::move(impl));
}

Result<HttpAnswer> HttpClient::post(ByteView body, std::string_view content_type,
                                    std::string_view authorization) {
  Impl& c = *impl_;
  c.until = std::chrono::steady_clock::now() + c.endpoint.timeout;
  if (auto s = c.connect(); !s) return std::move(s).error();
  Request request(beast_http::verb::post, c.url.target, 11);
  request.set(beast_http::field::host, c.url.authority);
  request.set(beast_http::field::content_type, boost::string_view(content_type.data(), content_type.size()));
  if (!authorization.empty())
    request.set(beast_http::field::authorization,
                boost::string_view(authorization.data(), authorization.size()));
  request.body() = to_bytes(body);
  request.prepare_payload();
  Parser parser;
  parser.body_limit(c.endpoint.max_answer);
  boost::beast::flat_buffer buffer;
  const auto on_stream = [&](auto use) { return c.secure ? use(*c.secure) : use(*c.plain); };
  error_code ec = on_stream([&](auto& stream) {
    return c.complete([&](auto done) { beast_http::async_write(stream, request, done); });
  });
  if (ec) return c.failure("the request could not be sent", ec);
  // The head by itself: read together with the body, Beast 1.74 forgets that the body is too large.
  ec = on_stream([&](auto& stream) {
    return c.complete([&](auto done) { beast_http::async_read_header(stream, buffer, parser, done); });
  });
  if (ec) return c.failure("no answer", ec);
  ec = on_stream([&](auto& stream) {
    return c.complete([&](auto done) { beast_http::async_read(stream, buffer, parser, done); });
  });
  if (ec) return c.failure("no answer", ec);
  auto& response = parser.get();
  if (!response.keep_alive() || buffer.size() > 0) c.drop();
  HttpAnswer out;
  out.status = response.result_int();
  const auto text = [](boost::string_view s) { return std::string(s.data(), s.size()); };
  out.content_type = text(response[beast_http::field::content_type]);
  const auto after = response[beast_http::field::retry_after];
  std::uint32_t seconds = 0;
  const auto [end, e] = std::from_chars(after.data(), after.data() + after.size(), seconds);
  if (e == std::errc() && end == after.data() + after.size()) out.retry_after = std::chrono::seconds(seconds);
  out.body = std::move(response.body());
  return out;
}

Result<Bytes> HttpClient::exchange(ByteView message) {
  auto answer = post(message, http::kMikeyType);
  if (!answer) return std::move(answer).error();
  if (http::is_mikey_type(answer->content_type) && !answer->body.empty()) return std::move(answer->body);
  std::string why = impl_->endpoint.url + ": HTTP status " + std::to_string(answer->status);
  if (answer->content_type.starts_with("text/plain")) {
    const std::string_view text = as_text(answer->body);
    why += ": " + std::string(text.substr(0, std::min<std::size_t>(text.find('\n'), 200)));
  }
  return Error{ErrorCode::resource, Severity::system, "", std::nullopt, std::move(why)};
}

}  // namespace mikey::kms
