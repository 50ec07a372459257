#include "mikey/ibc/eccsi.hpp"

#include "declassify.hpp"
#include "hashing.hpp"
#include "p256.hpp"

namespace mikey::ibc::eccsi {

using Hash32 = std::array<std::uint8_t, kScalarSize>;

struct KmsPublicKey::Impl {
  Impl(const P256Point& p, ByteView o) : point(p), octets(to_bytes(o)), table(p256().curve, p) {}
  P256Point point;
  Bytes octets;
  P256Table table;
};

struct SigningKey::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe_object(ssk); }
  P256Scalar ssk{};  // Montgomery form modulo q
  Bytes pvt;
  Hash32 hs{};
};

struct KnownSigner::Impl {
  Impl(const P256Point& y, ByteView p, const Hash32& h) : pvt(to_bytes(p)), hs(h), table(p256().curve, y) {}
  Bytes pvt;
  Hash32 hs;
  P256Table table;  // of Y
};

namespace {

constexpr const char* kPair = "RFC 6507 5.1.1";
constexpr const char* kValidation = "RFC 6507 5.1.2";
constexpr const char* kSigning = "RFC 6507 5.2.1";
constexpr const char* kVerifying = "RFC 6507 5.2.2";

struct SecretScalar {
  SecretScalar() = default;
  SecretScalar(const SecretScalar&) = delete;
  SecretScalar& operator=(const SecretScalar&) = delete;
  ~SecretScalar() { wipe_object(v); }
  P256Scalar v{};
};

/// 1 + draw mod (q - 1).
Status draw_scalar(SecretScalar& out, Rng& rng, std::string_view what) {
  auto draw = rng.secret(kScalarSize + 8, what);
  if (!draw) return std::move(draw).error();
  P256Scalar bound = p256().q.modulus();
  bound[0] -= 1;
  const SecretBytes reduced = reduce_octets(draw->reveal(), limbs_to_bytes(bound, kScalarSize));
  limbs_from_octets(out.v, reduced.reveal());
  add_limbs(out.v.data(), out.v.data(), P256Scalar{1}.data(), kP256Limbs);
  return {};
}

/// A secret integer in 1 .. q-1.
bool load_scalar(SecretScalar& out, ByteView octets) {
  if (!limbs_from_octets(out.v, octets)) return false;
  return public_outcome(mask_if_less(out.v, p256().q.modulus()) & ~mask_if_zero(out.v));
}

/// 32 octets as an integer modulo q, in Montgomery form.
P256Scalar modulo_q(ByteView octets) {
  P256Scalar v;
  limbs_from_octets(v, octets);
  return p256().q.from_limbs(v);
}

/// HS = hash(G || KPAK || ID || PVT).
Status hash_signer(const crypto::Provider& provider, Hash32& hs, ByteView kpak, ByteView id, ByteView pvt) {
  const std::array<ByteView, 4> parts{p256().base_octets, kpak, id, pvt};
  return provider.hash(crypto::Hash::sha256, parts, hs);
}

/// HE = hash(HS || r || M).
Status hash_message(const crypto::Provider& provider, Hash32& he, const Hash32& hs, ByteView r, ByteView m) {
  const std::array<ByteView, 3> parts{hs, r, m};
  return provider.hash(crypto::Hash::sha256, parts, he);
}

Error refused(std::string why) {
  return bad_message(ErrorCode::auth_failure, kVerifying, std::move(why));
}

/// 5.1.2 for octets of any origin; HS goes to `hs`.
Status check_pair(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id, const Ssk& ssk,
                  ByteView pvt, SecretScalar& k, Hash32& hs) {
  const P256& c = p256();
  const auto token = c.curve.decode(pvt);
  if (!token) return bad_request("the PVT is not on the curve", kValidation);
  if (ssk.size() != kScalarSize || !load_scalar(k, ssk.reveal()))
    return bad_request("the SSK is not in 1 .. q-1", kValidation);
  if (auto s = hash_signer(provider, hs, kms.octets(), id, pvt); !s) return s;
  // [SSK]G = KPAK + [HS]PVT; the left side is secret until it is known to be the public right one
  P256Point left;
  c.curve.to_affine(left, c.table.mul(k.v));
  P256Scalar hs_limbs;
  limbs_from_octets(hs_limbs, hs);
  P256Sum right = c.curve.mul_vartime(hs_limbs, *token);
  c.curve.add_vartime(right, right, kms.impl().point);
  P256Point sum;
  if (!c.curve.to_affine(sum, right)) return bad_request("[HS]PVT + KPAK is infinity", kValidation);
  if (!public_outcome(mask_if_equal(left.x, sum.x) & mask_if_equal(left.y, sum.y)))
    return bad_request("the SSK does not belong to this identifier, PVT and KPAK", kValidation);
  return {};
}

/// Jx = r modulo p and not 0.
Status check_j(const P256Sum& j, ByteView r) {
  const Field<kP256Limbs>& p = p256().p;
  P256Scalar limbs;
  limbs_from_octets(limbs, r);
  const P256Scalar rx = p.from_limbs(limbs);
  if (mask_if_zero(j.z) != 0 || mask_if_zero(rx) != 0 || p.mul(rx, p.sqr(j.z)) != j.x)
    return refused("the ECCSI signature does not verify");
  return {};
}

/// s HE and s r modulo q, in Montgomery form.
struct Multipliers {
  P256Scalar base, signer;
};

Status multipliers(const crypto::Provider& provider, Multipliers& out, const Hash32& hs, ByteView message,
                   ByteView signature) {
  const Field<kP256Limbs>& q = p256().q;
  const ByteView r = signature.first(kScalarSize);
  Hash32 he;
  if (auto st = hash_message(provider, he, hs, r, message); !st) return st;
  const P256Scalar s = modulo_q(signature.subspan(kScalarSize, kScalarSize));
  out = {q.mul(s, modulo_q(he)), q.mul(s, modulo_q(r))};
  return {};
}

}  // namespace

Result<Ksak> generate_ksak(Rng& rng) {
  SecretScalar k;
  if (auto s = draw_scalar(k, rng, "ECCSI KSAK"); !s) return std::move(s).error();
  Ksak out(kScalarSize);
  limbs_to_octets(out.reveal_mutable(), k.v);
  return out;
}

Result<Bytes> kms_public_key(const Ksak& ksak) {
  SecretScalar k;
  if (!load_scalar(k, ksak.reveal())) return bad_request("the KSAK is not in 1 .. q-1", "RFC 6507 4.2");
  P256Point p;
  p256().curve.to_affine(p, p256().table.mul(k.v));
  return p256().curve.encode(p);
}

Result<KmsPublicKey> KmsPublicKey::load(ByteView kpak) {
  const auto p = p256().curve.decode(kpak);
  if (!p) return bad_request("the KPAK is not on the curve", "RFC 6507 4.2");
  KmsPublicKey out;
  out.impl_ = std::make_shared<const Impl>(*p, kpak);
  return out;
}

const Bytes& KmsPublicKey::octets() const {
  return impl_->octets;
}

Result<SigningPair> issue(const crypto::Provider& provider, Rng& rng, const Ksak& ksak,
                          const KmsPublicKey& kms, ByteView id) {
  const P256& c = p256();
  SecretScalar k;
  if (!load_scalar(k, ksak.reveal())) return bad_request("the KSAK is not in 1 .. q-1", kPair);
  const auto kpak = kms_public_key(ksak);
  if (!kpak || !public_outcome(mask_of_bit(ct_equal(*kpak, kms.octets()) ? 1 : 0)))
    return bad_request("the KSAK does not belong to the KPAK", kPair);
  SecretScalar v;
  if (auto s = draw_scalar(v, rng, "ECCSI v"); !s) return std::move(s).error();
  P256Point token;
  c.curve.to_affine(token, c.table.mul(v.v));
  SigningPair out{Ssk(kScalarSize), c.curve.encode(token)};
  Hash32 hs;
  if (auto s = hash_signer(provider, hs, kms.octets(), id, out.pvt); !s) return std::move(s).error();
  const P256Scalar h = modulo_q(hs);
  SecretScalar ssk;
  ssk.v = c.q.to_limbs(c.q.add(c.q.from_limbs(k.v), c.q.mul(h, c.q.from_limbs(v.v))));
  if (public_outcome(mask_if_zero(ssk.v) | mask_if_zero(h))) return crypto_error("SSK or HS is zero");
  limbs_to_octets(out.ssk.reveal_mutable(), ssk.v);
  return out;
}

Status validate_pair(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id, const Ssk& ssk,
                     ByteView pvt) {
  SecretScalar k;
  Hash32 hs;
  return check_pair(provider, kms, id, ssk, pvt, k, hs);
}

Result<SigningKey> SigningKey::load(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id,
                                    const Ssk& ssk, ByteView pvt) {
  auto impl = std::make_shared<Impl>();
  SecretScalar k;
  if (auto s = check_pair(provider, kms, id, ssk, pvt, k, impl->hs); !s) return std::move(s).error();
  impl->ssk = p256().q.from_limbs(k.v);
  impl->pvt = to_bytes(pvt);
  SigningKey out;
  out.impl_ = std::move(impl);
  return out;
}

ByteView SigningKey::pvt() const {
  return impl_->pvt;
}

Result<Bytes> sign(const crypto::Provider& provider, Rng& rng, const SigningKey& key, ByteView message) {
  const P256& c = p256();
  const SigningKey::Impl& own = key.impl();
  SecretScalar j;
  if (auto s = draw_scalar(j, rng, "ECCSI j"); !s) return std::move(s).error();
  P256Sum sum = c.table.mul(j.v);
  P256Point point;
  c.curve.to_affine(point, sum);
  wipe_object(sum);  // its Z would tell of j
  Bytes out = c.p.to_octets(point.x);
  Hash32 he;
  if (auto s = hash_message(provider, he, own.hs, out, message); !s) return std::move(s).error();
  SecretScalar t;
  t.v = c.q.add(modulo_q(he), c.q.mul(modulo_q(out), own.ssk));
  if (public_outcome(mask_if_zero(t.v)))
    return Error{ErrorCode::crypto, Severity::system, kSigning, {}, "HE + r SSK = 0"};
  t.v = c.q.mul(c.q.inverse(t.v), c.q.from_limbs(j.v));
  append(out, c.q.to_octets(t.v));  // s' < q < 2^256 always fits
  append(out, own.pvt);
  return out;
}

Status verify(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id, ByteView message,
              ByteView signature) {
  const P256& c = p256();
  if (signature.size() != kSignatureSize) return refused("an ECCSI signature is 129 octets");
  const ByteView pvt = pvt_of(signature);
  const auto token = c.curve.decode(pvt);
  if (!token) return refused("the PVT is not on the curve");
  Hash32 hs;
  if (auto s = hash_signer(provider, hs, kms.octets(), id, pvt); !s) return s;
  Multipliers m;
  if (auto s = multipliers(provider, m, hs, message, signature); !s) return s;
  // J = [s HE]G + [s r]KPAK + [s r HS]PVT
  P256Sum j = c.curve.mul_vartime(c.q.to_limbs(c.q.mul(m.signer, modulo_q(hs))), *token);
  c.table.accumulate_vartime(j, c.q.to_limbs(m.base));
  kms.impl().table.accumulate_vartime(j, c.q.to_limbs(m.signer));
  return check_j(j, signature.first(kScalarSize));
}

Result<KnownSigner> KnownSigner::prepare(const crypto::Provider& provider, const KmsPublicKey& kms,
                                         ByteView id, ByteView pvt) {
  const P256& c = p256();
  const auto token = c.curve.decode(pvt);
  if (!token) return refused("the PVT is not on the curve");
  Hash32 hs;
  if (auto s = hash_signer(provider, hs, kms.octets(), id, pvt); !s) return std::move(s).error();
  P256Scalar k;
  limbs_from_octets(k, hs);
  P256Sum y = c.curve.mul_vartime(k, *token);
  c.curve.add_vartime(y, y, kms.impl().point);
  P256Point point;
  if (!c.curve.to_affine(point, y)) return refused("[HS]PVT + KPAK is infinity");
  KnownSigner out;
  out.impl_ = std::make_shared<const Impl>(point, pvt, hs);
  return out;
}

ByteView KnownSigner::pvt() const {
  return impl_->pvt;
}

ByteView pvt_of(ByteView signature) {
  return signature.size() == kSignatureSize ? signature.subspan(2 * kScalarSize) : ByteView{};
}

Status verify(const crypto::Provider& provider, const KnownSigner& signer, ByteView message,
              ByteView signature) {
  const P256& c = p256();
  const KnownSigner::Impl& from = signer.impl();
  if (!std::ranges::equal(pvt_of(signature), from.pvt)) return refused("the PVT is not this signer's");
  Multipliers m;
  if (auto s = multipliers(provider, m, from.hs, message, signature); !s) return s;
  P256Sum j = Curve<kP256Limbs>::infinity();
  c.table.accumulate_vartime(j, c.q.to_limbs(m.base));
  from.table.accumulate_vartime(j, c.q.to_limbs(m.signer));
  return check_j(j, signature.first(kScalarSize));
}

}  // namespace mikey::ibc::eccsi
