#include <algorithm>

#include "bind/pcap_ip.hpp"

namespace mikey::bind::pcap {
namespace {

constexpr std::uint8_t kSyn = 2;
constexpr std::size_t kMaxWaiting = 256;  // segments out of order, by flow
constexpr std::uint64_t kWindow = std::uint64_t{1} << 30;

// The sequence number of 64 bits that is nearest to `near` and has `low` as its low half.
std::uint64_t unwrap(std::uint32_t low, std::uint64_t near) {
  const auto delta = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(near));
  return near + static_cast<std::uint64_t>(static_cast<std::int64_t>(delta));
}

}  // namespace

Stream::Mark Stream::at(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(marks, offset, {}, &Mark::offset);
  return after == marks.begin() ? Mark{} : *std::prev(after);
}

void Streams::append_to(Flow& flow, ByteView octets, Stream::Mark mark) {
  Stream& s = flow.stream;
  const std::size_t room = std::min(limits_.stream - s.octets.size(),
                                    limits_.streams_total - std::min(total_, limits_.streams_total));
  if (octets.size() > room) s.cut = true;
  octets = octets.first(std::min(octets.size(), room));
  if (octets.empty()) return;
  mark.offset = s.octets.size();
  s.marks.push_back(mark);
  append(s.octets, octets);
  total_ += octets.size();
}

// Moves what waited and now fits into the stream; with `over_holes` all of it.
void Streams::drain(Flow& flow, bool over_holes) {
  while (!flow.waiting.empty()) {
    const auto it = flow.waiting.begin();
    if (it->first > *flow.next) {
      if (!over_holes) return;
      flow.stream.missing += it->first - *flow.next;
      flow.next = it->first;
    }
    const std::uint64_t known = *flow.next - it->first;
    const ByteView octets(it->second.octets);
    if (known < octets.size()) {
      append_to(flow, octets.subspan(known), it->second.mark);
      *flow.next += octets.size() - known;
    }
    flow.waiting_octets -= octets.size();
    flow.waiting.erase(it);
  }
}

void Streams::place(Flow& flow, std::uint64_t sequence, ByteView octets, Stream::Mark mark) {
  if (sequence <= *flow.next) {  // the usual case needs no copy
    const std::uint64_t known = *flow.next - sequence;
    if (known < octets.size()) {
      append_to(flow, octets.subspan(known), mark);
      *flow.next += octets.size() - known;
    }
    drain(flow, false);
    return;
  }
  auto [it, fresh] = flow.waiting.try_emplace(sequence);
  if (!fresh && it->second.octets.size() >= octets.size()) return;
  flow.waiting_octets += octets.size() - it->second.octets.size();
  it->second = {to_bytes(octets), mark};
  // So much beyond a hole means that the capture does not have it.
  if (flow.waiting.size() > kMaxWaiting || flow.waiting_octets > limits_.stream) drain(flow, true);
}

void Streams::add(const LinkPacket& packet, const Endpoint& from, const Endpoint& to, ByteView tcp) {
  const std::size_t header = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (header < 20 || header > tcp.size()) return;
  const ByteView octets = tcp.subspan(header);
  const bool syn = (tcp[13] & kSyn) != 0;
  if (octets.empty() && !syn) return;
  const std::pair key(from, to);
  auto it = by_ends_.find(key);
  if (it == by_ends_.end() || (syn && !flows_[it->second].stream.octets.empty())) {
    if (flows_.size() >= limits_.streams) {
      ++left_out_;
      return;
    }
    it = by_ends_.insert_or_assign(key, flows_.size()).first;
    flows_.emplace_back().stream.from = from;
    flows_.back().stream.to = to;
  }
  Flow& flow = flows_[it->second];
  const auto sequence = load_be<std::uint32_t>(tcp.data() + 4);
  if (!flow.next || syn) {
    // Away from zero, so that what came before can be told from what comes after.
    flow.next = (std::uint64_t{1} << 32) + sequence + (syn ? 1 : 0);
    if (syn) flow.waiting.clear(), flow.waiting_octets = 0;
  }
  const std::uint64_t at = unwrap(sequence + (syn ? 1 : 0), *flow.next);
  if (at > *flow.next + kWindow) return;  // no window is that wide
  if (!octets.empty()) place(flow, at, octets, {0, packet.number, packet.time_ns});
}

std::vector<Stream> Streams::finish() {
  std::vector<Stream> out;
  for (Flow& flow : flows_) {
    if (flow.next) drain(flow, true);
    if (!flow.stream.octets.empty()) out.push_back(std::move(flow.stream));
  }
  return out;
}

}  // namespace mikey::bind::pcap
