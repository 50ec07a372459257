#include "exchange/ticket/parts.hpp"
#include "exchange/engine/opening.hpp"
#include "exchange/ibake/ibake.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::ibake {

std::optional<Identity> identity_in(const wire::Message& m, IdRole role) {
  return ticket::identity_in(m, role);
}
wire::Idr idr_payload(IdRole role, const Identity& id) {
  return ticket::idr_payload(role, id);
}
Bytes stamp(const Env& env) {
  return ticket::stamp(env);
}

Result<std::shared_ptr<const KeyQuestion>> ask_for_key(const Env& env, const Psk& kms_psk) {
  const IbakeSettings& s = *env.ibake;
  const KmsLink link{s.kms, s.public_key, kms_psk.clone(), s.psk_name};
  auto question = KeyQuestion::ask(env, link, env.policy.prf.front(), {env.self});
  if (!question) return std::move(question).error();
  return std::make_shared<const KeyQuestion>(std::move(*question));
}

Result<std::vector<ibc::IbakeKey>> read_keys(const Env& env, const KeyQuestion& question,
                                             const wire::Message& m, NtpTime t) {
  const IbakeStore& store = env.ibake->store;
  const ibc::IbakeKms* kms = store.kms_by_uri(as_text(question.kms().data));
  if (kms == nullptr && store.kms().size() == 1) kms = &store.kms().front();
  if (kms == nullptr)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.1.4",
                       "no IBE parameters are known of the KMS that answers");
  auto keys = question.read(env, m, *kms);
  if (!keys) return keys;
  const bool found = std::ranges::any_of(*keys, [&](const ibc::IbakeKey& k) {
    return k.identity() == env.self.data && k.date() == kms->date_at(t);
  });
  if (found) return keys;
  return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.1.4",
                     "the KMS gives no key for " + ibc::date_text(kms->date_at(t)));
}

Error silent(Error e) {
  if (e.severity == Severity::message || e.severity == Severity::request) e.severity = Severity::discard;
  return e;
}

Result<Contents> open_ibake(const Env& env, const wire::Message& m, const Identity& self, NtpTime t) {
  if (m.count<wire::Ibake>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2", "the message must have one IBAKE payload");
  const ibc::IbakeKey* key = env.ibake->store.key(self.data, t);
  if (key == nullptr)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.2",
                       "there is no private key for the date of the message");
  const wire::Slot& at = *m.find(PayloadType::ibake);
  return unseal(env.crypto, *key, m.get<wire::Ibake>(at).encr_data, at.offset);
}

Status check_inner(const Contents& c, const Identity& first, const Identity& second) {
  if (c.ids.size() == 2 && c.ids[0] == first && c.ids[1] == second) return {};
  return bad_message(ErrorCode::auth_failure, "RFC 6267 7.2",
                     "the encrypted identities are not those of the message");
}

Status check_value(const Policy& policy, const Value& v) {
  if (!Policy::has(policy.ecc_curves, v.curve))
    return bad_message(ErrorCode::invalid_dh, "RFC 6267 6.1.4",
                       "ECC curve " + std::to_string(wire::to_number(v.curve)) + " is not accepted here");
  return crypto::ec_check_point(v.curve, v.point);
}

Result<keys::IbakeSecrets> agree(const Env& env, const crypto::EcKeyPair& own, const Value& peer, PrfFunc prf,
                                 ByteView rand) {
  if (peer.curve != own.curve)
    return bad_message(ErrorCode::invalid_dh, "RFC 6267 6.1.4", "the two values are on different curves");
  const auto k_session = crypto::ec_shared(own, peer.point);
  if (!k_session) return k_session.error();
  return keys::ibake_secrets(env.crypto, prf, k_session->reveal(), rand);
}

Content content_of(const Env& env, const wire::Message& m, const Identity& sender, const Identity& owner,
                   NtpTime t) {
  Content out;
  const auto esk = m.first<wire::Esk>();
  if (!esk) return out;
  StoredKey stored{owner, t, to_bytes(esk->encr_data)};
  auto opened = open_esk(env.crypto, env.ibake->store, stored);
  if (opened && opened->sender == sender)
    out.key = std::move(opened->key);
  else
    out.sealed = std::move(stored);
  return out;
}

keys::KeyEntry tgk_entry(const keys::IbakeSecrets& secrets, const keys::Validity& validity) {
  return {KeyDataType::tgk, secrets.tgk.clone(), {}, false, validity};
}

Result<engine::Draft> make_draft(const Env& env, Parts p) {
  engine::Opening o;
  o.peer = std::move(p.peer);
  o.csb_id = p.csb_id;
  o.prf = p.prf;
  o.rand = std::move(p.rand);
  o.proposal = std::move(p.proposal);
  engine::Draft d = engine::begin_draft(Mode::ibake, p.role, o);
  d->sessions = engine::make_sessions(o.proposal, p.key.validity);
  d->keys.push_back(std::move(p.key));
  d->ibake = std::make_shared<const keys::IbakeCsb>(std::move(p.csb));
  d->extensions = std::move(p.extensions);
  if (auto ok = keys::derive_session_keys(env.crypto, d.edit()); !ok) return std::move(ok).error();
  return d;
}

}  // namespace mikey::ibake
