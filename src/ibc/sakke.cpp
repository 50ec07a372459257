#include "mikey/ibc/sakke.hpp"

#include "declassify.hpp"
#include "hashing.hpp"
#include "pairing.hpp"

namespace mikey::ibc::sakke {

struct KmsPublicKey::Impl {
  Impl(SakkePoint p, Bytes o) : point(p), octets(std::move(o)), table(sakke_set_1().edwards, point) {}
  SakkePoint point;
  Bytes octets;
  FixedBase table;
};

struct KnownReceiver::Impl {
  Impl(ByteView identifier, const SakkePoint& i)
      : id(to_bytes(identifier)), table(sakke_set_1().edwards, i) {}
  Bytes id;
  FixedBase table;
};

struct ReceiverKey::Impl {
  Impl(KmsPublicKey kms_key, ByteView identifier, const SakkePoint& k)
      : kms(std::move(kms_key)), id(to_bytes(identifier)), rsk(k) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe_object(rsk); }

  KmsPublicKey kms;
  Bytes id;
  SakkePoint rsk;
  std::optional<MillerTable> miller;
  std::optional<FixedBase> table;
};

namespace {

using Extended = EdwardsForm::Extended;

constexpr const char* kSetup = "RFC 6508 6.1";
constexpr const char* kExtraction = "RFC 6508 6.1.1";
constexpr const char* kProvisioning = "RFC 6508 6.1.2";
constexpr const char* kReceiver = "RFC 6508 6.2.2";
constexpr std::size_t kHashSize = 32;

/// A scalar that is wiped.
struct SecretScalar {
  SecretScalar() = default;
  SecretScalar(const SecretScalar&) = delete;
  SecretScalar& operator=(const SecretScalar&) = delete;
  ~SecretScalar() { wipe_object(v); }
  SakkeScalar v{};
};

struct SecretExtended {
  SecretExtended() = default;
  SecretExtended(const SecretExtended&) = delete;
  SecretExtended& operator=(const SecretExtended&) = delete;
  ~SecretExtended() { wipe_object(v); }
  Extended v = sakke_set_1().edwards.identity();
};

/// b as an element modulo q, in Montgomery form.
SakkeScalar id_modulo_q(ByteView id) {
  return sakke_set_1().q.from_octets_reduced(id);
}

bool load_master_secret(SecretScalar& out, const SakkeMasterSecret& z) {
  const SakkeField& q = sakke_set_1().q;
  if (!limbs_from_octets(out.v, z.reveal())) return false;
  const Limb small = mask_if_less(out.v, SakkeScalar{2});
  return public_outcome(mask_if_less(out.v, q.modulus()) & ~small);
}

/// The affine form of a table sum; false for infinity.
bool finish(SakkePoint& r, const Extended& sum) {
  const SakkeParameterSet& set = sakke_set_1();
  const SakkeElement d = set.edwards.denominator(sum);
  if (public_outcome(mask_if_zero(d))) return false;
  r = set.edwards.to_point(sum, set.p.inverse(d));
  return true;
}

/// [b]P + Z, public.
bool receiver_point(SakkePoint& r, const KmsPublicKey& kms, ByteView id) {
  const SakkeParameterSet& set = sakke_set_1();
  Extended sum = set.edwards.identity();
  set.base_table().accumulate(sum, set.q.to_limbs(id_modulo_q(id)));
  kms.impl().table.accumulate(sum, SakkeScalar{1});
  return finish(r, sum);
}

/// sum = [r]([b]P + Z) from the tables of P and Z.
void multiply_receiver_point(Extended& sum, const SakkeScalar& r, const KmsPublicKey& kms, ByteView id) {
  const SakkeParameterSet& set = sakke_set_1();
  SecretScalar rb;
  rb.v = set.q.mul(id_modulo_q(id), r);
  set.base_table().accumulate(sum, rb.v);
  kms.impl().table.accumulate(sum, r);
}

/// r = HashToIntegerRange(SSV || b, q, SHA-256).
Status hash_to_r(const crypto::Provider& provider, SakkeScalar& r, ByteView ssv, ByteView id) {
  SecretBytes input(ssv.size() + id.size());
  std::ranges::copy(ssv, input.reveal_mutable().begin());
  std::ranges::copy(id, input.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(ssv.size()));
  SecretBytes v(4 * kHashSize);  // Ceiling(lg(q) / 256) blocks
  if (auto s = merkle_expand(provider, crypto::Hash::sha256, input.reveal(), v.reveal_mutable()); !s)
    return s;
  limbs_from_octets(r, v.reveal());
  const SakkeField& q = sakke_set_1().q;
  r = q.to_limbs(q.from_limbs(r));
  return {};
}

/// out = in XOR HashToIntegerRange(w, 2^128, SHA-256).
Status apply_mask(const crypto::Provider& provider, const SakkeElement& w, ByteView in, MutableBytes out) {
  SecretBytes octets(kElementSize);
  SecretScalar plain;
  plain.v = sakke_set_1().p.to_limbs(w);
  limbs_to_octets(octets.reveal_mutable(), plain.v);
  SecretBytes v(kHashSize);
  if (auto s = merkle_expand(provider, crypto::Hash::sha256, octets.reveal(), v.reveal_mutable()); !s)
    return s;
  for (std::size_t i = 0; i < kSsvSize; ++i)
    out[i] = static_cast<std::uint8_t>(in[i] ^ v.reveal()[kHashSize - kSsvSize + i]);
  return {};
}

template <class Multiply>
Result<Bytes> encapsulate_with(const crypto::Provider& provider, ByteView id, const Ssv& ssv,
                               Multiply multiply) {
  if (ssv.size() != kSsvSize) return bad_request("an SSV is 16 octets", "RFC 6508 6.2.1");
  const SakkeParameterSet& set = sakke_set_1();
  SecretScalar r;
  if (auto s = hash_to_r(provider, r.v, ssv.reveal(), id); !s) return std::move(s).error();
  SecretExtended sum;
  multiply(sum.v, r.v);
  SakkeFp2 power = set.power_of_g(r.v);
  // one inversion for both the point and the representative of g^r
  const SakkeElement d = set.edwards.denominator(sum.v);
  if (public_outcome(mask_if_zero(d))) return bad_request("[r]([b]P + Z) is infinity", "RFC 6508 6.2.1");
  const SakkeElement both = set.p.inverse(set.p.mul(d, power.re));
  const SakkePoint point = set.edwards.to_point(sum.v, set.p.mul(both, power.re));
  SakkeElement g_r = set.p.mul(power.im, set.p.mul(both, d));
  Bytes out = set.curve.encode(point);
  out.resize(kEncapsulatedSize);
  auto s = apply_mask(provider, g_r, ssv.reveal(), MutableBytes(out).subspan(kPointSize));
  wipe_object(power);
  wipe_object(g_r);
  if (!s) return std::move(s).error();
  return out;
}

Error refused(std::string why) {
  return bad_message(ErrorCode::unspecified, kReceiver, std::move(why));
}

/// K of its octets, and its pairing with [b]P + Z compared with g. Leaves the lines where asked to.
Status check_rsk(SakkePoint& k, const KmsPublicKey& kms, ByteView id, const Rsk& rsk,
                 std::optional<MillerTable>* miller) {
  const SakkeParameterSet& set = sakke_set_1();
  const auto decoded = set.curve.decode(rsk.reveal());
  if (!decoded) return bad_request("the RSK is no point of the curve", kProvisioning);
  k = *decoded;
  SakkePoint i;
  if (!receiver_point(i, kms, id)) return bad_request("[a]P + Z is infinity", kProvisioning);
  bool order_q = false;
  SakkeFp2 t;
  if (miller != nullptr) {
    miller->emplace(set, k);
    order_q = (*miller)->of_order_q();
    if (order_q) t = (*miller)->pair(set, i);
  } else {
    t = sakke_pairing(set, k, i, order_q);
  }
  if (!order_q) return bad_request("the RSK is not of order q", kProvisioning);
  if (!public_outcome(mask_if_equal(torus_representative(set, t), set.g)))
    return bad_request("the RSK does not belong to this identifier and KMS", kProvisioning);
  return {};
}

}  // namespace

Result<SecretBytes> hash_to_integer_range(const crypto::Provider& provider, ByteView s, ByteView n,
                                          crypto::Hash hash) {
  if (std::ranges::all_of(n, [](std::uint8_t o) { return o == 0; }))
    return bad_request("the range is empty", "RFC 6508 5.1");
  const std::size_t size = crypto::hash_size(hash);
  const std::size_t blocks = (ceiling_log2(n) + 8 * size - 1) / (8 * size);
  SecretBytes v(blocks * size);
  if (auto st = merkle_expand(provider, hash, s, v.reveal_mutable()); !st) return std::move(st).error();
  return reduce_octets(v.reveal(), n);
}

Result<SakkeMasterSecret> generate_master_secret(Rng& rng) {
  auto draw = rng.secret(kElementSize + 8, "SAKKE z");
  if (!draw) return std::move(draw).error();
  SakkeScalar bound = sakke_set_1().q.modulus();
  bound[0] -= 2;  // q is odd and above 2
  SecretBytes reduced = reduce_octets(draw->reveal(), limbs_to_bytes(bound, kElementSize));
  SecretScalar z;
  limbs_from_octets(z.v, reduced.reveal());
  add_limbs(z.v.data(), z.v.data(), SakkeScalar{2}.data(), kSakkeLimbs);
  SakkeMasterSecret out(kElementSize);
  limbs_to_octets(out.reveal_mutable(), z.v);
  return out;
}

Result<Bytes> kms_public_key(const SakkeMasterSecret& z) {
  SecretScalar k;
  if (!load_master_secret(k, z)) return bad_request("z_T is not in 2 .. q-1", kSetup);
  const SakkeParameterSet& set = sakke_set_1();
  SecretExtended sum;
  set.base_table().accumulate(sum.v, k.v);
  SakkePoint p;
  if (!finish(p, sum.v)) return bad_request("Z_T is infinity", kSetup);
  return set.curve.encode(p);
}

Result<Rsk> extract_rsk(const SakkeMasterSecret& z, ByteView id) {
  const SakkeParameterSet& set = sakke_set_1();
  SecretScalar k;
  if (!load_master_secret(k, z)) return bad_request("z_T is not in 2 .. q-1", kExtraction);
  k.v = set.q.add(set.q.from_limbs(k.v), id_modulo_q(id));
  if (public_outcome(mask_if_zero(k.v))) return bad_request("a + z_T is 0 modulo q", kExtraction);
  k.v = set.q.to_limbs(set.q.inverse(k.v));
  SecretExtended sum;
  set.base_table().accumulate(sum.v, k.v);
  SakkePoint p;
  if (!finish(p, sum.v)) return bad_request("the RSK is infinity", kExtraction);
  Bytes octets = set.curve.encode(p);
  Rsk out{ByteView(octets)};
  wipe(octets);
  wipe_object(p);
  return out;
}

Result<KmsPublicKey> KmsPublicKey::load(ByteView z_t) {
  const SakkeParameterSet& set = sakke_set_1();
  const auto p = set.curve.decode(z_t);
  if (!p) return bad_request("Z_T is no point of the curve", kSetup);
  if (!set.curve.in_subgroup_vartime(*p)) return bad_request("Z_T is not of order q", kSetup);
  KmsPublicKey out;
  out.impl_ = std::make_shared<const Impl>(*p, to_bytes(z_t));
  return out;
}

const Bytes& KmsPublicKey::octets() const {
  return impl_->octets;
}

Status validate_rsk(const KmsPublicKey& kms, ByteView id, const Rsk& rsk) {
  SakkePoint k;
  auto s = check_rsk(k, kms, id, rsk, nullptr);
  wipe_object(k);
  return s;
}

Result<KnownReceiver> KnownReceiver::prepare(const KmsPublicKey& kms, ByteView id) {
  SakkePoint i;
  if (!receiver_point(i, kms, id)) return bad_request("[b]P + Z is infinity", "RFC 6508 6.2.1");
  KnownReceiver out;
  out.impl_ = std::make_shared<const Impl>(id, i);
  return out;
}

Result<ReceiverKey> ReceiverKey::load(const KmsPublicKey& kms, ByteView id, const Rsk& rsk, Tables tables) {
  auto impl = std::make_shared<Impl>(kms, id, SakkePoint{});
  if (auto s = check_rsk(impl->rsk, kms, id, rsk, tables == Tables::own ? &impl->miller : nullptr); !s)
    return std::move(s).error();
  if (tables == Tables::own) {
    SakkePoint i;
    if (!receiver_point(i, kms, id)) return bad_request("[b]P + Z is infinity", kProvisioning);
    impl->table.emplace(sakke_set_1().edwards, i);
  }
  ReceiverKey out;
  out.impl_ = std::move(impl);
  return out;
}

ByteView ReceiverKey::id() const {
  return impl_->id;
}

Result<Ssv> generate_ssv(Rng& rng) {
  auto draw = rng.secret(kSsvSize, "SSV");
  if (!draw) return std::move(draw).error();
  return Ssv(std::move(*draw));
}

Result<Bytes> encapsulate(const crypto::Provider& provider, const KmsPublicKey& kms, ByteView id,
                          const Ssv& ssv) {
  return encapsulate_with(provider, id, ssv, [&](Extended& sum, const SakkeScalar& r) {
    multiply_receiver_point(sum, r, kms, id);
  });
}

Result<Bytes> encapsulate(const crypto::Provider& provider, const KnownReceiver& receiver, const Ssv& ssv) {
  const KnownReceiver::Impl& to = receiver.impl();
  return encapsulate_with(provider, to.id, ssv,
                          [&](Extended& sum, const SakkeScalar& r) { to.table.accumulate(sum, r); });
}

Result<Ssv> decapsulate(const crypto::Provider& provider, const ReceiverKey& key, ByteView encapsulated) {
  const SakkeParameterSet& set = sakke_set_1();
  const ReceiverKey::Impl& own = key.impl();
  if (encapsulated.size() != kEncapsulatedSize) return refused("Encapsulated Data are 273 octets");
  const auto r_point = set.curve.decode(encapsulated.first(kPointSize));
  if (!r_point) return refused("R is no point of the curve");
  if (mask_if_zero(r_point->y) != 0) return refused("R is of order 2");
  SakkeFp2 t;
  if (own.miller) {
    t = own.miller->pair(set, *r_point);
  } else {
    bool order_q = false;
    t = sakke_pairing(set, *r_point, own.rsk, order_q);
    if (!order_q) return refused("R is not of order q");
  }
  SakkeElement w = torus_representative(set, t);
  Ssv ssv(kSsvSize);
  auto masked = apply_mask(provider, w, encapsulated.subspan(kPointSize), ssv.reveal_mutable());
  wipe_object(t);
  wipe_object(w);
  if (!masked) return std::move(masked).error();
  SecretScalar r;
  if (auto s = hash_to_r(provider, r.v, ssv.reveal(), own.id); !s) return std::move(s).error();
  SecretExtended test;
  if (own.table) {
    own.table->accumulate(test.v, r.v);
  } else {
    multiply_receiver_point(test.v, r.v, own.kms, own.id);
  }
  // Comparing w with g^r instead would let R + T pass for a T of order 4.
  if (!set.edwards.equals(test.v, *r_point)) return refused("TEST does not equal R");
  return ssv;
}

}  // namespace mikey::ibc::sakke
