#include "mikey/keys/derive.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "support/scripted_rng.hpp"

namespace mikey::keys {
namespace {

using nlohmann::json;
using test::hex;

const crypto::Provider& provider() {
  return crypto::openssl();
}

Bytes field(const json& j, const char* name) {
  return hex(j[name].get<std::string>());
}

// The constants are consecutive nine-digit pieces of the decimals of e (RFC 3830 4.1.3).
TEST(Derivation, ConstantsAreDigitsOfE) {
  const std::string e =
      "718281828459045235360287471352662497757247093699959574966967627724076630353547594571382178525166427";
  const Derivation constants[] = {Derivation::tek,
                                  Derivation::auth_key,
                                  Derivation::encr_key,
                                  Derivation::message_encr_key,
                                  Derivation::message_auth_key,
                                  Derivation::message_salt_key,
                                  Derivation::salt_key,
                                  Derivation::forked_mpk_r,
                                  Derivation::forked_tgk,
                                  Derivation::mpk_i,
                                  Derivation::mpk_r};
  std::set<std::uint32_t> pieces;
  for (std::size_t i = 0; i + 9 <= e.size(); i += 9)
    pieces.insert(static_cast<std::uint32_t>(std::stoul(e.substr(i, 9))));
  EXPECT_EQ(static_cast<std::uint32_t>(Derivation::tek), 718281828U);
  std::set<std::uint32_t> seen;
  for (const Derivation d : constants) {
    EXPECT_TRUE(pieces.contains(static_cast<std::uint32_t>(d))) << static_cast<std::uint32_t>(d);
    seen.insert(static_cast<std::uint32_t>(d));
  }
  EXPECT_EQ(seen.size(), std::size(constants));
}

TEST(Derivation, FromTgkAsTheOtherImplementation) {
  const json all = json::parse(test::read_source_file("vectors/mikey-peer/from_tgk.json"));
  ASSERT_EQ(all.size(), 4U);
  for (const json& v : all) {
    SCOPED_TRACE(v.dump());
    const auto prf = v["prf"] == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256;
    const auto csb = static_cast<std::uint32_t>(std::stoul(v["csb_id"].get<std::string>(), nullptr, 16));
    const std::pair<Derivation, const char*> outputs[] = {
        {Derivation::tek, "tek_16"},       {Derivation::tek, "tek_24"},
        {Derivation::tek, "tek_32"},       {Derivation::salt_key, "salt_14"},
        {Derivation::salt_key, "salt_12"}, {Derivation::auth_key, "auth_20"},
        {Derivation::encr_key, "encr_16"}};
    for (const auto& [what, name] : outputs) {
      const Bytes want = field(v, name);
      Bytes out(want.size());
      ASSERT_TRUE(derive(provider(), prf, field(v, "tgk"), what, v["cs_id"].get<std::uint8_t>(), csb,
                         field(v, "rand"), out));
      EXPECT_EQ(to_hex(out), to_hex(want)) << name;
    }
  }
}

TEST(Derivation, LabelIsConstantCsCsbAndContext) {
  const Bytes key(16, 0x0b);
  for (const std::size_t n : {0U, 16U, 255U, 513U, 514U, 4000U}) {
    const Bytes context(n, 0x5a);
    Bytes label =
        hex("2ad01c64"
            "07"
            "01020304");
    append(label, context);
    Bytes want(40);
    Bytes got(40);
    ASSERT_TRUE(crypto::prf(provider(), PrfFunc::mikey_1, key, label, want));
    ASSERT_TRUE(derive(provider(), PrfFunc::mikey_1, key, Derivation::tek, 7, 0x01020304, context, got));
    EXPECT_EQ(to_hex(got), to_hex(want)) << n;
  }
}

TEST(Derivation, EveryInputMatters) {
  const Bytes key = hex("000102030405060708090a0b0c0d0e0f");
  const Bytes other = hex("000102030405060708090a0b0c0d0e0e");
  const auto out = [&](PrfFunc f, const Bytes& k, Derivation d, std::uint8_t cs, std::uint32_t csb,
                       const Bytes& rand) {
    Bytes o(16);
    EXPECT_TRUE(derive(provider(), f, k, d, cs, csb, rand, o));
    return to_hex(o);
  };
  const std::set<std::string> all = {out(PrfFunc::mikey_1, key, Derivation::tek, 1, 2, key),
                                     out(PrfFunc::hmac_sha_256, key, Derivation::tek, 1, 2, key),
                                     out(PrfFunc::mikey_1, other, Derivation::tek, 1, 2, key),
                                     out(PrfFunc::mikey_1, key, Derivation::salt_key, 1, 2, key),
                                     out(PrfFunc::mikey_1, key, Derivation::tek, 2, 2, key),
                                     out(PrfFunc::mikey_1, key, Derivation::tek, 1, 3, key),
                                     out(PrfFunc::mikey_1, key, Derivation::tek, 1, 2, other)};
  EXPECT_EQ(all.size(), 7U);
}

TEST(Derivation, Refuses) {
  Bytes out(16);
  const auto empty = derive(provider(), PrfFunc::mikey_1, {}, Derivation::tek, 1, 1, {}, out);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::bad_request);
  const Bytes key(16);
  const auto unknown = derive(provider(), static_cast<PrfFunc>(2), key, Derivation::tek, 1, 1, {}, out);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::invalid_prf);
}

}  // namespace
}  // namespace mikey::keys
