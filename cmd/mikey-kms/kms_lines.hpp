/// \file
/// A KMS that takes requests and gives answers as lines of JSON: `mikey-kms stdio` without its input and
/// output.
#pragma once

#include "agent_json.hpp"
#include "kms_config.hpp"

namespace mikey::cmd {

/// Ways to the KMSs that are asked about their tickets. Each knows this one's key by this one's name
/// (IDRpsk).
std::map<Identity, KmsLink> kms_links(const kms::Tables& tables, const std::set<Identity>& others,
                                      const Identity& self);

/// The Ticket Types beside the base ticket that a configuration asks for. What `env` refers to must outlive
/// them.
TicketSchemes ticket_types(bool compatible, const Env& env);

class KmsLines {
 public:
  /// The provider, generator and clock must outlive this object.
  KmsLines(KmsConfig config, const crypto::Provider& provider, Rng& rng, const Clock& clock,
           std::size_t replay_entries = 1000000);

  /// The answer to one request, both without the end of the line. Nothing for a blank line. Whatever the line
  /// holds, the answer is one line of valid JSON in UTF-8.
  std::optional<std::string> handle(std::string_view line);
  /// The answer to a line that was longer than kMaxLine.
  static std::string line_too_long();

 private:
  Json dispatch(nlohmann::json& request);

  UniqueClock clock_;
  KmsConfig config_;
  kms::Relay relay_;
  kms::TableAuthority authority_;
  kms::CachedReplay replay_;
  TicketSchemes schemes_;
  kms::Issuer issuer_;
  std::optional<kms::TableKeyRights> key_rights_;
  std::optional<kms::KeyIssuer> key_issuer_;
  kms::Service service_;
};

}  // namespace mikey::cmd
