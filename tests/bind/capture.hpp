// Captures made by hand, octet by octet, so that the reader is not tested against our own writer alone.
#pragma once

#include "messages.hpp"
#include "mikey/bind/pcap.hpp"

namespace mikey::bind::pcap {

struct Order {
  bool big = false;
  void u16(Bytes& b, std::uint32_t v) const {
    for (int i = 0; i < 2; ++i) b.push_back(static_cast<std::uint8_t>(v >> (big ? 8 - 8 * i : 8 * i)));
  }
  void u32(Bytes& b, std::uint32_t v) const {
    for (int i = 0; i < 4; ++i) b.push_back(static_cast<std::uint8_t>(v >> (big ? 24 - 8 * i : 8 * i)));
  }
};

inline const Endpoint kAlice = Endpoint::v4({192, 0, 2, 1}, 5060);
inline const Endpoint kBob = Endpoint::v4({192, 0, 2, 2}, 5062);

inline void be16(Bytes& b, std::size_t v) {
  Order{true}.u16(b, static_cast<std::uint32_t>(v));
}

// An IPv4 packet; the checksum is left 0, as offloading leaves it.
inline Bytes ipv4(std::uint8_t protocol, ByteView payload, const Endpoint& from = kAlice,
                  const Endpoint& to = kBob, std::uint16_t id = 0, std::uint16_t fragment = 0) {
  Bytes b{0x45, 0};
  be16(b, 20 + payload.size());
  be16(b, id);
  be16(b, fragment);
  b.insert(b.end(), {64, protocol, 0, 0});
  b.insert(b.end(), from.address.begin(), from.address.begin() + 4);
  b.insert(b.end(), to.address.begin(), to.address.begin() + 4);
  append(b, payload);
  return b;
}

inline Bytes udp(std::string_view payload, const Endpoint& from = kAlice, const Endpoint& to = kBob) {
  Bytes b;
  be16(b, from.port);
  be16(b, to.port);
  be16(b, 8 + payload.size());
  be16(b, 0);
  append(b, as_bytes(payload));
  return b;
}

inline Bytes tcp(std::uint32_t sequence, std::string_view payload, bool syn = false,
                 const Endpoint& from = kAlice, const Endpoint& to = kBob) {
  Bytes b;
  be16(b, from.port);
  be16(b, to.port);
  Order{true}.u32(b, sequence);
  b.insert(b.end(),
           {0, 0, 0, 0, 0x60, static_cast<std::uint8_t>(syn ? 2 : 0x10), 1, 0, 0, 0, 0, 0, 1, 1, 1, 1});
  append(b, as_bytes(payload));
  return b;
}

struct Frame {
  Bytes octets;
  std::uint32_t seconds = 1;
  std::uint32_t fraction = 500000;
};

inline Bytes classic(const std::vector<Frame>& frames, std::uint32_t link, Order o = {}, bool nano = false) {
  Bytes b;
  o.u32(b, nano ? 0xA1B23C4D : 0xA1B2C3D4);
  o.u16(b, 2);
  o.u16(b, 4);
  o.u32(b, 0);
  o.u32(b, 0);
  o.u32(b, 65535);
  o.u32(b, link);
  for (const Frame& f : frames) {
    o.u32(b, f.seconds);
    o.u32(b, f.fraction);
    o.u32(b, static_cast<std::uint32_t>(f.octets.size()));
    o.u32(b, static_cast<std::uint32_t>(f.octets.size()));
    append(b, f.octets);
  }
  return b;
}

inline void block(Bytes& file, Order o, std::uint32_t type, Bytes body) {
  while (body.size() % 4 != 0) body.push_back(0);
  o.u32(file, type);
  o.u32(file, static_cast<std::uint32_t>(body.size() + 12));
  append(file, body);
  o.u32(file, static_cast<std::uint32_t>(body.size() + 12));
}

inline void section(Bytes& file, Order o) {
  Bytes body;
  o.u32(body, 0x1A2B3C4D);
  o.u16(body, 1);
  o.u16(body, 0);
  body.insert(body.end(), 8, 0xFF);
  block(file, o, 0x0A0D0D0A, body);
}

inline void interface(Bytes& file, Order o, std::uint32_t link, std::optional<std::uint8_t> resolution = {}) {
  Bytes body;
  o.u16(body, link);
  o.u16(body, 0);
  o.u32(body, 0);
  if (resolution) {
    o.u16(body, 9);
    o.u16(body, 1);
    body.insert(body.end(), {*resolution, 0, 0, 0});
    o.u32(body, 0);
  }
  block(file, o, 1, body);
}

inline void enhanced(Bytes& file, Order o, std::uint32_t which, std::uint64_t time, ByteView octets) {
  Bytes body;
  o.u32(body, which);
  o.u32(body, static_cast<std::uint32_t>(time >> 32));
  o.u32(body, static_cast<std::uint32_t>(time));
  o.u32(body, static_cast<std::uint32_t>(octets.size()));
  o.u32(body, static_cast<std::uint32_t>(octets.size()));
  append(body, octets);
  block(file, o, 6, body);
}

}  // namespace mikey::bind::pcap
