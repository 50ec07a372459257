#include "mikey/crypto/dh.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::crypto {
namespace {

using test::hex;
using test::ScriptedRng;

const std::map<std::string, DhGroup> kGroups = {
    {"oakley5", DhGroup::oakley_5}, {"oakley1", DhGroup::oakley_1}, {"oakley2", DhGroup::oakley_2}};

/// Big-endian subtraction of a small number, written apart from the code under test.
Bytes minus(Bytes v, unsigned n) {
  for (std::size_t i = v.size(); i-- > 0 && n > 0;) {
    const unsigned digit = n & 0xFF;
    n >>= 8;
    if (v[i] < digit) ++n;
    v[i] = static_cast<std::uint8_t>(v[i] - digit);
  }
  return v;
}

DhKeyPair generate(DhGroup g, Bytes drawn) {
  ScriptedRng rng;
  rng.add("DH secret", std::move(drawn));
  auto pair = dh_generate(g, rng);
  EXPECT_TRUE(pair.ok());
  return std::move(*pair);
}

TEST(Dh, Vectors) {
  const auto vectors = nlohmann::json::parse(test::read_source_file("vectors/mikey-peer/dh.json"));
  ASSERT_EQ(vectors.size(), 5U);
  for (const auto& v : vectors) {
    const DhGroup g = kGroups.at(v.at("group").get<std::string>());
    const auto octets = [&](const char* name) { return hex(v.at(name).get<std::string>()); };
    // the exponent is what was drawn plus 2, as long as the draw is below p - 3
    const DhKeyPair i = generate(g, minus(octets("xi"), 2));
    const DhKeyPair r = generate(g, minus(octets("xr"), 2));
    EXPECT_EQ(to_hex(i.secret.reveal()), v.at("xi").get<std::string>());
    EXPECT_EQ(to_hex(i.public_value), v.at("dhi").get<std::string>());
    EXPECT_EQ(to_hex(r.public_value), v.at("dhr").get<std::string>());
    const auto at_i = dh_shared(i, octets("dhr"));
    const auto at_r = dh_shared(r, octets("dhi"));
    ASSERT_TRUE(at_i.ok() && at_r.ok());
    EXPECT_EQ(to_hex(at_i->reveal()), v.at("tgk").get<std::string>()) << v.at("case");
    EXPECT_EQ(to_hex(at_r->reveal()), v.at("tgk").get<std::string>()) << v.at("case");
  }
}

TEST(Dh, DrawsBeyondThePrimeAreReduced) {
  for (const auto& [name, g] : kGroups) {
    const Bytes p = dh_prime(g);
    ASSERT_EQ(p.size(), dh_size(g));
    Bytes two(p.size());
    two.back() = 2;
    EXPECT_EQ(to_bytes(generate(g, minus(p, 3)).secret.reveal()), two);          // r = p - 3: x = 2
    EXPECT_EQ(to_bytes(generate(g, minus(p, 4)).secret.reveal()), minus(p, 2));  // the greatest x
    EXPECT_EQ(to_bytes(generate(g, Bytes(p.size())).secret.reveal()), two);      // r = 0
    const Bytes all(p.size(), 0xFF);
    const DhKeyPair pair = generate(g, all);  // x = all - (p - 3) + 2
    Bytes sum = to_bytes(pair.secret.reveal());
    unsigned carry = 0;
    const Bytes p5 = minus(p, 5);
    for (std::size_t i = sum.size(); i-- > 0;) {
      carry += unsigned{sum[i]} + p5[i];
      sum[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    EXPECT_EQ(sum, all);
  }
}

TEST(Dh, ShortExponentsAgreeToo) {
  test::CountingRng rng;
  for (const auto& [name, g] : kGroups) {
    const auto a = dh_generate(g, rng, DhExponentLength::short_);
    const auto b = dh_generate(g, rng);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->secret.size(), 32U);
    EXPECT_GE(a->secret.reveal()[0], 0x80);
    const auto ab = dh_shared(*a, b->public_value);
    const auto ba = dh_shared(*b, a->public_value);
    ASSERT_TRUE(ab.ok() && ba.ok());
    EXPECT_TRUE(ct_equal(ab->reveal(), ba->reveal()));
    EXPECT_EQ(ab->size(), dh_size(g));
  }
}

TEST(Dh, ValuesOutside2ToPMinus2AreRefused) {
  test::CountingRng rng;
  for (const auto& [name, g] : kGroups) {
    const auto own = dh_generate(g, rng);
    ASSERT_TRUE(own);
    const Bytes p = dh_prime(g);
    Bytes small(p.size());
    Bytes above = p;
    above.back() = 0xFF;
    const std::vector<Bytes> bad = {small,
                                    minus(p, 1),
                                    p,
                                    Bytes(p.size(), 0xFF),
                                    {},
                                    Bytes(p.begin() + 1, p.end()),
                                    Bytes(p.size() + 1, 1),
                                    Bytes(p.size() - 1, 1)};
    for (const Bytes& value : bad) EXPECT_EQ(dh_shared(*own, value).error().code, ErrorCode::invalid_dh);
    small.back() = 1;
    EXPECT_EQ(dh_check(g, small).error().code, ErrorCode::invalid_dh);
    small.back() = 2;
    EXPECT_TRUE(dh_check(g, small));
    EXPECT_TRUE(dh_check(g, minus(p, 2)));
  }
}

TEST(Dh, UnknownGroupsAreRefused) {
  test::CountingRng rng;
  const auto none = static_cast<DhGroup>(3);
  EXPECT_EQ(dh_size(none), 0U);
  EXPECT_EQ(dh_generate(none, rng).error().code, ErrorCode::invalid_dh);
  EXPECT_EQ(dh_check(none, {}).error().code, ErrorCode::invalid_dh);
  EXPECT_TRUE(dh_prime(none).empty());
  ScriptedRng dry;
  EXPECT_EQ(dh_generate(DhGroup::oakley_5, dry).error().code, ErrorCode::crypto);
}

}  // namespace
}  // namespace mikey::crypto
