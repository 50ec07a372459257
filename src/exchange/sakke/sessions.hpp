/// \file
/// Crypto sessions of a message that has no answer: what is left open stays open (RFC 6043 6.1.1, RFC
/// 6509 2.2.1).
#pragma once

#include "exchange/engine/terms.hpp"

namespace mikey::sakke {

/// One session, whatever kind of CS ID map it travels in.
struct Session {
  std::uint8_t cs_id = 0;
  std::vector<std::uint8_t> policies;  ///< policy numbers to choose from; none: whatever is sent
  std::optional<std::uint32_t> ssrc;   ///< absent: no Session Data
  std::uint32_t roc = 0;
  std::uint16_t seq = 0;
  bool has_roc = false;
  Bytes spi;  ///< the MKI
};

/// Sessions and policies of a message.
struct SessionPlan {
  CsIdMapType map_type = CsIdMapType::generic_id;
  std::vector<Session> sessions;
  std::map<std::uint8_t, keys::Suite> policies;      ///< all in force
  std::map<std::uint8_t, std::uint16_t> roc_rates;   ///< of policies with RFC 4771's transforms
  std::vector<std::pair<std::uint8_t, Bytes>> sent;  ///< SP payloads: number, parameters
};

/// What the Initiator sends. `old`: the bundle of which this is an update, or nullptr.
Result<SessionPlan> plan_sessions(const Policy& policy, const Terms& terms, const SakkeTerms& more,
                                  const keys::Bundle* old);

/// What the Responder makes of a message: every session gets the first policy of its own that is acceptable.
Result<SessionPlan> accept_sessions(const Policy& policy, const wire::Message& m, const keys::Bundle* old);

/// The header with the sessions encoded in `map`, which must outlive it. An Empty map when there are none.
Result<wire::Hdr> sakke_header(PrfFunc prf, std::uint32_t csb_id, const SessionPlan& plan, Bytes& map);

/// The sessions of a bundle, without keys yet. Session without Session Data have SSRC 0.
std::vector<keys::CryptoSession> bundle_sessions(const SessionPlan& plan);

}  // namespace mikey::sakke
