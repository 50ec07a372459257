#include "mikey/bind/pcap.hpp"

namespace mikey::bind::pcap {
namespace {

constexpr std::size_t kMaxUdpPayload = 65507;
constexpr std::uint32_t kRawIp = 101;
constexpr std::uint32_t kSnapLength = 262144;
constexpr std::uint8_t kUdp = 17;

void le32(Bytes& out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}

void be16(Bytes& out, std::size_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

// RFC 1071, not yet folded.
std::uint32_t sum(ByteView b, std::uint32_t start = 0) {
  for (std::size_t i = 0; i < b.size(); ++i)
    start += static_cast<std::uint32_t>(b[i]) << (i % 2 == 0 ? 8 : 0);
  return start;
}

std::uint16_t checksum(std::uint32_t s) {
  while (s > 0xFFFF) s = (s & 0xFFFF) + (s >> 16);
  return static_cast<std::uint16_t>(~s);
}

ByteView address(const Endpoint& e) {
  return ByteView(e.address).first(e.v6 ? 16 : 4);
}

Bytes udp_packet(const Endpoint& from, const Endpoint& to, ByteView payload) {
  Bytes udp;
  be16(udp, from.port);
  be16(udp, to.port);
  be16(udp, payload.size() + 8);
  be16(udp, 0);
  append(udp, payload);
  // The pseudo header of RFC 768 and RFC 8200 8.1 has the same sum.
  std::uint32_t s = sum(address(to), sum(address(from)));
  s += kUdp + static_cast<std::uint32_t>(udp.size());
  std::uint16_t c = checksum(sum(udp, s));
  if (c == 0) c = 0xFFFF;  // zero would mean that there is none
  store_be(udp.data() + 6, c);
  return udp;
}

Bytes ip_header(const Endpoint& from, const Endpoint& to, std::size_t length) {
  Bytes ip;
  if (from.v6) {
    ip = {0x60, 0, 0, 0};
    be16(ip, length);
    ip.insert(ip.end(), {kUdp, 64});
  } else {
    ip = {0x45, 0};
    be16(ip, length + 20);
    ip.insert(ip.end(), {0, 0, 0x40, 0, 64, kUdp, 0, 0});  // not to be fragmented, so no identification
  }
  append(ip, address(from));
  append(ip, address(to));
  if (!from.v6) store_be(ip.data() + 10, checksum(sum(ip)));
  return ip;
}

}  // namespace

Writer::Writer() {
  le32(file_, 0xA1B2C3D4);
  le32(file_, 2 | 4 << 16);  // version 2.4
  le32(file_, 0);
  le32(file_, 0);
  le32(file_, kSnapLength);
  le32(file_, kRawIp);
}

Status Writer::add_udp(const Endpoint& from, const Endpoint& to, std::uint64_t time_ns, ByteView payload) {
  if (from.v6 != to.v6) return bad_request("a datagram between IPv4 and IPv6");
  if (payload.size() > kMaxUdpPayload) return bad_request("a datagram has at most 65507 octets", "RFC 768");
  const Bytes udp = udp_packet(from, to, payload);
  const Bytes ip = ip_header(from, to, udp.size());
  const auto size = static_cast<std::uint32_t>(ip.size() + udp.size());
  le32(file_, static_cast<std::uint32_t>(time_ns / 1'000'000'000));
  le32(file_, static_cast<std::uint32_t>(time_ns % 1'000'000'000 / 1000));
  le32(file_, size);
  le32(file_, size);
  append(file_, ip);
  append(file_, udp);
  return {};
}

}  // namespace mikey::bind::pcap
