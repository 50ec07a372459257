// What RFC 6507 and RFC 6508 demand beside what their vectors show, a test a demand; compliance/rfc6507.toml
// and rfc6508.toml refer to these.
#include "ibc/pairing.hpp"
#include "ibc/vectors.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/sakke.hpp"

namespace mikey::ibc {
namespace {

using mikey::test::CountingRng;
using test::number;
using test::vectors;

const crypto::Provider& provider() {
  return crypto::openssl();
}

Bytes eccsi_value(const char* name) {
  return number(vectors("vectors/rfc6507/appendix-a.json").at(name));
}

Bytes sakke_point(const char* x, const char* y) {
  const auto& v = vectors("vectors/rfc6508/appendix-a.json");
  Bytes p{4};
  append(p, number(v.at(x)));
  append(p, number(v.at(y)));
  return p;
}

// RFC 6507 4.2: "each device MUST check that the supplied KPAK lies on the elliptic curve E"; 5.1.2, 5.2.2:
// and so must the PVT.
TEST(Rfc6507, PointsOffTheCurveAreRefused) {
  const auto kms = eccsi::KmsPublicKey::load(eccsi_value("KPAK"));
  ASSERT_TRUE(kms.ok());
  const Ssk ssk{ByteView(eccsi_value("SSK"))};
  const Bytes id = eccsi_value("ID");
  for (std::size_t i = 0; i < eccsi::kPointSize; ++i) {
    Bytes kpak = eccsi_value("KPAK");
    Bytes pvt = eccsi_value("PVT");
    kpak[i] ^= 1;
    pvt[i] ^= 1;
    EXPECT_FALSE(eccsi::KmsPublicKey::load(kpak).ok()) << i;
    const auto s = eccsi::validate_pair(provider(), *kms, id, ssk, pvt);
    ASSERT_FALSE(s.ok()) << i;
    EXPECT_EQ(s.error().detail, "the PVT is not on the curve");
    EXPECT_FALSE(eccsi::KnownSigner::prepare(provider(), *kms, id, pvt).ok());
  }
}

// RFC 6507 3.2: points are uncompressed, integers have N = 32 octets.
TEST(Rfc6507, RepresentationsAreCanonical) {
  CountingRng rng;
  const auto ksak = eccsi::generate_ksak(rng);
  ASSERT_TRUE(ksak.ok());
  EXPECT_EQ(ksak->size(), 32U);
  const auto kpak = eccsi::kms_public_key(*ksak);
  ASSERT_EQ(kpak->size(), 65U);
  EXPECT_EQ(kpak->front(), 4);
  const auto kms = eccsi::KmsPublicKey::load(*kpak);
  const Bytes id{'i', 'd'};
  const auto pair = eccsi::issue(provider(), rng, *ksak, *kms, id);
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->ssk.size(), 32U);
  ASSERT_EQ(pair->pvt.size(), 65U);
  EXPECT_EQ(pair->pvt.front(), 4);
  const auto key = eccsi::SigningKey::load(provider(), *kms, id, pair->ssk, pair->pvt);
  const auto signature = eccsi::sign(provider(), rng, *key, id);
  ASSERT_EQ(signature->size(), 32U + 32U + 65U);
  EXPECT_EQ(Bytes(signature->begin() + 64, signature->end()), pair->pvt);
  Bytes compressed(kpak->begin(), kpak->begin() + 33);
  compressed[0] = static_cast<std::uint8_t>(2 + (kpak->back() & 1));
  EXPECT_FALSE(eccsi::KmsPublicKey::load(compressed).ok());
}

// RFC 6507 4.2, 5.1.1, 5.2.1: KSAK, v and j are random, and drawn for each use.
TEST(Rfc6507, SecretsAreDrawnAnew) {
  CountingRng rng;
  const auto ksak = eccsi::generate_ksak(rng);
  const auto other = eccsi::generate_ksak(rng);
  EXPECT_FALSE(ct_equal(ksak->reveal(), other->reveal()));
  const auto kms = eccsi::KmsPublicKey::load(*eccsi::kms_public_key(*ksak));
  const Bytes id{'i', 'd'};
  const auto one = eccsi::issue(provider(), rng, *ksak, *kms, id);
  const auto two = eccsi::issue(provider(), rng, *ksak, *kms, id);
  EXPECT_NE(one->pvt, two->pvt);
  const auto key = eccsi::SigningKey::load(provider(), *kms, id, one->ssk, one->pvt);
  EXPECT_NE(*eccsi::sign(provider(), rng, *key, id), *eccsi::sign(provider(), rng, *key, id));
}

// RFC 6508 4: points are uncompressed and their coordinates have L = 128 octets; the Encapsulated Data are a
// point and n / 8 octets.
TEST(Rfc6508, RepresentationsAreCanonical) {
  CountingRng rng;
  const auto z = sakke::generate_master_secret(rng);
  const auto z_t = sakke::kms_public_key(*z);
  ASSERT_EQ(z_t->size(), 257U);
  EXPECT_EQ(z_t->front(), 4);
  const auto kms = sakke::KmsPublicKey::load(*z_t);
  const Bytes id{'i', 'd'};
  const auto rsk = sakke::extract_rsk(*z, id);
  ASSERT_EQ(rsk->size(), 257U);
  EXPECT_EQ(rsk->reveal()[0], 4);
  const auto sed = sakke::encapsulate(provider(), *kms, id, *sakke::generate_ssv(rng));
  ASSERT_EQ(sed->size(), 257U + 16U);
  EXPECT_EQ(sed->front(), 4);
  Bytes compressed(z_t->begin(), z_t->begin() + 129);
  compressed[0] = static_cast<std::uint8_t>(2 + (z_t->back() & 1));
  EXPECT_FALSE(sakke::KmsPublicKey::load(compressed).ok());
}

// RFC 6508 4: "integers in the range 0 to p-1": x + p is not x, though it fits into as many octets.
TEST(Rfc6508, CoordinatesBeyondTheFieldAreRefused) {
  const SakkeParameterSet& set = sakke_set_1();
  Bytes beyond = set.p.to_octets(SakkeField::zero());
  limbs_to_octets(beyond, set.p.modulus());
  Bytes zero_twice(257);
  zero_twice[0] = 4;
  ASSERT_TRUE(set.curve.decode(zero_twice)) << "(0, 0) is on the curve";
  for (const std::size_t at : {std::size_t{1}, std::size_t{129}}) {
    Bytes p = zero_twice;
    std::ranges::copy(beyond, p.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_FALSE(set.curve.decode(p));
  }
}

// RFC 6508 6.1.2: the key a KMS publishes is a point of the curve, and each receiver's key is checked with
// it.
TEST(Rfc6508, PointsOffTheCurveAreRefused) {
  const auto kms = sakke::KmsPublicKey::load(sakke_point("Zx", "Zy"));
  ASSERT_TRUE(kms.ok());
  const Bytes id = number(vectors("vectors/rfc6508/appendix-a.json").at("b"));
  for (std::size_t i = 0; i < sakke::kPointSize; i += 16) {
    Bytes z_t = sakke_point("Zx", "Zy");
    Bytes rsk = sakke_point("Kbx", "Kby");
    z_t[i] ^= 1;
    rsk[i] ^= 1;
    EXPECT_FALSE(sakke::KmsPublicKey::load(z_t).ok()) << i;
    EXPECT_FALSE(sakke::validate_rsk(*kms, id, Rsk(ByteView(rsk))).ok()) << i;
  }
}

// RFC 6508 6.1, 6.2.1: z_T and the SSV are random, and drawn for each use; 6.3: each receiver gets data of
// its own.
TEST(Rfc6508, SecretsAreDrawnAnewAndEachReceiverHasItsData) {
  CountingRng rng;
  const auto z = sakke::generate_master_secret(rng);
  EXPECT_FALSE(ct_equal(z->reveal(), sakke::generate_master_secret(rng)->reveal()));
  const auto ssv = sakke::generate_ssv(rng);
  EXPECT_FALSE(ct_equal(ssv->reveal(), sakke::generate_ssv(rng)->reveal()));
  const auto kms = sakke::KmsPublicKey::load(*sakke::kms_public_key(*z));
  const Bytes alice{'a'};
  const Bytes bob{'b'};
  const auto to_alice = sakke::encapsulate(provider(), *kms, alice, *ssv);
  const auto to_bob = sakke::encapsulate(provider(), *kms, bob, *ssv);
  const auto alices =
      sakke::ReceiverKey::load(*kms, alice, *sakke::extract_rsk(*z, alice), sakke::Tables::none);
  const auto bobs = sakke::ReceiverKey::load(*kms, bob, *sakke::extract_rsk(*z, bob), sakke::Tables::none);
  EXPECT_TRUE(ct_equal(sakke::decapsulate(provider(), *alices, *to_alice)->reveal(), ssv->reveal()));
  EXPECT_TRUE(ct_equal(sakke::decapsulate(provider(), *bobs, *to_bob)->reveal(), ssv->reveal()));
  EXPECT_FALSE(sakke::decapsulate(provider(), *alices, *to_bob).ok());
}

}  // namespace
}  // namespace mikey::ibc
