// The Initiator of a first exchange (RFC 6267 4.2.2).

#include "exchange/engine/opening.hpp"
#include "exchange/ibake/ibake.hpp"

namespace mikey::ibake {
namespace {

/// IBAKE agrees on a TGK as long as the PRF makes it: none can be given, and no TEK or salt.
Status check_key_request(const KeyRequest& key, PrfFunc prf, bool update) {
  if (!key.given.empty() || key.tek || key.with_salt.value_or(false) || !key.given_salt.empty())
    return bad_request("key: IBAKE agrees on a TGK; no key, TEK or salt can be given", "RFC 6267 5.1");
  if (key.length.value_or(keys::ibake_key_size(prf)) != keys::ibake_key_size(prf))
    return bad_request("key_length: the TGK is as long as the PRF makes it, " +
                           std::to_string(keys::ibake_key_size(prf)) + " octets",
                       "RFC 6267 5.1");
  if (key.none && !update) return bad_request("only an update can do without a key", "RFC 6267 5.3");
  return {};
}

Result<Plan> make_plan(const Env& env, const IbakeOffer& offer, keys::BundlePtr old) {
  const Terms& terms = offer.terms;
  if (env.ibake == nullptr || env.ibake->store.empty())
    return bad_request("MIKEY-IBAKE is not configured: there are no IBE parameters");
  if (terms.to.empty()) return bad_request("to: an exchange needs a peer");
  if (terms.group) return bad_request("a CSB of MIKEY-IBAKE cannot be joined", "RFC 6267 7.3");
  if (old && !old->ibake) return bad_request("that CSB was not made by MIKEY-IBAKE", "RFC 6267 5.3");
  Plan p;
  p.peer = terms.to;
  p.old = std::move(old);
  p.prf = p.old ? p.old->prf : env.policy.prf.front();
  if (auto s = check_key_request(terms.key, p.prf, p.old != nullptr); !s) return std::move(s).error();
  p.curve = offer.ibake.curve.value_or(env.policy.ecc_curves.front());
  if (!Policy::has(env.policy.ecc_curves, p.curve))
    return bad_request("curve: the policy does not allow it", "RFC 6267 6.1.4");
  p.esk = offer.ibake.esk;
  p.new_values = !terms.key.none;
  p.validity = terms.validity;
  p.extensions = terms.extensions;
  p.accept = terms.accept;
  if (env.ibake->store.kms_of(p.peer) == nullptr)
    return bad_request("no IBE parameters are known of the KMS of " + p.peer.name(), "RFC 6267 4.1");
  if (p.old) {
    p.csb_id = p.old->csb_id;
  } else {
    auto id = engine::choose_csb_id(env, p.peer);
    if (!id) return std::move(id).error();
    p.csb_id = *id;
  }
  auto proposal = engine::propose(env.policy, terms, p.old.get());
  if (!proposal) return std::move(proposal).error();
  p.proposal = std::move(*proposal);
  return p;
}

/// ESK = E(K_PUB of the intended recipient, IDRi || SK). Draws "SK".
Result<Bytes> make_esk(const Env& env, const Identity& owner, NtpTime t, SecretBytes& key) {
  constexpr std::size_t kSize = 16;
  auto fresh = env.rng.secret(kSize, "SK");
  if (!fresh) return std::move(fresh).error();
  key = std::move(*fresh);
  wire::ChainBuilder b;
  b.add(idr_payload(IdRole::initiator, env.self));
  b.add(wire::Sk{SkType::secret_key, Octets(key.reveal()), {}});
  return seal(env, owner, t, std::move(b));
}

/// I_MESSAGE_1 (4.2.2.1). Draws "RAND", "ECCPT secret", "rho", and with an ESK "SK", "rho".
Result<Next<AwaitAnswer, AwaitUpdateAnswer>> send_first(const Env& env, const PlanPtr& plan) {
  const Plan& p = *plan;
  Sent s;
  s.plan = plan;
  s.t = stamp(env);
  auto rand = env.rng.bytes(16, "RAND");
  if (!rand) return std::move(rand).error();
  s.rand = std::move(*rand);
  auto pair = crypto::ec_generate(p.curve, env.rng);
  if (!pair) return std::move(pair).error();
  s.pair = std::move(*pair);
  auto value = own_value(s.pair, p.prf, p.validity);
  if (!value) return std::move(value).error();
  s.value = std::move(*value);

  wire::ChainBuilder inner;
  inner.add(idr_payload(IdRole::initiator, env.self));
  inner.add_encoded(PayloadType::eccpt, s.value.body);
  inner.add(idr_payload(IdRole::responder, p.peer));
  auto sealed = seal(env, p.peer, s.time(), std::move(inner));
  if (!sealed) return std::move(sealed).error();

  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::i_message_1, true, p.prf, p.csb_id, p.proposal, map));
  b.add(wire::T{TsType::ntp_utc, Octets(s.t)}).add(wire::Rand{Octets(s.rand)});
  b.add(idr_payload(IdRole::initiator, env.self)).add(idr_payload(IdRole::responder, p.peer));
  if (auto ok = engine::add_policies(b, p.proposal); !ok) return std::move(ok).error();
  engine::add_extensions(b, p.extensions);
  b.add(wire::Ibake{Octets(*sealed)});
  if (p.esk) {
    auto esk = make_esk(env, p.peer, s.time(), s.content_key);
    if (!esk) return std::move(esk).error();
    b.add(wire::Esk{Octets(*esk)});
  }
  auto message = std::move(b).finish();
  if (!message) return std::move(message).error();
  Step step = engine::actions(Send{Destination::peer, p.peer, std::move(*message), true},
                              Wake{s.time() + env.policy.patience});
  return Next<AwaitAnswer, AwaitUpdateAnswer>{AwaitAnswer{std::make_shared<const Sent>(std::move(s))},
                                              std::move(step)};
}

bool takes(const Env& env, const Plan& p, const Identity& who) {
  const auto in = [&](const std::vector<Identity>& list) {
    return std::ranges::find(list, who) != list.end();
  };
  return who == p.peer || env.ibake->accept_any || in(env.ibake->accept) || in(p.accept);
}

/// What R_MESSAGE_1 brought (4.2.2.4).
struct Answer {
  std::vector<wire::SrtpId> cs;
  Identity peer;
  bool returned = false;  ///< ECCPTi came back
  Value value_r;
};

Result<Answer> read_answer(const Env& env, const Sent& s, const wire::Message& m) {
  const Plan& p = *s.plan;
  Answer a;
  auto cs = engine::check_answer(m, p.proposal, p.prf);
  if (!cs) return std::move(cs).error();
  a.cs = std::move(*cs);
  if (auto ok = engine::ReplayGate::same_timestamp(m, s.t); !ok) return std::move(ok).error();
  auto responder = identity_in(m, IdRole::responder);
  if (identity_in(m, IdRole::initiator) != env.self || !responder)
    return bad_message(ErrorCode::invalid_id, "RFC 6267 4.2.2.3", "IDRi or IDRr of the response");
  a.peer = std::move(*responder);
  auto inner = open_ibake(env, m, env.self, s.time());
  if (!inner) return std::move(inner).error();
  a.returned = inner->is(kBoth);
  if (!a.returned && !inner->is(kAnswered))
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.3",
                       "IBAKE does not hold IDRi, ECCPTi, IDRr, ECCPTr");
  if (auto ok = check_inner(*inner, env.self, a.peer); !ok) return std::move(ok).error();
  if (a.returned)
    if (auto ok = engine::check_returned_value_6267(s.value.point, inner->values.front().point);
        !ok || inner->values.front().curve != s.value.curve)
      return bad_message(ErrorCode::auth_failure, "RFC 6267 4.2.2.4", "the response holds another ECCPTi");
  if (!takes(env, p, a.peer))
    return bad_message(ErrorCode::invalid_id, "RFC 6267 7.4",
                       a.peer.name() + " answers in place of the one called");
  a.value_r = std::move(inner->values.back());
  return a;
}

/// I_MESSAGE_2 (4.2.2.5), encrypted to whoever answered.
Result<Bytes> second_message(const Env& env, const Sent& s, const Answer& a, Returned& r) {
  const Plan& p = *s.plan;
  wire::ChainBuilder inner;
  inner.add(idr_payload(IdRole::initiator, env.self));
  if (r.again) inner.add_encoded(PayloadType::eccpt, s.value.body);
  inner.add(idr_payload(IdRole::responder, a.peer));
  inner.add_encoded(PayloadType::eccpt, a.value_r.body);
  auto sealed = seal(env, a.peer, r.time(), std::move(inner));
  if (!sealed) return std::move(sealed).error();

  engine::Proposal filled = p.proposal;
  filled.cs = a.cs;
  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::i_message_2, true, p.prf, p.csb_id, filled, map));
  b.add(wire::T{TsType::ntp_utc, Octets(r.t)}).add(wire::Rand{Octets(s.rand)});
  b.add(idr_payload(IdRole::initiator, env.self)).add(idr_payload(IdRole::responder, a.peer));
  b.add(wire::Ibake{Octets(*sealed)});
  if (r.again) {  // "SHALL also contain an ESK payload" for the intended recipient (4.2.2.4)
    auto esk = make_esk(env, p.peer, r.time(), r.content_key);
    if (!esk) return std::move(esk).error();
    b.add(wire::Esk{Octets(*esk)});
  }
  return std::move(b).finish();
}

Result<Next<AwaitAnswer, AwaitUpdateAnswer>> proceed(const Env& env, const PlanPtr& plan) {
  if (!plan->old) return send_first(env, plan);
  auto next = begin_update(env, plan);
  if (!next) return std::move(next).error();
  return engine::widen<Next<AwaitAnswer, AwaitUpdateAnswer>>(std::move(*next));
}

}  // namespace

Result<Next<AwaitOwnKey, AwaitAnswer, AwaitUpdateAnswer>> begin(const Env& env, const IbakeOffer& offer,
                                                                keys::BundlePtr old, std::uint32_t& csb_id) {
  using Out = Next<AwaitOwnKey, AwaitAnswer, AwaitUpdateAnswer>;
  auto made = make_plan(env, offer, std::move(old));
  if (!made) return std::move(made).error();
  const auto plan = std::make_shared<const Plan>(std::move(*made));
  csb_id = plan->csb_id;
  if (!plan->new_values || env.ibake->store.key(env.self.data, env.clock.read()) != nullptr) {
    auto next = proceed(env, plan);
    if (!next) return std::move(next).error();
    return engine::widen<Out>(std::move(*next));
  }
  if (env.ibake->kms.empty())
    return bad_request("there is no private key of " + env.self.name() + " for the present date, and no KMS",
                       "RFC 6267 4.2.1");
  auto question = ask_for_key(env, offer.kms_psk);
  if (!question) return std::move(question).error();
  const KeyQuestion& q = **question;
  Step step = engine::actions(Send{Destination::kms, q.kms(), q.message(), true},
                              Wake{q.time() + env.policy.patience});
  return Out{AwaitOwnKey{plan, std::move(*question)}, std::move(step)};
}

Result<Next<AwaitAnswer, AwaitUpdateAnswer>> on(const AwaitOwnKey& s, const Received<KeyAnswer>& m,
                                                const Env& env) {
  auto keys = read_keys(env, *s.question, *m, env.clock.read());
  if (!keys) return std::move(keys).error();
  auto next = proceed(env, s.plan);
  if (next) next->actions.insert(next->actions.begin(), KeepPrivateKeys{std::move(*keys)});
  return next;
}

Result<Next<AwaitProof>> on(const AwaitAnswer& s, const Received<RMessage1>& m, const Env& env) {
  const Sent& sent = *s.sent;
  const Plan& p = *sent.plan;
  auto answer = read_answer(env, sent, *m);
  if (!answer) return std::move(answer).error();
  Returned r;
  r.first = s.sent;
  auto secrets = agree(env, sent.pair, answer->value_r, p.prf, sent.rand);
  if (!secrets) return std::move(secrets).error();
  r.secrets = std::move(*secrets);
  r.again = !answer->returned;
  r.content_key = sent.content_key.clone();
  r.t = stamp(env);
  auto message = second_message(env, sent, *answer, r);
  if (!message) return std::move(message).error();
  r.peer = std::move(answer->peer);
  r.cs = std::move(answer->cs);
  Step step = engine::actions(Send{Destination::peer, r.peer, std::move(*message), true},
                              Wake{r.time() + env.policy.patience});
  return Next<AwaitProof>{AwaitProof{std::make_shared<const Returned>(std::move(r))}, std::move(step)};
}

Result<Next<Done>> on(const AwaitProof& s, const Received<RMessage2>& m, const Env& env) {
  const Returned& r = *s.sent;
  const Sent& sent = *r.first;
  const Plan& p = *sent.plan;
  engine::Proposal filled = p.proposal;
  filled.cs = r.cs;
  if (auto cs = engine::check_answer(*m, filled, p.prf); !cs) return std::move(cs).error();
  const keys::MessageKeys keys =
      keys::ibake_message_keys(env.crypto, p.prf, r.secrets.mpk.reveal(), p.csb_id, sent.rand);
  auto proof = engine::Verifier::verification_6267(keys, p.prf, m, env.self.data, r.peer.data);
  if (!proof) return std::move(proof).error();
  auto fresh = engine::ReplayGate::answers(*proof, r.t);
  if (!fresh) return std::move(fresh).error();
  if ((m->count<wire::Ibake>() != 0) != r.again)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2.7",
                       r.again ? "R_MESSAGE_2 does not return ECCPTi" : "R_MESSAGE_2 has an IBAKE payload");
  if (r.again) {
    auto inner = open_ibake(env, *m, env.self, r.time());
    if (!inner) return std::move(inner).error();
    if (!inner->is(kReturned) || inner->ids.front() != env.self ||
        inner->values.front().curve != sent.value.curve ||
        !engine::check_returned_value_6267(sent.value.point, inner->values.front().point))
      return bad_message(ErrorCode::auth_failure, "RFC 6267 4.2.2.8", "R_MESSAGE_2 holds another ECCPTi");
  }
  keys::IbakeCsb csb;
  csb.initiator = env.self;
  csb.responder = r.peer;
  csb.mpk = r.secrets.mpk.clone();
  csb.content_key = r.content_key.clone();
  auto draft = make_draft(env, {Role::initiator, r.peer, p.csb_id, p.prf, sent.rand, std::move(filled),
                                tgk_entry(r.secrets, p.validity), std::move(csb), engine::extensions_of(*m)});
  if (!draft) return std::move(draft).error();
  return Next<Done>{Done{}, engine::actions(engine::commit(*proof, *fresh, std::move(*draft)))};
}

}  // namespace mikey::ibake
