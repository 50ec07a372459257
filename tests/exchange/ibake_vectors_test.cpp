// MIKEY-IBAKE against values computed by an independent implementation (vectors/mikey-peer/PROVENANCE):
// points, derivations, and every intermediate value of whole exchanges. Their messages are in
// kms_vectors_test.cpp.
#include <gtest/gtest.h>

#include "exchange/ibake/sealed.hpp"
#include "mikey/ibc/ibake_files.hpp"
#include "mikey/keys/ibake_keys.hpp"
#include "support/vector_party.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;

const crypto::Provider& kProvider = crypto::openssl();

Bytes octets(const json& v, const std::string& name) {
  std::string digits = v.at(name).get<std::string>();
  if (digits.size() % 2 != 0) digits.insert(0, "0");
  return hex(digits);
}

/// x on as many octets as the order of the curve has.
crypto::EcKeyPair pair_of(EccCurve curve, const Bytes& x) {
  Bytes padded((crypto::ec_order_bits(curve) + 7) / 8 - x.size());
  append(padded, x);
  return {curve, crypto::EcScalar(ByteView(padded)), {}};
}

TEST(IbakeVectors, PointsAndDerivations) {
  const auto vectors = json::parse(read_source_file("vectors/mikey-peer/ibake-derivations.json"));
  ASSERT_EQ(vectors.size(), 10U);
  for (const json& v : vectors) {
    const auto curve = static_cast<EccCurve>(v["curve"].get<int>());
    const PrfFunc prf = v["prf"] == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256;
    SCOPED_TRACE(v["prf"].get<std::string>() + " " + v["curve"].dump());
    const Bytes points[] = {octets(v, "[x]P"), octets(v, "[y]P")};
    const auto i = crypto::ec_shared(pair_of(curve, octets(v, "x")), points[1]);
    const auto r = crypto::ec_shared(pair_of(curve, octets(v, "y")), points[0]);
    ASSERT_TRUE(i.ok() && r.ok());
    EXPECT_EQ(to_hex(i->reveal()), v["K_SESSION"].get<std::string>());
    EXPECT_EQ(to_hex(r->reveal()), v["K_SESSION"].get<std::string>());
    const Bytes rand = octets(v, "RAND");
    const auto secrets = keys::ibake_secrets(kProvider, prf, i->reveal(), rand);
    ASSERT_TRUE(secrets.ok());
    EXPECT_EQ(to_hex(secrets->mpk.reveal()), v["MPK"].get<std::string>());
    EXPECT_EQ(to_hex(secrets->tgk.reveal()), v["TGK"].get<std::string>());

    crypto::EcKeyPair own = pair_of(curve, octets(v, "x"));
    own.public_value = points[0];
    const auto value = ibake::own_value(own, prf, {});
    ASSERT_TRUE(value.ok());
    EXPECT_EQ("0e" + to_hex(value->body), v["ECCPTi (next payload 14)"].get<std::string>());

    // A MAC under the message keys is one under the auth_key of the vector.
    const MacAlg alg = prf == PrfFunc::mikey_1 ? MacAlg::hmac_sha_1_160 : MacAlg::hmac_sha_256_256;
    const std::array<ByteView, 1> parts{rand};
    Bytes ours(*keys::mac_size(alg));
    Bytes theirs(ours.size());
    const auto protection = keys::ibake_message_keys(kProvider, prf, secrets->mpk.reveal(), 0x12345678, rand);
    ASSERT_TRUE(protection.mac(alg, parts, ours).ok());
    ASSERT_TRUE(kProvider
                    .hmac(prf == PrfFunc::mikey_1 ? crypto::Hash::sha1 : crypto::Hash::sha256,
                          octets(v, "auth_key of R_MESSAGE_2"), parts, theirs)
                    .ok());
    EXPECT_EQ(ours, theirs);
  }
}

class IbakeOperations : public testing::TestWithParam<int> {
 protected:
  json vector_ = json::parse(
      read_source_file("vectors/mikey-peer/exchange-ibake-" + std::to_string(GetParam()) + ".json"));
  ibc::IbakeMaster master_ = ibake_master("ibake-master.json");
  const ibc::bf::PublicParameters& parameters_ = master_.kms().parameters();

  void encrypt(const json& v) const {
    ScriptedRng rng;
    rng.add("rho", octets(v, "rho"));
    const auto c = ibc::bf::encrypt(kProvider, rng, parameters_, octets(v, "id"), octets(v, "m"));
    ASSERT_TRUE(c.ok());
    EXPECT_EQ(to_hex(c->u.x), to_hex(widened(v["U"][0])));
    EXPECT_EQ(to_hex(c->u.y), to_hex(widened(v["U"][1])));
    EXPECT_EQ(to_hex(c->v), v["V"].get<std::string>());
    EXPECT_EQ(to_hex(c->w), v["W"].get<std::string>());
  }

  /// With the key of whoever decrypts; a step's message may be one it has no key for.
  void decrypt(const std::string& party, const json& v) const {
    const auto kms = master_.kms();
    const auto date = kms.date_at(NtpTime::from_unix(vector_["time"].get<std::int64_t>()));
    const Bytes id = to_bytes(as_bytes("sip:" + party + "@example.com"));
    const auto key = master_.extract(kProvider, id, date);
    ASSERT_TRUE(key.ok());
    const auto m =
        ibc::bf::decrypt(kProvider, parameters_, *key,
                         {{widened(v["U"][0]), widened(v["U"][1])}, octets(v, "V"), octets(v, "W")});
    ASSERT_TRUE(m.ok()) << m.error().to_string();
    EXPECT_EQ(to_hex(m->reveal()), v["m"].get<std::string>());
  }

  /// MPK and TGK from K_SESSION.
  static bool secrets(const json& v) {
    const Bytes label = octets(v, "label");
    const auto what = load_be<std::uint32_t>(label.data());
    const bool mpk = what == static_cast<std::uint32_t>(keys::Derivation::ibake_mpk);
    if (!mpk && what != static_cast<std::uint32_t>(keys::Derivation::ibake_tgk)) return false;
    const auto s =
        keys::ibake_secrets(kProvider, v["prf"] == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256,
                            octets(v, "inkey"), ByteView(label).subspan(9));
    EXPECT_TRUE(s.ok());
    EXPECT_EQ(to_hex((mpk ? s->mpk : s->tgk).reveal()), v["outkey"].get<std::string>());
    return true;
  }

 private:
  Bytes widened(const json& number) const {
    std::string digits = number.get<std::string>();
    digits.insert(0, 2 * parameters_.element_size() - digits.size(), '0');
    return hex(digits);
  }
};

TEST_P(IbakeOperations, EveryIntermediateValue) {
  int encrypted = 0;
  int decrypted = 0;
  int derived = 0;
  for (const json& step : vector_["steps"])
    for (const json& v : step.value("intermediate", json::array())) {
      SCOPED_TRACE(step["party"].get<std::string>() + " " + v["op"].get<std::string>());
      if (v["op"] == "bf-encrypt") encrypt(v), ++encrypted;
      if (v["op"] == "bf-decrypt") decrypt(step["party"], v), ++decrypted;
      if (v["op"] == "prf" && secrets(v)) ++derived;
      if (HasFatalFailure()) return;
    }
  EXPECT_GE(encrypted, 3);
  EXPECT_GE(decrypted, 3);
  EXPECT_GE(derived, 4);
}

INSTANTIATE_TEST_SUITE_P(Rfc6267, IbakeOperations, testing::Range(1, 6));

}  // namespace
}  // namespace mikey::test
