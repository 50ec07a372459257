#include "mikey/keys/bundle.hpp"

#include <gtest/gtest.h>

#include "support/scripted_rng.hpp"

namespace mikey {
namespace {

using test::hex;

TEST(Mode, NamesGoBothWays) {
  const std::pair<Mode, std::string_view> all[] = {
      {Mode::psk, "psk"},   {Mode::pk, "pk"},         {Mode::dh, "dh"},       {Mode::dhhmac, "dhhmac"},
      {Mode::rsar, "rsar"}, {Mode::ticket, "ticket"}, {Mode::ibake, "ibake"}, {Mode::sakke, "sakke"}};
  for (const auto& [mode, name] : all) {
    EXPECT_EQ(mode_name(mode), name);
    EXPECT_EQ(mode_by_name(name), mode);
  }
  for (const std::string_view bad : {"", "PSK", "psk ", "dhhma"}) EXPECT_EQ(mode_by_name(bad), std::nullopt);
}

TEST(Identity, IsNamedByItsTextAndOctetsByHex) {
  EXPECT_EQ(Identity::uri("sip:alice@example.com").name(), "sip:alice@example.com");
  EXPECT_EQ(Identity::nai("alice@example.com").name(), "alice@example.com");
  EXPECT_EQ((Identity{IdType::byte_string, hex("00ff10")}).name(), "00ff10");
  EXPECT_TRUE(Identity{}.empty());
}

TEST(Identity, TypeIsPartOfIt) {
  EXPECT_NE(Identity::uri("alice"), Identity::nai("alice"));
  EXPECT_LT(Identity::nai("b"), Identity::uri("a"));
  EXPECT_LT(Identity::uri("a"), Identity::uri("b"));
}

keys::Bundle sample() {
  keys::Bundle b;
  b.csb_id = 0x12345678;
  b.mode = Mode::rsar;
  b.role = Role::responder;
  b.peer = Identity::uri("sip:bob@example.com");
  b.prf = PrfFunc::hmac_sha_256;
  b.rand = hex("000102030405060708090a0b0c0d0e0f");
  b.derive_csb_id = 0x9abcdef0;
  b.map_type = CsIdMapType::generic_id;
  b.policies = {{0, keys::Suite::aead_aes_256_gcm}, {7, keys::Suite::null_hmac_sha1_32}};
  b.transport_key = SecretBytes(hex("aabb"));
  b.cache = EnvelopeCache::cache_for_csb;
  b.null_protected = true;
  b.extensions = {{GeneralExtType::vendor_id, hex("0102")}};
  keys::KeyEntry k;
  k.type = KeyDataType::tgk_salt;
  k.key = SecretBytes(hex("11223344"));
  k.salt = SecretBytes(hex("5566"));
  k.has_salt = true;
  k.validity = {KvType::spi, hex("01020304"), {}, {}};
  b.keys.push_back(std::move(k));
  keys::CryptoSession s;
  s.cs_id = 3;
  s.protocol = ProtType::tesla;
  s.ssrc = 0xcafe;
  s.roc = 9;
  s.policy_no = 7;
  s.suite = keys::Suite::null_hmac_sha1_32;
  s.tek = Tek(hex("7788"));
  s.salt = Salt(hex("99"));
  s.validity = {KvType::interval, {}, hex("000000000000"), hex("ffffffffffff")};
  b.sessions.push_back(std::move(s));
  return b;
}

TEST(Bundle, CloneIsWholeAndIndependent) {
  keys::Bundle a = sample();
  const keys::Bundle b = a.clone();
  EXPECT_EQ(b.csb_id, a.csb_id);
  EXPECT_EQ(b.mode, a.mode);
  EXPECT_EQ(b.role, a.role);
  EXPECT_EQ(b.peer, a.peer);
  EXPECT_EQ(b.prf, a.prf);
  EXPECT_EQ(b.rand, a.rand);
  EXPECT_EQ(b.derive_csb_id, a.derive_csb_id);
  EXPECT_EQ(b.map_type, a.map_type);
  EXPECT_EQ(b.policies, a.policies);
  EXPECT_EQ(b.cache, a.cache);
  EXPECT_EQ(b.null_protected, a.null_protected);
  EXPECT_EQ(b.extensions, a.extensions);
  EXPECT_EQ(to_hex(b.transport_key.reveal()), "aabb");
  ASSERT_EQ(b.keys.size(), 1U);
  EXPECT_EQ(b.keys[0].type, KeyDataType::tgk_salt);
  EXPECT_EQ(to_hex(b.keys[0].key.reveal()), "11223344");
  EXPECT_EQ(to_hex(b.keys[0].salt.reveal()), "5566");
  EXPECT_TRUE(b.keys[0].has_salt);
  EXPECT_EQ(b.keys[0].validity, a.keys[0].validity);
  ASSERT_EQ(b.sessions.size(), 1U);
  const keys::CryptoSession& s = b.sessions[0];
  EXPECT_EQ(s.cs_id, 3);
  EXPECT_EQ(s.protocol, ProtType::tesla);
  EXPECT_EQ(s.ssrc, 0xcafeU);
  EXPECT_EQ(s.roc, 9U);
  EXPECT_EQ(s.policy_no, 7);
  EXPECT_EQ(s.suite, keys::Suite::null_hmac_sha1_32);
  EXPECT_EQ(to_hex(s.tek.reveal()), "7788");
  EXPECT_EQ(to_hex(s.salt.reveal()), "99");
  EXPECT_EQ(s.validity, a.sessions[0].validity);

  a.keys[0].key.clear();
  a.sessions[0].tek.reveal_mutable()[0] = 0;
  a.transport_key.clear();
  EXPECT_EQ(to_hex(b.keys[0].key.reveal()), "11223344");
  EXPECT_EQ(to_hex(b.sessions[0].tek.reveal()), "7788");
  EXPECT_EQ(to_hex(b.transport_key.reveal()), "aabb");
}

TEST(KeyEntry, KnowsTeks) {
  for (const auto& [type, tek] : {std::pair{KeyDataType::tgk, false}, std::pair{KeyDataType::tgk_salt, false},
                                  std::pair{KeyDataType::tek, true}, std::pair{KeyDataType::tek_salt, true},
                                  std::pair{KeyDataType::gtgk, false}}) {
    keys::KeyEntry k;
    k.type = type;
    EXPECT_EQ(k.is_tek(), tek);
  }
}

}  // namespace
}  // namespace mikey
