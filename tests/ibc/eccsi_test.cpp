#include "mikey/ibc/eccsi.hpp"

#include "ibc/p256.hpp"
#include "ibc/vectors.hpp"

namespace mikey::ibc {
namespace {

using mikey::test::CountingRng;
using mikey::test::ScriptedRng;
using test::number;
using test::point;
using test::vectors;

const crypto::Provider& provider() {
  return crypto::openssl();
}

Bytes rfc_value(const char* name) {
  return number(vectors("vectors/rfc6507/appendix-a.json").at(name));
}

/// The draw that makes 1 + draw mod (q - 1) this value.
Bytes draw_of(ByteView value) {
  Bytes d(40 - value.size());
  append(d, value);
  for (std::size_t i = d.size(); i-- > 0;)
    if (d[i]-- != 0) break;
  return d;
}

eccsi::KmsPublicKey rfc_kms() {
  static const auto kms = eccsi::KmsPublicKey::load(rfc_value("KPAK"));
  EXPECT_TRUE(kms.ok());
  return *kms;
}

TEST(Eccsi, Rfc6507Keys) {
  ScriptedRng rng;
  rng.add("ECCSI KSAK", draw_of(rfc_value("KSAK")));
  rng.add("ECCSI v", draw_of(rfc_value("v")));
  const auto ksak = eccsi::generate_ksak(rng);
  ASSERT_TRUE(ksak.ok());
  const auto kpak = eccsi::kms_public_key(*ksak);
  ASSERT_TRUE(kpak.ok());
  EXPECT_EQ(*kpak, rfc_value("KPAK"));
  const auto pair = eccsi::issue(provider(), rng, *ksak, rfc_kms(), rfc_value("ID"));
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->pvt, rfc_value("PVT"));
  EXPECT_EQ(to_bytes(pair->ssk.reveal()), rfc_value("SSK"));
  EXPECT_TRUE(eccsi::validate_pair(provider(), rfc_kms(), rfc_value("ID"), pair->ssk, pair->pvt).ok());
  EXPECT_TRUE(rng.exhausted());
}

TEST(Eccsi, Rfc6507SignAndVerify) {
  const Ssk ssk{ByteView(rfc_value("SSK"))};
  const auto key = eccsi::SigningKey::load(provider(), rfc_kms(), rfc_value("ID"), ssk, rfc_value("PVT"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(to_bytes(key->pvt()), rfc_value("PVT"));
  ScriptedRng rng;
  rng.add("ECCSI j", draw_of(rfc_value("j")));
  const auto signature = eccsi::sign(provider(), rng, *key, rfc_value("M"));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(*signature, rfc_value("Sig"));
  EXPECT_TRUE(eccsi::verify(provider(), rfc_kms(), rfc_value("ID"), rfc_value("M"), *signature).ok());
  const auto signer =
      eccsi::KnownSigner::prepare(provider(), rfc_kms(), rfc_value("ID"), eccsi::pvt_of(*signature));
  ASSERT_TRUE(signer.ok());
  EXPECT_EQ(to_bytes(signer->pvt()), rfc_value("PVT"));
  EXPECT_TRUE(eccsi::verify(provider(), *signer, rfc_value("M"), *signature).ok());
}

TEST(Eccsi, Rfc6507IntermediateValues) {
  const P256& c = p256();
  EXPECT_EQ(c.base_octets, rfc_value("G"));
  std::array<std::uint8_t, 32> h{};
  const Bytes kpak = rfc_value("KPAK"), id = rfc_value("ID"), pvt = rfc_value("PVT"), r = rfc_value("r"),
              m = rfc_value("M");
  const std::array<ByteView, 4> signer{c.base_octets, kpak, id, pvt};
  ASSERT_TRUE(provider().hash(crypto::Hash::sha256, signer, h).ok());
  EXPECT_EQ(to_bytes(h), rfc_value("HS"));
  // Y = [HS]PVT + KPAK
  P256Scalar k;
  ASSERT_TRUE(limbs_from_octets(k, h));
  P256Sum y = c.curve.mul_vartime(k, *c.curve.decode(pvt));
  c.curve.add_vartime(y, y, *c.curve.decode(kpak));
  P256Point p;
  ASSERT_TRUE(c.curve.to_affine(p, y));
  EXPECT_EQ(c.curve.encode(p), rfc_value("Y"));
  const std::array<ByteView, 3> message{h, r, m};
  std::array<std::uint8_t, 32> he{};
  ASSERT_TRUE(provider().hash(crypto::Hash::sha256, message, he).ok());
  EXPECT_EQ(to_bytes(he), rfc_value("HE"));
  ASSERT_TRUE(limbs_from_octets(k, rfc_value("j")));
  ASSERT_TRUE(c.curve.to_affine(p, c.table.mul(k)));
  EXPECT_EQ(c.curve.encode(p), rfc_value("J"));
}

TEST(Eccsi, TablesAndLoopsAgree) {
  const P256& c = p256();
  P256Scalar last = c.q.modulus();
  last[0] -= 1;
  std::vector<P256Scalar> ks = {last};
  for (Limb i = 1; i < 70; ++i) {
    ks.push_back(P256Scalar{i});
    P256Scalar k = c.q.modulus();
    k[0] -= i;
    ks.push_back(k);
  }
  CountingRng rng(5);
  for (int i = 0; i < 20; ++i) {
    Bytes b(32);
    ASSERT_TRUE(rng.fill(b, "").ok());
    ks.push_back(c.q.to_limbs(c.q.from_octets_reduced(b)));
  }
  for (const P256Scalar& k : ks) {
    // the plainest of ways
    P256Sum want = Curve<4>::infinity();
    for (std::size_t i = 256; i-- > 0;) {
      c.curve.dbl(want, want);
      if (bit_of(k, i) != 0) c.curve.add_vartime(want, want, c.base);
    }
    P256Point w;
    ASSERT_TRUE(c.curve.to_affine(w, want));
    ASSERT_TRUE(c.curve.on_curve(w));
    EXPECT_TRUE(c.curve.equal_vartime(c.table.mul(k), w));
    EXPECT_TRUE(c.curve.equal_vartime(c.curve.mul(k, c.base), w));
    EXPECT_TRUE(c.curve.equal_vartime(c.curve.mul_vartime(k, c.base), w));
    P256Sum sum = Curve<4>::infinity();
    c.table.accumulate_vartime(sum, k);
    EXPECT_TRUE(c.curve.equal_vartime(sum, w));
  }
  EXPECT_TRUE(c.curve.is_infinity(c.curve.mul_vartime(c.q.modulus(), c.base)) != 0);
  EXPECT_TRUE(c.curve.is_infinity(c.curve.mul_vartime(P256Scalar{}, c.base)) != 0);
}

TEST(Eccsi, PeerSignatures) {
  const auto& v = vectors("vectors/mikey-peer/ibc.json").at("sakke_eccsi");
  const Ksak ksak{ByteView(number(v.at("KSAK"), 32))};
  EXPECT_EQ(*eccsi::kms_public_key(ksak), number(v.at("KPAK")));
  const auto kms = eccsi::KmsPublicKey::load(number(v.at("KPAK")));
  ASSERT_TRUE(kms.ok());
  for (const auto& user : v.at("users")) {
    const Bytes id = number(user.at("identifier"));
    ScriptedRng rng;
    rng.add("ECCSI v", draw_of(number(user.at("v"))));
    rng.add("ECCSI j", draw_of(number(user.at("sign").at("j"))));
    const auto pair = eccsi::issue(provider(), rng, ksak, *kms, id);
    ASSERT_TRUE(pair.ok());
    EXPECT_EQ(to_bytes(pair->ssk.reveal()), number(user.at("SSK"), 32));
    EXPECT_EQ(pair->pvt, number(user.at("PVT")));
    const auto key = eccsi::SigningKey::load(provider(), *kms, id, pair->ssk, pair->pvt);
    ASSERT_TRUE(key.ok());
    const auto signature = eccsi::sign(provider(), rng, *key, number(user.at("sign").at("M")));
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(*signature, number(user.at("sign").at("signature")));
    EXPECT_TRUE(eccsi::verify(provider(), *kms, id, number(user.at("sign").at("M")), *signature).ok());
  }
}

TEST(Eccsi, EveryFlippedBitIsRefused) {
  const auto signer = eccsi::KnownSigner::prepare(provider(), rfc_kms(), rfc_value("ID"), rfc_value("PVT"));
  ASSERT_TRUE(signer.ok());
  for (std::size_t i = 0; i < eccsi::kSignatureSize; ++i) {
    Bytes bad = rfc_value("Sig");
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1 << (i % 8));
    const auto fresh = eccsi::verify(provider(), rfc_kms(), rfc_value("ID"), rfc_value("M"), bad);
    ASSERT_FALSE(fresh.ok()) << i;
    EXPECT_EQ(fresh.error().code, ErrorCode::auth_failure);
    EXPECT_FALSE(eccsi::verify(provider(), *signer, rfc_value("M"), bad).ok()) << i;
  }
}

TEST(Eccsi, EverythingElseIsRefused) {
  const Bytes id = rfc_value("ID"), m = rfc_value("M"), sig = rfc_value("Sig"), pvt = rfc_value("PVT");
  Bytes other = id;
  other[3] ^= 1;
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), other, m, sig).ok());
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), id, id, sig).ok());
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), id, m, ByteView(sig).first(128)).ok());
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), id, m, Bytes{}).ok());
  Bytes zero_s = sig;
  std::fill(zero_s.begin() + 32, zero_s.begin() + 64, std::uint8_t{0});
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), id, m, zero_s).ok());
  Bytes zero_both(64);
  append(zero_both, pvt);
  EXPECT_FALSE(eccsi::verify(provider(), rfc_kms(), id, m, zero_both).ok());
  const auto other_kms = eccsi::KmsPublicKey::load(pvt);
  ASSERT_TRUE(other_kms.ok());
  EXPECT_FALSE(eccsi::verify(provider(), *other_kms, id, m, sig).ok());
  const Ssk ssk{ByteView(rfc_value("SSK"))};
  EXPECT_FALSE(eccsi::validate_pair(provider(), rfc_kms(), other, ssk, pvt).ok());
  EXPECT_FALSE(eccsi::validate_pair(provider(), *other_kms, id, ssk, pvt).ok());
  EXPECT_FALSE(eccsi::validate_pair(provider(), rfc_kms(), id, Ssk(32), pvt).ok());
  EXPECT_FALSE(eccsi::validate_pair(provider(), rfc_kms(), id, Ssk(31), pvt).ok());
  EXPECT_FALSE(eccsi::validate_pair(provider(), rfc_kms(), id, ssk, Bytes(65)).ok());
  EXPECT_FALSE(eccsi::SigningKey::load(provider(), rfc_kms(), other, ssk, pvt).ok());
  EXPECT_FALSE(eccsi::KmsPublicKey::load(Bytes(65)).ok());
  const Bytes q = rfc_value("q");
  EXPECT_FALSE(eccsi::kms_public_key(Ksak{ByteView(q)}).ok());
  EXPECT_FALSE(eccsi::kms_public_key(Ksak(32)).ok());
  ScriptedRng dry;
  EXPECT_FALSE(eccsi::generate_ksak(dry).ok());
  const auto key = eccsi::SigningKey::load(provider(), rfc_kms(), id, ssk, pvt);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(eccsi::sign(provider(), dry, *key, m).ok());
  EXPECT_FALSE(eccsi::issue(provider(), dry, Ksak{ByteView(rfc_value("KSAK"))}, *other_kms, id).ok());
}

}  // namespace
}  // namespace mikey::ibc
