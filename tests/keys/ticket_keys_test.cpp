// The derivations of RFC 6043 against values computed by an independent implementation
// (vectors/mikey-peer/PROVENANCE).
#include "mikey/keys/ticket_keys.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::test {
namespace {

using nlohmann::json;

class TicketKeys : public testing::TestWithParam<std::size_t> {
 protected:
  json v_ = json::parse(read_source_file("vectors/mikey-peer/ticket-derivations.json")).at(GetParam());
  const crypto::Provider& crypto_ = crypto::openssl();
  PrfFunc prf_ = v_["prf"] == "MIKEY-1" ? PrfFunc::mikey_1 : PrfFunc::hmac_sha_256;

  static Bytes octets(const json& j) { return hex(j.get<std::string>()); }
  Bytes value(const char* name) { return octets(v_[name]); }

  std::string derived(ByteView key, keys::Derivation what, std::uint8_t cs_id, std::uint32_t csb,
                      ByteView context, std::size_t n) {
    Bytes out(n);
    EXPECT_TRUE(keys::derive(crypto_, prf_, key, what, cs_id, csb, context, out));
    return to_hex(out);
  }
};

TEST_P(TicketKeys, MessageKeysOf512) {
  const Bytes none;
  const Bytes i = value("RANDRi");
  const Bytes r = value("RANDRr");
  struct Case {
    const char* message;
    keys::Phase phase;
    const Bytes& ri;
    const Bytes& rr;
  };
  using enum keys::Phase;
  const Case cases[] = {
      {"REQUEST_INIT", initial, i, none},       {"REQUEST_RESP", response, i, none},
      {"RESOLVE_INIT", initial, none, r},       {"RESOLVE_RESP", response, none, r},
      {"TRANSFER_INIT", initial, i, none},      {"TRANSFER_RESP without G", response, i, none},
      {"TRANSFER_RESP with G", response, i, r},
  };
  const std::uint32_t csb =
      static_cast<std::uint32_t>(std::stoul(v_["csb_id"].get<std::string>(), nullptr, 16));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const Bytes context = keys::ticket_message_context(c.phase, c.ri, c.rr);
    const json& want = v_["5.1.2"][c.message];
    EXPECT_EQ(want.size(), 3U);
    const std::pair<const char*, keys::Derivation> keys[] = {
        {"encr_key", keys::Derivation::message_encr_key},
        {"salt_key", keys::Derivation::message_salt_key},
        {"auth_key", keys::Derivation::message_auth_key}};
    for (const auto& [name, what] : keys) {
      const std::string expected = want[name];
      EXPECT_EQ(derived(value("key"), what, 0xFF, csb, context, expected.size() / 2), expected) << name;
    }
  }
}

TEST_P(TicketKeys, InitiatorDataAndTicketDataAuthenticate) {
  const Bytes text = hex("00112233");
  const std::array<ByteView, 1> parts{ByteView(text)};
  const MacAlg alg = keys::ticket_algorithms(prf_).mac;
  const std::size_t n = *keys::mac_size(alg);
  const auto expect = [&](const keys::MessageKeys& keys, const json& auth_key) {
    Bytes mac(n);
    Bytes want(n);
    ASSERT_TRUE(keys.mac(alg, parts, mac));
    ASSERT_TRUE(
        crypto_.hmac(n == 20 ? crypto::Hash::sha1 : crypto::Hash::sha256, octets(auth_key), parts, want));
    EXPECT_EQ(to_hex(mac), to_hex(want));
  };
  const json& vr = v_["6.10 Vr"];
  expect(keys::initiator_data_keys(crypto_, prf_, octets(vr["MPKr"])), vr["auth_key"]);
  const json& a21 = v_["A.2.1"];
  expect(keys::ticket_data_keys(crypto_, prf_, octets(a21["TPK"]), octets(a21["RAND"])), a21["auth_key"]);
}

TEST_P(TicketKeys, MpkIsSplit) {
  const json& a = v_["A.2.2"];
  const auto pair = keys::split_mpk(crypto_, prf_, octets(a["MPK"]), octets(a["RAND"]));
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(to_hex(pair->initiator.reveal()), a["MPKi"].get<std::string>());
  EXPECT_EQ(to_hex(pair->responder.reveal()), a["MPKr"].get<std::string>());
}

TEST_P(TicketKeys, OnlyTgksAndMpkrAreForked) {
  const json& f = v_["5.1.1"];
  const Bytes id = value("IDRr");
  const Bytes rand = value("RANDRkms");
  const keys::Modifier modifier{id, rand};
  const Bytes mpk_r = octets(v_["6.10 Vr"]["MPKr"]);
  const auto mpk = keys::forked(crypto_, prf_, keys::Derivation::forked_mpk_r, mpk_r, modifier);
  ASSERT_TRUE(mpk.ok());
  EXPECT_EQ(to_hex(mpk->reveal()), f["MPKr'"].get<std::string>());
  std::vector<keys::KeyEntry> list;
  for (const KeyDataType t : {KeyDataType::tgk, KeyDataType::tgk_salt, KeyDataType::tek,
                              KeyDataType::tek_salt, KeyDataType::gtgk, KeyDataType::gtgk_salt})
    list.push_back({t, SecretBytes(octets(f["TGK"])), {}, false, {KvType::spi, {1}, {}, {}}});
  const auto forked = keys::fork_keys(crypto_, prf_, list, modifier);
  ASSERT_TRUE(forked.ok());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char* want = i < 2 ? "TGK'" : "TGK";
    EXPECT_EQ(to_hex((*forked)[i].key.reveal()), f[want].get<std::string>()) << i;
    EXPECT_EQ((*forked)[i].validity.spi, Bytes{1});
  }
}

TEST_P(TicketKeys, SessionKeysOf513) {
  const Bytes none;
  const Bytes i = value("RANDRi");
  const Bytes r = value("RANDRr");
  for (const auto& [flags, want] : v_["5.1.3, CS ID 1"].items()) {
    SCOPED_TRACE(flags);
    const Bytes context = keys::ticket_session_context(flags.find('H') == std::string::npos ? none : i,
                                                       flags.find('G') == std::string::npos ? none : r);
    EXPECT_EQ("2ad01c6401ffffffff" + to_hex(context), want["label of the TEK"].get<std::string>());
    const std::string tek = want["TEK"];
    const std::string salt = want["salt"];
    const Bytes key = octets(v_["5.1.1"]["TGK"]);
    EXPECT_EQ(derived(key, keys::Derivation::tek, 1, keys::kNoCsb, context, tek.size() / 2), tek);
    EXPECT_EQ(derived(key, keys::Derivation::salt_key, 1, keys::kNoCsb, context, salt.size() / 2), salt);
  }
}

INSTANTIATE_TEST_SUITE_P(BothPrfs, TicketKeys, testing::Values(0U, 1U));

TEST(TicketAlgorithms, Of256BitsAreNotMixedWithShorterOnes) {
  using enum PrfFunc;
  EXPECT_TRUE(keys::check_ticket_encryption(mikey_1, EncrAlg::aes_cm_128));
  EXPECT_TRUE(keys::check_ticket_encryption(mikey_1, EncrAlg::aes_kw_128));
  EXPECT_TRUE(keys::check_ticket_encryption(hmac_sha_256, EncrAlg::aes_cm_256));
  EXPECT_TRUE(keys::check_ticket_mac(mikey_1, MacAlg::hmac_sha_1_160));
  EXPECT_TRUE(keys::check_ticket_mac(hmac_sha_256, MacAlg::hmac_sha_256_256));
  for (const EncrAlg alg : {EncrAlg::null, EncrAlg::aes_cm_256, EncrAlg{9}})
    EXPECT_EQ(keys::check_ticket_encryption(mikey_1, alg).error().code, ErrorCode::invalid_ea);
  for (const EncrAlg alg : {EncrAlg::null, EncrAlg::aes_cm_128, EncrAlg::aes_kw_128})
    EXPECT_EQ(keys::check_ticket_encryption(hmac_sha_256, alg).error().code, ErrorCode::invalid_ea);
  for (const MacAlg alg : {MacAlg::null, MacAlg::hmac_sha_256_256})
    EXPECT_EQ(keys::check_ticket_mac(mikey_1, alg).error().code, ErrorCode::invalid_mac);
  for (const MacAlg alg : {MacAlg::null, MacAlg::hmac_sha_1_160})
    EXPECT_EQ(keys::check_ticket_mac(hmac_sha_256, alg).error().code, ErrorCode::invalid_mac);
  EXPECT_EQ(keys::check_ticket_mac(PrfFunc{5}, MacAlg::hmac_sha_1_160).error().code, ErrorCode::invalid_prf);
}

TEST(TicketRand, IsAsLongAsTheLongestKey) {
  EXPECT_EQ(keys::ticket_rand_size(5), 16U);
  EXPECT_EQ(keys::ticket_rand_size(32), 32U);
  EXPECT_EQ(keys::ticket_rand_size(255), 255U);
  EXPECT_FALSE(keys::ticket_rand_size(256).has_value());
}

}  // namespace
}  // namespace mikey::test
