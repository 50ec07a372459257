/// \file
/// The reverse RSA mode (RFC 4738): the Initiator sends its certificate, the Responder makes the key. Updates
/// are pre-shared key messages under the cached envelope key (3.6, RFC 3830 4.5), see psk/.
#pragma once

#include "exchange/engine/envelope.hpp"
#include "exchange/engine/finish.hpp"
#include "exchange/engine/run.hpp"
#include "exchange/engine/signer.hpp"

namespace mikey::rsar {

struct Init {};      ///< kind of the Initiator's message, data type 9
struct Response {};  ///< kind of the Responder's message, data type 10

namespace initiator {

struct AwaitResponse {
  engine::Opening opening;  ///< rand: empty when the Responder is to choose it
  bool group = false;
};
struct Done {
  std::uint32_t csb_id = 0;
};

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, RsarOffer offer, const keys::BundlePtr& old);
Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env);
Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::rsar;
  static constexpr bool kCertificates = true;
  static constexpr DataType kAnswer = DataType::rsar_resp;
  using Answer = Response;
  using Await = AwaitResponse;
  using Done = initiator::Done;
  using State = std::variant<Await, Done>;
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
  engine::Signer signer;
  keys::BundlePtr old;
};
struct Done {};

Result<engine::Next<NeedsOld>> on(const AwaitInit& s, engine::Received<Init> m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

std::optional<Send> complain(const auto& /*not authenticated yet*/, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::plain_error(o, e, env.policy);
}
inline std::optional<Send> complain(const NeedsVerdict& /*s*/, const engine::Offence& o, const Error& e,
                                    const Env& env) {
  return engine::signed_error(o, e, env);
}

struct Spec {
  static constexpr Mode kMode = Mode::rsar;
  static constexpr DataType kInit = DataType::rsar_init;
  static constexpr bool kCertificates = true;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsOld>;
  using Init = rsar::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsOld, NeedsVerdict, Done>;
};

}  // namespace responder
}  // namespace mikey::rsar
