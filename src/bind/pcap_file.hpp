// The two capture file formats, down to packets of a link type.
#pragma once

#include <functional>

#include "mikey/bind/pcap.hpp"

namespace mikey::bind::pcap {

struct LinkPacket {
  std::uint64_t number = 0;
  std::uint64_t time_ns = 0;
  std::uint32_t link_type = 0;
  ByteView octets;  // what was captured, maybe less than was sent
};

// Gets every packet; false ends the reading.
using PacketSink = std::function<bool(const LinkPacket&)>;

// What the reader found out beside the packets.
struct FileNotes {
  std::uint64_t packets = 0;
  bool cut = false;  // the file ends within a packet
};

Result<FileNotes> read_pcap(ByteView file, const PacketSink& sink);
Result<FileNotes> read_pcapng(ByteView file, const PacketSink& sink);

// Integers in the byte order of whoever wrote the file. Offsets must be within `b`.
struct Order {
  bool big = false;

  std::uint16_t u16(ByteView b, std::size_t at) const {
    return big ? static_cast<std::uint16_t>(b[at] << 8 | b[at + 1])
               : static_cast<std::uint16_t>(b[at + 1] << 8 | b[at]);
  }
  std::uint32_t u32(ByteView b, std::size_t at) const {
    const std::uint32_t x = u16(b, at);
    const std::uint32_t y = u16(b, at + 2);
    return big ? x << 16 | y : y << 16 | x;
  }
};

}  // namespace mikey::bind::pcap
