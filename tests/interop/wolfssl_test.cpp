// SAKKE and ECCSI against wolfSSL's: keys and messages go both ways.
#include <gtest/gtest.h>

#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/sakke.hpp"
#include "support/scripted_rng.hpp"
#include "wolfssl_peer.hpp"

namespace mikey::ibc {
namespace {

using peer::WolfEccsi;
using peer::WolfSakke;

const crypto::Provider& provider() {
  return crypto::openssl();
}

const Bytes kAlice = test::hex("323032362d31310074656c3a2b34343737303039303030303100");
const Bytes kBob = test::hex("323032362d31310074656c3a2b34343737303039303030303200");

/// The same SAKKE KMS twice: ours and wolfSSL's.
struct SakkeDomain {
  SakkeMasterSecret z;
  Bytes z_t;
  sakke::KmsPublicKey kms;
  WolfSakke wolf;
};

SakkeDomain our_sakke_domain() {
  test::CountingRng rng(7);
  auto z = sakke::generate_master_secret(rng);
  const auto z_t = sakke::kms_public_key(*z);
  auto kms = sakke::KmsPublicKey::load(*z_t);
  auto wolf = WolfSakke::kms(z->reveal(), *z_t);
  EXPECT_TRUE(wolf.has_value());
  return {std::move(*z), *z_t, *kms, *wolf};
}

SakkeDomain wolf_sakke_domain() {
  const auto wolf = WolfSakke::fresh_kms();
  const auto secret = wolf->master_secret();
  const auto z_t = wolf->public_key();
  auto kms = sakke::KmsPublicKey::load(*z_t);
  EXPECT_TRUE(kms.ok()) << "we refuse wolfSSL's Z_T";
  return {SakkeMasterSecret{ByteView(*secret)}, *z_t, *kms, *wolf};
}

class WolfSakkeTest : public testing::TestWithParam<SakkeDomain (*)()> {
 protected:
  const SakkeDomain domain = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Kms, WolfSakkeTest, testing::Values(our_sakke_domain, wolf_sakke_domain),
                         [](const auto& p) { return p.index == 0 ? "Ours" : "WolfSsl"; });

TEST_P(WolfSakkeTest, KmsKeysAreTheSame) {
  EXPECT_EQ(*sakke::kms_public_key(domain.z), domain.z_t);
  EXPECT_EQ(domain.wolf.public_key(), domain.z_t);
}

// A wolfSSL 5.5.4 key that has validated an RSK makes wrong ones afterwards: who validates is another object.
TEST_P(WolfSakkeTest, ReceiverKeysAreTheSameAndValid) {
  const auto client = WolfSakke::client(domain.z_t);
  ASSERT_TRUE(client.has_value());
  for (const Bytes& id : {kAlice, kBob}) {
    const auto ours = sakke::extract_rsk(domain.z, id);
    const auto theirs = domain.wolf.make_rsk(id);
    ASSERT_TRUE(ours.ok() && theirs);
    EXPECT_EQ(to_bytes(ours->reveal()), *theirs);
    EXPECT_TRUE(sakke::validate_rsk(domain.kms, id, Rsk{ByteView(*theirs)}).ok());
    EXPECT_TRUE(client->validate_rsk(id, ours->reveal()));
  }
  const auto bobs = domain.wolf.make_rsk(kBob);
  EXPECT_FALSE(sakke::validate_rsk(domain.kms, kAlice, Rsk{ByteView(*bobs)}).ok());
  EXPECT_FALSE(client->validate_rsk(kAlice, sakke::extract_rsk(domain.z, kBob)->reveal()));
}

TEST_P(WolfSakkeTest, OurEncapsulationIsTheirs) {
  test::CountingRng rng(3);
  const auto client = WolfSakke::client(domain.z_t);
  ASSERT_TRUE(client && client->set_own_key(kBob, *domain.wolf.make_rsk(kBob)));
  for (int i = 0; i < 4; ++i) {
    const auto ssv = sakke::generate_ssv(rng);
    const auto ours = sakke::encapsulate(provider(), domain.kms, kBob, *ssv);
    ASSERT_TRUE(ours.ok());
    EXPECT_EQ(client->decapsulate(*ours), to_bytes(ssv->reveal()));
    EXPECT_EQ(client->encapsulate(ssv->reveal()), *ours) << "the same SSV and receiver make the same octets";
    Bytes bad = *ours;
    bad[200] ^= 1;
    EXPECT_FALSE(client->decapsulate(bad).has_value());
  }
}

TEST_P(WolfSakkeTest, TheirEncapsulationIsOurs) {
  const auto sender = WolfSakke::client(domain.z_t);
  ASSERT_TRUE(sender && sender->set_receiver(kBob));
  const auto rsk = sakke::extract_rsk(domain.z, kBob);
  for (const auto tables : {sakke::Tables::own, sakke::Tables::none}) {
    const auto key = sakke::ReceiverKey::load(domain.kms, kBob, *rsk, tables);
    ASSERT_TRUE(key.ok());
    for (std::uint8_t i = 0; i < 3; ++i) {
      const Bytes ssv(sakke::kSsvSize, static_cast<std::uint8_t>(i * 85));
      const auto theirs = sender->encapsulate(ssv);
      ASSERT_TRUE(theirs.has_value());
      const auto got = sakke::decapsulate(provider(), *key, *theirs);
      ASSERT_TRUE(got.ok()) << got.error().to_string();
      EXPECT_EQ(to_bytes(got->reveal()), ssv);
      Bytes bad = *theirs;
      bad.back() ^= 1;
      EXPECT_FALSE(sakke::decapsulate(provider(), *key, bad).ok());
    }
  }
}

/// The same ECCSI KMS twice.
struct EccsiDomain {
  Ksak ksak;
  Bytes kpak;
  eccsi::KmsPublicKey kms;
  WolfEccsi wolf;
};

EccsiDomain our_eccsi_domain() {
  test::CountingRng rng(8);
  auto ksak = eccsi::generate_ksak(rng);
  const auto kpak = eccsi::kms_public_key(*ksak);
  auto kms = eccsi::KmsPublicKey::load(*kpak);
  auto wolf = WolfEccsi::kms(ksak->reveal(), *kpak);
  EXPECT_TRUE(wolf.has_value());
  return {std::move(*ksak), *kpak, *kms, *wolf};
}

EccsiDomain wolf_eccsi_domain() {
  const auto wolf = WolfEccsi::fresh_kms();
  const auto secret = wolf->secret_key();
  const auto kpak = wolf->public_key();
  auto kms = eccsi::KmsPublicKey::load(*kpak);
  EXPECT_TRUE(kms.ok()) << "we refuse wolfSSL's KPAK";
  return {Ksak{ByteView(*secret)}, *kpak, *kms, *wolf};
}

class WolfEccsiTest : public testing::TestWithParam<EccsiDomain (*)()> {
 protected:
  const EccsiDomain domain = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Kms, WolfEccsiTest, testing::Values(our_eccsi_domain, wolf_eccsi_domain),
                         [](const auto& p) { return p.index == 0 ? "Ours" : "WolfSsl"; });

TEST_P(WolfEccsiTest, KmsKeysAreTheSame) {
  EXPECT_EQ(*eccsi::kms_public_key(domain.ksak), domain.kpak);
  EXPECT_EQ(domain.wolf.public_key(), domain.kpak);
}

TEST_P(WolfEccsiTest, SigningPairsAreValidOnBothSides) {
  test::CountingRng rng(2);
  const auto ours = eccsi::issue(provider(), rng, domain.ksak, domain.kms, kAlice);
  ASSERT_TRUE(ours.ok());
  EXPECT_TRUE(domain.wolf.validate_pair(kAlice, {to_bytes(ours->ssk.reveal()), ours->pvt}));
  EXPECT_FALSE(domain.wolf.validate_pair(kBob, {to_bytes(ours->ssk.reveal()), ours->pvt}));
  const auto theirs = domain.wolf.make_pair(kAlice);
  ASSERT_TRUE(theirs.has_value());
  const Ssk ssk{ByteView(theirs->ssk)};
  EXPECT_TRUE(eccsi::validate_pair(provider(), domain.kms, kAlice, ssk, theirs->pvt).ok());
  EXPECT_FALSE(eccsi::validate_pair(provider(), domain.kms, kBob, ssk, theirs->pvt).ok());
}

TEST_P(WolfEccsiTest, OurSignatureIsVerifiedByThem) {
  test::CountingRng rng(4);
  const auto pair = domain.wolf.make_pair(kAlice);
  ASSERT_TRUE(pair.has_value());
  const auto key =
      eccsi::SigningKey::load(provider(), domain.kms, kAlice, Ssk{ByteView(pair->ssk)}, pair->pvt);
  ASSERT_TRUE(key.ok());
  const auto verifier = WolfEccsi::client(domain.kpak);
  ASSERT_TRUE(verifier.has_value());
  for (std::size_t size : {std::size_t{1}, std::size_t{450}}) {
    const Bytes message(size, 0x3c);
    const auto signature = eccsi::sign(provider(), rng, *key, message);
    ASSERT_TRUE(signature.ok());
    ASSERT_TRUE(verifier->set_signer(kAlice, *signature));
    EXPECT_TRUE(verifier->verify(message, *signature)) << size;
    EXPECT_FALSE(verifier->verify(test::hex("00"), *signature));
    ASSERT_TRUE(verifier->set_signer(kBob, *signature));
    EXPECT_FALSE(verifier->verify(message, *signature));
  }
}

TEST_P(WolfEccsiTest, TheirSignatureIsVerifiedByUs) {
  test::CountingRng rng(5);
  const auto pair = eccsi::issue(provider(), rng, domain.ksak, domain.kms, kAlice);
  ASSERT_TRUE(pair.ok());
  const auto signer = WolfEccsi::client(domain.kpak);
  ASSERT_TRUE(signer && signer->set_pair(kAlice, {to_bytes(pair->ssk.reveal()), pair->pvt}));
  const auto known = eccsi::KnownSigner::prepare(provider(), domain.kms, kAlice, pair->pvt);
  ASSERT_TRUE(known.ok());
  for (std::size_t size : {std::size_t{1}, std::size_t{450}}) {
    const Bytes message(size, 0x3c);
    const auto signature = signer->sign(message);
    ASSERT_TRUE(signature.has_value());
    EXPECT_TRUE(eccsi::verify(provider(), domain.kms, kAlice, message, *signature).ok());
    EXPECT_TRUE(eccsi::verify(provider(), *known, message, *signature).ok());
    EXPECT_FALSE(eccsi::verify(provider(), domain.kms, kBob, message, *signature).ok());
  }
}

}  // namespace
}  // namespace mikey::ibc
