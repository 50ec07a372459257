#include "exchange/pk/pk.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::pk::initiator {
namespace {

/// There may be no answer whose certificate could be judged, so exclusions are looked at before the key goes
/// out.
Status check_receiver(const Env& env, const Identity& to, const crypto::Certificate& certificate) {
  if (auto ok = engine::check_envelope_certificate(env.policy, certificate); !ok) return ok;
  return env.pki->trust ? env.pki->trust->check_exclusions(to.data, certificate) : Status{};
}

}  // namespace

Result<engine::Next<AwaitVerification, Done>> begin(const Env& env, PkOffer offer, keys::BundlePtr old) {
  if (auto ok = engine::need_own_certificate(env); !ok) return std::move(ok).error();
  if (!offer.certificate)
    return bad_request("no certificate of " + offer.terms.to.name() +
                       " is known, which the envelope key needs");
  if (auto ok = check_receiver(env, offer.terms.to, *offer.certificate); !ok)
    return bad_request("certificate of " + offer.terms.to.name() + ": " + ok.error().detail, ok.error().rfc);
  if (!offer.terms.accept.empty())
    return bad_request("accept: the key of this mode is one's who was named beforehand", "RFC 5197 5.3");
  auto opening = engine::open(env, offer.terms, std::move(old));
  if (!opening) return std::move(opening).error();
  engine::Opening& o = *opening;
  engine::Draft draft = engine::begin_draft(Mode::pk, Role::initiator, o);
  if (auto ok = engine::take_keys(env, o, offer.terms, draft); !ok) return std::move(ok).error();
  draft->sessions = engine::make_sessions(o.proposal, draft->keys.front().validity);

  Bytes map;
  const bool v = offer.terms.verification.value_or(env.policy.request_verification);
  wire::ChainBuilder b(engine::initial_header(DataType::pk_init, v, o.prf, o.csb_id, o.proposal, map));
  auto ok =
      engine::add_head(b, env, o, [&env](wire::ChainBuilder& to) { engine::add_own_certificates(to, env); });
  if (!ok) return std::move(ok).error();
  const std::span<const keys::KeyEntry> content =
      offer.terms.key.none ? std::span<const keys::KeyEntry>() : draft.view().keys;
  auto envelope = engine::add_envelope(b, env, {o.prf, o.csb_id, o.rand, o.t}, *offer.certificate, content,
                                       offer.cache.value_or(env.policy.pke_cache), false);
  if (!envelope) return std::move(envelope).error();
  auto message = engine::finish_signed(std::move(b), env);
  if (!message) return std::move(message).error();

  draft->null_protected = envelope->null_protected;
  draft->cache = envelope->cache;
  if (envelope->cache != EnvelopeCache::no_cache) draft->transport_key = std::move(envelope->key);
  if (!v) {
    if (auto s = keys::derive_session_keys(env.crypto, draft.edit()); !s) return std::move(s).error();
    Step step = engine::sent(o, env, std::move(*message), engine::commit_unconfirmed(std::move(draft)));
    return engine::Next<AwaitVerification, Done>{Done{o.csb_id}, std::move(step)};
  }
  Step step = engine::sent(o, env, std::move(*message), std::nullopt);
  return engine::Next<AwaitVerification, Done>{
      AwaitVerification{std::move(o), std::move(envelope->keys), envelope->v_alg, std::move(draft)},
      std::move(step)};
}

}  // namespace mikey::pk::initiator
