/// \file
/// Diffie-Hellman protected by a MAC under a pre-shared key (RFC 4650).
#pragma once

#include "exchange/dh/agreement.hpp"
#include "exchange/engine/error_message.hpp"
#include "exchange/engine/run.hpp"

namespace mikey::dhhmac {

struct Init {};      ///< kind of the Initiator's message, data type 7
struct Response {};  ///< kind of the Responder's message, data type 8

namespace initiator {

struct AwaitResponse {
  engine::Opening opening;
  dh::Half half;
  std::shared_ptr<keys::MessageKeys> keys;
  MacAlg mac{};
};
struct Done {
  std::uint32_t csb_id = 0;
};

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, DhhmacOffer offer, keys::BundlePtr old);
Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env);
Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::dhhmac;
  static constexpr bool kCertificates = false;
  static constexpr DataType kAnswer = DataType::dhhmac_resp;
  using Answer = Response;
  using Await = AwaitResponse;
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
struct NeedsVerdict {
  engine::Authenticated<Init> init;
  engine::Timestamp t;
  engine::Ids ids;
  Identity peer;
  keys::BundlePtr old;
  Bytes rand;
  std::shared_ptr<keys::MessageKeys> keys;
  MacAlg mac{};
};
struct Done {};

Result<engine::Next<NeedsKey>> on(const AwaitInit& s, engine::Received<Init> m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsKey& s, PskSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

std::optional<Send> complain(const auto& /*not authenticated yet*/, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::plain_error(o, e, env.policy);
}
/// RFC 4650 has no V payload: the error message ends with a KEMAC.
std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e, const Env& env);

struct Spec {
  static constexpr Mode kMode = Mode::dhhmac;
  static constexpr DataType kInit = DataType::dhhmac_init;
  static constexpr bool kCertificates = false;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsKey>;
  using Init = dhhmac::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsKey, NeedsVerdict, Done>;
};

}  // namespace responder
}  // namespace mikey::dhhmac
