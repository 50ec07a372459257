#include "mikey/crypto/prf.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::crypto {
namespace {

using test::hex;

TEST(Prf, Vectors) {
  const auto vectors = nlohmann::json::parse(test::read_source_file("vectors/mikey-peer/prf.json"));
  ASSERT_EQ(vectors.size(), 34U);
  for (const auto& v : vectors) {
    const auto f = v.at("prf") == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256;
    Bytes out(v.at("outkey_len").get<std::size_t>());
    ASSERT_TRUE(
        prf(openssl(), f, hex(v.at("inkey").get<std::string>()), hex(v.at("label").get<std::string>()), out));
    EXPECT_EQ(to_hex(out), v.at("outkey").get<std::string>()) << v.dump();
  }
}

TEST(Prf, ShorterOutputsAreLeadingOctets) {
  for (const auto f : {PrfFunc::mikey_1, PrfFunc::hmac_sha_256}) {
    Bytes full(100);
    ASSERT_TRUE(prf(openssl(), f, Bytes(70, 1), as_bytes("label"), full));
    for (std::size_t n = 0; n < full.size(); ++n) {
      Bytes part(n);
      ASSERT_TRUE(prf(openssl(), f, Bytes(70, 1), as_bytes("label"), part));
      EXPECT_TRUE(std::equal(part.begin(), part.end(), full.begin()));
    }
  }
}

TEST(Prf, RefusesWhatItHasNot) {
  Bytes out(16);
  EXPECT_FALSE(known(static_cast<PrfFunc>(2)));
  EXPECT_EQ(prf(openssl(), static_cast<PrfFunc>(2), Bytes(16), {}, out).error().code, ErrorCode::invalid_prf);
  EXPECT_EQ(prf(openssl(), PrfFunc::mikey_1, {}, as_bytes("label"), out).error().code,
            ErrorCode::bad_request);
}

}  // namespace
}  // namespace mikey::crypto
