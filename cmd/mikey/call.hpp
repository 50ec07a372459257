/// \file
/// One secured call from the keys on: media both ways over SRTP.
#pragma once

#include "call_kms.hpp"
#include "call_media.hpp"
#include "call_net.hpp"
#include "mikey/bind/pcap.hpp"
#include "mikey/bind/srtp.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

struct CallOptions {
  std::string config;
  std::string listen, connect, overhear;
  std::string to;
  std::string mode = "psk";
  std::string wav, record, pcap, save_offer, replay_offer, tap;
  KmsOptions kms;
  unsigned calls = 1;
  bool fast = false;   ///< packets every 2 ms rather than 20
  bool quiet = false;  ///< no dissection
};

/// What a call has moved.
struct MediaReport {
  std::size_t packets_sent = 0, octets_sent = 0;
  std::size_t packets_heard = 0, octets_heard = 0;
  bind::SrtpCounters received;
};

/// Where media goes.
struct MediaPath {
  const Socket& rtp;
  Address own, peer;
  std::optional<Address> tap;  ///< gets a copy of what is sent: somebody who listens in
};

/// Streams `samples` and records what comes back, until both sides have said goodbye on `signalling`.
Result<MediaReport> run_media(const Socket& signalling, const MediaPath& path, bind::SrtpSession& out,
                              bind::SrtpSession& in, std::uint32_t ssrc,
                              const std::vector<std::int16_t>& samples, Playout& heard,
                              bind::pcap::Writer* capture, bool fast, bool progress);

/// Somebody who gets the packets at `options.overhear` but not the keys, for as long as packets come.
Status overhear(const CallOptions& options);

/// Puts text on standard output at once, for whoever waits for it.
void say(const std::string& text);

}  // namespace mikey::cmd
