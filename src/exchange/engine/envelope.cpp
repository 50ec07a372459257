#include "exchange/engine/envelope.hpp"

#include <array>

#include "exchange/engine/checks.hpp"

namespace mikey::engine {
namespace {

/// RFC 3830 6.2: in public-key modes the MAC of a KEMAC covers that payload alone, with a Next payload of
/// zero and without the MAC itself. `body`: the payload as it stands in the message.
Status kemac_mac(const keys::MessageKeys& keys, MacAlg alg, ByteView body, MutableBytes out) {
  static constexpr std::array<std::uint8_t, 1> kNoNext{0};
  const std::array<ByteView, 2> parts{ByteView(kNoNext), body.first(body.size() - out.size())};
  return keys.mac(alg, parts, out);
}

Status check_kemac(const keys::MessageKeys& keys, MacAlg alg, ByteView body, ByteView mac) {
  static constexpr std::array<std::uint8_t, 1> kNoNext{0};
  const std::array<ByteView, 2> parts{ByteView(kNoNext), body.first(body.size() - mac.size())};
  return keys.verify(alg, parts, mac);
}

Status one_of(const wire::Message& m, PayloadType type, std::size_t n, const char* name) {
  if (n == 1) return {};
  const wire::Slot* at = m.find(type);
  return bad_message(ErrorCode::unspecified, "RFC 3830 3.2",
                     (n == 0 ? "there is no " : "there is more than one ") + std::string(name) + " payload",
                     at == nullptr ? std::nullopt : std::optional<std::size_t>(at->offset));
}

}  // namespace

Result<const OwnCertificate*> find_own(const Env& env, const wire::Message& m) {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::chash) continue;
    const auto c = m.get<wire::Chash>(s);
    for (const OwnCertificate& own : env.pki->own) {
      auto hash = own.chain.front().chash(c.hash_func);
      if (!hash) {
        Error e = std::move(hash).error();
        e.offset = s.offset;
        return e;
      }
      if (c.hash == Octets(*hash)) return &own;
    }
    return bad_message(ErrorCode::invalid_cert, "RFC 3830 6.8",
                       "CHASH names a certificate that is not this party's", s.offset);
  }
  return &env.pki->own.front();
}

Status check_envelope_certificate(const Policy& policy, const crypto::Certificate& certificate) {
  if (!certificate.allows_key_encipherment())
    return bad_message(ErrorCode::invalid_cert, "RFC 5280 4.2.1.3",
                       "keyUsage does not allow keyEncipherment, so no envelope key can be sent");
  auto key = certificate.public_key();
  if (!key) return std::move(key).error();
  if (key->bits() < policy.signatures.min_rsa_bits)
    return bad_message(
        ErrorCode::invalid_cert, "RFC 3830 4.2.5",
        "an RSA key of " + std::to_string(key->bits()) + " bits is too weak for an envelope key");
  return {};
}

Result<Envelope> add_envelope(wire::ChainBuilder& b, const Env& env, const Binding& to,
                              const crypto::Certificate& certificate, std::span<const keys::KeyEntry> content,
                              EnvelopeCache cache, bool rsar) {
  const EncrAlg encr = env.policy.kemac_encryption.front();
  const MacAlg mac = env.policy.kemac_mac.front();
  if (!legal_pair(encr, mac, Protection::sign, env.policy.allow_null))
    return bad_request("NULL encryption or MAC is not allowed", "RFC 3830 4.2.3");
  auto public_key = certificate.public_key();
  if (!public_key) return std::move(public_key).error();
  Envelope e;
  auto key = env.rng.secret(to.prf == PrfFunc::mikey_1 ? 16 : 32, "envelope key");
  if (!key) return std::move(key).error();
  e.key = std::move(*key);
  e.keys = std::make_shared<keys::MessageKeys>(env.crypto, to.prf, e.key.reveal(), to.csb_id, to.rand);
  e.cache = cache;
  e.v_alg = verification_alg(encr, mac);
  e.null_protected = encr == EncrAlg::null && mac == MacAlg::null;

  wire::ChainBuilder inner;
  inner.add(id_payload(env.self));
  for (const keys::KeyEntry& k : content) inner.add(key_data(k));
  auto plain = std::move(inner).finish_secret();
  if (!plain) return std::move(plain).error();
  auto sealed = e.keys->seal(encr, to.t, plain->reveal());
  if (!sealed) return std::move(sealed).error();
  const std::size_t n = *wire::mac_size(mac);
  Bytes room(n);
  auto body = wire::encode(wire::Kemac{encr, Octets(*sealed), mac, Octets(room)});
  if (!body) return std::move(body).error();
  if (auto s = kemac_mac(*e.keys, mac, *body, MutableBytes(*body).last(n)); !s) return std::move(s).error();
  b.add_encoded(PayloadType::kemac, *body);

  if (!rsar) {
    auto hash = certificate.chash(HashFunc::sha_1);
    if (!hash) return std::move(hash).error();
    b.add(wire::Chash{HashFunc::sha_1, Octets(*hash)});
  }
  auto sent = public_key->encrypt(env.policy.pke_padding.front(), e.key.reveal(), env.rng);
  if (!sent) return std::move(sent).error();
  b.add(wire::Pke{e.cache, Octets(*sent)});
  return e;
}

namespace {

/// Tries one padding. PKCS#1 v1.5 never fails by itself: a wrong padding gives another key, under which the
/// MAC or the key wrap fails (see crypto::PrivateKey).
Result<Envelope> try_open(const Env& env, const wire::Message& m, const Binding& to, const Identity& sender,
                          bool is_update, const crypto::PrivateKey& own, crypto::PkePadding padding) {
  const wire::Slot& at = *m.find(PayloadType::pke);
  const auto pke = m.get<wire::Pke>(at);
  auto key = own.decrypt(padding, pke.data);
  if (!key) {
    Error e = std::move(key).error();
    e.offset = at.offset;
    return e;
  }
  Envelope e;
  e.key = std::move(*key);
  e.cache = pke.cache;
  e.keys = std::make_shared<keys::MessageKeys>(env.crypto, to.prf, e.key.reveal(), to.csb_id, to.rand);
  const wire::Slot* kemac = m.find(PayloadType::kemac);
  if (kemac == nullptr) return e;  // an update without keys (RFC 3830 4.5)
  const auto k = m.get<wire::Kemac>(*kemac);
  e.v_alg = verification_alg(k.encr_alg, k.mac_alg);
  e.null_protected = k.encr_alg == EncrAlg::null && k.mac_alg == MacAlg::null;
  const ByteView body = m.octets().subspan(kemac->body(), kemac->end() - kemac->body());
  if (auto s = check_kemac(*e.keys, k.mac_alg, body, k.mac); !s)
    return bad_message(ErrorCode::auth_failure, "RFC 3830 6.2", "the MAC of the KEMAC does not match",
                       kemac->offset);
  auto content = open_keys(*e.keys, k, kemac->offset, to.t, &sender, is_update);
  if (!content) return std::move(content).error();
  e.content = std::move(*content);
  return e;
}

}  // namespace

Result<Envelope> open_envelope(const Env& env, const wire::Message& m, const Binding& to,
                               const Identity& sender, bool is_update) {
  if (auto s = one_of(m, PayloadType::pke, m.count<wire::Pke>(), "PKE"); !s) return std::move(s).error();
  const std::size_t n = m.count<wire::Kemac>();
  if (!is_update || n > 1)
    if (auto s = one_of(m, PayloadType::kemac, n, "KEMAC"); !s) return std::move(s).error();
  auto own = find_own(env, m);
  if (!own) return std::move(own).error();
  if (const wire::Slot* at = m.find(PayloadType::kemac)) {
    const auto k = m.get<wire::Kemac>(*at);
    auto ok = accept_algorithms(env.policy, k.encr_alg, k.mac_alg, Protection::sign, at->offset);
    if (!ok) return std::move(ok).error();
  }
  Result<Envelope> first =
      try_open(env, m, to, sender, is_update, *(*own)->key, env.policy.pke_padding.front());
  for (std::size_t i = 1;
       !first && first.error().code == ErrorCode::auth_failure && i < env.policy.pke_padding.size(); ++i) {
    auto next = try_open(env, m, to, sender, is_update, *(*own)->key, env.policy.pke_padding[i]);
    if (next) return next;
  }
  return first;
}

}  // namespace mikey::engine
