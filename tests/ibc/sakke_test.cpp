#include "mikey/ibc/sakke.hpp"

#include "ibc/hashing.hpp"
#include "ibc/pairing.hpp"
#include "ibc/vectors.hpp"

namespace mikey::ibc {
namespace {

using test::number;
using test::point;
using test::vectors;

const crypto::Provider& provider() {
  return crypto::openssl();
}

Bytes plain(const SecretBytes& s) {
  return to_bytes(s.reveal());
}

Bytes rfc_value(const char* name) {
  return number(vectors("vectors/rfc6508/appendix-a.json").at(name));
}

Bytes rfc_point(const char* x, const char* y) {
  Bytes p{4};
  append(p, rfc_value(x));
  append(p, rfc_value(y));
  return p;
}

SakkeMasterSecret rfc_z() {
  return SakkeMasterSecret(ByteView(rfc_value("z")));
}

sakke::KmsPublicKey rfc_kms() {
  static const auto kms = sakke::KmsPublicKey::load(rfc_point("Zx", "Zy"));
  EXPECT_TRUE(kms.ok());
  return *kms;
}

Rsk rfc_rsk() {
  return Rsk(ByteView(rfc_point("Kbx", "Kby")));
}

const sakke::ReceiverKey& rfc_receiver(sakke::Tables tables) {
  static const auto own = sakke::ReceiverKey::load(rfc_kms(), rfc_value("b"), rfc_rsk(), sakke::Tables::own);
  static const auto none =
      sakke::ReceiverKey::load(rfc_kms(), rfc_value("b"), rfc_rsk(), sakke::Tables::none);
  const auto& r = tables == sakke::Tables::own ? own : none;
  EXPECT_TRUE(r.ok());
  return *r;
}

Bytes rfc_encapsulated() {
  Bytes e = rfc_point("Rbx", "Rby");
  append(e, rfc_value("H"));
  return e;
}

TEST(Sakke, Rfc6508KeysOfTheKms) {
  const auto z_t = sakke::kms_public_key(rfc_z());
  ASSERT_TRUE(z_t.ok());
  EXPECT_EQ(*z_t, rfc_point("Zx", "Zy"));
  const auto rsk = sakke::extract_rsk(rfc_z(), rfc_value("b"));
  ASSERT_TRUE(rsk.ok());
  EXPECT_EQ(plain(*rsk), rfc_point("Kbx", "Kby"));
  EXPECT_TRUE(sakke::validate_rsk(rfc_kms(), rfc_value("b"), *rsk).ok());
}

TEST(Sakke, Rfc6508HashToIntegerRange) {
  Bytes q = number(
      "265EAEC7C2958FF69971846636B4195E905B0338672D20986FA6B8D62CF8068BBD02AAC9F8BF03C6"
      "C8A1CC354C69672C39E46CE7FDF222864D5B49FD2999A9B4389B1921CC9AD335144AB173595A07386DABFD2A"
      "0C614AA0A9F3CF14870F026AA7E535ABD5A5C7C7FF38FA08E2615F6C203177C42B1EB3A1D99B601EBFAA17FB");
  // the intermediate values: h_i, v_i
  Bytes v(128);
  ASSERT_TRUE(merkle_expand(provider(), crypto::Hash::sha256, rfc_value("M"), v).ok());
  Bytes want;
  for (const char* name : {"v1", "v2", "v3", "v4"}) append(want, rfc_value(name));
  EXPECT_EQ(v, want);
  const auto r = sakke::hash_to_integer_range(provider(), rfc_value("M"), q);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(plain(*r), rfc_value("v mod q"));
  Bytes power(17);
  power[0] = 1;  // 2^128
  const auto mask = sakke::hash_to_integer_range(provider(), rfc_value("g^r"), power);
  ASSERT_TRUE(mask.ok());
  EXPECT_EQ(Bytes(mask->reveal().begin() + 1, mask->reveal().end()), rfc_value("mask"));
  EXPECT_EQ(mask->reveal()[0], 0);
  EXPECT_FALSE(sakke::hash_to_integer_range(provider(), rfc_value("M"), Bytes{}).ok());
  EXPECT_FALSE(sakke::hash_to_integer_range(provider(), rfc_value("M"), Bytes{0, 0}).ok());
}

TEST(Sakke, PeerHashToIntegerRange) {
  for (const auto& v : vectors("vectors/mikey-peer/ibc.json").at("hash_to_integer_range")) {
    const Bytes n = number(v.at("n"));
    const auto got = sakke::hash_to_integer_range(provider(), number(v.at("s")), n);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(plain(*got), number(v.at("v"), n.size())) << v.at("n");
  }
}

TEST(Sakke, Rfc6508IntermediateValues) {
  const SakkeParameterSet& set = sakke_set_1();
  SakkeScalar r;
  ASSERT_TRUE(limbs_from_octets(r, rfc_value("v mod q")));
  const SakkeElement g_r = torus_representative(set, set.power_of_g(r));
  EXPECT_EQ(set.p.to_octets(g_r), rfc_value("g^r"));
  const auto received = set.curve.decode(rfc_point("Rbx", "Rby"));
  const auto k = set.curve.decode(rfc_point("Kbx", "Kby"));
  ASSERT_TRUE(received && k);
  bool order = false;
  EXPECT_EQ(set.p.to_octets(torus_representative(set, sakke_pairing(set, *received, *k, order))),
            rfc_value("w"));
  EXPECT_EQ(set.p.to_octets(torus_representative(set, MillerTable(set, *k).pair(set, *received))),
            rfc_value("w"));
}

TEST(Sakke, Rfc6508Exchange) {
  const Ssv ssv{ByteView(rfc_value("SSV"))};
  const auto direct = sakke::encapsulate(provider(), rfc_kms(), rfc_value("b"), ssv);
  ASSERT_TRUE(direct.ok());
  EXPECT_EQ(*direct, rfc_encapsulated());
  const auto known = sakke::KnownReceiver::prepare(rfc_kms(), rfc_value("b"));
  ASSERT_TRUE(known.ok());
  const auto again = sakke::encapsulate(provider(), *known, ssv);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, rfc_encapsulated());
  for (const auto tables : {sakke::Tables::own, sakke::Tables::none}) {
    const auto got = sakke::decapsulate(provider(), rfc_receiver(tables), rfc_encapsulated());
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(plain(*got), rfc_value("SSV"));
    EXPECT_EQ(to_bytes(rfc_receiver(tables).id()), rfc_value("b"));
  }
}

TEST(Sakke, PeerExchanges) {
  const auto& v = vectors("vectors/mikey-peer/ibc.json").at("sakke_eccsi");
  const SakkeMasterSecret z{ByteView(number(v.at("z")))};
  const auto z_t = sakke::kms_public_key(z);
  ASSERT_TRUE(z_t.ok());
  EXPECT_EQ(*z_t, number(v.at("Z")));
  const auto kms = sakke::KmsPublicKey::load(*z_t);
  ASSERT_TRUE(kms.ok());
  for (const auto& user : v.at("users")) {
    const Bytes id = number(user.at("identifier"));
    const auto rsk = sakke::extract_rsk(z, id);
    ASSERT_TRUE(rsk.ok());
    EXPECT_EQ(plain(*rsk), number(user.at("RSK"))) << user.at("case");
    const auto& e = user.at("encapsulate");
    const Ssv ssv{ByteView(number(e.at("ssv")))};
    const auto sed = sakke::encapsulate(provider(), *kms, id, ssv);
    ASSERT_TRUE(sed.ok());
    EXPECT_EQ(*sed, number(e.at("encapsulated_data")));
    const auto key = sakke::ReceiverKey::load(*kms, id, *rsk);
    ASSERT_TRUE(key.ok());
    const auto back = sakke::decapsulate(provider(), *key, *sed);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(plain(*back), plain(ssv));
  }
}

TEST(Sakke, PeerPairings) {
  const SakkeParameterSet& set = sakke_set_1();
  for (const auto& v : vectors("vectors/mikey-peer/ibc.json").at("pairing")) {
    const auto times = [&](const nlohmann::json& k) {
      SakkeScalar s;
      EXPECT_TRUE(limbs_from_octets(s, number(k)));
      SakkePoint p;
      EXPECT_TRUE(set.curve.to_affine(p, set.curve.mul_vartime(s, set.base)));
      return p;
    };
    bool order = false;
    const auto t = sakke_pairing(set, times(v.at("a")), times(v.at("b")), order);
    EXPECT_TRUE(order);
    EXPECT_EQ(set.p.to_octets(torus_representative(set, t)), number(v.at("<[a]P,[b]P>"), 128));
  }
}

TEST(Sakke, EveryFlippedBitIsRefused) {
  const auto& key = rfc_receiver(sakke::Tables::own);
  for (std::size_t i = 0; i < sakke::kEncapsulatedSize; i += i < sakke::kPointSize ? 8 : 1) {
    for (const int bit : {0, 7}) {
      Bytes sed = rfc_encapsulated();
      sed[i] = static_cast<std::uint8_t>(sed[i] ^ 1 << bit);
      const auto got = sakke::decapsulate(provider(), key, sed);
      ASSERT_FALSE(got.ok()) << "octet " << i << " bit " << bit;
      EXPECT_EQ(got.error().code, ErrorCode::unspecified);
    }
  }
}

/// R + T for a T of the given order must fail TEST, though the pairing takes no notice of T.
class SmallOrder : public testing::TestWithParam<sakke::Tables> {};
INSTANTIATE_TEST_SUITE_P(Tables, SmallOrder, testing::Values(sakke::Tables::own, sakke::Tables::none));

TEST_P(SmallOrder, IsRefused) {
  const SakkeParameterSet& set = sakke_set_1();
  const SakkeField& f = set.p;
  SakkePoint four;
  f.sqrt(four.x, f.neg(f.from_int(3)));
  if (f.sqrt(four.y, f.mul(f.sub(f.sqr(four.x), f.from_int(3)), four.x)) == 0) {
    four.x = f.neg(four.x);
    ASSERT_NE(f.sqrt(four.y, f.mul(f.sub(f.sqr(four.x), f.from_int(3)), four.x)), Limb{0});
  }
  const SakkePoint two{SakkeField::zero(), SakkeField::zero()};
  const auto r = set.curve.decode(rfc_point("Rbx", "Rby"));
  ASSERT_TRUE(r);
  const auto refused = [&](const SakkePoint& p) {
    Bytes sed = set.curve.encode(p);
    append(sed, rfc_value("H"));
    EXPECT_TRUE(set.curve.decode(ByteView(sed).first(sakke::kPointSize)));
    EXPECT_FALSE(sakke::decapsulate(provider(), rfc_receiver(GetParam()), sed).ok());
  };
  for (const SakkePoint& t : {four, set.curve.negate(four), two}) {
    refused(t);
    Jacobian<kSakkeLimbs> sum;
    set.curve.add_vartime(sum, set.curve.lift(*r), t);
    SakkePoint mixed;
    ASSERT_TRUE(set.curve.to_affine(mixed, sum));
    refused(mixed);
    // the pairing does not see T: only the comparison of points does
    const auto k = set.curve.decode(rfc_point("Kbx", "Kby"));
    EXPECT_EQ(f.to_octets(torus_representative(set, MillerTable(set, *k).pair(set, mixed))), rfc_value("w"));
  }
  refused(set.curve.negate(*r));
  Bytes infinity(sakke::kEncapsulatedSize);
  EXPECT_FALSE(sakke::decapsulate(provider(), rfc_receiver(GetParam()), infinity).ok());
}

TEST(Sakke, WrongLengthsAreRefused) {
  const auto& key = rfc_receiver(sakke::Tables::own);
  Bytes sed = rfc_encapsulated();
  sed.pop_back();
  EXPECT_FALSE(sakke::decapsulate(provider(), key, sed).ok());
  EXPECT_FALSE(sakke::decapsulate(provider(), key, Bytes{}).ok());
  sed = rfc_encapsulated();
  sed.push_back(0);
  EXPECT_FALSE(sakke::decapsulate(provider(), key, sed).ok());
  EXPECT_FALSE(sakke::encapsulate(provider(), rfc_kms(), rfc_value("b"), Ssv(15)).ok());
  EXPECT_FALSE(sakke::KmsPublicKey::load(Bytes(257)).ok());
  EXPECT_FALSE(sakke::KmsPublicKey::load(Bytes{}).ok());
}

TEST(Sakke, KeysOfOthersAreRefused) {
  Bytes other = rfc_value("b");
  other[24] ^= 1;
  EXPECT_FALSE(sakke::validate_rsk(rfc_kms(), other, rfc_rsk()).ok());
  EXPECT_FALSE(sakke::ReceiverKey::load(rfc_kms(), other, rfc_rsk()).ok());
  EXPECT_FALSE(sakke::ReceiverKey::load(rfc_kms(), other, rfc_rsk(), sakke::Tables::none).ok());
  const SakkeParameterSet& set = sakke_set_1();
  const auto k = set.curve.decode(rfc_rsk().reveal());
  const Bytes negative = set.curve.encode(set.curve.negate(*k));
  EXPECT_FALSE(sakke::validate_rsk(rfc_kms(), rfc_value("b"), Rsk(ByteView(negative))).ok());
  Bytes two(257);
  two[0] = 4;  // (0, 0)
  EXPECT_FALSE(sakke::validate_rsk(rfc_kms(), rfc_value("b"), Rsk(ByteView(two))).ok());
  EXPECT_FALSE(sakke::KmsPublicKey::load(two).ok());
  EXPECT_FALSE(sakke::validate_rsk(rfc_kms(), rfc_value("b"), Rsk(256)).ok());
}

TEST(Sakke, MasterSecretsInRangeOnly) {
  const Bytes q = limbs_to_bytes(sakke_set_1().q.modulus(), 128);
  EXPECT_FALSE(sakke::kms_public_key(SakkeMasterSecret(ByteView(q))).ok());
  EXPECT_FALSE(sakke::kms_public_key(SakkeMasterSecret(ByteView(Bytes{1}))).ok());
  EXPECT_FALSE(sakke::kms_public_key(SakkeMasterSecret(ByteView(Bytes{}))).ok());
  EXPECT_TRUE(sakke::kms_public_key(SakkeMasterSecret(ByteView(Bytes{2}))).ok());
  Bytes last = q;
  last.back() -= 1;
  EXPECT_TRUE(sakke::kms_public_key(SakkeMasterSecret(ByteView(last))).ok());
  // a + z = 0 modulo q
  EXPECT_FALSE(sakke::extract_rsk(SakkeMasterSecret(ByteView(last)), Bytes{1}).ok());
  mikey::test::ScriptedRng rng;
  Bytes draw(136);
  rng.add("SAKKE z", draw);
  const auto z = sakke::generate_master_secret(rng);
  ASSERT_TRUE(z.ok());
  EXPECT_EQ(z->reveal().back(), 2);
  EXPECT_FALSE(sakke::generate_master_secret(rng).ok());
  mikey::test::ScriptedRng ssv_rng;
  ssv_rng.add("SSV", Bytes(16, 7));
  EXPECT_EQ(plain(*sakke::generate_ssv(ssv_rng)), Bytes(16, 7));
}

TEST(Sakke, LongIdentifiersAreReducedAsIntegersOnly) {
  mikey::test::CountingRng rng(3);
  const auto z = sakke::generate_master_secret(rng);
  ASSERT_TRUE(z.ok());
  const auto z_t = sakke::kms_public_key(*z);
  const auto kms = sakke::KmsPublicKey::load(*z_t);
  ASSERT_TRUE(kms.ok());
  const Bytes id(300, 0xEE);
  const auto rsk = sakke::extract_rsk(*z, id);
  ASSERT_TRUE(rsk.ok());
  const auto key = sakke::ReceiverKey::load(*kms, id, *rsk);
  ASSERT_TRUE(key.ok());
  const auto ssv = sakke::generate_ssv(rng);
  const auto sed = sakke::encapsulate(provider(), *kms, id, *ssv);
  ASSERT_TRUE(sed.ok());
  const auto back = sakke::decapsulate(provider(), *key, *sed);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(plain(*back), plain(*ssv));
}

}  // namespace
}  // namespace mikey::ibc
