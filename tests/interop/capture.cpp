/// \file
/// Writes a capture with the library's writer and prints what is in it, a JSON object a datagram:
///
///     capture PCAP
#include <cstdio>
#include <fstream>

#include "mikey/bind/base64.hpp"
#include "mikey/bind/call_sdp.hpp"
#include "mikey/bind/key_mgmt.hpp"
#include "mikey/bind/pcap.hpp"
#include "support/wire_samples.hpp"

namespace {

using namespace mikey;
using bind::pcap::Endpoint;

Endpoint v6(std::uint8_t last, std::uint16_t port) {
  Endpoint e;
  e.v6 = true;
  e.address = {0x20, 0x01, 0x0d, 0xb8};
  e.address[15] = last;
  e.port = port;
  return e;
}

/// A first message: T and RAND are enough to be seen.
Bytes message() {
  wire::Hdr h;
  h.data_type = DataType::psk_init;
  h.csb_id = 0x12345678;
  h.map_type = CsIdMapType::empty;
  static const Bytes stamp(8, 0x11);
  static const Bytes rand(16, 0x22);
  wire::ChainBuilder b(h);
  b.add(wire::T{TsType::ntp_utc, stamp}).add(wire::Rand{rand});
  auto octets = std::move(b).finish();
  return octets ? *octets : Bytes{};
}

/// A SIP request whose session description carries the message.
std::string invite() {
  bind::sdp::CallParty party;
  party.address = "192.0.2.1";
  party.streams.push_back(bind::sdp::audio_stream(49170));
  auto d = bind::sdp::make_offer(party);
  const bind::sdp::Placement place{std::nullopt, {{std::string(bind::sdp::kMikey), message()}}};
  if (!d || !bind::sdp::offer(*d, std::span(&place, 1))) return {};
  const std::string body = d->to_text();
  return "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
         "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 "
         "INVITE\r\n"
         "Max-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const Endpoint alice = Endpoint::v4({192, 0, 2, 1}, 5060);
  const Endpoint bob = Endpoint::v4({198, 51, 100, 200}, 5060);
  struct Sent {
    Endpoint from, to;
    Bytes payload;
  };
  const std::string sip = invite();
  const std::vector<Sent> all{
      {alice, bob, to_bytes(as_bytes(sip))},
      {Endpoint::v4({127, 0, 0, 1}, 2269), Endpoint::v4({127, 0, 0, 1}, 2269), message()},
      {v6(1, 5060), v6(2, 5060), to_bytes(as_bytes(sip))},
      {alice, bob, {}},
      {v6(0xFF, 40000), v6(0, 1), Bytes{1}},
      {Endpoint::v4({255, 255, 255, 255}, 65535), Endpoint::v4({0, 0, 0, 0}, 0xFFFE), Bytes(65507, 0xFF)},
      {v6(1, 49170), v6(2, 49172), Bytes(1201, 0xA5)},
  };
  bind::pcap::Writer writer;
  std::uint64_t time = 1'790'000'000'123'456'000;
  for (const Sent& s : all) {
    if (!writer.add_udp(s.from, s.to, time, s.payload)) return 1;
    std::printf("{\"time_ns\":%llu,\"from\":\"%s\",\"to\":\"%s\",\"payload\":\"%s\"}\n",
                static_cast<unsigned long long>(time), s.from.to_text().c_str(), s.to.to_text().c_str(),
                to_hex(s.payload).c_str());
    time += 999'999'000;
  }
  std::ofstream out(argv[1], std::ios::binary);
  out << as_text(writer.file());
  return out.flush() ? 0 : 1;
}
