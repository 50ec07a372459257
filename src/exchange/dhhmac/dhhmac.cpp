#include "exchange/dhhmac/dhhmac.hpp"

namespace mikey::dhhmac {
namespace {

/// Ends a message with a KEMAC that carries nothing but the MAC: Encr alg NULL (0) and MAC alg by IANA's
/// numbers, which the table of RFC 4650 4.2 contradicts (doc/readings.md, 4650-1).
Result<Bytes> finish(wire::ChainBuilder b, const keys::MessageKeys& keys, MacAlg mac) {
  const Bytes room(*wire::mac_size(mac));
  b.add(wire::Kemac{EncrAlg::null, {}, mac, Octets(room)});
  if (auto ok = engine::fill_kemac_mac(keys, mac, b); !ok) return std::move(ok).error();
  return std::move(b).finish();
}

/// RFC 4650 4.1: the payloads that may occur, and the KEMAC at the end.
Status check_message(const Policy& policy, const wire::Message& m) {
  using P = PayloadType;
  if (auto ok = engine::check_layout(m, {P::t, P::rand, P::id, P::sp, P::general_ext, P::dh}, P::kemac); !ok)
    return ok;
  const wire::Slot& at = m.last_slot();
  const auto k = m.get<wire::Kemac>(at);
  // There is nothing to encrypt, so the 2 that RFC 4650 calls NULL means no more than IANA's 0.
  const bool no_cipher = k.encr_alg == EncrAlg::null || wire::to_number(k.encr_alg) == 2;
  if (!no_cipher || !k.encr_data.empty())
    return bad_message(ErrorCode::invalid_ea, "RFC 4650 4.2", "a KEMAC of DHHMAC carries no encrypted data",
                       at.offset);
  const bool null = k.mac_alg == MacAlg::null;
  if (null ? !policy.allow_null : !Policy::has(policy.kemac_mac, k.mac_alg))
    return bad_message(ErrorCode::invalid_mac, "RFC 4650 4.2", "the MAC algorithm is not accepted here",
                       at.offset);
  return {};
}

}  // namespace

namespace initiator {

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, DhhmacOffer offer, keys::BundlePtr old) {
  const MacAlg mac = env.policy.kemac_mac.front();
  if (mac == MacAlg::null && !env.policy.allow_null)
    return bad_request("a NULL MAC is not allowed", "RFC 4650 4.2");
  if (offer.psk.empty()) return bad_request("no PSK for " + offer.terms.to.name());
  if (!offer.terms.accept.empty())
    return bad_request("accept: the key of this mode is one's who was named beforehand", "RFC 5197 5.3");
  auto opening = engine::open(env, offer.terms, std::move(old));
  if (!opening) return std::move(opening).error();
  engine::Opening& o = *opening;
  auto half = dh::open_half(env, offer.terms, offer.group, o.old.get());
  if (!half) return std::move(half).error();
  auto keys = std::make_shared<keys::MessageKeys>(env.crypto, o.prf, offer.psk.reveal(), o.csb_id, o.rand);
  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::dhhmac_init, true, o.prf, o.csb_id, o.proposal, map));
  if (auto ok = engine::add_head(b, env, o); !ok) return std::move(ok).error();
  dh::add_half(b, *half);
  auto message = finish(std::move(b), *keys, mac);
  if (!message) return std::move(message).error();
  Step step = engine::sent(o, env, std::move(*message), std::nullopt);
  return engine::Next<AwaitResponse, Done>{
      AwaitResponse{std::move(o), std::move(*half), std::move(keys), mac}, std::move(step)};
}

Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env) {
  if (auto ok = check_message(env.policy, *m); !ok) return std::move(ok).error();
  auto authentic = engine::Verifier::kemac(*s.keys, m);
  if (!authentic) return std::move(authentic).error();
  auto fresh = engine::ReplayGate::answers(*authentic, s.opening.t);
  if (!fresh) return std::move(fresh).error();
  auto idr = dh::response_ids(*m, env.self);
  if (!idr) return std::move(idr).error();
  if (*idr && **idr != s.opening.peer)
    return bad_message(ErrorCode::invalid_id, "RFC 4650 3", "the response is from another identity");
  auto draft = dh::conclude(env, Mode::dhhmac, s.opening, s.half, *m);
  if (!draft) return std::move(draft).error();
  return engine::Next<Done>{Done{s.opening.csb_id},
                            engine::actions(engine::commit(*authentic, *fresh, std::move(*draft)))};
}

Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& /*env*/) {
  auto complaint = engine::read_error(m, s.opening.t);
  if (!complaint) return engine::foreign_error();
  bool authentic = m.last_type() == PayloadType::kemac && s.mac != MacAlg::null;
  if (authentic) {
    const auto k = m.get<wire::Kemac>(m.last_slot());
    authentic = k.mac_alg == s.mac && k.encr_data.empty() && engine::check_kemac_mac(*s.keys, m).ok();
  }
  return engine::peer_error(std::move(*complaint), authentic);
}

}  // namespace initiator

namespace responder {

Result<engine::Next<NeedsKey>> on(const AwaitInit& /*state*/, engine::Received<Init> m, const Env& env) {
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  if (auto ok = check_message(env.policy, *m); !ok) return std::move(ok).error();
  auto ids = engine::message_ids(*m, env.self);
  if (!ids) return std::move(ids).error();
  if (!ids->idr) return bad_message(ErrorCode::invalid_id, "RFC 4650 3", "IDr is missing");
  NeedPsk need{ids->idi, m->hdr().csb_id, false};
  return engine::Next<NeedsKey>{NeedsKey{std::move(m), std::move(*ts), std::move(*ids)},
                                engine::actions(Need(std::move(need)))};
}

Result<engine::Next<NeedsVerdict>> on(const NeedsKey& s, PskSupplied answer, const Env& env) {
  const wire::Message& m = *s.init;
  if (answer.psk.empty())
    return bad_message(ErrorCode::auth_failure, "RFC 4650 3", "there is no PSK for the sender");
  auto rand = engine::find_rand(m, answer.bundle.get());
  if (!rand) return std::move(rand).error();
  auto keys = std::make_shared<keys::MessageKeys>(env.crypto, m.hdr().prf, answer.psk.reveal(),
                                                  m.hdr().csb_id, *rand);
  auto authentic = engine::Verifier::kemac(*keys, s.init);
  if (!authentic) return std::move(authentic).error();
  NeedReplayVerdict question = engine::ReplayGate::ask(*authentic, answer.peer);
  const MacAlg mac = m.get<wire::Kemac>(m.last_slot()).mac_alg;
  return engine::Next<NeedsVerdict>{
      NeedsVerdict{std::move(*authentic), s.t, s.ids, std::move(answer.peer), std::move(answer.bundle),
                   std::move(*rand), std::move(keys), mac},
      engine::actions(Need(std::move(question)))};
}

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  if (engine::collides(m, s.old.get())) return engine::collision(m);
  if (auto ok = engine::check_for_me(s.ids, env.self); !ok) return std::move(ok).error();
  auto a = dh::answer(env, m, Mode::dhhmac, s.peer, s.old, s.rand);
  if (!a) return std::move(a).error();
  auto message =
      finish(dh::answer_message(env, m, DataType::dhhmac_resp, *a, s.t, s.peer, {}), *s.keys, s.mac);
  if (!message) return std::move(message).error();
  return engine::Next<Done>{Done{},
                            engine::actions(Send{Destination::peer, s.peer, std::move(*message), false},
                                            engine::commit(s.init, *fresh, std::move(a->draft)))};
}

std::optional<Send> complain(const NeedsVerdict& s, const engine::Offence& o, const Error& e,
                             const Env& env) {
  if (o.t.empty() || e.severity != Severity::message) return std::nullopt;
  auto b = engine::error_message(o, e, env.policy);
  if (!b) return std::nullopt;
  auto octets = finish(std::move(*b), *s.keys, s.mac);
  if (!octets) return std::nullopt;
  return Send{Destination::peer, s.peer, std::move(*octets), false};
}

}  // namespace responder
}  // namespace mikey::dhhmac
