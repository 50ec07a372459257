#include <arpa/inet.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "call.hpp"

namespace mikey::cmd {
namespace {

using Steady = std::chrono::steady_clock;

class Progress {
 public:
  explicit Progress(bool on) : on_(on && isatty(STDERR_FILENO) != 0) {}
  void show(std::size_t done, std::size_t all) {
    if (!on_ || all == 0) return;
    const std::size_t width = 40 * done / all;
    std::fprintf(stderr, "\r  [%s%s] %zu of %zu packets", std::string(width, '#').c_str(),
                 std::string(40 - width, ' ').c_str(), done, all);
    if (done == all) std::fputc('\n', stderr);
  }

 private:
  bool on_;
};

bind::pcap::Endpoint endpoint(const Address& a) {
  std::array<std::uint8_t, 4> host{};
  inet_pton(AF_INET, a.host.c_str(), host.data());  // checked when the address was read; else zeros
  return bind::pcap::Endpoint::v4(host, a.port);
}

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// Packets made of samples, one after another.
class Talker {
 public:
  Talker(const std::vector<std::int16_t>& samples, std::uint32_t ssrc) : samples_(samples), ssrc_(ssrc) {}
  std::size_t all() const { return (samples_.size() + kPacketSamples - 1) / kPacketSamples; }
  std::size_t sent() const { return next_; }
  bool done() const { return next_ == all(); }
  Bytes next() {
    RtpPacket p;
    p.sequence = static_cast<std::uint16_t>(next_ + 1);
    p.timestamp = static_cast<std::uint32_t>(next_ * kPacketSamples);
    p.ssrc = ssrc_;
    const std::size_t from = next_++ * kPacketSamples;
    for (std::size_t i = from; i < std::min(from + kPacketSamples, samples_.size()); ++i)
      p.payload.push_back(mu_law(samples_[i]));
    return write_rtp(p);
  }

 private:
  const std::vector<std::int16_t>& samples_;
  std::uint32_t ssrc_;
  std::size_t next_ = 0;
};

}  // namespace

Result<MediaReport> run_media(const Socket& signalling, const MediaPath& path, bind::SrtpSession& out,
                              bind::SrtpSession& in, std::uint32_t ssrc,
                              const std::vector<std::int16_t>& samples, Playout& heard,
                              bind::pcap::Writer* capture, bool fast, bool progress) {
  const auto period = std::chrono::milliseconds(fast ? 2 : 20);
  constexpr auto kPatience = std::chrono::seconds(10);
  MediaReport report;
  Talker talker(samples, ssrc);
  Progress bar(progress);
  std::optional<std::size_t> expected;  // packets of the peer, once it has said goodbye
  bool said_goodbye = false;
  auto due = Steady::now();
  auto last_heard = due;
  while (true) {
    const auto now = Steady::now();
    if (!talker.done() && now >= due) {
      Bytes packet = talker.next();
      const std::size_t plain = packet.size();
      packet.resize(plain + bind::SrtpSession::kMaxTrailer);
      auto n = out.protect_rtp(packet, plain);
      if (!n) return std::move(n).error();
      packet.resize(*n);
      if (auto s = send_udp(path.rtp, path.peer, packet); !s) return std::move(s).error();
      if (path.tap)
        if (auto s = send_udp(path.rtp, *path.tap, packet); !s) return std::move(s).error();
      if (capture != nullptr)
        if (auto s = capture->add_udp(endpoint(path.own), endpoint(path.peer), now_ns(), packet); !s)
          return std::move(s).error();
      ++report.packets_sent;
      report.octets_sent += packet.size();
      bar.show(talker.sent(), talker.all());
      due += period;
    }
    if (talker.done() && !said_goodbye) {
      said_goodbye = true;
      if (auto s = send_signal(signalling, {"BYE " + std::to_string(talker.all()), {}}); !s)
        return std::move(s).error();
    }
    if (!expected && readable(signalling)) {
      auto bye = receive_signal(signalling);
      if (!bye) return std::move(bye).error();
      std::size_t n = 0;
      if (bye->what.starts_with("BYE "))
        std::from_chars(bye->what.data() + 4, bye->what.data() + bye->what.size(), n);
      expected = n;
    }
    if (auto packet = receive_udp(path.rtp, std::chrono::milliseconds(1))) {
      last_heard = Steady::now();
      if (capture != nullptr)
        if (auto s = capture->add_udp(endpoint(path.peer), endpoint(path.own), now_ns(), *packet); !s)
          return std::move(s).error();
      const std::size_t octets = packet->size();
      auto n = in.unprotect_rtp(*packet);
      if (!n) continue;  // counted by the session; a forged packet ends nothing
      if (auto rtp = read_rtp(ByteView(*packet).first(*n))) heard.add(*rtp);
      ++report.packets_heard;
      report.octets_heard += octets;
      continue;
    }
    const bool all_heard = expected && report.packets_heard >= *expected;
    const bool quiet = Steady::now() - last_heard > (expected ? std::chrono::milliseconds(500) : kPatience);
    if (said_goodbye && (all_heard || quiet)) break;
  }
  report.received = in.rtp_counters();
  return report;
}

}  // namespace mikey::cmd
