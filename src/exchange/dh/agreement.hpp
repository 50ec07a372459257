/// \file
/// Diffie-Hellman as the signed (RFC 3830 3.3) and the MACed mode (RFC 4650) share it; they differ in what
/// protects the messages.
#pragma once

#include "exchange/engine/finish.hpp"

namespace mikey::dh {

/// What an Initiator keeps until the answer comes. Without a half it is an update that keeps the old key (RFC
/// 3830 4.5).
struct Half {
  std::shared_ptr<const crypto::DhKeyPair> pair;
  keys::Validity validity;
};

/// Draws "DH secret". Refuses requests for a key of a given kind or value.
Result<Half> open_half(const Env& env, const Terms& terms, DhGroup group, const keys::Bundle* old);
/// Adds DHi.
void add_half(wire::ChainBuilder& b, const Half& h);

/// The Responder's side: bundle and answer, of which only the protection is missing.
struct Answer {
  engine::Draft draft;
  std::vector<wire::SrtpId> cs;
  std::shared_ptr<const crypto::DhKeyPair> pair;
  std::optional<wire::Dh> dhi;  ///< as received; points into the message
};
Result<Answer> answer(const Env& env, const wire::Message& m, Mode mode, const Identity& peer,
                      keys::BundlePtr old, const Bytes& rand);
/// HDR, T, IDr, [what `certificates` adds], IDi, DHr, DHi.
wire::ChainBuilder answer_message(const Env& env, const wire::Message& m, DataType type, const Answer& a,
                                  const engine::Timestamp& t, const Identity& peer,
                                  const std::function<void(wire::ChainBuilder&)>& certificates);

/// The Initiator's bundle from an authentic answer.
Result<engine::Draft> conclude(const Env& env, Mode mode, const engine::Opening& o, const Half& h,
                               const wire::Message& m);

/// IDr, if any, and IDi of a response, which must be `self` (RFC 3830 3.3).
Result<std::optional<Identity>> response_ids(const wire::Message& m, const Identity& self);

}  // namespace mikey::dh
