// From a packet of a link type up to what UDP and TCP carried.
#pragma once

#include <map>
#include <tuple>

#include "bind/pcap_file.hpp"

namespace mikey::bind::pcap {

// An IP payload, whole or a fragment.
struct IpPacket {
  Endpoint from;  // without ports
  Endpoint to;
  std::uint8_t protocol = 0;
  ByteView payload;
  bool fragment = false;
  bool more = false;       // fragments follow
  std::uint32_t id = 0;    // of the datagram fragmented
  std::size_t offset = 0;  // of this fragment in it
};

// Finds the IP packet in a packet of a link type; nothing when there is none or it is cut.
std::optional<IpPacket> ip_of(std::uint32_t link_type, ByteView octets);

// Puts IP fragments together. What does not fit the limits is dropped, and counted.
class Reassembler {
 public:
  explicit Reassembler(std::size_t limit) : limit_(limit) {}
  // The whole payload once `p` completes it.
  std::optional<Bytes> add(const IpPacket& p);
  std::uint64_t dropped() const { return dropped_ + parts_.size(); }

 private:
  using Key = std::tuple<Endpoint, Endpoint, std::uint8_t, std::uint32_t>;
  struct Parts {
    std::map<std::size_t, Bytes> by_offset;
    std::optional<std::size_t> size;
    std::size_t have = 0;
  };
  std::size_t limit_;
  std::map<Key, Parts> parts_;
  std::uint64_t dropped_ = 0;
};

// Collects TCP segments into streams.
class Streams {
 public:
  explicit Streams(const Limits& limits) : limits_(limits) {}
  void add(const LinkPacket& packet, const Endpoint& from, const Endpoint& to, ByteView tcp);
  // All streams, holes closed; says what was left out.
  std::vector<Stream> finish();
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Segment {
    Bytes octets;
    Stream::Mark mark;
  };
  struct Flow {
    Stream stream;
    std::optional<std::uint64_t> next;         // unwrapped sequence number that comes next
    std::map<std::uint64_t, Segment> waiting;  // by unwrapped sequence number
    std::size_t waiting_octets = 0;
  };
  void place(Flow& flow, std::uint64_t sequence, ByteView octets, Stream::Mark mark);
  void drain(Flow& flow, bool over_holes);
  void append_to(Flow& flow, ByteView octets, Stream::Mark mark);

  const Limits& limits_;
  std::map<std::pair<Endpoint, Endpoint>, std::size_t> by_ends_;
  std::vector<Flow> flows_;
  std::size_t total_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace mikey::bind::pcap
