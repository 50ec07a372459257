#include "bind/pcap_ip.hpp"

namespace mikey::bind::pcap {
namespace {

// Numbers of www.tcpdump.org/linktypes.html and IANA's EtherTypes.
constexpr std::uint32_t kLinkNull = 0;
constexpr std::uint32_t kLinkEthernet = 1;
constexpr std::uint32_t kLinkRaw = 101;
constexpr std::uint32_t kLinkLoop = 108;
constexpr std::uint32_t kLinkSll = 113;
constexpr std::uint32_t kLinkIpv4 = 228;
constexpr std::uint32_t kLinkIpv6 = 229;
constexpr std::uint32_t kLinkSll2 = 276;
constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86DD;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherProviderVlan = 0x88A8;
constexpr std::size_t kMaxDatagram = 65535;

std::uint16_t be16(ByteView b, std::size_t at) {
  return load_be<std::uint16_t>(b.data() + at);
}

std::optional<ByteView> from(ByteView b, std::size_t at) {
  return at <= b.size() ? std::optional(b.subspan(at)) : std::nullopt;
}

std::optional<ByteView> ethernet(ByteView b) {
  std::size_t at = 12;
  for (int tags = 0; tags < 4; ++tags) {
    if (b.size() < at + 2) return std::nullopt;
    const std::uint16_t type = be16(b, at);
    if (type == kEtherIpv4 || type == kEtherIpv6) return b.subspan(at + 2);
    if (type != kEtherVlan && type != kEtherProviderVlan) return std::nullopt;
    at += 4;
  }
  return std::nullopt;
}

std::optional<ByteView> cooked(ByteView b, std::size_t type_at, std::size_t header) {
  if (b.size() < header) return std::nullopt;
  const std::uint16_t type = be16(b, type_at);
  if (type != kEtherIpv4 && type != kEtherIpv6) return std::nullopt;
  return b.subspan(header);
}

std::optional<ByteView> ip_octets(std::uint32_t link_type, ByteView b) {
  switch (link_type) {
    case kLinkEthernet:
      return ethernet(b);
    case kLinkNull:
    case kLinkLoop:  // an address family whose numbers differ by system: the IP version tells as much
      return from(b, 4);
    case kLinkRaw:
    case 12:  // raw IP on several BSDs
    case 14:
    case kLinkIpv4:
    case kLinkIpv6:
      return b;
    case kLinkSll:
      return cooked(b, 14, 16);
    case kLinkSll2:
      return cooked(b, 0, 20);
    default:
      return std::nullopt;
  }
}

std::optional<IpPacket> ipv4(ByteView b) {
  if (b.size() < 20) return std::nullopt;
  const std::size_t header = static_cast<std::size_t>(b[0] & 15) * 4;
  const std::size_t announced = be16(b, 2);
  // A length of 0 is what segmentation offload leaves in a capture.
  const std::size_t total = announced == 0 ? b.size() : announced;
  if (header < 20 || total < header || total > b.size()) return std::nullopt;
  IpPacket p;
  p.protocol = b[9];
  std::copy_n(b.begin() + 12, 4, p.from.address.begin());
  std::copy_n(b.begin() + 16, 4, p.to.address.begin());
  p.payload = b.subspan(header, total - header);
  p.id = be16(b, 4);
  p.more = (b[6] & 0x20) != 0;
  p.offset = static_cast<std::size_t>(be16(b, 6) & 0x1FFF) * 8;
  p.fragment = p.more || p.offset != 0;
  return p;
}

std::optional<IpPacket> ipv6(ByteView b) {
  if (b.size() < 40) return std::nullopt;
  const std::size_t length = be16(b, 4);
  if (length > b.size() - 40) return std::nullopt;
  IpPacket p;
  p.from.v6 = p.to.v6 = true;
  std::copy_n(b.begin() + 8, 16, p.from.address.begin());
  std::copy_n(b.begin() + 24, 16, p.to.address.begin());
  std::uint8_t next = b[6];
  b = length == 0 ? b.subspan(40) : b.subspan(40, length);
  for (int extensions = 0; extensions < 8; ++extensions) {
    const bool options = next == 0 || next == 43 || next == 60;
    if (!options && next != 44) break;
    if (b.size() < 8) return std::nullopt;
    const std::size_t size = options ? (b[1] + std::size_t{1}) * 8 : 8;
    if (size > b.size()) return std::nullopt;
    if (!options) {
      p.offset = be16(b, 2) & 0xFFF8;
      p.more = (b[3] & 1) != 0;
      p.fragment = p.more || p.offset != 0;
      p.id = load_be<std::uint32_t>(b.data() + 4);
    }
    next = b[0];
    b = b.subspan(size);
    if (p.offset != 0) break;  // what follows is data, not headers
  }
  p.protocol = next;
  p.payload = b;
  return p;
}

}  // namespace

std::optional<IpPacket> ip_of(std::uint32_t link_type, ByteView octets) {
  const std::optional<ByteView> ip = ip_octets(link_type, octets);
  if (!ip || ip->empty()) return std::nullopt;
  const int version = (*ip)[0] >> 4;
  if (version == 4) return ipv4(*ip);
  if (version == 6) return ipv6(*ip);
  return std::nullopt;
}

std::optional<Bytes> Reassembler::add(const IpPacket& p) {
  const Key key{p.from, p.to, p.protocol, p.id};
  auto it = parts_.find(key);
  if (it == parts_.end()) {
    if (parts_.size() >= limit_) {
      ++dropped_;
      return std::nullopt;
    }
    it = parts_.try_emplace(key).first;
  }
  Parts& parts = it->second;
  const std::size_t end = p.offset + p.payload.size();
  const bool size_differs = !p.more && parts.size && *parts.size != end;
  if (end > kMaxDatagram || size_differs || p.payload.empty()) {
    parts_.erase(it);
    ++dropped_;
    return std::nullopt;
  }
  if (!p.more) parts.size = end;
  if (parts.by_offset.try_emplace(p.offset, to_bytes(p.payload)).second) parts.have += p.payload.size();
  if (!parts.size || parts.have < *parts.size) return std::nullopt;
  Bytes whole;
  for (const auto& [offset, octets] : parts.by_offset)
    if (offset == whole.size()) append(whole, octets);  // overlaps are an attack: they leave the size wrong
  const bool complete = whole.size() == *parts.size;
  parts_.erase(it);
  if (complete) return whole;
  ++dropped_;
  return std::nullopt;
}

}  // namespace mikey::bind::pcap
