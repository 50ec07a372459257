// The Responder (RFC 6267 4.2.2).

#include "exchange/ibake/ibake.hpp"

namespace mikey::ibake {

Result<Next<NeedsBundle>> on(const AwaitInit& /*state*/, Received<IMessage1> m, const Env& env) {
  if (env.ibake == nullptr || env.ibake->store.empty())
    return bad_message(ErrorCode::invalid_dt, "RFC 6267 4.2.2", "this party does not take MIKEY-IBAKE", 1);
  if (auto s = engine::check_prf(env.policy, *m); !s) return std::move(s).error();
  auto t = engine::fresh_timestamp(env, *m);
  if (!t) return std::move(t).error();
  NeedBundle need{{}, m->hdr().csb_id};  // an update need not name anybody
  if (const auto sender = m->first<wire::Idr>()) need.peer = {sender->type, to_bytes(sender->data)};
  if (m->find(PayloadType::rand) == nullptr && need.peer == env.self)
    return Error{ErrorCode::auth_failure, Severity::discard, "RFC 6267 7.2", std::nullopt,
                 "the update is one of this party's own"};
  return Next<NeedsBundle>{NeedsBundle{std::move(m), std::move(*t)}, engine::actions(Need(std::move(need)))};
}

namespace {

/// What an I_MESSAGE_1 in clear says (4.2.2.2).
Result<Call> read_call(const Env& env, const NeedsBundle& s, const keys::BundlePtr& old) {
  const wire::Message& m = *s.message;
  auto idi = identity_in(m, IdRole::initiator);
  auto idr = identity_in(m, IdRole::responder);
  if (!idi || !idr)
    return bad_message(ErrorCode::invalid_id, "RFC 6267 4.2.2.1", "IDRi and IDRr must be included");
  const auto& also = env.ibake->answer_for;
  if (*idr != env.self && std::ranges::find(also, *idr) == also.end())
    return bad_message(ErrorCode::invalid_id, "RFC 6267 4.2.2.2", "the message is for another identity");
  if (old) return engine::collision(m);
  if (m.count<wire::Rand>() != 1 || m.count<wire::Ibake>() != 1 || m.count<wire::Esk>() > 1)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.1",
                       "the message must have one RAND, one IBAKE and at most one ESK payload");
  Call c{s.message, s.t, std::move(*idi), std::move(*idr), to_bytes(m.first<wire::Rand>()->data), {}, {}};
  auto proposal = engine::accept_proposal(env.policy, m, nullptr);
  if (!proposal) return std::move(proposal).error();
  c.proposal = std::move(*proposal);
  return c;
}

/// An update (5.3), whose message need not name anybody; if it does, with the roles of the first exchange.
Result<Call> read_update(const Env& env, const NeedsBundle& s, const BundleSupplied& answer) {
  const wire::Message& m = *s.message;
  const keys::BundlePtr& old = answer.bundle;
  if (!old || !old->ibake)
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3", "no RAND, and no CSB with this ID to update",
                       4);
  if (m.hdr().prf != old->prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6267 5.3", "the update names another PRF function", 3);
  const keys::IbakeCsb& csb = *old->ibake;
  if (identity_in(m, IdRole::initiator).value_or(csb.initiator) != csb.initiator ||
      identity_in(m, IdRole::responder).value_or(csb.responder) != csb.responder)
    return bad_message(ErrorCode::invalid_id, "RFC 6267 5.3", "the update is one of other parties");
  if (m.count<wire::Ibake>() > 1)
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3", "more than one IBAKE payload");
  // Updates that cross must leave both sides with the same keys: that of the CSB's Initiator goes on.
  if (answer.own_update && old->role == Role::initiator)
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3",
                       "an update by this party, which initiated the CSB, is under way");
  if (csb.peer_time != NtpTime{} && ntp_difference(s.t.time(), csb.peer_time) <= 0)
    return Error{ErrorCode::invalid_ts, Severity::discard, "RFC 6267 5.3", std::nullopt,
                 "the update is not newer than the peer's last one"};
  Call c{s.message, s.t, old->peer, env.self, old->rand, {}, old};
  auto proposal = engine::accept_proposal(env.policy, m, old.get());
  if (!proposal) return std::move(proposal).error();
  c.proposal = std::move(*proposal);
  return c;
}

/// ECCPTi, or nothing when IBAKE cannot be decrypted: that is no error (4.2.2.2), as another device or a
/// mailbox may answer.
Result<std::optional<Value>> first_value(const Env& env, const Call& c) {
  using Out = std::optional<Value>;
  const ibc::IbakeKey* key = env.ibake->store.key(c.called.data, c.t.time());
  if (key == nullptr) return Out();
  const wire::Slot& at = *c.message->find(PayloadType::ibake);
  auto inner = unseal(env.crypto, *key, c.message->get<wire::Ibake>(at).encr_data, at.offset);
  if (!inner) return inner.error().severity == Severity::message ? Result<Out>(Out()) : inner.error();
  if (!inner->is(kOffered))
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.1", "IBAKE does not hold IDRi, ECCPTi, IDRr",
                       at.offset);
  if (auto ok = check_inner(*inner, c.caller, c.called); !ok) return std::move(ok).error();
  if (auto ok = check_value(env.policy, inner->values.front()); !ok) return std::move(ok).error();
  return Out(std::move(inner->values.front()));
}

/// R_MESSAGE_1 (4.2.2.3). Draws "SSRC" for streams left open, "ECCPT secret", "rho".
Result<Next<AwaitReturn, Done>> answer_call(const Env& env, const CallPtr& call) {
  const Call& c = *call;
  Answered a;
  a.call = call;
  auto value = first_value(env, c);
  if (!value) return std::move(value).error();
  a.value_i = std::move(*value);
  a.content = content_of(env, *c.message, c.caller, c.called, c.t.time());
  a.cs = c.proposal.cs;
  if (auto ok = engine::fill_ssrcs(env.rng, a.cs); !ok) return std::move(ok).error();
  const PrfFunc prf = c.message->hdr().prf;
  auto pair = crypto::ec_generate(a.value_i ? a.value_i->curve : env.policy.ecc_curves.front(), env.rng);
  if (!pair) return std::move(pair).error();
  a.pair = std::move(*pair);
  auto own = own_value(a.pair, prf, a.value_i ? a.value_i->validity : keys::Validity{});
  if (!own) return std::move(own).error();
  a.value_r = std::move(*own);

  wire::ChainBuilder inner;
  inner.add(idr_payload(IdRole::initiator, c.caller));
  if (a.value_i) inner.add_encoded(PayloadType::eccpt, a.value_i->body);
  inner.add(idr_payload(IdRole::responder, env.self));
  inner.add_encoded(PayloadType::eccpt, a.value_r.body);
  auto sealed = seal(env, c.caller, c.t.time(), std::move(inner));
  if (!sealed) return std::move(sealed).error();

  Bytes map;
  wire::Hdr h = engine::response_header(*c.message, DataType::r_message_1, a.cs, map);
  h.v = 1;
  wire::ChainBuilder b(h);
  b.add(wire::T{c.t.type, Octets(c.t.value)});
  b.add(idr_payload(IdRole::initiator, c.caller)).add(idr_payload(IdRole::responder, env.self));
  b.add(wire::Ibake{Octets(*sealed)});
  auto message = std::move(b).finish();
  if (!message) return std::move(message).error();
  a.since = env.clock.read();
  Step step = engine::actions(Send{Destination::peer, c.caller, std::move(*message), true},
                              Wake{a.since + env.policy.patience});
  return Next<AwaitReturn, Done>{AwaitReturn{std::make_shared<const Answered>(std::move(a))},
                                 std::move(step)};
}

Result<Next<AwaitReturn, Done>> answer_any(const Env& env, const CallPtr& call) {
  if (!call->old) return answer_call(env, call);
  auto next = answer_update(env, call);
  if (!next) return std::move(next).error();
  return engine::widen<Next<AwaitReturn, Done>>(std::move(*next));
}

Result<Next<AwaitKey>> send_question(const Env& env, const CallPtr& call, const Psk& kms_psk) {
  auto question = ask_for_key(env, kms_psk);
  if (!question) return silent(std::move(question).error());
  const KeyQuestion& q = **question;
  Step step = engine::actions(Send{Destination::kms, q.kms(), q.message(), true},
                              Wake{q.time() + env.policy.patience});
  return Next<AwaitKey>{AwaitKey{call, std::move(*question)}, std::move(step)};
}

}  // namespace

Result<Next<NeedsKmsPsk, AwaitKey, AwaitReturn, Done>> on(const NeedsBundle& s, const BundleSupplied& answer,
                                                          const Env& env) {
  using Out = Next<NeedsKmsPsk, AwaitKey, AwaitReturn, Done>;
  const bool update = s.message->find(PayloadType::rand) == nullptr;
  auto read = update ? read_update(env, s, answer) : read_call(env, s, answer.bundle);
  if (!read) return std::move(read).error();
  const auto call = std::make_shared<const Call>(std::move(*read));
  const bool sealed = call->message->find(PayloadType::ibake) != nullptr;
  if (!sealed || env.ibake->store.key(env.self.data, call->t.time()) != nullptr) {
    auto next = answer_any(env, call);
    if (!next) return silent(std::move(next).error());
    return engine::widen<Out>(std::move(*next));
  }
  if (env.ibake->kms.empty())
    return silent(bad_message(ErrorCode::unspecified, "RFC 6267 4.2.1",
                              "there is no private key for the date of the message, and no KMS to ask"));
  if (!env.ibake->public_key)
    return Out{NeedsKmsPsk{call},
               engine::actions(Need(NeedPsk{env.ibake->kms, call->message->hdr().csb_id}))};
  auto next = send_question(env, call, Psk());
  if (!next) return std::move(next).error();
  return engine::widen<Out>(std::move(*next));
}

Result<Next<AwaitKey>> on(const NeedsKmsPsk& s, const PskSupplied& answer, const Env& env) {
  return send_question(env, s.call, answer.psk);
}

Result<Next<AwaitReturn, Done>> on(const AwaitKey& s, const Received<KeyAnswer>& m, const Env& env) {
  auto keys = read_keys(env, *s.question, *m, s.call->t.time());
  if (!keys) return std::move(keys).error();
  IbakeSettings settings = *env.ibake;
  for (const ibc::IbakeKey& k : *keys) settings.store.add(k);
  Env with = env;
  with.ibake = &settings;
  auto next = answer_any(with, s.call);
  KeepPrivateKeys keep{std::move(*keys)};
  if (!next)  // the KMS's word is good; it is the Initiator's message that is not
    return Next<AwaitReturn, Done>{
        Done{}, engine::actions(std::move(keep), Reject{silent(std::move(next).error()), true, false, {}})};
  next->actions.insert(next->actions.begin(), std::move(keep));
  return next;
}

namespace {

/// That I_MESSAGE_2 goes with R_MESSAGE_1 (4.2.2.5). What changes between them could be anybody's doing.
Status check_return(const Env& env, const Answered& a, const wire::Message& m) {
  const Call& c = *a.call;
  const wire::Hdr& h = m.hdr();
  const wire::Hdr& first = c.message->hdr();
  const std::size_t n = first.map_type == CsIdMapType::srtp_id ? a.cs.size() : first.n_cs;
  if (h.prf != first.prf || h.map_type != first.map_type || h.n_cs != n ||
      (h.map_type == CsIdMapType::srtp_id && m.srtp_ids() != a.cs))
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.5", "I_MESSAGE_2 changes the header", 8);
  if (identity_in(m, IdRole::initiator) != c.caller || identity_in(m, IdRole::responder) != env.self)
    return bad_message(ErrorCode::invalid_id, "RFC 6267 4.2.2.5", "IDRi or IDRr of I_MESSAGE_2");
  const auto rand = m.first<wire::Rand>();
  if (!rand || m.count<wire::Rand>() != 1 || !(rand->data == Octets(c.rand)))
    return bad_message(ErrorCode::unspecified, "RFC 6267 5.3", "another RAND in I_MESSAGE_2");
  if (m.count<wire::Esk>() > 1)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.5", "more than one ESK payload");
  return {};
}

}  // namespace

Result<Next<NeedsFirstVerdict>> on(const AwaitReturn& s, const Received<IMessage2>& m, const Env& env) {
  const Answered& a = *s.answered;
  const Call& c = *a.call;
  if (auto ok = check_return(env, a, *m); !ok) return std::move(ok).error();
  auto t = engine::fresh_timestamp(env, *m);
  if (!t) return std::move(t).error();
  if (t->value == c.t.value)
    return bad_message(ErrorCode::invalid_ts, "RFC 6267 4.2.2.5",
                       "I_MESSAGE_2 has the timestamp of I_MESSAGE_1");
  auto inner = open_ibake(env, *m, env.self, t->time());
  if (!inner) return std::move(inner).error();
  const bool late = !a.value_i;
  if (late ? !inner->is(kBoth) : !inner->is(kAnswered))
    return bad_message(
        ErrorCode::unspecified, "RFC 6267 4.2.2.5",
        late ? "IBAKE does not hold IDRi, ECCPTi, IDRr, ECCPTr" : "IBAKE does not hold IDRi, IDRr, ECCPTr");
  if (auto ok = check_inner(*inner, c.caller, env.self); !ok) return std::move(ok).error();
  Value value_i = late ? std::move(inner->values.front()) : *a.value_i;
  if (late)
    if (auto ok = check_value(env.policy, value_i); !ok) return std::move(ok).error();
  const Value& value_r = inner->values.back();
  auto proof = engine::Verifier::returned_value_6267(a.value_r.point, value_r.point, m);
  if (!proof) return std::move(proof).error();
  if (value_r.curve != a.value_r.curve)
    return bad_message(ErrorCode::auth_failure, "RFC 6267 4.2.2.6", "I_MESSAGE_2 holds another ECCPTr");
  auto secrets = agree(env, a.pair, value_i, c.message->hdr().prf, c.rand);
  if (!secrets) return std::move(secrets).error();
  Content content = content_of(env, *m, c.caller, c.called, t->time());
  if (content.key.empty() && !content.sealed) content = a.content.clone();
  NeedReplayVerdict question = engine::ReplayGate::ask_earlier(*proof, *c.message, c.caller);
  return Next<NeedsFirstVerdict>{NeedsFirstVerdict{std::make_shared<const Proven>(
                                     Proven{s.answered, std::move(*proof), std::move(*t), std::move(value_i),
                                            std::move(*secrets), std::move(content)})},
                                 engine::actions(Need(std::move(question)))};
}

Result<Next<NeedsVerdict>> on(const NeedsFirstVerdict& s, const ReplayVerdict& verdict, const Env& /*env*/) {
  const Proven& p = *s.proven;
  if (auto fresh = engine::ReplayGate::admit(p.message, verdict); !fresh)
    return silent(std::move(fresh).error());
  NeedReplayVerdict question = engine::ReplayGate::ask(p.message, p.answered->call->caller);
  return Next<NeedsVerdict>{NeedsVerdict{s.proven}, engine::actions(Need(std::move(question)))};
}

namespace {

/// R_MESSAGE_2 (4.2.2.7). Draws "rho" when ECCPTi is to be returned.
Result<Bytes> last_message(const Env& env, const Proven& p) {
  const Answered& a = *p.answered;
  const Call& c = *a.call;
  const wire::Message& m = *p.message;
  Bytes map;
  wire::ChainBuilder b(engine::response_header(m, DataType::r_message_2, a.cs, map));
  b.add(wire::T{p.t.type, Octets(p.t.value)});
  b.add(idr_payload(IdRole::initiator, c.caller)).add(idr_payload(IdRole::responder, env.self));
  if (!a.value_i) {
    wire::ChainBuilder inner;
    inner.add(idr_payload(IdRole::initiator, c.caller));
    inner.add_encoded(PayloadType::eccpt, p.value_i.body);
    auto sealed = seal(env, c.caller, p.t.time(), std::move(inner));
    if (!sealed) return std::move(sealed).error();
    b.add(wire::Ibake{Octets(*sealed)});
  }
  const keys::MessageKeys keys =
      keys::ibake_message_keys(env.crypto, m.hdr().prf, p.secrets.mpk.reveal(), m.hdr().csb_id, c.rand);
  return engine::finish_6267(keys, m.hdr().prf, std::move(b), c.caller.data, env.self.data);
}

}  // namespace

Result<Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  const Proven& p = *s.proven;
  const Call& c = *p.answered->call;
  auto fresh = engine::ReplayGate::admit(p.message, verdict);
  if (!fresh) return silent(std::move(fresh).error());
  auto message = last_message(env, p);
  if (!message) return silent(std::move(message).error());
  keys::IbakeCsb csb;
  csb.initiator = c.caller;
  csb.responder = env.self;
  csb.mpk = p.secrets.mpk.clone();
  csb.peer_time = p.t.time();
  csb.content_key = p.content.key.clone();
  if (p.content.sealed) {
    csb.content_owner = p.content.sealed->owner;
    csb.content_time = p.content.sealed->time;
    csb.sealed_content_key = p.content.sealed->data;
  }
  engine::Proposal filled = c.proposal;
  filled.cs = p.answered->cs;
  auto draft = make_draft(env, {Role::responder, c.caller, p.message->hdr().csb_id, p.message->hdr().prf,
                                c.rand, std::move(filled), tgk_entry(p.secrets, p.value_i.validity),
                                std::move(csb), engine::extensions_of(*c.message)});
  if (!draft) return silent(std::move(draft).error());
  return Next<Done>{Done{}, engine::actions(Send{Destination::peer, c.caller, std::move(*message), false},
                                            engine::commit(p.message, *fresh, std::move(*draft)))};
}

}  // namespace mikey::ibake
