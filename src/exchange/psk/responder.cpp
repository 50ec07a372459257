#include "exchange/engine/error_message.hpp"
#include "exchange/engine/finish.hpp"
#include "exchange/psk/psk.hpp"

namespace mikey::psk::responder {

Result<engine::Next<NeedsKey>> on(const AwaitInit& /*state*/, engine::Received<Init> m, const Env& env) {
  using P = PayloadType;
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  if (auto ok = engine::check_layout(*m, {P::t, P::rand, P::id, P::sp, P::general_ext}, P::kemac); !ok)
    return std::move(ok).error();
  auto ids = engine::message_ids(*m, env.self);
  if (!ids) return std::move(ids).error();
  const auto k = m->get<wire::Kemac>(m->last_slot());
  const bool null = k.encr_alg == EncrAlg::null && k.mac_alg == MacAlg::null;
  NeedPsk need{ids->idi, m->hdr().csb_id, null};
  return engine::Next<NeedsKey>{NeedsKey{std::move(m), std::move(*ts), std::move(*ids)},
                                engine::actions(Need(std::move(need)))};
}

namespace {

/// Whether the bundle may be updated by a pre-shared key message at all (RFC 3830 4.5).
Status check_updatable(const keys::Bundle& old, const wire::Message& m, bool null) {
  if (old.mode != Mode::psk && old.transport_key.empty())
    return bad_message(
        ErrorCode::unspecified, "RFC 3830 4.5",
        "that CSB is of mode " + std::string(mode_name(old.mode)) + " and has no cached envelope key");
  if (m.hdr().prf != old.prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 3830 4.5", "the update names another PRF function", 3);
  if (null && !old.null_protected)
    return bad_message(ErrorCode::invalid_mac, "RFC 3830 4.2.4", "the update is less protected than its CSB");
  return {};
}

}  // namespace

Result<engine::Next<NeedsVerdict>> on(const NeedsKey& s, PskSupplied answer, const Env& env) {
  const wire::Message& m = *s.init;
  const wire::Slot& at = m.last_slot();
  const auto k = m.get<wire::Kemac>(at);
  const bool null = k.encr_alg == EncrAlg::null && k.mac_alg == MacAlg::null;
  const keys::Bundle* old = answer.bundle.get();
  auto rand = engine::find_rand(m, old);
  if (!rand) return std::move(rand).error();
  const bool updates = old != nullptr && !engine::collides(m, old);
  if (updates)
    if (auto ok = check_updatable(*old, m, null); !ok) return std::move(ok).error();
  const bool cached = updates && old->mode != Mode::psk;
  auto ok =
      engine::accept_algorithms(env.policy, k.encr_alg, k.mac_alg,
                                cached ? engine::Protection::cached : engine::Protection::mac, at.offset);
  if (!ok) return std::move(ok).error();

  auto who = std::make_shared<Identified>();
  who->psk = cached ? old->transport_key.clone() : answer.psk.SecretBytes::clone();
  if (who->psk.empty() && !null)
    return bad_message(ErrorCode::auth_failure, "RFC 3830 3.1", "there is no PSK for the sender");
  who->keys =
      std::make_shared<keys::MessageKeys>(env.crypto, m.hdr().prf, who->psk.reveal(), m.hdr().csb_id, *rand);
  auto authentic = engine::Verifier::kemac(*who->keys, s.init);
  if (!authentic) return std::move(authentic).error();
  NeedReplayVerdict question = engine::ReplayGate::ask(*authentic, answer.peer);

  who->id_i = s.ids.idi ? s.ids.idi->data : answer.peer.data;
  who->peer = std::move(answer.peer);
  who->old = std::move(answer.bundle);
  who->rand = std::move(*rand);
  who->v_alg = engine::verification_alg(k.encr_alg, k.mac_alg);
  return engine::Next<NeedsVerdict>{NeedsVerdict{std::move(*authentic), s.t, s.ids, std::move(who)},
                                    engine::actions(Need(std::move(question)))};
}

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  const Identified& who = *s.who;
  if (engine::collides(m, who.old.get())) return engine::collision(m);
  if (auto ok = engine::check_for_me(s.ids, env.self); !ok) return std::move(ok).error();
  auto proposal = engine::accept_proposal(env.policy, m, who.old.get());
  if (!proposal) return std::move(proposal).error();
  const auto k = m.get<wire::Kemac>(m.last_slot());
  auto keys = engine::open_keys(*who.keys, k, m.last_slot().offset, s.t.value, nullptr, who.old != nullptr);
  if (!keys) return std::move(keys).error();

  engine::Accepted a{Mode::psk, who.peer, who.old, who.rand, std::move(*proposal), std::move(*keys)};
  const bool v = m.hdr().v != 0;
  auto draft = engine::respond_draft(env, m, a, v);
  if (!draft) return std::move(draft).error();
  (*draft)->transport_key = who.psk.clone();
  (*draft)->cache = who.old ? who.old->cache : EnvelopeCache::no_cache;
  (*draft)->null_protected = k.encr_alg == EncrAlg::null && k.mac_alg == MacAlg::null;
  Ready ready = engine::commit(s.init, *fresh, std::move(*draft));
  if (!v) return engine::Next<Done>{Done{}, engine::actions(std::move(ready))};
  auto answer = engine::verification_message(env, m, DataType::psk_resp, a.proposal.cs, s.t, *who.keys,
                                             who.v_alg, who.id_i);
  if (!answer) return std::move(answer).error();
  return engine::Next<Done>{
      Done{},
      engine::actions(Send{Destination::peer, who.peer, std::move(*answer), false}, std::move(ready))};
}

std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e,
                             const Env& env) {
  return engine::verified_error(o, e, env.policy, *s.who->keys, s.who->v_alg, s.who->id_i, env.self.data);
}

}  // namespace mikey::psk::responder
