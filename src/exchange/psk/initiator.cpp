#include "exchange/engine/error_message.hpp"
#include "exchange/engine/finish.hpp"
#include "exchange/psk/psk.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::psk::initiator {
namespace {

struct Algorithms {
  EncrAlg encr{};
  MacAlg mac{};
};

/// What the KEMAC is protected with. Under a cached envelope key NULL is out of the question (RFC 3830 3.2).
Result<Algorithms> choose_algorithms(const Policy& policy, const keys::Bundle* old) {
  Algorithms a{policy.kemac_encryption.front(), policy.kemac_mac.front()};
  if (old != nullptr && old->mode != Mode::psk) {
    if (a.encr == EncrAlg::null) a.encr = EncrAlg::aes_cm_128;
    if (a.mac == MacAlg::null) a.mac = MacAlg::hmac_sha_1_160;
    return a;
  }
  if (!engine::legal_pair(a.encr, a.mac, engine::Protection::mac, policy.allow_null))
    return bad_request("the pre-shared key mode does not allow this pair of encryption and MAC algorithms",
                       "RFC 3830 4.2.3");
  return a;
}

Result<SecretBytes> plain_keys(const engine::Draft& draft, bool none) {
  wire::ChainBuilder b;
  if (!none) b.add(engine::key_data(draft.view().keys.front()));
  return std::move(b).finish_secret();
}

}  // namespace

Result<engine::Next<AwaitVerification, Done>> begin(const Env& env, PskOffer offer, keys::BundlePtr old) {
  auto alg = choose_algorithms(env.policy, old.get());
  if (!alg) return std::move(alg).error();
  const bool null = alg->encr == EncrAlg::null && alg->mac == MacAlg::null;
  if (offer.psk.empty() && !null) return bad_request("no PSK for " + offer.terms.to.name());
  if (!offer.terms.accept.empty())
    return bad_request("accept: the key of this mode is one's who was named beforehand", "RFC 5197 5.3");
  auto opening = engine::open(env, offer.terms, std::move(old));
  if (!opening) return std::move(opening).error();
  engine::Opening& o = *opening;

  engine::Draft draft = engine::begin_draft(Mode::psk, Role::initiator, o);
  if (auto s = engine::take_keys(env, o, offer.terms, draft); !s) return std::move(s).error();
  draft->sessions = engine::make_sessions(o.proposal, draft->keys.front().validity);
  draft->transport_key = offer.psk.SecretBytes::clone();
  draft->cache = o.old ? o.old->cache : EnvelopeCache::no_cache;
  draft->null_protected = null;

  auto plain = plain_keys(draft, offer.terms.key.none);
  if (!plain) return std::move(plain).error();
  auto keys = std::make_shared<keys::MessageKeys>(env.crypto, o.prf, offer.psk.reveal(), o.csb_id, o.rand);
  auto sealed = keys->seal(alg->encr, o.t, plain->reveal());
  if (!sealed) return std::move(sealed).error();

  Bytes map;
  const bool v = offer.terms.verification.value_or(env.policy.request_verification);
  wire::ChainBuilder b(engine::initial_header(DataType::psk_init, v, o.prf, o.csb_id, o.proposal, map));
  if (auto s = engine::add_head(b, env, o); !s) return std::move(s).error();
  const Bytes room(*wire::mac_size(alg->mac));
  b.add(wire::Kemac{alg->encr, Octets(*sealed), alg->mac, Octets(room)});
  if (auto s = engine::fill_kemac_mac(*keys, alg->mac, b); !s) return std::move(s).error();
  auto message = std::move(b).finish();
  if (!message) return std::move(message).error();

  if (!v) {
    if (auto s = keys::derive_session_keys(env.crypto, draft.edit()); !s) return std::move(s).error();
    Step step = engine::sent(o, env, std::move(*message), engine::commit_unconfirmed(std::move(draft)));
    return engine::Next<AwaitVerification, Done>{Done{o.csb_id}, std::move(step)};
  }
  Step step = engine::sent(o, env, std::move(*message), std::nullopt);
  return engine::Next<AwaitVerification, Done>{
      AwaitVerification{std::move(o), std::move(keys), engine::verification_alg(alg->encr, alg->mac),
                        std::move(draft)},
      std::move(step)};
}

Result<engine::Next<Done>> on(const AwaitVerification& s, const engine::Received<Verification>& m,
                              const Env& env) {
  using P = PayloadType;
  if (auto ok = engine::check_layout(*m, {P::t, P::id, P::rand, P::sp, P::general_ext}, P::v); !ok)
    return std::move(ok).error();
  const auto idr = m->first<wire::Id>();
  const Octets id_r = idr ? idr->data : Octets(s.opening.peer.data);
  auto authentic = engine::Verifier::verification(*s.keys, s.v_alg, m, env.self.data, id_r, s.opening.t);
  if (!authentic) return std::move(authentic).error();
  auto fresh = engine::ReplayGate::answers(*authentic, s.opening.t);
  if (!fresh) return std::move(fresh).error();
  if (idr && engine::identity_of(*idr) != s.opening.peer)
    return bad_message(ErrorCode::invalid_id, "RFC 3830 3.1", "the response is from another identity",
                       m->find(P::id)->offset);
  auto cs = engine::check_answer(*m, s.opening.proposal, s.opening.prf);
  if (!cs) return std::move(cs).error();

  engine::Draft draft = s.draft.clone();
  if (auto ok = engine::conclude_draft(env, draft, *cs, *m); !ok) return std::move(ok).error();
  return engine::Next<Done>{Done{s.opening.csb_id},
                            engine::actions(engine::commit(*authentic, *fresh, std::move(draft)))};
}

Reject on_error(const AwaitVerification& s, const wire::Message& m, const Env& env) {
  auto complaint = engine::read_error(m, s.opening.t);
  if (!complaint) return engine::foreign_error();
  const bool authentic =
      m.last_type() == PayloadType::v && s.v_alg != MacAlg::null &&
      engine::check_verification(*s.keys, s.v_alg, m, env.self.data, s.opening.peer.data, s.opening.t).ok();
  return engine::peer_error(std::move(*complaint), authentic);
}

}  // namespace mikey::psk::initiator
