/// \file
/// MIKEY-IBAKE (RFC 6267): the Initiator's and the Responder's halves. The signatures of `on` are the
/// transition table; machine.cpp drives it.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/machine.hpp"
#include "exchange/engine/token.hpp"
#include "exchange/ibake/sealed.hpp"
#include "mikey/exchange/key_question.hpp"
#include "mikey/keys/ibake_keys.hpp"

namespace mikey::ibake {

/// Kinds of messages.
struct IMessage1 {};
struct RMessage1 {};
struct IMessage2 {};
struct RMessage2 {};
struct KeyAnswer {};  ///< REQUEST_KEY_RESP

using engine::Next;
using engine::Received;

// ------------------------------------------------------------------ what states hold; immutable once made

/// What an Initiator wants, fixed before the first message.
struct Plan {
  Identity peer;
  std::uint32_t csb_id = 0;
  PrfFunc prf{};
  engine::Proposal proposal;
  EccCurve curve{};
  bool esk = false;
  bool new_values = true;  ///< false: an update that keeps the key
  keys::Validity validity;
  std::vector<keys::Extension> extensions;
  std::vector<Identity> accept;
  keys::BundlePtr old;  ///< in an update
};
using PlanPtr = std::shared_ptr<const Plan>;

/// I_MESSAGE_1 as it was sent.
struct Sent {
  PlanPtr plan;
  Bytes rand;
  Bytes t;
  crypto::EcKeyPair pair;  ///< none in an update that keeps the key
  Value value;             ///< ECCPTi
  SecretBytes content_key;

  NtpTime time() const { return {load_be<std::uint64_t>(t.data())}; }
};

/// I_MESSAGE_2 as it was sent, after an R_MESSAGE_1 that proved who answers.
struct Returned {
  std::shared_ptr<const Sent> first;
  Identity peer;
  Bytes t;
  bool again = false;  ///< ECCPTi was sent again, and R_MESSAGE_2 must return it
  std::vector<wire::SrtpId> cs;
  keys::IbakeSecrets secrets;
  SecretBytes content_key;

  NtpTime time() const { return {load_be<std::uint64_t>(t.data())}; }
};

/// I_MESSAGE_1 as it came, with all that can be known before anything is decrypted.
struct Call {
  Received<IMessage1> message;
  engine::Timestamp t;
  Identity caller;
  Identity called;  ///< IDRr
  Bytes rand;
  engine::Proposal proposal;
  keys::BundlePtr old;  ///< in an update
};
using CallPtr = std::shared_ptr<const Call>;

/// A key for deferred content: opened, or sealed for somebody else.
struct Content {
  SecretBytes key;
  std::optional<StoredKey> sealed;

  Content clone() const { return {key.clone(), sealed}; }
};

/// R_MESSAGE_1 as it was sent.
struct Answered {
  CallPtr call;
  std::vector<wire::SrtpId> cs;  ///< with SSRCs filled in
  std::optional<Value> value_i;  ///< nothing: IBAKE could not be decrypted (4.2.2.2)
  crypto::EcKeyPair pair;
  Value value_r;
  Content content;
  NtpTime since;  ///< of this party's clock
};
using AnsweredPtr = std::shared_ptr<const Answered>;

/// I_MESSAGE_2, which proves the Initiator.
struct Proven {
  AnsweredPtr answered;
  engine::Authenticated<IMessage2> message;
  engine::Timestamp t;
  Value value_i;
  keys::IbakeSecrets secrets;
  Content content;
};
using ProvenPtr = std::shared_ptr<const Proven>;

// ------------------------------------------------------------------ states

struct AwaitInit {};
/// The Initiator waits for its private key.
struct AwaitOwnKey {
  PlanPtr plan;
  std::shared_ptr<const KeyQuestion> question;
};
/// The Initiator waits for R_MESSAGE_1.
struct AwaitAnswer {
  std::shared_ptr<const Sent> sent;
};
/// The Initiator waits for R_MESSAGE_2.
struct AwaitProof {
  std::shared_ptr<const Returned> sent;
};
/// Whoever started an update waits for R_MESSAGE_1.
struct AwaitUpdateAnswer {
  std::shared_ptr<const Sent> sent;
};
/// I_MESSAGE_1 came; is there a CSB with its ID?
struct NeedsBundle {
  Received<IMessage1> message;
  engine::Timestamp t;
};
/// The Responder lacks its private key; what does it share with its KMS?
struct NeedsKmsPsk {
  CallPtr call;
};
/// The Responder waits for its private key.
struct AwaitKey {
  CallPtr call;
  std::shared_ptr<const KeyQuestion> question;
};
/// The Responder waits for I_MESSAGE_2.
struct AwaitReturn {
  AnsweredPtr answered;
};
/// I_MESSAGE_2 is authentic, and proves I_MESSAGE_1 too; is that one new?
struct NeedsFirstVerdict {
  ProvenPtr proven;
};
/// And I_MESSAGE_2 itself?
struct NeedsVerdict {
  ProvenPtr proven;
};
struct Done {};

using State = std::variant<AwaitInit, AwaitOwnKey, AwaitAnswer, AwaitProof, AwaitUpdateAnswer, NeedsBundle,
                           NeedsKmsPsk, AwaitKey, AwaitReturn, NeedsFirstVerdict, NeedsVerdict, Done>;

// ------------------------------------------------------------------ transitions

/// initiator.cpp
Result<Next<AwaitOwnKey, AwaitAnswer, AwaitUpdateAnswer>> begin(const Env& env, const IbakeOffer& offer,
                                                                keys::BundlePtr old, std::uint32_t& csb_id);
Result<Next<AwaitAnswer, AwaitUpdateAnswer>> on(const AwaitOwnKey& s, const Received<KeyAnswer>& m,
                                                const Env& env);
Result<Next<AwaitProof>> on(const AwaitAnswer& s, const Received<RMessage1>& m, const Env& env);
Result<Next<Done>> on(const AwaitProof& s, const Received<RMessage2>& m, const Env& env);

/// responder.cpp
Result<Next<NeedsBundle>> on(const AwaitInit& s, Received<IMessage1> m, const Env& env);
Result<Next<NeedsKmsPsk, AwaitKey, AwaitReturn, Done>> on(const NeedsBundle& s, const BundleSupplied& answer,
                                                          const Env& env);
Result<Next<AwaitKey>> on(const NeedsKmsPsk& s, const PskSupplied& answer, const Env& env);
Result<Next<AwaitReturn, Done>> on(const AwaitKey& s, const Received<KeyAnswer>& m, const Env& env);
Result<Next<NeedsFirstVerdict>> on(const AwaitReturn& s, const Received<IMessage2>& m, const Env& env);
Result<Next<NeedsVerdict>> on(const NeedsFirstVerdict& s, const ReplayVerdict& verdict, const Env& env);
Result<Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

/// update.cpp (5.3)
Result<Next<AwaitUpdateAnswer>> begin_update(const Env& env, const PlanPtr& plan);
Result<Next<Done>> on(const AwaitUpdateAnswer& s, const Received<RMessage1>& m, const Env& env);
/// The answer to an update, with which its bundle takes effect.
Result<Next<Done>> answer_update(const Env& env, const CallPtr& call);

// ------------------------------------------------------------------ shared by the two sides

/// The identity in the first IDR payload of that role.
std::optional<Identity> identity_in(const wire::Message& m, IdRole role);
wire::Idr idr_payload(IdRole role, const Identity& id);
/// A new timestamp of one's own, 8 octets.
Bytes stamp(const Env& env);

/// The question for one's own private key (4.2.1).
Result<std::shared_ptr<const KeyQuestion>> ask_for_key(const Env& env, const Psk& kms_psk);
/// What came of it. ErrorCode::unspecified when the key for the date of `t` is not among it.
Result<std::vector<ibc::IbakeKey>> read_keys(const Env& env, const KeyQuestion& question,
                                             const wire::Message& m, NtpTime t);

/// A failure after I_MESSAGE_1 was read: nobody is told ("SHOULD silently
/// discard", 4.2.2.4, 4.2.2.6, 4.2.2.8).
Error silent(Error e);

/// The only IBAKE payload of a message, decrypted with this party's key for the date of `t`.
Result<Contents> open_ibake(const Env& env, const wire::Message& m, const Identity& self, NtpTime t);

/// That the encrypted identities are those of the message (7.2).
Status check_inner(const Contents& c, const Identity& first, const Identity& second);
/// ErrorCode::invalid_dh unless the curve is accepted here and the point is a good one.
Status check_value(const Policy& policy, const Value& v);

/// K_SESSION, and from it MPK and TGK (5.1).
Result<keys::IbakeSecrets> agree(const Env& env, const crypto::EcKeyPair& own, const Value& peer, PrfFunc prf,
                                 ByteView rand);

/// The ESK of `m`, opened when this party has the key of `owner`, for whom it is, else kept as it is (6.1.2).
Content content_of(const Env& env, const wire::Message& m, const Identity& sender, const Identity& owner,
                   NtpTime t);

/// What a bundle is made of.
struct Parts {
  Role role{};
  Identity peer;
  std::uint32_t csb_id = 0;
  PrfFunc prf{};
  Bytes rand;
  engine::Proposal proposal;  ///< its sessions with SSRCs filled in
  keys::KeyEntry key;
  keys::IbakeCsb csb;
  std::vector<keys::Extension> extensions;
};
/// The bundle, its sessions keyed.
Result<engine::Draft> make_draft(const Env& env, Parts p);
keys::KeyEntry tgk_entry(const keys::IbakeSecrets& secrets, const keys::Validity& validity);

/// machine.cpp
std::unique_ptr<engine::Machine> make_responder(const Env& env);
Result<std::unique_ptr<engine::Machine>> make_initiator(const Env& env, const IbakeOffer& offer,
                                                        keys::BundlePtr old);

}  // namespace mikey::ibake
