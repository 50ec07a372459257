#include "exchange/engine/signer.hpp"

#include "exchange/engine/checks.hpp"

namespace mikey::engine {
namespace {

Error bad_certificate(const char* why, std::optional<std::size_t> offset = std::nullopt) {
  return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.7", why, offset);
}

/// The certificates of a message, leaf first (RFC 3830 4.3). One of type 3 cannot be the one that signs.
Result<std::vector<crypto::Certificate>> message_chain(const crypto::TrustStore& trust,
                                                       const wire::Message& m,
                                                       const FetchedCertificates* fetched) {
  std::vector<crypto::Certificate> chain;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::cert) continue;
    const auto c = m.get<wire::Cert>(s);
    ByteView der = c.data;
    if (c.type == CertType::x509v3_url) {
      const auto it = fetched == nullptr ? FetchedCertificates::const_iterator()
                                         : fetched->find(std::string(as_text(c.data)));
      if (fetched == nullptr || it == fetched->end())
        return bad_certificate("a certificate URL was not fetched", s.offset);
      der = it->second;
    } else if (c.type == CertType::x509v3_encr && chain.empty()) {
      return bad_certificate("an encryption certificate cannot verify a signature", s.offset);
    } else if (wire::to_number(c.type) > wire::to_number(CertType::x509v3_encr)) {
      return bad_certificate("a certificate of unknown type", s.offset);
    }
    auto certificate = trust.certificate(der);
    if (!certificate) {
      Error e = std::move(certificate).error();
      e.offset = s.offset;
      return e;
    }
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

/// The one identity of the kind this party uses that the certificate names.
Result<Identity> sole_identity(const crypto::Certificate& leaf, IdType type) {
  const auto& names = type == IdType::nai ? leaf.subject_emails() : leaf.subject_uris();
  if (names.size() != 1)
    return bad_message(ErrorCode::invalid_id, "RFC 3830 6.7",
                       "no ID payload, and the certificate names no single identity");
  return type == IdType::nai ? Identity::nai(names[0]) : Identity::uri(names[0]);
}

}  // namespace

Result<Signer> find_signer(const Env& env, const wire::Message& m, const FetchedCertificates* fetched,
                           const std::optional<Identity>& claimed, const Identity* expected) {
  if (env.pki == nullptr || !env.pki->trust) return bad_certificate("no certificates are trusted here");
  const crypto::TrustStore& trust = *env.pki->trust;
  auto chain = message_chain(trust, m, fetched);
  if (!chain) return std::move(chain).error();
  Identity who;
  if (claimed) {
    who = *claimed;
  } else if (!chain->empty()) {
    auto sole = sole_identity(chain->front(), env.self.type);
    if (!sole) return std::move(sole).error();
    who = std::move(*sole);
  } else if (expected != nullptr) {
    who = *expected;
  } else {
    return bad_message(ErrorCode::invalid_id, "RFC 3830 3.2",
                       "the message has neither ID nor certificate of its sender");
  }
  if (chain->empty()) {
    auto pinned = trust.pinned(who.type, who.data);
    if (!pinned) return bad_certificate("the message has no certificate, and none is known of its sender");
    chain->push_back(std::move(*pinned));
  }
  std::vector<ByteView> ocsp(env.pki->ocsp.begin(), env.pki->ocsp.end());
  auto ok = trust.verify_peer(*chain, who.type, who.data, env.clock.read(),
                              crypto::Purpose::digital_signature, env.policy.certificates, ocsp);
  if (!ok) {
    Error e = std::move(ok).error();
    if (const wire::Slot* at = m.find(PayloadType::cert)) e.offset = at->offset;
    return e;
  }
  return Signer{std::move(who), chain->front()};
}

Status need_own_certificate(const Env& env) {
  if (env.pki == nullptr || env.pki->own.empty() || !env.pki->own.front().key)
    return bad_request("this mode needs a certificate and private key of one's own");
  return {};
}

Status can_answer_signed(const Env& env) {
  if (!need_own_certificate(env)) return bad_certificate("this party has no certificate");
  return {};
}

void add_own_certificates(wire::ChainBuilder& b, const Env& env) {
  const OwnCertificate& own = env.pki->own.front();
  if (!own.url.empty()) {
    b.add(wire::Cert{CertType::x509v3_url, Octets(as_bytes(own.url))});
    return;
  }
  for (const crypto::Certificate& c : own.chain) b.add(wire::Cert{CertType::x509v3, Octets(c.der())});
}

namespace {

/// `other_coverage`: in place of the message; `after`: behind it.
Result<Bytes> sign_into(wire::ChainBuilder b, const Env& env, const Bytes* other_coverage,
                        ByteView after = {}) {
  const crypto::PrivateKey& key = *env.pki->own.front().key;
  const std::size_t n = key.public_key().size();
  const Bytes room(n);
  b.add(wire::Sign{env.policy.sign_type, Octets(room)});
  if (b.ok()) {
    Bytes message = to_bytes(b.octets().first(b.octets().size() - n));
    append(message, after);
    auto signature = key.sign(env.policy.sign_type, env.policy.signatures.send_hash,
                              other_coverage != nullptr ? *other_coverage : message, env.rng);
    if (!signature) return std::move(signature).error();
    if (signature->size() != n) return crypto_error("the signature is not as long as the key");
    std::ranges::copy(*signature, b.tail(n).begin());
  }
  return std::move(b).finish();
}

Bytes rsar_coverage(ByteView message, ByteView id_i, ByteView id_r, ByteView t) {
  Bytes out = to_bytes(message);
  for (const ByteView part : {id_i, id_r, t}) append(out, part);
  return out;
}

Status verify_over(const Signer& signer, const wire::Message& m, ByteView covered, const Policy& policy) {
  const auto s = m.get<wire::Sign>(m.last_slot());
  auto key = signer.certificate.public_key();
  if (!key) return std::move(key).error();
  auto hash = key->verify(s.type, covered, s.signature, policy.signatures);
  if (hash) return {};
  Error e = std::move(hash).error();
  e.offset = m.last_slot().offset;
  return e;
}

}  // namespace

Result<Bytes> finish_signed(wire::ChainBuilder b, const Env& env) {
  return sign_into(std::move(b), env, nullptr);
}

Result<Bytes> finish_signed_rsar(wire::ChainBuilder b, const Env& env, ByteView id_i, ByteView id_r,
                                 ByteView t) {
  b.announce(PayloadType::sign);  // the payload before SIGN names it, and that octet is covered
  const Bytes covered = rsar_coverage(b.octets(), id_i, id_r, t);
  return sign_into(std::move(b), env, &covered);
}

Result<Bytes> finish_signed_6043(wire::ChainBuilder b, const Env& env, ByteView id_1, ByteView id_2) {
  Bytes after = to_bytes(id_1);
  append(after, id_2);
  return sign_into(std::move(b), env, nullptr, after);
}

Status check_signature_6043(const Signer& signer, const wire::Message& m, const Policy& policy, ByteView id_1,
                            ByteView id_2) {
  const auto s = m.get<wire::Sign>(m.last_slot());
  Bytes covered = to_bytes(m.octets().first(m.octets().size() - s.signature.size()));
  append(covered, id_1);
  append(covered, id_2);
  return verify_over(signer, m, covered, policy);
}

Status check_signature(const Signer& signer, const wire::Message& m, const Policy& policy) {
  const auto s = m.get<wire::Sign>(m.last_slot());
  return verify_over(signer, m, m.octets().first(m.octets().size() - s.signature.size()), policy);
}

Status check_signature_rsar(const Signer& signer, const wire::Message& m, const Policy& policy, ByteView id_i,
                            ByteView id_r, ByteView t) {
  const auto s = m.get<wire::Sign>(m.last_slot());
  const ByteView before = m.octets().first(m.last_slot().offset);
  auto by_the_letter = verify_over(signer, m, rsar_coverage(before, id_i, id_r, t), policy);
  if (by_the_letter) return by_the_letter;
  const ByteView with_head = m.octets().first(m.octets().size() - s.signature.size());
  if (verify_over(signer, m, rsar_coverage(with_head, id_i, id_r, t), policy)) return {};
  return by_the_letter;
}

std::optional<Send> signed_error(const Offence& o, const Error& e, const Env& env) {
  if (!need_own_certificate(env)) return plain_error(o, e, env.policy);
  if (o.t.empty() || e.severity != Severity::message) return std::nullopt;
  auto b = error_message(o, e, env.policy);
  if (!b) return std::nullopt;
  auto octets = finish_signed(std::move(*b), env);
  if (!octets) return std::nullopt;
  return Send{Destination::peer, o.peer, std::move(*octets), false};
}

bool error_is_signed_by(const Env& env, const wire::Message& m, const Identity& peer) {
  if (m.last_type() != PayloadType::sign || env.pki == nullptr || !env.pki->trust) return false;
  auto certificate = env.pki->trust->pinned(peer.type, peer.data);
  return certificate && check_signature({peer, *certificate}, m, env.policy).ok();
}

}  // namespace mikey::engine
