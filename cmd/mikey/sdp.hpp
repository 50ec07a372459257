/// \file
/// One end of an SDP offer and answer with MIKEY inside.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config.hpp"
#include "mikey/bind/key_mgmt.hpp"
#include "session_view.hpp"

namespace mikey::cmd {

struct SdpOptions {
  std::string config, to;
  std::string mode = "psk";
  std::string sdp;     ///< the description to put MIKEY into; empty: one of an audio call
  std::string offer;   ///< what to answer; empty: standard input
  std::string answer;  ///< where the answer will be; empty: standard input
  std::string out;     ///< where the description goes; empty: standard output
  std::string address = "127.0.0.1";
  std::uint16_t port = 49170;
  std::string certificate, replay;
  std::vector<std::string> exports;
  bool media_level = false, require_ids = false, reveal_keys = false, json = false;
};

/// The secrets of an offer live in this object, and so in the process that waits for the answer; nothing of
/// them is written down.
class SdpEnd {
 public:
  SdpEnd(const SdpOptions& options, Config config);
  /// Makes an offer, waits for its answer and takes it.
  Status offer();
  /// Takes an offer and answers it.
  Status answer();
  /// What was agreed on; nothing after an error.
  const std::vector<keys::BundlePtr>& bundles() const { return bundles_; }

 private:
  using Description = bind::sdp::SessionDescription;

  Result<Description> own_description();
  Result<Description> answering_description(const Description& offer);
  Result<Bytes> begin(const Description& d, std::span<const std::size_t> lines);
  Result<Bytes> read_answer();
  Status take_answer(const Description& answer);
  Status take_offer(const Description& offer, std::vector<bind::sdp::Placement>& places);
  Result<Outcome> receive(ByteView message);
  Status refuse(const Description& offer, Description mine, const std::vector<bind::sdp::Placement>& places,
                Error why);
  Status restore_replay_cache();
  Status save_replay_cache();
  Status put(const std::string& text);

  const SdpOptions& options_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_;
  Party party_;
  std::size_t awaited_ = 0;  // exchanges that wait for an answering message
  std::vector<keys::BundlePtr> bundles_;
  Bytes refusal_;  // the error message of an exchange that failed
};

}  // namespace mikey::cmd
