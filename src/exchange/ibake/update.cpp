// CSB update (RFC 6267 5.3), started by either side: one round trip, I_MESSAGE_1 and R_MESSAGE_1. IDR
// payloads keep the roles of the first exchange; in I_MESSAGE_1 the sender's stands first, in R_MESSAGE_1
// IDRi.

#include "exchange/engine/opening.hpp"
#include "exchange/ibake/ibake.hpp"

namespace mikey::ibake {
namespace {

/// The role a party of the CSB had in its first exchange.
IdRole role_of(const keys::IbakeCsb& csb, const Identity& who) {
  return who == csb.initiator ? IdRole::initiator : IdRole::responder;
}

/// E(K_PUB of the peer, one's own identity || value || the peer's identity).
Result<Bytes> seal_update(const Env& env, const keys::Bundle& old, NtpTime t, const Value& value) {
  const keys::IbakeCsb& csb = *old.ibake;
  wire::ChainBuilder inner;
  inner.add(idr_payload(role_of(csb, env.self), env.self));
  inner.add_encoded(PayloadType::eccpt, value.body);
  inner.add(idr_payload(role_of(csb, old.peer), old.peer));
  return seal(env, old.peer, t, std::move(inner));
}

/// What an update makes of the bundle.
struct Change {
  engine::Proposal proposal;                  ///< its sessions with SSRCs filled in
  std::optional<keys::IbakeSecrets> secrets;  ///< nothing: the key stays
  keys::Validity validity;                    ///< of a new key
  NtpTime peer_time;
  std::vector<keys::Extension> extensions;
};

Result<engine::Draft> changed(const Env& env, const keys::Bundle& old, Change c) {
  const keys::IbakeCsb& before = *old.ibake;
  keys::IbakeCsb csb;
  csb.initiator = before.initiator;
  csb.responder = before.responder;
  csb.mpk = c.secrets ? c.secrets->mpk.clone() : before.mpk.clone();
  csb.peer_time = c.peer_time;
  csb.content_key = before.content_key.clone();
  csb.content_owner = before.content_owner;
  csb.content_time = before.content_time;
  csb.sealed_content_key = before.sealed_content_key;
  return make_draft(env, {old.role, old.peer, old.csb_id, old.prf, old.rand, std::move(c.proposal),
                          c.secrets ? tgk_entry(*c.secrets, c.validity) : old.keys.front().clone(),
                          std::move(csb), std::move(c.extensions)});
}

/// Under a key that stays, no stream may be set back: its key stream would repeat (doc/readings.md, 6267-16).
Status check_streams(const keys::Bundle& old, const engine::Proposal& p) {
  for (std::size_t i = 0; i < p.cs.size() && i < old.sessions.size(); ++i)
    if (p.cs[i].ssrc == old.sessions[i].ssrc && p.cs[i].roc < old.sessions[i].roc)
      return bad_message(ErrorCode::unspecified, "RFC 6267 5.3",
                         "a stream would be set back under a key that is in use", 10 + 9 * i);
  return {};
}

}  // namespace

Result<Next<AwaitUpdateAnswer>> begin_update(const Env& env, const PlanPtr& plan) {
  const Plan& p = *plan;
  const keys::Bundle& old = *p.old;
  const keys::IbakeCsb& csb = *old.ibake;
  Sent s;
  s.plan = plan;
  s.rand = old.rand;
  s.t = stamp(env);
  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::i_message_1, true, p.prf, p.csb_id, p.proposal, map));
  b.add(wire::T{TsType::ntp_utc, Octets(s.t)});
  b.add(idr_payload(role_of(csb, env.self), env.self)).add(idr_payload(role_of(csb, old.peer), old.peer));
  if (auto ok = engine::add_policies(b, p.proposal); !ok) return std::move(ok).error();
  engine::add_extensions(b, p.extensions);
  if (p.new_values) {
    auto pair = crypto::ec_generate(p.curve, env.rng);
    if (!pair) return std::move(pair).error();
    s.pair = std::move(*pair);
    auto value = own_value(s.pair, p.prf, p.validity);
    if (!value) return std::move(value).error();
    s.value = std::move(*value);
    auto sealed = seal_update(env, old, s.time(), s.value);
    if (!sealed) return std::move(sealed).error();
    b.add(wire::Ibake{Octets(*sealed)});
  }
  auto message = std::move(b).finish();
  if (!message) return std::move(message).error();
  Step step = engine::actions(Send{Destination::peer, old.peer, std::move(*message), true},
                              Wake{s.time() + env.policy.patience});
  return Next<AwaitUpdateAnswer>{AwaitUpdateAnswer{std::make_shared<const Sent>(std::move(s))},
                                 std::move(step)};
}

namespace {

/// The secrets that R_MESSAGE_1 makes, unproven until its V was checked.
Result<keys::IbakeSecrets> answered_secrets(const Env& env, const Sent& s, const wire::Message& m) {
  auto inner = open_ibake(env, m, env.self, s.time());
  if (!inner) return std::move(inner).error();
  if (!inner->is(kBoth))
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3", "IBAKE does not hold both values");
  if (auto ok = check_inner(*inner, env.self, s.plan->old->peer); !ok) return std::move(ok).error();
  if (inner->values.front().curve != s.value.curve ||
      !engine::check_returned_value_6267(s.value.point, inner->values.front().point))
    return bad_message(ErrorCode::auth_failure, "RFC 6267 5.3", "the response holds another ECCPT");
  return agree(env, s.pair, inner->values.back(), s.plan->prf, s.rand);
}

}  // namespace

Result<Next<Done>> on(const AwaitUpdateAnswer& s, const Received<RMessage1>& m, const Env& env) {
  const Sent& sent = *s.sent;
  const Plan& p = *sent.plan;
  const keys::Bundle& old = *p.old;
  const keys::IbakeCsb& csb = *old.ibake;
  auto cs = engine::check_answer(*m, p.proposal, p.prf);
  if (!cs) return std::move(cs).error();
  if (auto ok = engine::ReplayGate::same_timestamp(*m, sent.t); !ok) return std::move(ok).error();
  if ((m->count<wire::Ibake>() != 0) != p.new_values)
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3",
                       p.new_values ? "the response has no new value" : "the response has an IBAKE payload");
  Change change;
  if (p.new_values) {
    auto secrets = answered_secrets(env, sent, *m);
    if (!secrets) return std::move(secrets).error();
    change.secrets = std::move(*secrets);
  }
  const SecretBytes& mpk = change.secrets ? change.secrets->mpk : csb.mpk;
  const keys::MessageKeys keys =
      keys::ibake_message_keys(env.crypto, p.prf, mpk.reveal(), p.csb_id, sent.rand);
  auto proof = engine::Verifier::verification_6267(keys, p.prf, m, csb.initiator.data, csb.responder.data);
  if (!proof) return std::move(proof).error();
  auto fresh = engine::ReplayGate::answers(*proof, sent.t);
  if (!fresh) return std::move(fresh).error();
  change.proposal = p.proposal;
  change.proposal.cs = std::move(*cs);
  change.validity = p.validity;
  change.peer_time = csb.peer_time;
  change.extensions = engine::extensions_of(*m);
  auto draft = changed(env, old, std::move(change));
  if (!draft) return std::move(draft).error();
  return Next<Done>{Done{}, engine::actions(engine::commit(*proof, *fresh, std::move(*draft)))};
}

Result<Next<Done>> answer_update(const Env& env, const CallPtr& call) {
  const Call& c = *call;
  const wire::Message& m = *c.message;
  const keys::Bundle& old = *c.old;
  const keys::IbakeCsb& csb = *old.ibake;
  Change change;
  change.proposal = c.proposal;
  change.peer_time = c.t.time();
  change.extensions = engine::extensions_of(m);
  Bytes sealed;
  if (m.find(PayloadType::ibake) != nullptr) {
    auto inner = open_ibake(env, m, env.self, c.t.time());
    if (!inner) return std::move(inner).error();
    if (!inner->is(kOffered))
      return bad_message(ErrorCode::unspecified, "RFC 6267 5.3", "IBAKE does not hold ID, ECCPT, ID");
    if (auto ok = check_inner(*inner, old.peer, env.self); !ok) return std::move(ok).error();
    const Value& theirs = inner->values.front();
    if (auto ok = check_value(env.policy, theirs); !ok) return std::move(ok).error();
    auto pair = crypto::ec_generate(theirs.curve, env.rng);
    if (!pair) return std::move(pair).error();
    auto own = own_value(*pair, old.prf, theirs.validity);
    if (!own) return std::move(own).error();
    wire::ChainBuilder b;
    b.add(idr_payload(role_of(csb, old.peer), old.peer)).add_encoded(PayloadType::eccpt, theirs.body);
    b.add(idr_payload(role_of(csb, env.self), env.self)).add_encoded(PayloadType::eccpt, own->body);
    auto encrypted = seal(env, old.peer, c.t.time(), std::move(b));
    if (!encrypted) return std::move(encrypted).error();
    sealed = std::move(*encrypted);
    auto secrets = agree(env, *pair, theirs, old.prf, old.rand);
    if (!secrets) return std::move(secrets).error();
    change.secrets = std::move(*secrets);
    change.validity = theirs.validity;
  } else if (auto ok = check_streams(old, c.proposal); !ok) {
    return std::move(ok).error();
  }
  if (auto ok = engine::fill_ssrcs(env.rng, change.proposal.cs); !ok) return std::move(ok).error();

  Bytes map;
  wire::ChainBuilder b(engine::response_header(m, DataType::r_message_1, change.proposal.cs, map));
  b.add(wire::T{c.t.type, Octets(c.t.value)});
  b.add(idr_payload(IdRole::initiator, csb.initiator)).add(idr_payload(IdRole::responder, csb.responder));
  if (change.secrets) b.add(wire::Ibake{Octets(sealed)});
  const SecretBytes& mpk = change.secrets ? change.secrets->mpk : csb.mpk;
  const keys::MessageKeys keys =
      keys::ibake_message_keys(env.crypto, old.prf, mpk.reveal(), old.csb_id, old.rand);
  auto message = engine::finish_6267(keys, old.prf, std::move(b), csb.initiator.data, csb.responder.data);
  if (!message) return std::move(message).error();
  auto draft = changed(env, old, std::move(change));
  if (!draft) return std::move(draft).error();
  return Next<Done>{Done{}, engine::actions(Send{Destination::peer, old.peer, std::move(*message), false},
                                            engine::commit_unproven_6267(std::move(*draft)))};
}

}  // namespace mikey::ibake
