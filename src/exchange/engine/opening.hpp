/// \file
/// What the first messages of all modes of RFC 3830 and its kin have in common.
#pragma once

#include <algorithm>
#include <functional>

#include "exchange/engine/terms.hpp"
#include "exchange/engine/token.hpp"

namespace mikey::engine {

/// The Initiator's side of an exchange from its first message on.
struct Opening {
  Identity peer;
  std::uint32_t csb_id = 0;
  PrfFunc prf{};
  Bytes rand;
  Bytes t;  ///< 8 octets, NTP-UTC
  Proposal proposal;
  keys::BundlePtr old;  ///< in an update
  std::vector<keys::Extension> extensions;
  std::vector<Identity> accept;  ///< who may answer in place of `peer`

  bool takes(const Identity& who) const {
    return who == peer || std::ranges::find(accept, who) != accept.end();
  }
  NtpTime time() const { return {load_be<std::uint64_t>(t.data())}; }
};

/// A CSB ID at random, and not one that is in use with the peer (RFC 3830 6.1). Draws "CSB ID".
Result<std::uint32_t> choose_csb_id(const Env& env, const Identity& peer);

/// Draws "CSB ID" and "RAND" (neither in an update, RFC 3830 4.5), takes the time, and works out the
/// proposal.
Result<Opening> open(const Env& env, const Terms& terms, keys::BundlePtr old);

/// T, [RAND], IDi, [what `certificates` adds], IDr, SPs, extensions.
Status add_head(wire::ChainBuilder& b, const Env& env, const Opening& o,
                const std::function<void(wire::ChainBuilder&)>& certificates = {});

/// A bundle begun by an Opening, or by the message that a Responder took; keys are the caller's to add.
Draft begin_draft(Mode mode, Role role, const Opening& o);

/// Gives the bundle its key: a new one, or the old ones in an update that keeps them.
Status take_keys(const Env& env, const Opening& o, const Terms& terms, Draft& draft);

/// Sends `message` and waits, or is done when no answer was asked for.
Step sent(const Opening& o, const Env& env, Bytes message, std::optional<Ready> ready);

}  // namespace mikey::engine
