#include "exchange/dh/dh.hpp"

namespace mikey::dh {
namespace initiator {

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, DhOffer offer, keys::BundlePtr old) {
  if (auto ok = engine::need_own_certificate(env); !ok) return std::move(ok).error();
  auto opening = engine::open(env, offer.terms, std::move(old));
  if (!opening) return std::move(opening).error();
  engine::Opening& o = *opening;
  auto half = open_half(env, offer.terms, offer.group, o.old.get());
  if (!half) return std::move(half).error();
  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::dh_init, true, o.prf, o.csb_id, o.proposal, map));
  auto ok =
      engine::add_head(b, env, o, [&env](wire::ChainBuilder& to) { engine::add_own_certificates(to, env); });
  if (!ok) return std::move(ok).error();
  add_half(b, *half);
  auto message = engine::finish_signed(std::move(b), env);
  if (!message) return std::move(message).error();
  Step step = engine::sent(o, env, std::move(*message), std::nullopt);
  return engine::Next<AwaitResponse, Done>{AwaitResponse{std::move(o), std::move(*half)}, std::move(step)};
}

Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env) {
  using P = PayloadType;
  auto layout =
      engine::check_layout(*m, {P::t, P::rand, P::id, P::cert, P::sp, P::general_ext, P::dh}, P::sign);
  if (!layout) return std::move(layout).error();
  auto idr = response_ids(*m, env.self);
  if (!idr) return std::move(idr).error();
  auto signer = engine::find_signer(env, *m, m.fetched.get(), *idr, &s.opening.peer);
  if (!signer) return std::move(signer).error();
  auto authentic = engine::Verifier::signature(*signer, m, env.policy);
  if (!authentic) return std::move(authentic).error();
  auto fresh = engine::ReplayGate::answers(*authentic, s.opening.t);
  if (!fresh) return std::move(fresh).error();
  if (!s.opening.takes(signer->identity))
    return bad_message(ErrorCode::invalid_id, "RFC 3830 3.3", "the response is from another identity");
  engine::Opening opening = s.opening;
  opening.peer = signer->identity;
  auto draft = conclude(env, Mode::dh, opening, s.half, *m);
  if (!draft) return std::move(draft).error();
  return engine::Next<Done>{Done{s.opening.csb_id},
                            engine::actions(engine::commit(*authentic, *fresh, std::move(*draft)))};
}

Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& env) {
  auto complaint = engine::read_error(m, s.opening.t);
  if (!complaint) return engine::foreign_error();
  return engine::peer_error(std::move(*complaint), engine::error_is_signed_by(env, m, s.opening.peer));
}

}  // namespace initiator

namespace responder {

Result<engine::Next<NeedsOld>> on(const AwaitInit& /*state*/, engine::Received<Init> m, const Env& env) {
  using P = PayloadType;
  if (auto ok = engine::can_answer_signed(env); !ok) return std::move(ok).error();
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  auto layout =
      engine::check_layout(*m, {P::t, P::rand, P::id, P::cert, P::sp, P::general_ext, P::dh}, P::sign);
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
  return engine::Next<NeedsVerdict>{NeedsVerdict{std::move(*authentic), s.t, s.ids, s.signer.identity,
                                                 std::move(answer.bundle), std::move(*rand)},
                                    engine::actions(Need(std::move(question)))};
}

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  if (engine::collides(m, s.old.get())) return engine::collision(m);
  if (auto ok = engine::check_for_me(s.ids, env.self); !ok) return std::move(ok).error();
  auto a = answer(env, m, Mode::dh, s.peer, s.old, s.rand);
  if (!a) return std::move(a).error();
  wire::ChainBuilder b =
      answer_message(env, m, DataType::dh_resp, *a, s.t, s.peer,
                     [&env](wire::ChainBuilder& to) { engine::add_own_certificates(to, env); });
  auto message = engine::finish_signed(std::move(b), env);
  if (!message) return std::move(message).error();
  return engine::Next<Done>{Done{},
                            engine::actions(Send{Destination::peer, s.peer, std::move(*message), false},
                                            engine::commit(s.init, *fresh, std::move(a->draft)))};
}

}  // namespace responder
}  // namespace mikey::dh
