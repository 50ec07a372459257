/// \file
/// The pre-shared key mode (RFC 3830 3.1), which is also how a CSB with a cached envelope key is updated
/// (4.5). The signatures of `on` are the transition table.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/kemac.hpp"
#include "exchange/engine/machine.hpp"
#include "exchange/engine/opening.hpp"
#include "exchange/engine/token.hpp"

namespace mikey::psk {

struct Init {};          ///< kind of the Initiator's message, data type 0
struct Verification {};  ///< kind of the Responder's message, data type 1

namespace initiator {

struct AwaitVerification {
  engine::Opening opening;
  std::shared_ptr<keys::MessageKeys> keys;
  MacAlg v_alg{};
  engine::Draft draft;
};
struct Done {
  std::uint32_t csb_id = 0;
};
using State = std::variant<AwaitVerification, Done>;

/// Builds the I_MESSAGE.
Result<engine::Next<AwaitVerification, Done>> begin(const Env& env, PskOffer offer, keys::BundlePtr old);
Result<engine::Next<Done>> on(const AwaitVerification& s, const engine::Received<Verification>& m,
                              const Env& env);
/// An error message; ended only when it is authentic.
Reject on_error(const AwaitVerification& s, const wire::Message& m, const Env& env);

std::unique_ptr<engine::Machine> make(const Env& env, engine::Next<AwaitVerification, Done> first);

}  // namespace initiator

namespace responder {

struct AwaitInit {};
struct NeedsKey {
  engine::Received<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
};
/// What the message's keys can authenticate, kept for the answer.
struct Identified {
  Identity peer;
  Bytes id_i;  ///< data of IDi, also when the message names none
  keys::BundlePtr old;
  Bytes rand;
  std::shared_ptr<keys::MessageKeys> keys;
  SecretBytes psk;
  MacAlg v_alg{};
};
struct NeedsVerdict {
  engine::Authenticated<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
  std::shared_ptr<const Identified> who;
};
struct Done {};
using State = std::variant<AwaitInit, NeedsKey, NeedsVerdict, Done>;

Result<engine::Next<NeedsKey>> on(const AwaitInit&, engine::Received<Init> m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsKey& s, PskSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const engine::Fresh& fresh, const Env& env);

std::unique_ptr<engine::Machine> make(const Env& env);

}  // namespace responder
}  // namespace mikey::psk
