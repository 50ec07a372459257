/// \file
/// MIKEY-SAKKE (RFC 6509): one message, encrypted to the Responder's identity and signed by the Initiator's,
/// has no answer. An update is the same message again with the CSB's RAND (2.2.1). The signatures of `on` are
/// the transition table.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/eccsi_signer.hpp"
#include "exchange/engine/run.hpp"
#include "exchange/engine/signer.hpp"
#include "exchange/sakke/sessions.hpp"

namespace mikey::sakke {

struct Init {};  ///< kind of the Initiator's message, data type 26

namespace initiator {

struct Done {
  std::uint32_t csb_id = 0;
};

/// Builds the I_MESSAGE. Draws "SSV" unless it is given, "CSB ID" and "RAND" unless given or in an update,
/// then what the signature draws.
Result<engine::Next<Done>> begin(const Env& env, SakkeOffer offer, const keys::BundlePtr& old);

struct Spec {
  static constexpr Mode kMode = Mode::sakke;
  using Done = initiator::Done;
};

}  // namespace initiator

namespace responder {

/// Who the message says it is from and for, and the keys that go with it.
struct Claim {
  ibc::Kms kms_i;  ///< root of trust of an ECCSI signature
  ibc::Kms kms_r;
  std::optional<Identity> initiator;     ///< of IDRi; nothing when it hides behind a UID
  std::optional<Identity> receiver;      ///< of IDRr
  Bytes id_i;                            ///< the Initiator's identifier, as far as it is needed or sent
  Bytes id_r;                            ///< IDRuidr, if it was sent
  std::optional<engine::Signer> signer;  ///< owner of the certificate, with an RSA signature
  ibc::KeySet keys;                      ///< that open it
  Bytes sealed;                          ///< SAKKE encapsulated data for those keys
  std::size_t sealed_offset = 0;
  bool own = false;  ///< this party's own message, opened by its SAKKE-to-self extension
};

struct AwaitInit {};
struct NeedsOld {
  engine::Authenticated<Init> init;
  std::shared_ptr<const Claim> claim;
  Identity peer;
};
struct NeedsVerdict {
  engine::Authenticated<Init> init;
  std::shared_ptr<const Claim> claim;
  Identity peer;
  keys::BundlePtr old;
};
struct Done {};

Result<engine::Next<NeedsOld>> on(const AwaitInit& s, const engine::Received<Init>& m, const Env& env);
Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& env);
Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

/// Unsigned: RFC 6509 has no key with which the Responder could answer.
std::optional<Send> complain(const auto& /*any state*/, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::plain_error(o, e, env.policy);
}

struct Spec {
  static constexpr Mode kMode = Mode::sakke;
  static constexpr DataType kInit = DataType::sakke_init;
  static constexpr bool kCertificates = true;
  template <class S>
  static constexpr bool kNeeds = std::is_same_v<S, NeedsOld>;
  using Init = sakke::Init;
  using AwaitInit = responder::AwaitInit;
  using Done = responder::Done;
  using State = std::variant<AwaitInit, NeedsOld, NeedsVerdict, Done>;
};

/// Reads the claim of a message whose timestamp is `t` (RFC 6509 2.2.1, 3.2, 3.3). `fetched`: certificates
/// the message names by URL.
Result<Claim> read_claim(const Env& env, const wire::Message& m, const engine::Timestamp& t,
                         const FetchedCertificates* fetched);

/// The other party of an authentic message, by name. A UID is looked for among the peers known, which is why
/// this waits until the message is authentic; else it is a name by itself (TS 33.180 E.7).
/// ErrorCode::auth_failure when the Initiator is known to have its keys from another KMS.
Result<Identity> find_peer(const Env& env, const Claim& claim, NtpTime t);

}  // namespace responder
}  // namespace mikey::sakke
