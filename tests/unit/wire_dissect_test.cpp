#include <nlohmann/json.hpp>

#include "support/wire_check.hpp"
#include "support/wire_samples.hpp"
#include "wire/dissect/text.hpp"

namespace mikey::test {
namespace {

using namespace mikey::wire;

TEST(WireDissect, JsonOfASmallMessage) {
  const Bytes m = hex("01 01 09 00 12345678 00 01  00 00");
  EXPECT_EQ(to_json(dissect(m)),
            R"({"payloads":[{"name":"HDR","rfc":"RFC 3830 6.1","offset":0,"length":10,"fields":[)"
            R"({"name":"Version","value":1,"offset":0,"length":1},)"
            R"({"name":"Data type","value":1,"meaning":"PSK ver msg","offset":1,"length":1},)"
            R"({"name":"Next payload","value":9,"meaning":"V","offset":2,"length":1},)"
            R"({"name":"V","value":0,"offset":3,"length":1,"bit":0,"bits":1},)"
            R"({"name":"PRF func","value":0,"meaning":"MIKEY-1","offset":3,"length":1,"bit":1,"bits":7},)"
            R"({"name":"CSB ID","value":"0x12345678","offset":4,"length":4},)"
            R"({"name":"#CS","value":0,"offset":8,"length":1},)"
            R"({"name":"CS ID map type","value":1,"meaning":"Empty map","offset":9,"length":1}]},)"
            R"({"name":"V","type":9,"rfc":"RFC 3830 6.9","offset":10,"length":2,"fields":[)"
            R"({"name":"Next payload","value":0,"meaning":"Last payload","offset":10,"length":1},)"
            R"({"name":"Auth alg","value":0,"meaning":"NULL","offset":11,"length":1},)"
            R"({"name":"Ver data","value":"","offset":12,"length":0}]}],"trailing":0,"error":null})");
}

TEST(WireDissect, JsonOfABrokenMessage) {
  const Bytes m = hex("01 01 05 00 12345678 00 01  00 00 0102");
  const auto j = nlohmann::json::parse(to_json(dissect(m)));
  EXPECT_EQ(j["error"], nlohmann::json::parse(R"({"number":12,"name":"Unspecified error","offset":14,
    "detail":"TS value needs 8 octets, 2 are left","rfc":"RFC 3830 6.6"})"));
  ASSERT_EQ(j["payloads"].size(), 2U);
  EXPECT_EQ(j["payloads"][1]["name"], "T");
  EXPECT_EQ(j["payloads"][1]["length"], 2);
  EXPECT_EQ(j["payloads"][1]["fields"].size(), 2U);
}

TEST(WireDissect, ErrorsWithoutOffset) {
  ParseOptions none;
  none.max_octets = 1;
  const auto j = nlohmann::json::parse(to_json(dissect(hex("0100"), none)));
  EXPECT_TRUE(j["error"]["offset"].is_null());
  EXPECT_EQ(j["payloads"], nlohmann::json::array());
}

TEST(WireDissect, BrokenListsShowWhatWasReadOfThem) {
  const Bytes m = hex("01 00 00 00 12345678 02 00  00 11223344 00000000  01 5566");
  const auto d = dissect(m);
  ASSERT_TRUE(d.error);
  ASSERT_EQ(d.payloads.size(), 1U);
  const Node& map = d.payloads[0].children.back();
  EXPECT_EQ(map.name, "CS ID map info");
  ASSERT_EQ(map.children.size(), 2U);
  EXPECT_EQ(map.children[1].children.size(), 1U);
  expect_json(d);
  expect_nodes_fit(d.payloads, 0, m.size());
}

TEST(WireDissect, JsonStringsAreEscaped) {
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string(std::string_view("\0\n\x1b\x7f", 4)), R"("\u0000\u000a\u001b\u007f")");
  EXPECT_EQ(json_string("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  EXPECT_EQ(json_string("a\xFFz\xC3"), "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"");
  EXPECT_EQ(json_string("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(WireDissect, SecretsCanBeMasked) {
  const Bytes m = sample_message(DataType::psk_init);
  auto d = dissect(m);
  const std::string key = to_hex(run(16));
  mask_secrets(d);
  const auto kemac = nlohmann::json::parse(to_json(d))["payloads"].back();
  EXPECT_EQ(kemac["name"], "KEMAC");
  EXPECT_EQ(kemac["fields"][3]["name"], "Encr data");
  EXPECT_EQ(kemac["fields"][3]["value"], "(75 octets)");
  EXPECT_EQ(kemac["fields"][3]["payloads"][0]["fields"][4]["value"], "(16 octets)");
  EXPECT_EQ(kemac["fields"][3]["payloads"][1]["fields"][6]["value"], "(14 octets)");
  EXPECT_EQ(kemac["fields"][3].dump().find(key), std::string::npos);
}

TEST(WireDissect, NoSecretIsLeftOutWhereKeysStandInClear) {
  for (const DataType kind : all_kinds()) {
    const Bytes m = sample_message(kind);
    auto parsed = Message::parse(m);
    ASSERT_TRUE(parsed.ok());
    auto d = dissect(m);
    mask_secrets(d);
    const std::string text = to_json(d);
    for (const Kemac& k : parsed->all<Kemac>()) {
      if (k.encr_alg == EncrAlg::null && !k.encr_data.empty()) {
        EXPECT_EQ(text.find(to_hex(k.encr_data)), std::string::npos) << static_cast<unsigned>(kind);
      }
    }
    for (const Tp& p : parsed->all<Tp>()) EXPECT_EQ(text.find(to_hex(p.policy.tp_data)), std::string::npos);
  }
}

TEST(WireDissect, ChainsAreTakenApartFromOffsetZero) {
  for (const SampleChain& c : sample_chains()) {
    const auto d = dissect_chain(c.first, c.octets);
    EXPECT_FALSE(d.error) << c.name;
    expect_json(d);
    expect_nodes_fit(d.payloads, 0, c.octets.size());
  }
  EXPECT_TRUE(dissect_chain(PayloadType::key_data, {}).payloads.empty());
  EXPECT_FALSE(dissect_chain(PayloadType::key_data, {}).error);
}

}  // namespace
}  // namespace mikey::test
