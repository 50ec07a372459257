#include "exchange/engine/finish.hpp"
#include "exchange/pk/pk.hpp"

namespace mikey::pk::responder {

Result<engine::Next<NeedsOld>> on(const AwaitInit& /*state*/, engine::Received<Init> m, const Env& env) {
  using P = PayloadType;
  if (auto ok = engine::can_answer_signed(env); !ok) return std::move(ok).error();
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  auto layout = engine::check_layout(
      *m, {P::t, P::rand, P::id, P::cert, P::sp, P::general_ext, P::kemac, P::chash, P::pke}, P::sign);
  if (!layout) return std::move(layout).error();
  auto ids = engine::message_ids(*m, env.self);
  if (!ids) return std::move(ids).error();
  auto signer = engine::find_signer(env, *m, m.fetched.get(), ids->idi);
  if (!signer) return std::move(signer).error();
  NeedBundle need{signer->identity, m->hdr().csb_id};
  return engine::Next<NeedsOld>{NeedsOld{std::move(m), std::move(*ts), std::move(*ids), std::move(*signer)},
                                engine::actions(Need(std::move(need)))};
}

Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& env) {
  auto authentic = engine::Verifier::signature(s.signer, s.init, env.policy);
  if (!authentic) return std::move(authentic).error();
  auto rand = engine::find_rand(*s.init, answer.bundle.get());
  if (!rand) return std::move(rand).error();
  NeedReplayVerdict question = engine::ReplayGate::ask(*authentic, s.signer.identity);
  return engine::Next<NeedsVerdict>{
      NeedsVerdict{std::move(*authentic), s.t, s.ids, s.signer.identity, std::move(answer.bundle),
                   std::move(*rand), std::make_shared<engine::Envelope>()},
      engine::actions(Need(std::move(question)))};
}

namespace {

/// An update of a public-key CSB comes in this form only when the envelope key was not cached (RFC 3830 4.5).
Status check_updatable(const keys::Bundle& old, const wire::Message& m) {
  if (auto ok = engine::check_same_kind(old, Mode::pk, m); !ok) return ok;
  if (!old.transport_key.empty())
    return Error{ErrorCode::unspecified, Severity::discard, "RFC 3830 4.5", std::nullopt,
                 "the envelope key is cached, so an update is a pre-shared key message"};
  return {};
}

}  // namespace

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  if (engine::collides(m, s.old.get())) return engine::collision(m);
  if (s.old)
    if (auto ok = check_updatable(*s.old, m); !ok) return std::move(ok).error();
  auto opened = engine::open_envelope(env, m, {m.hdr().prf, m.hdr().csb_id, s.rand, s.t.value}, s.peer,
                                      s.old != nullptr);
  if (!opened) return std::move(opened).error();
  *s.envelope = std::move(*opened);
  engine::Envelope& e = *s.envelope;
  if (e.null_protected && s.old && !s.old->null_protected)
    return bad_message(ErrorCode::invalid_mac, "RFC 3830 4.2.4", "the update is less protected than its CSB");
  if (auto ok = engine::check_for_me(s.ids, env.self); !ok) return std::move(ok).error();
  auto proposal = engine::accept_proposal(env.policy, m, s.old.get());
  if (!proposal) return std::move(proposal).error();

  engine::Accepted a{Mode::pk, s.peer, s.old, s.rand, std::move(*proposal), std::move(e.content)};
  const bool v = m.hdr().v != 0;
  auto draft = engine::respond_draft(env, m, a, v);
  if (!draft) return std::move(draft).error();
  (*draft)->cache = e.cache;
  (*draft)->null_protected = e.null_protected;
  if (e.cache != EnvelopeCache::no_cache) (*draft)->transport_key = e.key.clone();
  Ready ready = engine::commit(s.init, *fresh, std::move(*draft));
  if (!v) return engine::Next<Done>{Done{}, engine::actions(std::move(ready))};
  auto answer = engine::verification_message(env, m, DataType::pk_resp, a.proposal.cs, s.t, *e.keys, e.v_alg,
                                             s.peer.data);
  if (!answer) return std::move(answer).error();
  return engine::Next<Done>{
      Done{}, engine::actions(Send{Destination::peer, s.peer, std::move(*answer), false}, std::move(ready))};
}

std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e,
                             const Env& env) {
  if (!s.envelope->keys) return engine::plain_error(o, e, env.policy);
  return engine::verified_error(o, e, env.policy, *s.envelope->keys, s.envelope->v_alg, s.peer.data,
                                env.self.data);
}

}  // namespace mikey::pk::responder
