#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>

#include "kms/http/worker.hpp"

namespace mikey::kms {
namespace {

using boost::asio::ip::address;
using boost::system::error_code;

constexpr std::array<std::string_view, 4> kSchemes{"http", "https", "udp", "tcp"};
constexpr std::array<std::uint16_t, 4> kPorts{80, 443, 2269, 2269};  // IANA: mikey is 2269
constexpr unsigned kMostThreads = 1024;
constexpr std::size_t kMostBody = std::size_t{16} << 20;
constexpr std::chrono::seconds kLongest = std::chrono::hours(24);

/// Whether `a` is in `network`; nothing when that is none.
std::optional<bool> contains(const std::string& network, const address& a) {
  error_code ec;
  if (network.find('/') == std::string::npos) {
    const auto one = boost::asio::ip::make_address(network, ec);
    if (ec) return std::nullopt;
    return one == a;
  }
  const auto v4 = boost::asio::ip::make_network_v4(network, ec);
  if (!ec) {
    if (!a.is_v4()) return false;
    return boost::asio::ip::make_network_v4(a.to_v4(), v4.prefix_length()).network() == v4.network();
  }
  const auto v6 = boost::asio::ip::make_network_v6(network, ec);
  if (ec) return std::nullopt;
  if (!a.is_v6()) return false;
  return boost::asio::ip::make_network_v6(a.to_v6(), v6.prefix_length()).network() == v6.network();
}

bool is_time(std::chrono::seconds s) {
  return s.count() >= 1 && s <= kLongest;
}

bool is_limit(const RateLimit& l) {
  return l.per_second >= 0 && l.per_second <= 1e9 && l.burst >= 1 && l.burst <= 1e9;
}

}  // namespace

namespace http {

bool is_in(const address& a, std::span<const std::string> networks) {
  const bool mapped = a.is_v6() && a.to_v6().is_v4_mapped();
  const address plain =
      mapped ? address(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, a.to_v6())) : a;
  return std::ranges::any_of(networks,
                             [&](const std::string& n) { return contains(n, plain).value_or(false); });
}

}  // namespace http

std::string ListenAddress::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return std::string(kSchemes[static_cast<std::size_t>(kind)]) + "://" + (v6 ? "[" + host + "]" : host) +
         ":" + std::to_string(port);
}

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const auto bad = [&] {
    return bad_request("expected http://, https://, udp:// or tcp://, an IP address and a port, got \"" +
                       std::string(text) + "\"");
  };
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos) return bad();
  const auto scheme = std::ranges::find(kSchemes, text.substr(0, slashes));
  if (scheme == kSchemes.end()) return bad();
  const auto i = static_cast<std::size_t>(scheme - kSchemes.begin());
  ListenAddress out{static_cast<Kind>(i), "", kPorts[i]};
  std::string_view rest = text.substr(slashes + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::size_t host_end = rest.find(':');
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return bad();
    out.host = rest.substr(1, bracket - 1);
    host_end = bracket + 1 == rest.size() ? std::string_view::npos : bracket + 1;
  } else {
    out.host = rest.substr(0, host_end);
  }
  if (host_end != std::string_view::npos) {
    const std::string_view port = rest.substr(host_end);
    const char* end = port.data() + port.size();
    if (!port.starts_with(':')) return bad();
    const auto [p, e] = std::from_chars(port.data() + 1, end, out.port);
    if (e != std::errc() || p != end) return bad();
  }
  error_code ec;
  const auto a = boost::asio::ip::make_address(out.host, ec);
  if (ec) return bad();
  out.host = a.to_string();
  return out;
}

Status check_options(const ServerOptions& o) {
  if (o.listen.empty()) return bad_request("listen: expected at least one address");
  const bool https = std::ranges::any_of(
      o.listen, [](const ListenAddress& a) { return a.kind == ListenAddress::Kind::https; });
  if (https && !o.tls) return bad_request("tls: needed for https://");
  if (o.tls && o.tls->client_certificate != ClientCertificate::none && o.tls->client_ca.empty())
    return bad_request("tls.client_ca: needed to look at client certificates");
  if (o.threads > kMostThreads) return bad_request("threads: expected at most 1024");
  if (o.queue < 1) return bad_request("queue: expected at least 1");
  if (o.max_body < 1 || o.max_body > kMostBody) return bad_request("max_body: expected 1 to 16777216");
  if (o.max_connections < 1 || o.max_connections_per_address < 1)
    return bad_request("max_connections: expected at least 1");
  if (!is_time(o.request_timeout) || !is_time(o.idle_timeout) || !is_time(o.shutdown_timeout))
    return bad_request("time-outs: expected 1 to 86400 seconds");
  if (!is_limit(o.per_address)) return bad_request("rate: expected a rate, and a burst of at least 1");
  for (const std::string& n : o.metrics_from)
    if (!contains(n, {}))
      return bad_request("metrics_from: expected addresses or networks, got \"" + n + "\"");
  return {};
}

}  // namespace mikey::kms
