// Captures and the search in any input. What a capture yields is bounded by the file, in order, and, written
// as a capture again, yields the same datagrams.
#include <algorithm>
#include <cstdlib>

#include "mikey/bind/find.hpp"

namespace {

namespace pcap = mikey::bind::pcap;

void require(bool held) {
  if (!held) std::abort();
}

void check_streams(const pcap::Capture& c, std::size_t file_size) {
  std::size_t total = 0;
  for (const pcap::Stream& s : c.streams) {
    total += s.octets.size();
    require(!s.marks.empty() && s.marks.front().offset == 0);
    require(std::ranges::is_sorted(s.marks, {}, &pcap::Stream::Mark::offset));
    require(s.marks.back().offset < s.octets.size());
    require(s.at(s.octets.size() - 1).packet == s.marks.back().packet);
  }
  require(total <= file_size);
}

void check_capture(mikey::ByteView file) {
  const auto c = pcap::read_capture(file);
  if (!c) return;
  check_streams(*c, file.size());
  pcap::Writer w;
  std::vector<const pcap::Datagram*> written;
  for (const pcap::Datagram& d : c->datagrams) {
    require(d.packet >= 1 && d.packet <= c->packets);
    if (w.add_udp(d.from, d.to, d.time_ns, d.payload)) written.push_back(&d);
  }
  const auto again = pcap::read_capture(w.file());
  require(again.ok() && again->diagnostics.empty() && again->datagrams.size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    const pcap::Datagram& d = again->datagrams[i];
    require(d.from == written[i]->from && d.to == written[i]->to && d.payload == written[i]->payload);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mikey::ByteView input(data, size);
  check_capture(input);
  if (const auto found = mikey::bind::find_mikey(input)) {
    for (const auto& m : found->messages) require(!m.message.empty() && !m.source.empty());
  }
  return 0;
}
