#include "exchange/sakke/sakke.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::sakke::responder {
namespace {

Error unsupported(const char* why) {
  return bad_message(ErrorCode::unsupported_message, "RFC 6509 2.2.2", why);
}

/// One SAKKE, one RAND, and SIGN at the end (RFC 6509 2.1, 2.2.1).
Status check_structure(const wire::Message& m) {
  using P = PayloadType;
  if (m.count<wire::Sakke>() != 1) return unsupported("the message must have one SAKKE payload");
  if (m.last_type() != P::sign) return unsupported("the message does not end with SIGN");
  if (auto ok =
          engine::check_layout(m, {P::t, P::rand, P::idr, P::cert, P::sp, P::sakke, P::general_ext}, P::sign);
      !ok)
    return ok;
  if (m.count<wire::Rand>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6509 2.2.1", "the message must have one RAND payload");
  return {};
}

}  // namespace

Result<engine::Next<NeedsOld>> on(const AwaitInit& /*state*/, const engine::Received<Init>& m,
                                  const Env& env) {
  if (env.sakke == nullptr || env.sakke->kms().empty()) return unsupported("there are no keys for this mode");
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  if (auto ok = check_structure(*m); !ok) return std::move(ok).error();
  auto claim = read_claim(env, *m, *ts, m.fetched.get());
  if (!claim) return std::move(claim).error();
  auto authentic = claim->signer ? engine::Verifier::signature(*claim->signer, m, env.policy)
                                 : engine::Verifier::signature_eccsi(
                                       engine::EccsiSigner{env, claim->kms_i, claim->id_i}, m);
  if (!authentic) return std::move(authentic).error();
  auto peer = find_peer(env, *claim, ts->time());
  if (!peer) return std::move(peer).error();
  NeedBundle need{*peer, m->hdr().csb_id};
  return engine::Next<NeedsOld>{
      NeedsOld{std::move(*authentic), std::make_shared<const Claim>(std::move(*claim)), std::move(*peer)},
      engine::actions(Need(std::move(need)))};
}

Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& /*env*/) {
  NeedReplayVerdict question = engine::ReplayGate::ask(s.init, s.peer);
  return engine::Next<NeedsVerdict>{NeedsVerdict{s.init, s.claim, s.peer, std::move(answer.bundle)},
                                    engine::actions(Need(std::move(question)))};
}

namespace {

/// RFC 6509 2.2.1 with RFC 3830 4.5: an update carries the RAND of its CSB again.
Status check_update(const keys::Bundle& old, const wire::Message& m) {
  if (auto ok = engine::check_same_kind(old, Mode::sakke, m); !ok) return ok;
  if (!(m.first<wire::Rand>()->data == Octets(old.rand)))
    return bad_message(ErrorCode::unspecified, "RFC 3830 4.5",
                       "a CSB with this ID exists, and an update has its RAND",
                       m.find(PayloadType::rand)->offset);
  return {};
}

}  // namespace

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  if (s.old)
    if (auto ok = check_update(*s.old, m); !ok) return std::move(ok).error();
  auto plan = accept_sessions(env.policy, m, s.old.get());
  if (!plan) return std::move(plan).error();
  auto ssv = ibc::sakke::decapsulate(env.crypto, s.claim->keys.receiver(), s.claim->sealed);
  if (!ssv) {
    Error e = std::move(ssv).error();
    e.offset = s.claim->sealed_offset;
    return e;
  }

  keys::Bundle b;
  b.csb_id = m.hdr().csb_id;
  b.derive_csb_id = b.csb_id;
  b.mode = Mode::sakke;
  b.role = s.claim->own ? Role::initiator : Role::responder;
  b.peer = s.peer;
  b.prf = m.hdr().prf;
  b.rand = to_bytes(m.first<wire::Rand>()->data);
  b.map_type = m.hdr().map_type;
  b.sessions = bundle_sessions(*plan);
  b.policies = std::move(plan->policies);
  b.extensions = engine::extensions_of(m);
  keys::KeyEntry& key = b.keys.emplace_back();
  key.key = std::move(*ssv);
  if (!b.sessions.empty()) key.validity = b.sessions.front().validity;
  if (auto ok = keys::derive_session_keys(env.crypto, b); !ok) return std::move(ok).error();
  return engine::Next<Done>{Done{},
                            engine::actions(engine::commit(s.init, *fresh, engine::Draft(std::move(b))))};
}

}  // namespace mikey::sakke::responder
