/// \file
/// One MIKEY party that takes requests and gives answers as lines of JSON: `mikey agent` without its input
/// and output.
#pragma once

#include "agent_json.hpp"
#include "agent_lines.hpp"
#include "config.hpp"

namespace mikey::cmd {

class AgentCore {
 public:
  /// The provider, generator and clock must outlive the agent. `reveal_keys`: answers show keys.
  AgentCore(Config config, const crypto::Provider& provider, Rng& rng, const Clock& clock, bool reveal_keys,
            PartyLimits limits = {});

  /// The answer to one request, both without the end of the line. Nothing for a blank line. Whatever the line
  /// holds, the answer is one line of valid JSON in UTF-8.
  std::optional<std::string> handle(std::string_view line);

  /// The answer to a line that was longer than kMaxLine.
  static std::string line_too_long();

  const Party& party() const { return party_; }

 private:
  Json dispatch(nlohmann::json& request);
  Json initiate(nlohmann::json& request);
  Json receive(nlohmann::json& request);
  Json supply(nlohmann::json& request);
  Json inspect(nlohmann::json& request);
  Json forget(nlohmann::json& request);
  Json open_content(nlohmann::json& request);
  void expire();

  const Clock& clock_;
  bool reveal_keys_;
  Party party_;
  NtpTime expired_at_;
};

}  // namespace mikey::cmd
