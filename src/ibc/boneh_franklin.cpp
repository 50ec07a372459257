#include "mikey/ibc/boneh_franklin.hpp"

#include "bf_der.hpp"
#include "bf_impl.hpp"
#include "declassify.hpp"
#include "hashing.hpp"

namespace mikey::ibc::bf {
namespace {

constexpr const char* kExtraction = "RFC 5091 5.3.1";
constexpr const char* kEncryption = "RFC 5091 5.4.1";
constexpr const char* kDecryption = "RFC 5091 5.5.1";

Error refused(std::string why) {
  return bad_message(ErrorCode::unspecified, kDecryption, std::move(why));
}

Status hash_parts(const crypto::Provider& provider, crypto::Hash hash, std::span<const ByteView> parts,
                  MutableBytes out) {
  return provider.hash(hash, parts, out);
}

void xor_into(MutableBytes to, ByteView with) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ with[i]);
}

bool is_zero(ByteView v) {
  std::uint8_t any = 0;
  for (const std::uint8_t o : v) any = static_cast<std::uint8_t>(any | o);
  return public_outcome(mask_if_zero(Limb{any}));
}

bool same(ByteView a, ByteView b) {
  return public_outcome(mask_of_bit(ct_equal(a, b) ? 1 : 0));
}

/// l = HashToRange(rho || hash(m), q, hashfcn).
Result<SecretBytes> derive_l(const crypto::Provider& provider, const PublicParameters& bp, ByteView rho,
                             ByteView m) {
  const std::size_t size = crypto::hash_size(bp.hash());
  SecretBytes input(2 * size);
  std::ranges::copy(rho, input.reveal_mutable().begin());
  const std::array<ByteView, 1> message{m};
  if (auto s = hash_parts(provider, bp.hash(), message, input.reveal_mutable().subspan(size)); !s)
    return std::move(s).error();
  return hash_to_range(provider, bp.hash(), input.reveal(), bp.q());
}

Point point_of(const PublicParameters& bp, const BfPrivateKey& key) {
  const std::size_t n = bp.element_size();
  return {to_bytes(key.reveal().first(n)), to_bytes(key.reveal().subspan(n))};
}

/// s on as many octets as q; an error when it is not in 2 .. q-1.
Result<SecretBytes> master_scalar(const PublicParameters& bp, const BfMasterSecret& s) {
  SecretBytes reduced = reduce_octets(s.reveal(), bp.q());
  ByteView given = s.reveal();
  std::uint8_t surplus = 0;  // octets above q's size
  while (given.size() > reduced.size()) {
    surplus = static_cast<std::uint8_t>(surplus | given[0]);
    given = given.subspan(1);
  }
  SecretBytes padded(reduced.size());
  std::ranges::copy(given, padded.reveal_mutable().end() - static_cast<std::ptrdiff_t>(given.size()));
  SecretBytes above_one = padded.clone();
  above_one.reveal_mutable().back() &= 0xFE;
  if (!is_zero(ByteView(&surplus, 1)) || is_zero(above_one.reveal()) ||
      !same(padded.reveal(), reduced.reveal()))
    return bad_request("masterSecret: expected a number in 2 .. q-1", kExtraction);
  return reduced;
}

/// A private key as a point that is wiped.
struct SecretPoint {
  explicit SecretPoint(Point v) : p(std::move(v)) {}
  SecretPoint(const SecretPoint&) = delete;
  SecretPoint& operator=(const SecretPoint&) = delete;
  ~SecretPoint() {
    wipe(p.x);
    wipe(p.y);
  }
  Point p;
};

}  // namespace

Result<SecretBytes> hash_to_range(const crypto::Provider& provider, crypto::Hash hash, ByteView s,
                                  ByteView n) {
  const std::size_t size = crypto::hash_size(hash);
  SecretBytes v(2 * size);
  Bytes zero(size);
  ByteView previous = zero;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::array<ByteView, 2> parts{previous, s};
    const MutableBytes out = v.reveal_mutable().subspan(i * size, size);
    if (auto st = hash_parts(provider, hash, parts, out); !st) return std::move(st).error();
    previous = out;
  }
  return reduce_octets(v.reveal(), n);
}

Status hash_bytes(const crypto::Provider& provider, crypto::Hash hash, ByteView p, MutableBytes out) {
  return merkle_expand(provider, hash, p, out);  // the same construction as RFC 6508 5.1's, cut to length
}

Result<Point> derive_public_key(const crypto::Provider& provider, const PublicParameters& bp, ByteView id) {
  const auto y = hash_to_range(provider, bp.hash(), id, bp.p());
  if (!y) return y.error();
  auto q_id = bp.impl().group->lift(y->reveal());
  if (!q_id) return bad_request("the identity hashes to infinity", "RFC 5091 4.4.2");
  return std::move(*q_id);
}

Result<BfPrivateKey> extract(const crypto::Provider& provider, const PublicParameters& bp,
                             const BfMasterSecret& s, ByteView id) {
  const auto reduced = master_scalar(bp, s);
  if (!reduced) return reduced.error();
  const auto q_id = derive_public_key(provider, bp, id);
  if (!q_id) return q_id.error();
  const SecretPoint key(bp.impl().group->multiply(reduced->reveal(), *q_id));
  BfPrivateKey out(2 * bp.element_size());
  std::ranges::copy(key.p.x, out.reveal_mutable().begin());
  std::ranges::copy(key.p.y, out.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(bp.element_size()));
  return out;
}

Status check_master_secret(const PublicParameters& bp, const BfMasterSecret& s) {
  const auto reduced = master_scalar(bp, s);
  if (!reduced) return reduced.error();
  const SecretPoint expected(bp.impl().group->multiply(reduced->reveal(), bp.point_p()));
  if (same(expected.p.x, bp.point_p_pub().x) && same(expected.p.y, bp.point_p_pub().y)) return {};
  return bad_request("masterSecret: does not belong to these parameters", kExtraction);
}

Status validate_private_key(const crypto::Provider& provider, const PublicParameters& bp, ByteView id,
                            const BfPrivateKey& key) {
  if (key.size() != 2 * bp.element_size()) return bad_request("a private key is x || y", kExtraction);
  const SecretPoint s_id(point_of(bp, key));
  const Group& group = *bp.impl().group;
  if (!group.contains(s_id.p, true)) return bad_request("the private key is not of order q", kExtraction);
  const auto q_id = derive_public_key(provider, bp, id);
  if (!q_id) return q_id.error();
  const SecretBytes left = group.pairing(s_id.p, bp.point_p());
  const SecretBytes right = group.pairing(*q_id, bp.point_p_pub());
  if (!same(left.reveal(), right.reveal()))
    return bad_request("the private key does not belong to this identity and these parameters", kExtraction);
  return {};
}

Result<Ciphertext> encrypt(const crypto::Provider& provider, Rng& rng, const PublicParameters& bp,
                           ByteView id, ByteView message) {
  const std::size_t size = crypto::hash_size(bp.hash());
  const auto q_id = derive_public_key(provider, bp, id);
  if (!q_id) return q_id.error();
  const auto rho = rng.secret(size, "rho");
  if (!rho) return rho.error();
  const auto l = derive_l(provider, bp, rho->reveal(), message);
  if (!l) return l.error();
  if (is_zero(l->reveal())) return Error{ErrorCode::crypto, Severity::system, kEncryption, {}, "l is zero"};
  const Group& group = *bp.impl().group;
  Ciphertext out;
  out.u = group.multiply(l->reveal(), bp.point_p());
  const SecretBytes z = group.pairing_power(bp.point_p_pub(), *q_id, l->reveal());
  out.v.resize(size);
  const std::array<ByteView, 1> parts{z.reveal()};
  if (auto s = hash_parts(provider, bp.hash(), parts, out.v); !s) return std::move(s).error();
  xor_into(out.v, rho->reveal());
  out.w.resize(message.size());
  if (auto s = hash_bytes(provider, bp.hash(), rho->reveal(), out.w); !s) return std::move(s).error();
  xor_into(out.w, message);
  return out;
}

Result<BfPlaintext> decrypt(const crypto::Provider& provider, const PublicParameters& bp,
                            const BfPrivateKey& key, const Ciphertext& ciphertext) {
  const std::size_t size = crypto::hash_size(bp.hash());
  const Group& group = *bp.impl().group;
  if (key.size() != 2 * bp.element_size()) return bad_request("a private key is x || y", kDecryption);
  Point u;
  if (ciphertext.v.size() != size) return refused("V has another length than the hash");
  if (!widen(u, ciphertext.u, bp.element_size()) || !group.contains(u, false))
    return refused("U is no point of order q");
  const SecretPoint s_id(point_of(bp, key));
  const SecretBytes z = group.pairing(u, s_id.p);
  SecretBytes rho(size);
  const std::array<ByteView, 1> parts{z.reveal()};
  if (auto s = hash_parts(provider, bp.hash(), parts, rho.reveal_mutable()); !s) return std::move(s).error();
  xor_into(rho.reveal_mutable(), ciphertext.v);
  BfPlaintext m(ciphertext.w.size());
  if (auto s = hash_bytes(provider, bp.hash(), rho.reveal(), m.reveal_mutable()); !s)
    return std::move(s).error();
  xor_into(m.reveal_mutable(), ciphertext.w);
  const auto l = derive_l(provider, bp, rho.reveal(), m.reveal());
  if (!l) return l.error();
  if (is_zero(l->reveal())) return refused("U is not [l]P");
  const Point again = group.multiply(l->reveal(), bp.point_p());
  if (!same(again.x, u.x) || !same(again.y, u.y)) return refused("U is not [l]P");
  return m;
}

SecretBytes private_key_to_der(const PublicParameters& bp, const BfPrivateKey& key) {
  const SecretPoint s_id(point_of(bp, key));
  Bytes in;
  put_integer(in, Bytes{2});
  put_point(in, s_id.p.x, s_id.p.y);
  Bytes out;
  put_element(out, kSequence, in);
  SecretBytes secret{ByteView(out)};
  wipe(in);
  wipe(out);
  return secret;
}

Result<BfPrivateKey> private_key_from_der(const PublicParameters& bp, ByteView der) {
  DerReader outer(der);
  DerReader in(outer.element(kSequence));
  const ByteView version = in.integer();
  const SecretPoint read(in.point());
  SecretPoint s_id(Point{});
  if (!outer.done() || !in.done() || !std::ranges::equal(version, Bytes{2}) ||
      !widen(s_id.p, read.p, bp.element_size()))
    return bad_request("not a BFPrivateKeyBlock of these parameters", "RFC 5091 8");
  BfPrivateKey out(2 * bp.element_size());
  std::ranges::copy(s_id.p.x, out.reveal_mutable().begin());
  std::ranges::copy(s_id.p.y, out.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(bp.element_size()));
  return out;
}

Bytes ciphertext_to_der(const Ciphertext& ciphertext) {
  Bytes in;
  put_integer(in, Bytes{2});
  put_point(in, ciphertext.u.x, ciphertext.u.y);
  put_element(in, kOctetString, ciphertext.v);
  put_element(in, kOctetString, ciphertext.w);
  Bytes out;
  put_element(out, kSequence, in);
  return out;
}

Result<Ciphertext> ciphertext_from_der(ByteView der) {
  DerReader outer(der);
  DerReader in(outer.element(kSequence));
  const ByteView version = in.integer();
  Ciphertext out;
  out.u = in.point();
  out.v = to_bytes(in.element(kOctetString));
  out.w = to_bytes(in.element(kOctetString));
  if (!outer.done() || !in.done() || !std::ranges::equal(version, Bytes{2}))
    return bad_request("not a BFCiphertextBlock", "RFC 5091 8");
  return out;
}

}  // namespace mikey::ibc::bf
