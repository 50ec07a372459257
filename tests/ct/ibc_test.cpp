#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "ibc/bf_group.hpp"
#include "ibc/declassify.hpp"
#include "ibc/p256.hpp"
#include "ibc/pairing.hpp"
#include "mikey/ibc/boneh_franklin.hpp"
#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/ibake_files.hpp"
#include "mikey/ibc/sakke.hpp"
#include "poison.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::ibc {

// In place of the library's own: what is asked here is public from here on.
bool public_outcome(Limb mask) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&mask, sizeof mask);
  return mask != 0;
}

namespace {

using test::poison;
using test::release;

const crypto::Provider& provider() {
  return crypto::openssl();
}

/// CTest runs the tests of whole schemes once for each kernel, named by MIKEY_TEST_KERNEL. The processor is
/// not asked: valgrind 3.19 runs mulx, adcx and adox but does not announce them.
std::string asked_kernel() {
  const char* name = std::getenv("MIKEY_TEST_KERNEL");  // NOLINT(concurrency-mt-unsafe): before any thread
  return name != nullptr ? name : "";
}

const bool kAdopted = [] {
  const std::string name = asked_kernel();
  if (name == "portable") return adopt_kernel(portable_kernel());
  return name == "adx" && adx_kernel_unasked() != nullptr && adopt_kernel(*adx_kernel_unasked());
}();

TEST(CtIbcKernel, IsTheOneAskedFor) {
  if (asked_kernel().empty()) GTEST_SKIP() << "MIKEY_TEST_KERNEL is not set";
  if (asked_kernel() == "adx" && adx_kernel_unasked() == nullptr)
    GTEST_SKIP() << "not built for this processor";
  EXPECT_TRUE(kAdopted);
  EXPECT_EQ(best_kernel().name, asked_kernel());
}

template <class T>
void poison_object(T& t) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(&t, sizeof t);
}

template <class T>
void release_object(T& t) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&t, sizeof t);
}

/// Draws that are secret.
class PoisonedRng final : public Rng {
 public:
  Status fill(MutableBytes out, std::string_view what) override {
    auto s = inner_.fill(out, what);
    poison(out);
    return s;
  }

 private:
  test::CountingRng inner_{9};
};

template <std::size_t N>
void field_operations(const Kernel& kernel) {
  Limbs<N> p;
  p.fill(~Limb{0});
  p[0] -= 188;
  const Field<N> f(p, kernel);
  auto a = f.from_int(3);
  auto b = f.from_int(5);
  poison_object(a);
  poison_object(b);
  Limbs<N> r;
  f.mul_add(r, a, b, b, b);
  f.mul_sub(r, r, b, a, a);
  r = f.add(r, f.sub(f.mul(r, a), f.neg(b)));
  r = f.to_limbs(f.inverse(r));
  release_object(r);
  EXPECT_NE(r, Limbs<N>{});
}

TEST(CtIbcField, PortableKernel) {
  field_operations<1>(portable_kernel());
  field_operations<4>(portable_kernel());
  field_operations<16>(portable_kernel());
}

TEST(CtIbcField, AdxKernel) {
  if (adx_kernel_unasked() == nullptr) GTEST_SKIP() << "not built for this processor";
  field_operations<4>(*adx_kernel_unasked());
  field_operations<16>(*adx_kernel_unasked());
}

TEST(CtSakke, KmsAndReceiver) {
  PoisonedRng rng;
  const auto z = sakke::generate_master_secret(rng);
  ASSERT_TRUE(z.ok());
  auto z_t = sakke::kms_public_key(*z);
  ASSERT_TRUE(z_t.ok());
  release(*z_t);
  const auto kms = sakke::KmsPublicKey::load(*z_t);
  ASSERT_TRUE(kms.ok());
  const Bytes id = {'i', 'd'};
  const auto rsk = sakke::extract_rsk(*z, id);
  ASSERT_TRUE(rsk.ok());
  EXPECT_TRUE(sakke::validate_rsk(*kms, id, *rsk).ok());
  const auto ssv = sakke::generate_ssv(rng);
  ASSERT_TRUE(ssv.ok());
  auto sed = sakke::encapsulate(provider(), *kms, id, *ssv);
  ASSERT_TRUE(sed.ok());
  release(*sed);
  for (const auto tables : {sakke::Tables::own, sakke::Tables::none}) {
    const auto key = sakke::ReceiverKey::load(*kms, id, *rsk, tables);
    ASSERT_TRUE(key.ok());
    const auto got = sakke::decapsulate(provider(), *key, *sed);
    ASSERT_TRUE(got.ok());
    release(got->reveal());
    release(ssv->reveal());
    EXPECT_TRUE(std::ranges::equal(got->reveal(), ssv->reveal()));
    Bytes bad = *sed;
    bad.back() ^= 1;
    EXPECT_FALSE(sakke::decapsulate(provider(), *key, bad).ok());
  }
}

TEST(CtEccsi, KmsAndSigner) {
  PoisonedRng rng;
  const auto ksak = eccsi::generate_ksak(rng);
  ASSERT_TRUE(ksak.ok());
  auto kpak = eccsi::kms_public_key(*ksak);
  ASSERT_TRUE(kpak.ok());
  release(*kpak);
  const auto kms = eccsi::KmsPublicKey::load(*kpak);
  ASSERT_TRUE(kms.ok());
  const Bytes id = {'i', 'd'};
  auto pair = eccsi::issue(provider(), rng, *ksak, *kms, id);
  ASSERT_TRUE(pair.ok());
  release(pair->pvt);
  const auto key = eccsi::SigningKey::load(provider(), *kms, id, pair->ssk, pair->pvt);
  ASSERT_TRUE(key.ok());
  const Bytes message(50, 1);
  auto signature = eccsi::sign(provider(), rng, *key, message);
  ASSERT_TRUE(signature.ok());
  release(*signature);
  EXPECT_TRUE(eccsi::verify(provider(), *kms, id, message, *signature).ok());
}

TEST(CtBonehFranklin, GroupOfRfc5091Section73) {
  const auto natural = [](std::string_view hex) { return natural_from_octets(test::hex(hex)); };
  const auto group = bf::make_group(natural("0bffffffffffffffffffffffffffcffff3"),
                                    natural("fffffffffffffffffffffffffffbffff"));
  const bf::Point a{test::hex("0489a03c58dcf7fcfc97e99ffef0bb4634"),
                    test::hex("0510c6972d795ec0c2b081b81de767f808")};
  bf::Point secret{test::hex("040e98b9382e0b1fa6747dcb1655f54f75"),
                   test::hex("0b497a6a02e7611511d0db2ff133b32a3f")};
  Bytes k = test::hex("749e52ddb807e0220054417e514742b0");
  poison(secret.x);
  poison(secret.y);
  poison(k);
  EXPECT_TRUE(group->contains(secret, true));
  auto t = group->pairing_power(a, secret, k);
  auto u = group->pairing_power(secret, a, k);
  auto v = group->multiply(k, a);
  release(t.reveal());
  release(u.reveal());
  release(v.x);
  EXPECT_EQ(to_bytes(t.reveal()), to_bytes(u.reveal()));
  EXPECT_NE(v.x, a.x);
}

// The smallest parameters there are data for (RFC 5091 7.5), from the master secret to the plaintext.
TEST(CtBonehFranklin, ExtractEncryptDecrypt) {
  const auto all = nlohmann::json::parse(test::read_source_file("vectors/rfc5091/section-7.json"));
  const auto& v = all.at("7.5");
  const auto octets = [&](const nlohmann::json& n) {
    const auto text = n.get<std::string>();
    return test::hex(text.size() % 2 == 0 ? text : "0" + text);
  };
  const auto widened = [&](const nlohmann::json& n) {
    Bytes b = octets(n);
    b.insert(b.begin(), octets(v.at("p")).size() - b.size(), 0);
    return b;
  };
  const auto point = [&](const char* name) {
    return bf::Point{widened(v.at(name).at(0)), widened(v.at(name).at(1))};
  };
  const auto bp = bf::PublicParameters::load(provider(), octets(v.at("p")), octets(v.at("q")), point("P"),
                                             point("P_pub"), crypto::Hash::sha1);
  ASSERT_TRUE(bp.ok());
  const Bytes id = {'B', 'o', 'b'};
  BfMasterSecret s{ByteView(octets(v.at("s")))};
  poison(s.reveal_mutable());
  const auto key = bf::extract(provider(), *bp, s, id);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(bf::validate_private_key(provider(), *bp, id, *key).ok());
  PoisonedRng rng;
  Bytes message(20, 7);
  poison(message);
  auto sealed = bf::encrypt(provider(), rng, *bp, id, message);
  ASSERT_TRUE(sealed.ok());
  release(sealed->u.x);
  release(sealed->u.y);
  release(sealed->v);
  release(sealed->w);
  const auto opened = bf::decrypt(provider(), *bp, *key, *sealed);
  ASSERT_TRUE(opened.ok());
  release(opened->reveal());
  EXPECT_EQ(to_bytes(opened->reveal()), Bytes(20, 7));
  sealed->w.back() ^= 1;
  EXPECT_FALSE(bf::decrypt(provider(), *bp, *key, *sealed).ok());
}

// A KMS's master secret and a user's key as they come from their files, up to an encrypted payload opened.
TEST(CtIbake, FromTheFileToThePlaintext) {
  const auto files = nlohmann::json::parse(test::read_source_file("vectors/mikey-peer/ibake-files.json"));
  auto record = parse_ibake_master(as_bytes(files.at("ibake-master.json").dump()));
  ASSERT_TRUE(record.ok());
  poison(record->s.reveal_mutable());
  const auto master = IbakeMaster::load(provider(), std::move(*record));
  ASSERT_TRUE(master.ok());
  const Bytes id = {'a', 'l', 'i', 'c', 'e'};
  const auto date = *parse_date(DateFormat::month, "2026-11");
  auto issued = master->extract(provider(), id, date);
  ASSERT_TRUE(issued.ok());
  const auto key = IbakeKey::load(provider(), master->kms(), id, date, std::move(*issued));
  ASSERT_TRUE(key.ok());
  const auto again = IbakeKey::load(provider(), master->kms(), key->record());
  ASSERT_TRUE(again.ok());
  const auto& bp = master->kms().parameters();
  PoisonedRng rng;
  auto sealed = bf::encrypt(provider(), rng, bp, IbakeKms::key_name(id, date), Bytes(99, 7));
  ASSERT_TRUE(sealed.ok());
  for (Bytes* public_now : {&sealed->u.x, &sealed->u.y, &sealed->v, &sealed->w}) release(*public_now);
  const auto opened = bf::decrypt(provider(), bp, again->key(), *sealed);
  ASSERT_TRUE(opened.ok());
  release(opened->reveal());
  EXPECT_EQ(to_bytes(opened->reveal()), Bytes(99, 7));
}

TEST(CtIbake, SecretDigitsOfAFile) {
  const auto files = nlohmann::json::parse(test::read_source_file("vectors/mikey-peer/ibake-files.json"));
  auto record = parse_ibake_key(as_bytes(files.at("alice-ibake-2026-09.json").dump()));
  ASSERT_TRUE(record.ok());
  poison(record->x.reveal_mutable());
  poison(record->y.reveal_mutable());
  const auto text = write_ibake_key(*record);
  release(text.reveal());
  EXPECT_NE(as_text(text.reveal()).find("privateKey"), std::string_view::npos);
}

TEST(LeakIbc, VariableTimeMultiplicationBySecretScalar) {
  P256Scalar k{12345};
  poison_object(k);
  P256Sum sum = p256().curve.mul_vartime(k, p256().base);
  release_object(sum);
  EXPECT_NE(sum.z, P256Scalar{});
}

// What decapsulate() must not do: leave with the outcome of a comparison that nobody declared public.
TEST(LeakIbc, BranchOnSecretPairing) {
  const SakkeParameterSet& set = sakke_set_1();
  SakkeElement secret = set.g;
  poison_object(secret);
  bool equal = false;
  if (set.p.mul(secret, set.p.one()) == set.g) equal = true;
  EXPECT_TRUE(equal);
}

TEST(LeakIbc, VariableTimeTableSumOfSecretScalar) {
  P256Scalar k{12345};
  poison_object(k);
  P256Sum sum = Curve<kP256Limbs>::infinity();
  p256().table.accumulate_vartime(sum, k);
  release_object(sum);
  EXPECT_NE(sum.z, P256Scalar{});
}

}  // namespace
}  // namespace mikey::ibc
