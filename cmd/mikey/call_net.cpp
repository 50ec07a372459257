#include "call_net.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace mikey::cmd {
namespace {

constexpr std::size_t kMaxBody = std::size_t{1} << 20;

Error net_error(const std::string& what) {
  return {ErrorCode::resource, Severity::system, "", std::nullopt, what + ": " + std::strerror(errno)};
}

Result<sockaddr_in> native(const Address& a) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(a.port);
  if (inet_pton(AF_INET, a.host.c_str(), &out.sin_addr) != 1)
    return bad_request(a.host + ": expected an IPv4 address");
  return out;
}

const sockaddr* generic(const sockaddr_in& a) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&a));
}

Result<Socket> bound(int type, Address& at) {
  auto to = native(at);
  if (!to) return std::move(to).error();
  Socket s(socket(AF_INET, type, 0));
  const int on = 1;
  if (s.fd() < 0) return net_error("socket");
  setsockopt(s.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(s.fd(), generic(*to), sizeof *to) != 0) return net_error(at.text());
  sockaddr_in got{};
  socklen_t n = sizeof got;
  if (getsockname(s.fd(), static_cast<sockaddr*>(static_cast<void*>(&got)), &n) != 0)
    return net_error(at.text());
  at.port = ntohs(got.sin_port);
  return s;
}

bool wait_for(int fd, std::chrono::milliseconds within) {
  pollfd p{fd, POLLIN, 0};
  return poll(&p, 1, static_cast<int>(within.count())) > 0;
}

}  // namespace

Socket& Socket::operator=(Socket&& o) noexcept {
  if (this != &o) {
    if (fd_ >= 0) close(fd_);
    fd_ = o.fd_;
    o.fd_ = -1;
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address a;
  if (colon != std::string::npos) {
    a.host = text.substr(0, colon);
    const char* end = text.data() + text.size();
    const auto [p, e] = std::from_chars(text.data() + colon + 1, end, a.port);
    if (e != std::errc() || p != end) return bad_request(text + ": expected HOST:PORT");
  } else {
    a.host = text;
  }
  auto checked = native(a);
  if (!checked) return std::move(checked).error();
  return a;
}

Result<Socket> listen_tcp(Address& at) {
  auto s = bound(SOCK_STREAM, at);
  if (!s) return s;
  if (listen(s->fd(), 4) != 0) return net_error(at.text());
  return s;
}

Result<Socket> accept_tcp(const Socket& listener) {
  Socket s(accept(listener.fd(), nullptr, nullptr));
  if (s.fd() < 0) return net_error("accept");
  return s;
}

Result<Socket> connect_tcp(const Address& to) {
  auto a = native(to);
  if (!a) return std::move(a).error();
  Socket s(socket(AF_INET, SOCK_STREAM, 0));
  if (s.fd() < 0 || connect(s.fd(), generic(*a), sizeof *a) != 0) return net_error(to.text());
  return s;
}

Result<Socket> bind_udp(Address& at) {
  return bound(SOCK_DGRAM, at);
}

Status send_udp(const Socket& s, const Address& to, ByteView packet) {
  auto a = native(to);
  if (!a) return std::move(a).error();
  if (sendto(s.fd(), packet.data(), packet.size(), 0, generic(*a), sizeof *a) < 0)
    return net_error(to.text());
  return {};
}

std::optional<Bytes> receive_udp(const Socket& s, std::chrono::milliseconds within) {
  if (!wait_for(s.fd(), within)) return std::nullopt;
  Bytes b(2048);
  const ssize_t n = recv(s.fd(), b.data(), b.size(), 0);
  if (n < 0) return std::nullopt;
  b.resize(static_cast<std::size_t>(n));
  return b;
}

Status send_signal(const Socket& s, const Signal& m) {
  const std::string text =
      m.what + "\r\nContent-Length: " + std::to_string(m.body.size()) + "\r\n\r\n" + m.body;
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = send(s.fd(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return net_error("the signalling connection");
    at += static_cast<std::size_t>(n);
  }
  return {};
}

bool readable(const Socket& s) {
  return wait_for(s.fd(), std::chrono::milliseconds(0));
}

Result<Signal> receive_signal(const Socket& s, std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  const auto bad = [](const char* why) {
    return bad_message(ErrorCode::unspecified, "", std::string("signalling: ") + why);
  };
  std::string in;
  std::optional<std::size_t> total;
  std::size_t body_at = 0;
  while (!total || in.size() < *total) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !wait_for(s.fd(), left)) return bad("the peer says nothing");
    std::array<char, 4096> buffer{};
    const ssize_t n = recv(s.fd(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return bad("the peer has closed the connection");
    in.append(buffer.data(), static_cast<std::size_t>(n));
    if (!total) {
      const std::size_t head = in.find("\r\n\r\n");
      if (head == std::string::npos) {
        if (in.size() > 1024) return bad("no header within 1024 octets");
        continue;
      }
      const std::size_t length = in.find("Content-Length: ");
      std::size_t size = 0;
      if (length > head ||
          std::from_chars(in.data() + length + 16, in.data() + head, size).ec != std::errc() ||
          size > kMaxBody)
        return bad("no acceptable Content-Length");
      body_at = head + 4;
      total = body_at + size;
    }
  }
  return Signal{in.substr(0, in.find("\r\n")), in.substr(body_at, *total - body_at)};
}

}  // namespace mikey::cmd
