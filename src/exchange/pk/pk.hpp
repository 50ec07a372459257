/// \file
/// The public-key mode (RFC 3830 3.2): a fresh envelope key for the Responder's RSA key, all signed by the
/// Initiator. Updates of a CSB whose envelope key is cached are pre-shared key messages (4.5), see psk/.
#pragma once

#include "exchange/engine/envelope.hpp"
#include "exchange/engine/signer.hpp"
#include "exchange/psk/psk.hpp"

namespace mikey::pk {

struct Init {};  ///< kind of the Initiator's message, data type 2

namespace initiator {

// The verification message is that of the pre-shared key mode but for its data type, so its states serve here
// too.
using psk::initiator::AwaitVerification;
using psk::initiator::Done;

Result<engine::Next<AwaitVerification, Done>> begin(const Env& env, PkOffer offer, keys::BundlePtr old);

struct Spec : psk::initiator::Spec {
  static constexpr Mode kMode = Mode::pk;
  static constexpr DataType kAnswer = DataType::pk_resp;
};

}  // namespace initiator

namespace responder {

struct AwaitInit {};
struct NeedsOld {
  engine::Received<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
  engine::Signer signer;
};
struct NeedsVerdict {
  engine::Authenticated<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
  Identity peer;
  keys::BundlePtr old;
  Bytes rand;
  std::shared_ptr<engine::Envelope>
      envelope;  ///< filled when it was opened: a later error is authenticated by it
};
struct Done {};

Result<engine::Next<NeedsOld>> on(const AwaitInit& s, engine::Received<Init> m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

std::optional<Send> complain(const auto& /*not authenticated yet*/, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::plain_error(o, e, env.policy);
}
std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::pk;
  static constexpr DataType kInit = DataType::pk_init;
  static constexpr bool kCertificates = true;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsOld>;
  using Init = pk::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsOld, NeedsVerdict, Done>;
};

}  // namespace responder
}  // namespace mikey::pk
