/// \file
/// Captures of network traffic in memory: reads pcap and pcapng down to UDP datagrams and TCP streams, and
/// writes small pcap files.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::bind::pcap {

/// An address and a port.
struct Endpoint {
  bool v6 = false;
  std::array<std::uint8_t, 16> address{};  ///< the first 4 octets for IPv4
  std::uint16_t port = 0;

  static Endpoint v4(std::array<std::uint8_t, 4> address, std::uint16_t port);
  /// "192.0.2.1:5060" or "[2001:db8::1]:5060".
  std::string to_text() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// What a UDP packet carried.
struct Datagram {
  std::uint64_t packet = 0;   ///< number in the file, from 1 (of the last fragment)
  std::uint64_t time_ns = 0;  ///< since 1970-01-01 00:00 UTC
  Endpoint from;
  Endpoint to;
  Bytes payload;
};

/// One direction of a TCP connection.
struct Stream {
  /// Where a packet's octets begin in `octets`.
  struct Mark {
    std::size_t offset = 0;
    std::uint64_t packet = 0;
    std::uint64_t time_ns = 0;
  };
  Endpoint from;
  Endpoint to;
  Bytes octets;             ///< in order, without retransmissions
  std::vector<Mark> marks;  ///< by offset
  std::uint64_t missing =
      0;             ///< octets the capture does not have; what follows a hole joins what precedes it
  bool cut = false;  ///< more came than Limits::stream allows

  /// The packet in which the octet at `offset` came.
  Mark at(std::size_t offset) const;
};

/// Bounds of what a reader keeps. What is beyond them is left out, and said.
struct Limits {
  std::size_t packets = 1'000'000;                    ///< packets looked at
  std::size_t streams = 1024;                         ///< TCP directions
  std::size_t stream = std::size_t{4} << 20;          ///< octets of one stream
  std::size_t streams_total = std::size_t{64} << 20;  ///< octets of all streams
  std::size_t fragments = 64;                         ///< IP datagrams being put together at a time
};

/// A capture's UDP and TCP contents.
struct Capture {
  std::uint64_t packets = 0;  ///< in the file, of any kind
  std::vector<Datagram> datagrams;
  std::vector<Stream> streams;  ///< by their first packet
  std::vector<std::string> diagnostics;
};

/// Whether the octets begin like a capture file.
bool is_pcap(ByteView file);
bool is_pcapng(ByteView file);

/// Reads a capture: classic pcap (either byte order, microseconds or nanoseconds) or pcapng (sections of
/// either byte order; enhanced, simple and obsolete packet blocks). Link types: Ethernet with VLAN tags,
/// Linux cooked (both), raw IP, loopback. Above: IPv4 and IPv6 with fragments, UDP, TCP with segments out of
/// order. A file that ends within a packet is read up to there, with a diagnostic, as a capture that was
/// interrupted is. Errors (ErrorCode::unspecified with the offset): no capture file, a header that is cut or
/// contradicts itself.
Result<Capture> read_capture(ByteView file, const Limits& limits = {});

/// Makes a classic pcap file (microseconds, link type raw IP) of UDP datagrams with synthesised IP headers.
class Writer {
 public:
  Writer();
  /// Appends a datagram. Both endpoints must be of the same IP version, the payload at most 65,507 octets.
  Status add_udp(const Endpoint& from, const Endpoint& to, std::uint64_t time_ns, ByteView payload);
  /// The file as it is now.
  const Bytes& file() const { return file_; }

 private:
  Bytes file_;
};

}  // namespace mikey::bind::pcap
