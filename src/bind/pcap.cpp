#include "mikey/bind/pcap.hpp"

#include "bind/pcap_ip.hpp"

namespace mikey::bind::pcap {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

// Takes packets of the file apart and keeps what they carried.
class Collector {
 public:
  explicit Collector(const Limits& limits)
      : limits_(limits), fragments_(limits.fragments), streams_(limits) {}

  bool take(const LinkPacket& packet) {
    if (++seen_ > limits_.packets) {
      cut_ = true;
      return false;
    }
    const std::optional<IpPacket> ip = ip_of(packet.link_type, packet.octets);
    if (!ip) {
      ++skipped_;
    } else if (!ip->fragment) {
      take_payload(packet, *ip, ip->payload);
    } else if (const std::optional<Bytes> whole = fragments_.add(*ip)) {
      take_payload(packet, *ip, *whole);
    }
    return true;
  }

  Capture finish(const FileNotes& notes) {
    capture_.packets = notes.packets;
    capture_.streams = streams_.finish();
    if (notes.cut) note("the capture ends within a packet; what precedes it was read");
    if (cut_) note("the capture has more packets than were looked at");
    if (skipped_ != 0) note(std::to_string(skipped_) + " packets are not of IP, or are cut");
    if (fragments_.dropped() != 0)
      note(std::to_string(fragments_.dropped()) + " fragmented datagrams are not complete");
    if (streams_.left_out() != 0) note("there are more TCP connections than were looked at");
    return std::move(capture_);
  }

 private:
  void note(std::string what) { capture_.diagnostics.push_back(std::move(what)); }

  void take_payload(const LinkPacket& packet, const IpPacket& ip, ByteView payload) {
    const std::size_t header = ip.protocol == kUdp ? 8 : 20;
    if ((ip.protocol != kUdp && ip.protocol != kTcp) || payload.size() < header) return;
    Endpoint from = ip.from;
    Endpoint to = ip.to;
    from.port = load_be<std::uint16_t>(payload.data());
    to.port = load_be<std::uint16_t>(payload.data() + 2);
    if (ip.protocol == kTcp) {
      streams_.add(packet, from, to, payload);
      return;
    }
    const std::size_t length = load_be<std::uint16_t>(payload.data() + 4);
    if (length < header || length > payload.size()) {
      ++skipped_;
      return;
    }
    capture_.datagrams.push_back(
        {packet.number, packet.time_ns, from, to, to_bytes(payload.subspan(header, length - header))});
  }

  const Limits& limits_;
  Reassembler fragments_;
  Streams streams_;
  Capture capture_;
  std::uint64_t seen_ = 0;
  std::uint64_t skipped_ = 0;
  bool cut_ = false;
};

std::string v6_text(const std::array<std::uint8_t, 16>& a) {
  // RFC 5952: the longest run of two or more zero groups becomes "::".
  std::array<unsigned, 8> group{};
  for (std::size_t i = 0; i < 8; ++i) group[i] = static_cast<unsigned>(a[2 * i] << 8 | a[2 * i + 1]);
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t n = 0;
    while (i + n < 8 && group[i + n] == 0) ++n;
    if (n > best_length) {
      best = i;
      best_length = n;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::array<char, 4> digits{};
    std::size_t n = 0;
    for (unsigned v = group[i]; n == 0 || v != 0; v >>= 4) digits[n++] = "0123456789abcdef"[v & 15];
    while (n > 0) out += digits[--n];
  }
  return out;
}

}  // namespace

Endpoint Endpoint::v4(std::array<std::uint8_t, 4> address, std::uint16_t port) {
  Endpoint e;
  std::ranges::copy(address, e.address.begin());
  e.port = port;
  return e;
}

std::string Endpoint::to_text() const {
  if (v6) return '[' + v6_text(address) + "]:" + std::to_string(port);
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) out += (i == 0 ? "" : ".") + std::to_string(address[i]);
  return out + ':' + std::to_string(port);
}

Result<Capture> read_capture(ByteView file, const Limits& limits) {
  Collector collector(limits);
  const PacketSink sink = [&collector](const LinkPacket& p) { return collector.take(p); };
  const Result<FileNotes> notes = is_pcapng(file) ? read_pcapng(file, sink) : read_pcap(file, sink);
  if (!notes) return notes.error();
  return collector.finish(*notes);
}

}  // namespace mikey::bind::pcap
