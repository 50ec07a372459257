/// \file
/// The signed Diffie-Hellman mode (RFC 3830 3.3).
#pragma once

#include "exchange/dh/agreement.hpp"
#include "exchange/engine/run.hpp"
#include "exchange/engine/signer.hpp"

namespace mikey::dh {

struct Init {};      ///< kind of the Initiator's message, data type 4
struct Response {};  ///< kind of the Responder's message, data type 5

namespace initiator {

struct AwaitResponse {
  engine::Opening opening;
  Half half;
};
struct Done {
  std::uint32_t csb_id = 0;
};

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, DhOffer offer, keys::BundlePtr old);
Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env);
Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::dh;
  static constexpr bool kCertificates = true;
  static constexpr DataType kAnswer = DataType::dh_resp;
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
  Identity peer;
  keys::BundlePtr old;
  Bytes rand;
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
  static constexpr Mode kMode = Mode::dh;
  static constexpr DataType kInit = DataType::dh_init;
  static constexpr bool kCertificates = true;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsOld>;
  using Init = dh::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsOld, NeedsVerdict, Done>;
};

}  // namespace responder
}  // namespace mikey::dh
