#include "exchange/sakke/sakke.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::sakke::initiator {
namespace {

constexpr std::size_t kLeastRand = 16;  // RFC 3830 6.11
constexpr std::size_t kMostRand = 255;

/// What this mode cannot do (RFC 6509 3.1: the SSV is the TGK, and nothing else travels).
Status check_request(const SakkeOffer& offer) {
  const Terms& terms = offer.terms;
  const KeyRequest& key = terms.key;
  if (terms.to.empty()) return bad_request("to: an exchange needs a peer");
  if (key.tek) return bad_request("key_type: the SSV is a TGK", "RFC 6509 3.1");
  if (key.none) return bad_request("no_key: every message brings an SSV", "RFC 6509 2.2.1");
  if (key.with_salt.value_or(false)) return bad_request("with_salt: no salt travels", "RFC 6509 3.1");
  if (terms.validity.type == KvType::interval)
    return bad_request("interval: SAKKE carries no key validity interval", "RFC 6509 3.1");
  constexpr std::size_t n = ibc::sakke::kSsvSize;
  if (key.length.value_or(n) != n || (!key.given.empty() && key.given.size() != n))
    return bad_request("key_length: the SSV of parameter set 1 has 16 octets", "RFC 6509 A");
  const std::size_t rand = offer.sakke.rand.size();
  if (rand != 0 && (rand < kLeastRand || rand > kMostRand))
    return bad_request("rand: expected 16 to 255 octets", "RFC 3830 6.11");
  return {};
}

/// The two parties in the key period of T (RFC 6509 3.2).
struct Parties {
  const ibc::KeySet* own = nullptr;  ///< signs; none with an RSA signature
  const ibc::Kms* kms_i = nullptr;   ///< whose keys `own` are
  const ibc::Kms* kms_r = nullptr;
  Bytes id_r;
};

/// One's own key set for the period of `t`; from the KMS `preferred` if there is one.
const ibc::KeySet* own_keys(const Env& env, NtpTime t, std::string_view preferred) {
  const ibc::KeySet* found = nullptr;
  const std::string me = env.self.name();
  for (const ibc::KeySet& set : env.sakke->key_sets()) {
    const ibc::Kms* kms = set.uri() == me ? env.sakke->kms_at(set.kms_uri(), t) : nullptr;
    if (kms == nullptr || ibc::period_at(kms->record().ids, t) != set.period()) continue;
    if (found == nullptr || (set.kms_uri() == preferred && found->kms_uri() != preferred)) found = &set;
  }
  return found;
}

/// As an error of the request, which it is here.
Error refused(Error e) {
  e.code = ErrorCode::bad_request;
  e.severity = Severity::request;
  return e;
}

Result<Parties> find_parties(const Env& env, const SakkeOffer& offer, NtpTime t) {
  if (env.sakke == nullptr || env.sakke->kms().empty())
    return bad_request("no KMS is known here", "RFC 6509 2.1.2");
  Parties p;
  std::string kms_r = offer.sakke.kms;
  if (kms_r.empty()) kms_r = env.sakke->kms_of(offer.terms.to);
  p.own = own_keys(env, t, kms_r);
  const bool needs_keys = !env.policy.sakke.sign_rsa || offer.sakke.to_self;
  if (p.own == nullptr && needs_keys)
    return bad_request("no key set for this identity and the key period of the timestamp", "RFC 6509 3.3");
  if (p.own != nullptr) p.kms_i = env.sakke->kms_at(p.own->kms_uri(), t);
  if (kms_r.empty()) kms_r = p.own != nullptr ? p.own->kms_uri() : env.sakke->kms().front().uri();
  p.kms_r = env.sakke->kms_at(kms_r, t);
  if (p.kms_r == nullptr)
    return bad_request("kms: no keys are known of this KMS for the key period", "RFC 6509 2.1.2");
  if (needs_keys && p.kms_i->record().ids.scheme != p.kms_r->record().ids.scheme)
    return bad_request("kms: its ID scheme is not that of one's own KMS", "RFC 6509 4.2");
  auto id = p.kms_r->identifier(env.crypto, offer.terms.to.name(), ibc::period_at(p.kms_r->record().ids, t));
  if (!id) return refused(std::move(id).error());
  p.id_r = std::move(*id);
  return p;
}

Result<ibc::Ssv> make_ssv(Rng& rng, const KeyRequest& key) {
  if (key.given.empty()) return ibc::sakke::generate_ssv(rng);
  return ibc::Ssv(key.given.reveal());
}

Result<std::uint32_t> make_csb_id(const Env& env, const SakkeOffer& offer, const keys::Bundle* old) {
  if (old != nullptr) return old->csb_id;
  if (offer.sakke.csb_id) return *offer.sakke.csb_id;
  return engine::choose_csb_id(env, offer.terms.to);
}

Result<Bytes> make_rand(Rng& rng, const SakkeOffer& offer, const keys::Bundle* old) {
  if (old != nullptr) return old->rand;
  if (!offer.sakke.rand.empty()) return offer.sakke.rand;
  return rng.bytes(kLeastRand, "RAND");
}

/// IDR payloads (RFC 6509 2.2.1). IDRkmsi is the root of trust of the signature, which no KMS is for RSA.
Status add_identities(wire::ChainBuilder& b, const Env& env, const Identity& to, const Parties& p,
                      NtpTime t) {
  const SakkePolicy& policy = env.policy.sakke;
  const auto add = [&b](IdRole role, IdType type, ByteView data) {
    b.add(wire::Idr{role, type, Octets(data)});
  };
  if (policy.identities == SakkeIdentities::all) {
    const bool hide = policy.hide_identities && p.kms_r->record().ids.scheme == SakkeIdScheme::mcx_hashed_uid;
    if (hide) {
      const ibc::Kms& kms_i = p.kms_i != nullptr ? *p.kms_i : *p.kms_r;
      auto id_i = kms_i.identifier(env.crypto, env.self.name(), ibc::period_at(kms_i.record().ids, t));
      if (!id_i) return refused(std::move(id_i).error());
      add(IdRole::uid_initiator, IdType::uri, *id_i);
      add(IdRole::uid_responder, IdType::uri, p.id_r);
    } else {
      add(IdRole::initiator, env.self.type, env.self.data);
      add(IdRole::responder, to.type, to.data);
    }
  }
  if (policy.identities == SakkeIdentities::none) return {};
  if (!policy.sign_rsa) add(IdRole::kms_initiator, IdType::uri, as_bytes(p.kms_i->uri()));
  add(IdRole::kms_responder, IdType::uri, as_bytes(p.kms_r->uri()));
  return {};
}

Result<Bytes> seal(const Env& env, const ibc::Kms& kms, ByteView id, const ibc::Ssv& ssv) {
  if (env.sakke_cache != nullptr) return env.sakke_cache->encapsulate(env.crypto, kms, id, ssv);
  return ibc::sakke::encapsulate(env.crypto, kms.z(), id, ssv);
}

/// The SAKKE payload; behind it SAKKE-to-self, a whole SAKKE payload of its own (TS 33.180 E.5).
Status add_sakke(wire::ChainBuilder& b, const Env& env, const Parties& p, const ibc::Ssv& ssv, bool to_self) {
  auto sealed = seal(env, *p.kms_r, p.id_r, ssv);
  if (!sealed) return std::move(sealed).error();
  b.add(wire::Sakke{SakkeParams::set_1, p.kms_r->record().ids.scheme, Octets(*sealed)});
  if (!to_self) return {};
  auto own = seal(env, *p.kms_i, p.own->id(), ssv);
  if (!own) return std::move(own).error();
  auto payload = wire::encode(wire::Sakke{SakkeParams::set_1, p.kms_i->record().ids.scheme, Octets(*own)});
  if (!payload) return std::move(payload).error();
  payload->insert(payload->begin(), static_cast<std::uint8_t>(PayloadType::last));
  b.add(wire::GeneralExt{GeneralExtType::sakke_to_self, Octets(*payload)});
  return {};
}

/// The order in which products of mission-critical systems send them: what depends on SAKKE stands after it.
void add_extensions(wire::ChainBuilder& b, std::span<const keys::Extension> list, bool after_sakke) {
  for (const keys::Extension& e : list) {
    const bool after =
        e.type == GeneralExtType::sakke_to_self || e.type == GeneralExtType::key_parameters_3gpp;
    if (after == after_sakke) b.add(wire::GeneralExt{e.type, Octets(e.data)});
  }
}

Result<Ready> make_bundle(const Env& env, const SakkeOffer& offer, const wire::Hdr& h, Bytes rand,
                          const SessionPlan& plan, const ibc::Ssv& ssv) {
  keys::Bundle b;
  b.csb_id = h.csb_id;
  b.derive_csb_id = h.csb_id;
  b.mode = Mode::sakke;
  b.role = Role::initiator;
  b.peer = offer.terms.to;
  b.prf = h.prf;
  b.rand = std::move(rand);
  b.map_type = h.map_type;
  b.policies = plan.policies;
  b.sessions = bundle_sessions(plan);
  keys::KeyEntry& key = b.keys.emplace_back();
  key.key = SecretBytes(ssv.reveal());
  key.validity = b.sessions.empty() ? offer.terms.validity : b.sessions.front().validity;
  if (auto ok = keys::derive_session_keys(env.crypto, b); !ok) return std::move(ok).error();
  return engine::commit_unconfirmed(engine::Draft(std::move(b)));
}

}  // namespace

Result<engine::Next<Done>> begin(const Env& env, SakkeOffer offer, const keys::BundlePtr& old) {
  if (auto ok = check_request(offer); !ok) return std::move(ok).error();
  if (env.policy.sakke.sign_rsa)
    if (auto ok = engine::need_own_certificate(env); !ok) return std::move(ok).error();
  const NtpTime t = offer.sakke.time ? *offer.sakke.time : env.clock.now();
  auto parties = find_parties(env, offer, t);
  if (!parties) return std::move(parties).error();
  auto plan = plan_sessions(env.policy, offer.terms, offer.sakke, old.get());
  if (!plan) return std::move(plan).error();
  auto ssv = make_ssv(env.rng, offer.terms.key);
  if (!ssv) return std::move(ssv).error();
  auto csb_id = make_csb_id(env, offer, old.get());
  if (!csb_id) return std::move(csb_id).error();
  auto rand = make_rand(env.rng, offer, old.get());
  if (!rand) return std::move(rand).error();

  Bytes map;
  auto header = sakke_header(old ? old->prf : env.policy.prf.front(), *csb_id, *plan, map);
  if (!header) return std::move(header).error();
  wire::ChainBuilder b(*header);
  Bytes ts(8);
  store_be(ts.data(), t.value);
  b.add(wire::T{TsType::ntp_utc, Octets(ts)});
  b.add(wire::Rand{Octets(*rand)});
  if (auto ok = add_identities(b, env, offer.terms.to, *parties, t); !ok) return std::move(ok).error();
  if (env.policy.sakke.sign_rsa) engine::add_own_certificates(b, env);
  for (const auto& [no, params] : plan->sent) b.add(wire::Sp{no, ProtType::srtp, Octets(params)});
  add_extensions(b, offer.terms.extensions, false);
  if (auto ok = add_sakke(b, env, *parties, *ssv, offer.sakke.to_self); !ok) return std::move(ok).error();
  add_extensions(b, offer.terms.extensions, true);
  auto message = env.policy.sakke.sign_rsa ? engine::finish_signed(std::move(b), env)
                                           : engine::finish_signed_eccsi(std::move(b), env, *parties->own);
  if (!message) return std::move(message).error();

  auto ready = make_bundle(env, offer, *header, std::move(*rand), *plan, *ssv);
  if (!ready) return std::move(ready).error();
  return engine::Next<Done>{
      Done{*csb_id}, engine::actions(Send{Destination::peer, offer.terms.to, std::move(*message), false},
                                     std::move(*ready))};
}

}  // namespace mikey::sakke::initiator
