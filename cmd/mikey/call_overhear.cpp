// mikey call --overhear: somebody who gets the packets of a call but not its keys.

#include <cstdio>

#include "call.hpp"

namespace mikey::cmd {

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

Status overhear(const CallOptions& options) {
  auto at = parse_address(options.overhear);
  if (!at) return std::move(at).error();
  auto rtp = bind_udp(*at);
  if (!rtp) return std::move(rtp).error();
  auto rng = crypto::openssl_rng();
  keys::Bundle guess;
  keys::CryptoSession s;
  s.cs_id = 1;
  auto key = rng->secret(16, "TEK");
  auto salt = rng->secret(14, "SALT");
  if (!key || !salt) return crypto_error("no randomness");
  s.tek = Tek(std::move(*key));
  s.salt = Salt(std::move(*salt));
  guess.sessions.push_back(std::move(s));
  bind::SrtpOptions any;
  any.any_ssrc = true;
  auto in = bind::SrtpSession::create(guess, bind::SrtpDirection::receive, any);
  if (!in) return std::move(in).error();
  say("overhearing on " + at->text() + "\n");
  Playout heard;
  std::size_t packets = 0;
  for (auto patience = std::chrono::milliseconds(20000);; patience = std::chrono::milliseconds(1500)) {
    auto packet = receive_udp(*rtp, patience);
    if (!packet) break;
    ++packets;
    auto n = in->unprotect_rtp(*packet);
    if (!n) continue;
    if (auto p = read_rtp(ByteView(*packet).first(*n))) heard.add(*p);
  }
  if (!options.record.empty())
    if (auto w = write_wav(options.record, heard.samples()); !w) return w;
  say("overheard " + std::to_string(packets) +
      " packets: " + std::to_string(in->rtp_counters().auth_failures) + " authentication failures, " +
      std::to_string(heard.packets()) + " packets understood\n");
  return {};
}

}  // namespace mikey::cmd
