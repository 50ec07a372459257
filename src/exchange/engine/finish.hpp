/// \file
/// The last steps that the Responders, and the Initiators, of several modes share.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/opening.hpp"
#include "exchange/engine/token.hpp"

namespace mikey::engine {

/// What a Responder knows once a message is authentic and fresh.
struct Accepted {
  Mode mode{};
  Identity peer;
  keys::BundlePtr old;
  Bytes rand;
  Proposal proposal;
  std::vector<keys::KeyEntry> keys;  ///< none: the old bundle's stay
};

/// The Responder's bundle: sessions keyed, SSRCs filled in when an answer will tell them (RFC 3830 6.1.1).
/// The SSRCs are put into `proposal` too, from where the answer takes them.
Result<Draft> respond_draft(const Env& env, const wire::Message& m, Accepted& a, bool answers);

/// Derives the session keys once more, after what they are derived from has changed.
Status rekey(const Env& env, Draft& draft);

/// HDR, T, IDr, V (RFC 3830 3.1, 3.2).
Result<Bytes> verification_message(const Env& env, const wire::Message& m, DataType type,
                                   const std::vector<wire::SrtpId>& cs, const Timestamp& t,
                                   const keys::MessageKeys& keys, MacAlg alg, ByteView id_i);

/// The Initiator's bundle once the response is in: `draft` with what the Responder filled in, keyed.
Status conclude_draft(const Env& env, Draft& draft, const std::vector<wire::SrtpId>& cs,
                      const wire::Message& m);

}  // namespace mikey::engine
