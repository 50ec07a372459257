#include "bind/find.hpp"

#include "bind/text.hpp"

namespace mikey::bind {
namespace {

std::string place(std::uint64_t packet) {
  return "packet " + std::to_string(packet) + ": ";
}

// Says of what was found since `first` where in the capture it stood.
void locate(Findings& out, std::size_t first, const pcap::Datagram& at) {
  for (std::size_t i = first; i < out.messages.size(); ++i) {
    FoundMessage& m = out.messages[i];
    m.packet = at.packet;
    m.time_ns = at.time_ns;
    m.from = at.from;
    m.to = at.to;
  }
}

bool mikey_port(const pcap::Endpoint& a, const pcap::Endpoint& b) {
  return a.port == kMikeyPort || b.port == kMikeyPort;
}

// Session Announcement Protocol (RFC 2974) and whatever else puts a whole description behind a header of its
// own.
void find_announced(std::string_view s, Findings& out) {
  const std::size_t begin = s.find("v=0");
  if (begin == std::string_view::npos || s.find("a=key-mgmt:") == std::string_view::npos) return;
  find_in_description(s.substr(begin), "announcement ", out);
}

void find_in_datagram(const pcap::Datagram& d, Findings& out) {
  const std::size_t first = out.messages.size();
  const std::size_t notes = out.diagnostics.size();
  const std::string_view s = as_text(d.payload);
  if (mikey_port(d.from, d.to) && looks_like_mikey(d.payload)) {
    add_found(out, d.payload, "UDP port 2269", {});
  } else if (starts_text_message(s)) {
    find_in_messages(s, out, [](std::size_t) {});
  } else {
    find_announced(s, out);
  }
  locate(out, first, d);
  for (std::size_t i = notes; i < out.diagnostics.size(); ++i) out.diagnostics[i].insert(0, place(d.packet));
}

void find_in_stream(const pcap::Stream& s, Findings& out) {
  if (s.missing != 0)
    out.diagnostics.push_back("TCP " + s.from.to_text() + " to " + s.to.to_text() + ": the capture lacks " +
                              std::to_string(s.missing) + " octets");
  if (s.cut)
    out.diagnostics.push_back("TCP " + s.from.to_text() + " to " + s.to.to_text() +
                              ": only its beginning was read");
  std::size_t first = out.messages.size();
  std::size_t begin = 0;
  const auto locate_last = [&] {
    const pcap::Stream::Mark mark = s.at(begin);
    locate(out, first, {mark.packet, mark.time_ns, s.from, s.to, {}});
    first = out.messages.size();
  };
  if (mikey_port(s.from, s.to) && looks_like_mikey(s.octets) && s.octets.size() <= kMaxMessage) {
    add_found(out, s.octets, "TCP port 2269",
              {"MIKEY over TCP has no framing: the whole stream is one message"});
  } else {
    find_in_messages(as_text(s.octets), out, [&](std::size_t offset) {
      locate_last();
      begin = offset;
    });
  }
  locate_last();
}

}  // namespace

void find_in_capture(const pcap::Capture& capture, Findings& out) {
  for (const pcap::Datagram& d : capture.datagrams) find_in_datagram(d, out);
  for (const pcap::Stream& s : capture.streams) find_in_stream(s, out);
  std::ranges::stable_sort(out.messages, {}, [](const FoundMessage& m) { return m.packet.value_or(0); });
}

}  // namespace mikey::bind
