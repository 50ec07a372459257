/// \file
/// The pre-shared key mode (RFC 3830 3.1), which is also how a CSB with a cached envelope key is updated
/// (4.5). The signatures of `on` are the transition table.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/error_message.hpp"
#include "exchange/engine/kemac.hpp"
#include "exchange/engine/opening.hpp"
#include "exchange/engine/run.hpp"

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

/// Builds the I_MESSAGE.
Result<engine::Next<AwaitVerification, Done>> begin(const Env& env, PskOffer offer, keys::BundlePtr old);
Result<engine::Next<Done>> on(const AwaitVerification& s, const engine::Received<Verification>& m,
                              const Env& env);
Reject on_error(const AwaitVerification& s, const wire::Message& m, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::psk;
  static constexpr bool kCertificates = false;
  static constexpr DataType kAnswer = DataType::psk_resp;
  using Answer = Verification;
  using Await = AwaitVerification;
  using Done = initiator::Done;
  using State = std::variant<Await, Done>;
};

}  // namespace initiator

namespace responder {

struct AwaitInit {};
struct NeedsKey {
  engine::Received<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
};
/// What was learnt of the sender, kept for the answer.
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

Result<engine::Next<NeedsKey>> on(const AwaitInit& s, engine::Received<Init> m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsKey& s, PskSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

std::optional<Send> complain(const auto& /*not authenticated yet*/, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::plain_error(o, e, env.policy);
}
std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::psk;
  static constexpr bool kCertificates = false;
  static constexpr DataType kInit = DataType::psk_init;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsKey>;
  using Init = psk::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsKey, NeedsVerdict, Done>;
};

}  // namespace responder
}  // namespace mikey::psk
