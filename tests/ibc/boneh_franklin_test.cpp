#include "mikey/ibc/boneh_franklin.hpp"

#include "ibc/bf_group.hpp"
#include "ibc/vectors.hpp"

namespace mikey::ibc {
namespace {

using mikey::test::CountingRng;
using mikey::test::ScriptedRng;
using test::number;
using test::vectors;

const crypto::Provider& provider() {
  return crypto::openssl();
}

const nlohmann::json& rfc(const char* section) {
  return vectors("vectors/rfc5091/section-7.json").at(section);
}

std::unique_ptr<bf::Group> group_of(const nlohmann::json& v) {
  return bf::make_group(natural_from_octets(number(v.at("p"))), natural_from_octets(number(v.at("q"))));
}

bf::Point point_of(const nlohmann::json& xy, std::size_t n) {
  return {number(xy.at(0), n), number(xy.at(1), n)};
}

Bytes joined(const bf::Point& p) {
  Bytes out = p.x;
  append(out, p.y);
  return out;
}

const Bytes kBob = {0x42, 0x6f, 0x62};

TEST(BonehFranklin, Rfc5091PointMultiplyAndPairing) {
  const auto& v = rfc("7.1");
  const auto group = group_of(v);
  const std::size_t n = number(v.at("p")).size();
  // l is above q: reduced, as A has order q
  const auto l =
      divide_vartime(natural_from_octets(number(v.at("l"))), natural_from_octets(number(v.at("q"))));
  const auto a = point_of(v.at("A"), n);
  ASSERT_TRUE(group->contains(a, false));
  ASSERT_TRUE(group->contains(a, true));
  EXPECT_EQ(group->multiply(natural_to_octets(l.second), a), point_of(v.at("[l]A"), n));
  const auto& e = rfc("7.3");
  const auto t = group->pairing(point_of(e.at("A"), n), point_of(e.at("B"), n));
  EXPECT_EQ(to_bytes(t.reveal()), joined(point_of(e.at("e'(A, B)"), n)));
}

TEST(BonehFranklin, Rfc5091HashToRange) {
  const auto v =
      bf::hash_to_range(provider(), crypto::Hash::sha1, as_bytes("This ASCII string without null-terminator"),
                        number(rfc("7.2").at("n")));
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(to_bytes(v->reveal()), number(rfc("7.2").at("v")));
}

TEST(BonehFranklin, Rfc5091KeysOfBob) {
  const auto& v = rfc("7.5");
  const auto bp =
      bf::PublicParameters::load(provider(), number(v.at("p")), number(v.at("q")), point_of(v.at("P"), 24),
                                 point_of(v.at("P_pub"), 24), crypto::Hash::sha1);
  ASSERT_TRUE(bp.ok()) << bp.error().to_string();
  const auto q_id = bf::derive_public_key(provider(), *bp, kBob);
  ASSERT_TRUE(q_id.ok());
  EXPECT_EQ(*q_id, point_of(rfc("7.4").at("Q_id"), 24));
  const auto s_id = bf::extract(provider(), *bp, BfMasterSecret(ByteView(number(v.at("s")))), kBob);
  ASSERT_TRUE(s_id.ok());
  EXPECT_EQ(to_bytes(s_id->reveal()), joined(point_of(v.at("Q_id"), 24)));  // misnamed there
  EXPECT_TRUE(bf::validate_private_key(provider(), *bp, kBob, *s_id).ok());
}

// BB1 is not offered, but its test data confirm the pieces it shares with Boneh-Franklin.
TEST(BonehFranklin, Rfc5091SharedPiecesOfBb1) {
  const auto& v = rfc("7.7");
  const auto group = group_of(v);
  const auto p = point_of(v.at("P"), 24);
  const auto reduced = [&](const char* name) {
    return natural_to_octets(
        divide_vartime(natural_from_octets(number(v.at(name))), natural_from_octets(number(v.at("q"))))
            .second);
  };
  EXPECT_EQ(group->multiply(reduced("alpha"), p), point_of(v.at("P_1"), 24));
  EXPECT_EQ(group->multiply(reduced("beta"), p), point_of(v.at("P_2"), 24));
  EXPECT_EQ(group->multiply(reduced("gamma"), p), point_of(v.at("P_3"), 24));
  EXPECT_EQ(group->multiply(reduced("r"), p), point_of(v.at("D_1"), 24));
  const auto e = group->pairing(point_of(v.at("P_1"), 24), point_of(v.at("P_2"), 24));
  EXPECT_EQ(to_bytes(e.reveal()), joined(point_of(v.at("v"), 24)));
  EXPECT_EQ(group->multiply(number(rfc("7.8").at("s")), p), point_of(rfc("7.8").at("C_0"), 24));
}

TEST(BonehFranklin, PeerVectors) {
  for (const auto& v : vectors("vectors/mikey-peer/ibc.json").at("boneh_franklin")) {
    const Bytes der = number(v.at("BFPublicParameters"));
    const auto bp = bf::PublicParameters::from_der(provider(), der);
    ASSERT_TRUE(bp.ok()) << bp.error().to_string();
    EXPECT_EQ(bp->to_der(), der);
    const Bytes id = number(v.at("id"));
    const BfMasterSecret s{ByteView(number(v.at("s")))};
    const auto key = bf::extract(provider(), *bp, s, id);
    ASSERT_TRUE(key.ok());
    const auto key_der = bf::private_key_to_der(*bp, *key);
    EXPECT_EQ(to_bytes(key_der.reveal()), number(v.at("BFPrivateKeyBlock")));
    const auto key_again = bf::private_key_from_der(*bp, key_der.reveal());
    ASSERT_TRUE(key_again.ok());
    EXPECT_TRUE(ct_equal(key_again->reveal(), key->reveal()));
    EXPECT_TRUE(bf::validate_private_key(provider(), *bp, id, *key).ok());
    const auto& e = v.at("encrypt");
    const std::size_t n = bp->element_size();
    EXPECT_EQ(*bf::derive_public_key(provider(), *bp, id), point_of(e.at("Q_id"), n));
    const auto theta = bp->point_p_pub();
    const auto pairing = bf::make_group(natural_from_octets(bp->p()), natural_from_octets(bp->q()))
                             ->pairing(theta, point_of(e.at("Q_id"), n));
    EXPECT_EQ(to_bytes(pairing.reveal()), joined(point_of(e.at("theta"), n)));
    ScriptedRng rng;
    rng.add("rho", number(e.at("rho")));
    const auto ciphertext = bf::encrypt(provider(), rng, *bp, id, number(e.at("m")));
    ASSERT_TRUE(ciphertext.ok());
    EXPECT_EQ(ciphertext->u, point_of(e.at("U"), n));
    EXPECT_EQ(ciphertext->v, number(e.at("V")));
    EXPECT_EQ(ciphertext->w, number(e.at("W")));
    const Bytes block = bf::ciphertext_to_der(*ciphertext);
    EXPECT_EQ(block, number(v.at("BFCiphertextBlock")));
    const auto parsed = bf::ciphertext_from_der(block);
    ASSERT_TRUE(parsed.ok());
    const auto m = bf::decrypt(provider(), *bp, *key, *parsed);
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(to_bytes(m->reveal()), number(e.at("m")));
  }
}

/// Parameters of the smallest level, made once.
const bf::Setup& small_setup() {
  static CountingRng rng(11);
  static const auto made = bf::setup(provider(), rng, bf::Level::n1024);
  EXPECT_TRUE(made.ok());
  return *made;
}

TEST(BonehFranklin, LevelsCanBeMade) {
  for (const auto level : {bf::Level::n1024, bf::Level::n2048, bf::Level::n3072}) {
    CountingRng rng(7);
    const auto made = bf::setup(provider(), rng, level);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    const auto expected = bf::sizes(level);
    ASSERT_TRUE(expected.ok());
    const auto& bp = made->parameters;
    EXPECT_EQ(bit_length_vartime(natural_from_octets(bp.p())), expected->p_bits);
    EXPECT_EQ(bit_length_vartime(natural_from_octets(bp.q())), expected->q_bits);
    EXPECT_EQ(bp.hash(), expected->hash);
    const auto again = bf::PublicParameters::from_der(provider(), bp.to_der());
    ASSERT_TRUE(again.ok());
    const auto key = bf::extract(provider(), bp, made->master_secret, kBob);
    ASSERT_TRUE(key.ok());
    EXPECT_TRUE(bf::validate_private_key(provider(), bp, kBob, *key).ok());
    const Bytes message(100, 0x5A);
    const auto ciphertext = bf::encrypt(provider(), rng, *again, kBob, message);
    ASSERT_TRUE(ciphertext.ok());
    const auto m = bf::decrypt(provider(), bp, *key, *ciphertext);
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(to_bytes(m->reveal()), message);
  }
  CountingRng rng;
  EXPECT_FALSE(bf::setup(provider(), rng, static_cast<bf::Level>(4096)).ok());
  ScriptedRng dry;
  EXPECT_FALSE(bf::setup(provider(), dry, bf::Level::n1024).ok());
}

// Making these takes up to minutes, so the parameters are stored; loading them checks all that setup
// promises.
TEST(BonehFranklinLevels, HighestTwo) {
  for (const auto& v : vectors("vectors/own/boneh-franklin-levels.json")) {
    const auto level = static_cast<bf::Level>(v.at("level").get<int>());
    const auto expected = bf::sizes(level);
    ASSERT_TRUE(expected.ok());
    const auto bp = bf::PublicParameters::from_der(provider(), number(v.at("BFPublicParameters")));
    ASSERT_TRUE(bp.ok()) << bp.error().to_string();
    EXPECT_EQ(bit_length_vartime(natural_from_octets(bp->p())), expected->p_bits);
    EXPECT_EQ(bit_length_vartime(natural_from_octets(bp->q())), expected->q_bits);
    EXPECT_EQ(bp->hash(), expected->hash);
    const auto key = bf::extract(provider(), *bp, BfMasterSecret{ByteView(number(v.at("s")))}, kBob);
    ASSERT_TRUE(key.ok());
    CountingRng rng(5);
    const Bytes message(100, 0x5A);
    const auto ciphertext = bf::encrypt(provider(), rng, *bp, kBob, message);
    ASSERT_TRUE(ciphertext.ok());
    const auto m = bf::decrypt(provider(), *bp, *key, *ciphertext);
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(to_bytes(m->reveal()), message);
  }
}

TEST(BonehFranklin, DamagedCiphertextsAreRefused) {
  const auto& bp = small_setup().parameters;
  CountingRng rng(2);
  const auto key = bf::extract(provider(), bp, small_setup().master_secret, kBob);
  const auto good = bf::encrypt(provider(), rng, bp, kBob, Bytes{1, 2, 3, 4, 5});
  ASSERT_TRUE(key.ok() && good.ok());
  ASSERT_TRUE(bf::decrypt(provider(), bp, *key, *good).ok());
  const auto refused = [&](const bf::Ciphertext& c) {
    const auto m = bf::decrypt(provider(), bp, *key, c);
    ASSERT_FALSE(m.ok());
    EXPECT_EQ(m.error().code, ErrorCode::unspecified);
  };
  for (std::size_t i = 0; i < good->v.size(); ++i) {
    auto c = *good;
    c.v[i] ^= 0x10;
    refused(c);
  }
  for (std::size_t i = 0; i < good->w.size(); ++i) {
    auto c = *good;
    c.w[i] ^= 1;
    refused(c);
  }
  auto c = *good;
  c.u.x.back() ^= 1;
  refused(c);
  c = *good;
  c.v.push_back(0);
  refused(c);
  c = *good;
  c.w.pop_back();
  refused(c);
  c = *good;
  c.u = {Bytes(64), Bytes(64)};
  refused(c);
  c.u = {Bytes{}, Bytes{}};
  refused(c);
  c.u = {Bytes(63), Bytes{1}};  // (0, 1) has order 3
  refused(c);
  c.u = {bp.p(), good->u.y};
  refused(c);
  c = *good;
  // U + (0, 1): on the curve, of order 3 q
  c.u = good->u;
  c.u.y[0] ^= 0x80;
  refused(c);
  const auto other = bf::extract(provider(), bp, small_setup().master_secret, Bytes{0x41});
  EXPECT_FALSE(bf::decrypt(provider(), bp, *other, *good).ok());
  EXPECT_FALSE(bf::decrypt(provider(), bp, BfPrivateKey(5), *good).ok());
  EXPECT_FALSE(bf::validate_private_key(provider(), bp, kBob, *other).ok());
  EXPECT_FALSE(bf::validate_private_key(provider(), bp, kBob, BfPrivateKey(128)).ok());
  EXPECT_FALSE(bf::validate_private_key(provider(), bp, kBob, BfPrivateKey(3)).ok());
}

TEST(BonehFranklin, MasterSecretsInRangeOnly) {
  const auto& bp = small_setup().parameters;
  const auto takes = [&](ByteView s) { return bf::extract(provider(), bp, BfMasterSecret(s), kBob).ok(); };
  EXPECT_FALSE(takes(bp.q()));
  EXPECT_FALSE(takes(Bytes{1}));
  EXPECT_FALSE(takes(Bytes{0}));
  EXPECT_FALSE(takes(Bytes{}));
  EXPECT_TRUE(takes(Bytes{2}));
  EXPECT_TRUE(takes(Bytes{0, 0, 2}));
  Bytes wide(40);
  wide[0] = 1;
  wide.back() = 2;
  EXPECT_FALSE(takes(wide));
}

TEST(BonehFranklin, BadParametersAreRefused) {
  const auto& bp = small_setup().parameters;
  const auto load = [&](ByteView p, ByteView q, const bf::Point& a, const bf::Point& b) {
    return bf::PublicParameters::load(provider(), p, q, a, b, bp.hash()).ok();
  };
  EXPECT_TRUE(load(bp.p(), bp.q(), bp.point_p(), bp.point_p_pub()));
  EXPECT_FALSE(load(Bytes{}, bp.q(), bp.point_p(), bp.point_p_pub()));
  EXPECT_FALSE(load(bp.p(), Bytes{}, bp.point_p(), bp.point_p_pub()));
  EXPECT_FALSE(load(Bytes(2000, 0xFF), bp.q(), bp.point_p(), bp.point_p_pub()));
  Bytes other = bp.q();
  other.back() ^= 2;
  EXPECT_FALSE(load(bp.p(), other, bp.point_p(), bp.point_p_pub()));
  other = bp.p();
  other.back() ^= 2;
  EXPECT_FALSE(load(other, bp.q(), bp.point_p(), bp.point_p_pub()));
  auto point = bp.point_p();
  point.y.back() ^= 1;
  EXPECT_FALSE(load(bp.p(), bp.q(), point, bp.point_p_pub()));
  EXPECT_FALSE(load(bp.p(), bp.q(), bp.point_p(), {Bytes(64), Bytes{1}}));
  // p composite with all else right: p = 12 r q - 1 for the r after a prime one
  const Natural step = multiply_vartime(natural_from_octets(bp.q()), Natural{12});
  const Natural composite = add_vartime(natural_from_octets(bp.p()), step);
  const auto prime = bf::is_probable_prime(provider(), composite);
  ASSERT_TRUE(prime.ok());
  if (!*prime) {
    EXPECT_FALSE(load(natural_to_octets(composite), bp.q(), bp.point_p(), bp.point_p_pub()));
  }
}

TEST(BonehFranklin, EveryTruncationOfDerIsRefused) {
  const auto& bp = small_setup().parameters;
  const Bytes der = bp.to_der();
  for (std::size_t i = 0; i < der.size(); ++i)
    EXPECT_FALSE(bf::PublicParameters::from_der(provider(), ByteView(der).first(i)).ok());
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(bf::PublicParameters::from_der(provider(), longer).ok());
  CountingRng rng(4);
  const auto c = bf::encrypt(provider(), rng, bp, kBob, Bytes(20));
  ASSERT_TRUE(c.ok());
  const Bytes block = bf::ciphertext_to_der(*c);
  const auto parsed = bf::ciphertext_from_der(block);
  ASSERT_TRUE(parsed.ok());
  for (std::size_t i = 0; i < block.size(); ++i)
    EXPECT_FALSE(bf::ciphertext_from_der(ByteView(block).first(i)).ok());
  EXPECT_FALSE(bf::ciphertext_from_der(test::number("3003020103")).ok());
  EXPECT_FALSE(bf::ciphertext_from_der(test::number("308103020102")).ok());  // a long form of a short length
  EXPECT_FALSE(bf::ciphertext_from_der(test::number("3004020200020400")).ok());
  EXPECT_FALSE(bf::ciphertext_from_der(test::number("30847fffffff")).ok());
  EXPECT_FALSE(bf::private_key_from_der(bp, block).ok());
}

TEST(BonehFranklin, SmallNumbersArePrimeOrNot) {
  for (Limb n = 0; n < 20000; ++n) {
    bool want = n > 1;
    for (Limb d = 2; d * d <= n && want; ++d) want = n % d != 0;
    const auto got = bf::is_probable_prime(provider(), Natural{n});
    ASSERT_TRUE(got.ok());
    ASSERT_EQ(*got, want) << n;
  }
  // 8209 * 8219, and a Carmichael number without small factors: (6k+1)(12k+1)(18k+1), k = 1515
  EXPECT_FALSE(*bf::is_probable_prime(provider(), Natural{8209 * 8219}));
  const Natural carmichael =
      multiply_vartime(multiply_vartime(Natural{9091}, Natural{18181}), Natural{27271});
  EXPECT_FALSE(*bf::is_probable_prime(provider(), carmichael));
  EXPECT_TRUE(*bf::is_probable_prime(provider(), Natural{(Limb{1} << 61) - 1}));
}

}  // namespace
}  // namespace mikey::ibc
