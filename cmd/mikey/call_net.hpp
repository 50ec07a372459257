/// \file
/// Sockets of `mikey call`: a TCP connection that carries session descriptions in place of SIP, and UDP for
/// media.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::cmd {

/// A file descriptor that closes itself.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& o) noexcept : fd_(o.fd_) { o.fd_ = -1; }
  Socket& operator=(Socket&& o) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

/// "127.0.0.1:5060". IPv4 only; port 0 lets the system choose.
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string text() const { return host + ":" + std::to_string(port); }
};
Result<Address> parse_address(const std::string& text);

Result<Socket> listen_tcp(Address& at);  ///< fills in the port
Result<Socket> accept_tcp(const Socket& listener);
Result<Socket> connect_tcp(const Address& to);
Result<Socket> bind_udp(Address& at);  ///< fills in the port
Status send_udp(const Socket& s, const Address& to, ByteView packet);
/// One datagram, or nothing within the time.
std::optional<Bytes> receive_udp(const Socket& s, std::chrono::milliseconds within);

/// One signalling message: a line that says what it is, and a body. At most 1 MiB; waits ten seconds for it.
struct Signal {
  std::string what;  ///< "OFFER", "ANSWER", "REFUSED 488 Not Acceptable Here", "BYE 250"
  std::string body;
};
Status send_signal(const Socket& s, const Signal& m);
Result<Signal> receive_signal(const Socket& s, std::chrono::milliseconds within = std::chrono::seconds(10));
/// Whether something can be read from the connection now.
bool readable(const Socket& s);

}  // namespace mikey::cmd
