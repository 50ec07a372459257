#include "exchange/engine/kms_link.hpp"

#include "exchange/engine/envelope.hpp"

namespace mikey::engine {

Result<LinkKey> choose_link_key(const Env& env, const KmsLink& link, PrfFunc prf, std::size_t least_psk) {
  if (!link.public_key) {
    if (link.psk.size() < least_psk)
      return bad_request("no PSK of at least " + std::to_string(8 * least_psk) + " bits for the KMS " +
                         link.kms.name());
    return LinkKey{link.psk.SecretBytes::clone(), std::nullopt};
  }
  if (auto s = need_own_certificate(env); !s) return std::move(s).error();
  LinkKey out;
  if (env.pki->trust) out.certificate = env.pki->trust->pinned(link.kms.type, link.kms.data);
  if (!out.certificate)
    return bad_request("no certificate of " + link.kms.name() + " is known, which the envelope key needs");
  auto key = env.rng.secret(prf == PrfFunc::mikey_1 ? 16 : 32, "envelope key");
  if (!key) return std::move(key).error();
  out.key = std::move(*key);
  return out;
}

Result<Bytes> finish_with_envelope(wire::ChainBuilder b, const Env& env, const LinkKey& key, ByteView id,
                                   ByteView kms) {
  auto hash = key.certificate->chash(HashFunc::sha_1);
  if (!hash) return std::move(hash).error();
  auto public_key = key.certificate->public_key();
  if (!public_key) return std::move(public_key).error();
  auto sealed = public_key->encrypt(env.policy.pke_padding.front(), key.key.reveal(), env.rng);
  if (!sealed) return std::move(sealed).error();
  b.add(wire::Chash{HashFunc::sha_1, Octets(*hash)});
  b.add(wire::Pke{EnvelopeCache::no_cache, Octets(*sealed)});
  return finish_signed_6043(std::move(b), env, id, kms);
}

Result<SecretBytes> open_envelope_key(const Env& env, const wire::Message& m, const char* rfc) {
  if (m.count<wire::Pke>() != 1)
    return bad_message(ErrorCode::unspecified, rfc, "the message must have one PKE payload");
  auto own = find_own(env, m);
  if (!own) return std::move(own).error();
  const wire::Slot& at = *m.find(PayloadType::pke);
  // No MAC tells which padding was meant, and PKCS#1 v1.5 must not tell whether it was right: the one of the
  // policy.
  auto key = (*own)->key->decrypt(env.policy.pke_padding.front(), m.get<wire::Pke>(at).data);
  if (!key) {
    Error e = std::move(key).error();
    e.offset = at.offset;
    return e;
  }
  if (key->size() < 16)
    return bad_message(ErrorCode::unspecified, rfc, "an envelope key of less than 128 bits", at.offset);
  return key;
}

}  // namespace mikey::engine
