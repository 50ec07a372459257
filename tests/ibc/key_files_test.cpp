// Key files: what is written is read, what is wrong is named, and nothing wrong is ever used.
#include "mikey/ibc/key_files.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::ibc {
namespace {

using nlohmann::json;

const json& files() {
  static const json all = json::parse(test::read_source_file("vectors/mikey-peer/sakke-files.json"));
  return all;
}
std::string file(const char* name) {
  return files().at(name).dump();
}
Kms kms(const char* name) {
  return *Kms::load(*parse_kms(as_bytes(file(name))));
}

/// The error of a parser or loader on `j`.
template <class T>
std::string detail(const Result<T>& r) {
  return r ? "accepted" : r.error().detail;
}
std::string kms_error(const json& j) {
  auto r = parse_kms(as_bytes(j.dump()));
  return r ? detail(Kms::load(std::move(*r))) : r.error().detail;
}
std::string key_set_error(const json& j) {
  auto r = parse_key_set(as_bytes(j.dump()));
  return r ? detail(KeySet::load(crypto::openssl(), kms("kms.json"), *r, sakke::Tables::none))
           : r.error().detail;
}

TEST(KeyFiles, FilesOfAnotherImplementationAreTaken) {
  for (const auto& [kms_name, users] :
       {std::pair<const char*, std::vector<const char*>>{
            "kms.json", {"447700900123-2026-09.json", "447700900456-2026-09.json"}},
        {"mcx-kms.json", {"mcx-alice-1542.json", "mcx-bob-1542.json"}}}) {
    const Kms k = kms(kms_name);
    for (const char* user : users) {
      const auto record = parse_key_set(as_bytes(file(user)));
      ASSERT_TRUE(record.ok()) << record.error().detail;
      const auto set = KeySet::load(crypto::openssl(), k, *record, sakke::Tables::none);
      ASSERT_TRUE(set.ok()) << set.error().detail;
      EXPECT_EQ(to_hex(set->id()), files()[user]["id"].get<std::string>());
    }
  }
  for (const char* name : {"sakke-master.json", "mcx-sakke-master.json"}) {
    const auto master = parse_master(as_bytes(file(name)));
    ASSERT_TRUE(master.ok()) << master.error().detail;
    EXPECT_TRUE(check_master(*master));
  }
}

TEST(KeyFiles, WhatIsWrittenIsRead) {
  const auto k = parse_kms(as_bytes(file("mcx-kms.json")));
  auto ranged = *k;
  ranged.from = KeyPeriod{1500};
  ranged.to = KeyPeriod{1600};
  ranged.kms_uri = "kms \"of\" \\ \xc3\xa9";
  EXPECT_EQ(*parse_kms(as_bytes(write_kms(*k))), *k);
  EXPECT_EQ(*parse_kms(as_bytes(write_kms(ranged))), ranged);
  EXPECT_EQ(json::parse(write_kms(*k)), files()["mcx-kms.json"]);

  for (const char* name : {"447700900123-2026-09.json", "mcx-alice-1542.json"}) {
    const auto set = parse_key_set(as_bytes(file(name)));
    const SecretBytes text = write_key_set(*set);
    EXPECT_EQ(json::parse(as_text(text.reveal())), files()[name]);
    EXPECT_EQ(key_file_name(*set), std::string(name).substr(std::string(name).starts_with("mcx-") ? 4 : 0));
  }
  const auto master = parse_master(as_bytes(file("sakke-master.json")));
  const auto again = parse_master(write_master(*master).reveal());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->known, master->known);
  EXPECT_TRUE(check_master(*again));
}

TEST(KeyFiles, MembersAreNamedWhenWrong) {
  const json good = files()["447700900123-2026-09.json"];
  const std::pair<const char*, json> wrong[] = {{"kms_uri", ""},
                                                {"kms_uri", 1},
                                                {"params", 2},
                                                {"params", "1"},
                                                {"params", -1},
                                                {"params", 1.0},
                                                {"id_scheme", 0},
                                                {"id_scheme", 3},
                                                {"uri", ""},
                                                {"uri", nullptr},
                                                {"uri", json::array()},
                                                {"period", "2026-9"},
                                                {"period", 202609},
                                                {"period", "2026-13"},
                                                {"RSK", "04"},
                                                {"RSK", std::string(514, 'g')},
                                                {"RSK", std::string(513, '1')},
                                                {"SSK", std::string(62, '1')},
                                                {"SSK", std::string(63, '1')},
                                                {"SSK", json::object({{"a", 1}})},
                                                {"PVT", std::string(130, ' ')},
                                                {"id", "0"},
                                                {"id", ""}};
  for (const auto& [name, value] : wrong) {
    json j = good;
    j[name] = value;
    EXPECT_TRUE(key_set_error(j).starts_with(std::string(name) + ": ")) << name << ": " << key_set_error(j);
  }
  for (const auto& [name, value] : good.items()) {
    if (name == "id") continue;
    json j = good;
    j.erase(name);
    EXPECT_EQ(key_set_error(j).find(name + ": "), 0U) << key_set_error(j);
  }
  json without = good;
  without.erase("id");
  EXPECT_EQ(key_set_error(without), "accepted");
  json more = good;
  more["comment"] = {{"nested", {1, 2, {3}}}};
  EXPECT_EQ(key_set_error(more), "accepted");
}

// RFC 6508 6.1.2, RFC 6507 5.1.2: keys that do not belong to identity, period and KMS are never used.
TEST(KeyFiles, KeySetsAreValidatedBeforeUse) {
  const json mine = files()["447700900123-2026-09.json"];
  const json his = files()["447700900456-2026-09.json"];
  for (const char* name : {"RSK", "SSK", "PVT", "id"}) {
    json j = mine;
    j[name] = his[name];
    const std::string want = std::string(name) == "PVT" ? "SSK" : name;  // SSK and PVT are judged together
    EXPECT_EQ(key_set_error(j).find(want + ": "), 0U) << key_set_error(j);
  }
  json other = mine;
  other.erase("id");
  other["period"] = "2026-10";
  EXPECT_EQ(key_set_error(other).find("RSK: "), 0U) << key_set_error(other);
  other["period"] = "2026-09";
  other["uri"] = "tel:+447700900124";
  EXPECT_EQ(key_set_error(other).find("RSK: "), 0U) << key_set_error(other);
  other["uri"] = "sip:alice@example.com";
  EXPECT_EQ(key_set_error(other).find("uri: "), 0U) << key_set_error(other);
  json renamed = mine;
  renamed["kms_uri"] = "kms.other.org";
  EXPECT_EQ(key_set_error(renamed).find("kms_uri: "), 0U) << key_set_error(renamed);
  json off_curve = mine;
  off_curve["RSK"] = "04" + std::string(512, '1');
  EXPECT_EQ(key_set_error(off_curve).find("RSK: "), 0U) << key_set_error(off_curve);
}

TEST(KeyFiles, KmsKeysAreValidated) {
  const json good = files()["mcx-kms.json"];
  EXPECT_EQ(kms_error(good), "accepted");
  const std::pair<const char*, json> wrong[] = {
      {"Z", "04" + std::string(512, '0')},  // (0, 0): on the curve, of order 2
      {"Z", "00" + std::string(512, '0')},
      {"KPAK", "04" + std::string(128, '1')},
      {"KPAK", "00" + std::string(128, '0')},
      {"key_period", 0},
      {"key_period_offset", 2592000},
      {"key_period", 4294967296},
      {"to", -1},
      {"from", "2026-11"}};
  for (const auto& [name, value] : wrong) {
    json j = good;
    j[name] = value;
    const std::string member =
        std::string(name).starts_with("key_period") && kms_error(j)[0] == 'i' ? "id_scheme" : name;
    EXPECT_EQ(kms_error(j).find(member + ": "), 0U) << name << " -> " << kms_error(j);
  }
  json range = good;
  range["from"] = 5;
  range["to"] = 4;
  EXPECT_EQ(kms_error(range).find("to: "), 0U);
  json late = files()["kms.json"];
  late["from"] = "2026-10";
  const auto set = parse_key_set(as_bytes(file("447700900123-2026-09.json")));
  const auto loaded = KeySet::load(crypto::openssl(), *Kms::load(*parse_kms(as_bytes(late.dump()))), *set);
  EXPECT_EQ(detail(loaded).find("period: "), 0U);
}

TEST(KeyFiles, MastersAreChecked) {
  auto master = parse_master(as_bytes(file("sakke-master.json")));
  const auto other = parse_master(as_bytes(file("mcx-sakke-master.json")));
  const Bytes z = master->known.z;
  master->known.z = other->known.z;
  EXPECT_EQ(check_master(*master).error().detail.find("Z: "), 0U);
  master->known.z = z;
  master->known.kpak = other->known.kpak;
  EXPECT_EQ(check_master(*master).error().detail.find("KPAK: "), 0U);
  json odd = files()["sakke-master.json"];
  odd["z"] = "3";  // leading zeros of numbers may be left out
  const auto read = parse_master(as_bytes(odd.dump()));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(to_hex(read->z.reveal()), "03");
}

TEST(KeyFiles, WhatIsNoDocumentIsRefused) {
  const std::string good = file("kms.json");
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("1"), std::string("null"), std::string("{"),
        std::string("{}"), good + "x", good.substr(0, good.size() - 1), "[" + good + "]", good + good,
        std::string(100, '['), "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}",
        std::string("\xff\xfe{}"), std::string(kMaxKeyFile + 1, ' ')}) {
    const auto r = parse_kms(as_bytes(text));
    ASSERT_FALSE(r.ok()) << text.substr(0, 40);
    EXPECT_EQ(r.error().severity, Severity::request);
    EXPECT_FALSE(r.error().detail.empty());
  }
  const auto twice = parse_kms(as_bytes("{\"kms_uri\":\"a\"," + good.substr(1)));
  EXPECT_NE(twice.error().detail.find("twice: kms_uri"), std::string::npos) << twice.error().detail;
}

// Every octet of a key set changed: it is refused, or it still says the same.
TEST(KeyFiles, NoSingleChangeMakesAnotherKeySetAcceptable) {
  const std::string good = file("mcx-alice-1542.json");
  const auto want = parse_key_set(as_bytes(good));
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string text = good;
    text[i] = static_cast<char>(text[i] ^ 0x01);
    const auto r = parse_key_set(as_bytes(text));
    if (!r) {
      ++refused;
      continue;
    }
    const bool same = ct_equal(r->rsk.reveal(), want->rsk.reveal()) &&
                      ct_equal(r->ssk.reveal(), want->ssk.reveal()) && r->pvt == want->pvt &&
                      r->uri == want->uri && r->period == want->period && r->kms_uri == want->kms_uri &&
                      (r->id.empty() || r->id == want->id);
    EXPECT_FALSE(same && !r->id.empty()) << i;
  }
  EXPECT_GT(refused, 50);
}

TEST(KeyFiles, IssuedKeySetsAreValid) {
  test::CountingRng rng;
  for (const IdScheme& ids : {IdScheme{}, IdScheme{SakkeIdScheme::mcx_hashed_uid, 2592000, 100}}) {
    const auto master = make_master(rng, "kms.example.net", ids);
    ASSERT_TRUE(master.ok());
    EXPECT_TRUE(check_master(*master));
    const auto k = Kms::load(master->known);
    ASSERT_TRUE(k.ok());
    const auto record =
        issue_key_set(crypto::openssl(), rng, *master, *k, "tel:+4915112345", {2026 * 12 + 10});
    ASSERT_TRUE(record.ok()) << record.error().detail;
    const auto again = parse_key_set(write_key_set(*record).reveal());
    EXPECT_TRUE(KeySet::load(crypto::openssl(), *k, *again, sakke::Tables::none).ok());
  }
  EXPECT_FALSE(make_master(rng, "", {}).ok());
}

}  // namespace
}  // namespace mikey::ibc
