// Key files of MIKEY-IBAKE: what is written is read, what is wrong is named, and nothing wrong is ever used.
#include "mikey/ibc/ibake_files.hpp"

#include <algorithm>
#include <chrono>

#include "ibc/vectors.hpp"

namespace mikey::ibc {
namespace {

using mikey::test::CountingRng;
using nlohmann::json;

const crypto::Provider& provider() {
  return crypto::openssl();
}
const json& files() {
  return test::vectors("vectors/mikey-peer/ibake-files.json");
}
std::string file(const char* name) {
  return files().at(name).dump();
}
IbakeKms kms() {
  return *IbakeKms::load(provider(), *parse_ibake_kms(as_bytes(file("ibake-params.json"))));
}

template <class T>
std::string detail(const Result<T>& r) {
  return r ? "accepted" : r.error().detail;
}
std::string kms_error(const json& j) {
  auto r = parse_ibake_kms(as_bytes(j.dump()));
  return r ? detail(IbakeKms::load(provider(), std::move(*r))) : r.error().detail;
}
std::string key_error(const json& j) {
  auto r = parse_ibake_key(as_bytes(j.dump()));
  return r ? detail(IbakeKey::load(provider(), kms(), *r)) : r.error().detail;
}
std::string master_error(const json& j) {
  auto r = parse_ibake_master(as_bytes(j.dump()));
  return r ? detail(IbakeMaster::load(provider(), std::move(*r))) : r.error().detail;
}

TEST(IbakeFiles, FilesOfAnotherImplementationAreTaken) {
  const IbakeKms k = kms();
  EXPECT_EQ(k.uri(), "sip:kms@example.com");
  EXPECT_EQ(k.dates(), DateFormat::month);
  for (const char* user : {"alice-ibake-2026-09.json", "bob-ibake-2026-09.json"}) {
    const auto key = IbakeKey::load(provider(), k, *parse_ibake_key(as_bytes(file(user))));
    ASSERT_TRUE(key.ok()) << key.error().detail;
    EXPECT_EQ(date_text(key->date()), "2026-09");
    EXPECT_EQ(as_text(key->identity()), files()[user]["identity"].get<std::string>());
  }
  const auto master = IbakeMaster::load(provider(), *parse_ibake_master(as_bytes(file("ibake-master.json"))));
  ASSERT_TRUE(master.ok()) << master.error().detail;
  const auto key = IbakeKey::load(provider(), k, *parse_ibake_key(as_bytes(file("bob-ibake-2026-09.json"))));
  const auto again = master->extract(provider(), key->identity(), key->date());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(to_hex(again->reveal()), to_hex(key->key().reveal()));
}

/// Without the zeros in front of numbers, which the other implementation leaves out.
json plain(const json& j) {
  if (j.is_string()) {
    const std::string text = j;
    return text.substr(std::min(text.find_first_not_of('0'), text.size()));
  }
  json out = j;
  if (j.is_object())
    for (auto& [name, value] : out.items()) value = plain(value);
  return out;
}

TEST(IbakeFiles, WhatIsWrittenIsRead) {
  const auto record = *parse_ibake_kms(as_bytes(file("ibake-params.json")));
  auto more = record;
  more.kms_uri = "kms \"of\" \\ \xc3\xa9";
  more.dates = DateFormat::day;
  more.hash = crypto::Hash::sha384;
  more.serial = 7;
  more.not_before = 0;
  more.not_after = 1893456000;
  EXPECT_EQ(*parse_ibake_kms(as_bytes(write_ibake_kms(record))), record);
  EXPECT_EQ(*parse_ibake_kms(as_bytes(write_ibake_kms(more))), more);
  EXPECT_EQ(plain(json::parse(write_ibake_kms(record))), files()["ibake-params.json"]);

  const auto key = *parse_ibake_key(as_bytes(file("alice-ibake-2026-09.json")));
  EXPECT_EQ(plain(json::parse(as_text(write_ibake_key(key).reveal()))), files()["alice-ibake-2026-09.json"]);
  EXPECT_EQ(ibake_key_file_name(key), "alice-ibake-2026-09.json");
  const auto loaded = IbakeKey::load(provider(), kms(), key);
  EXPECT_EQ(plain(json::parse(as_text(write_ibake_key(loaded->record()).reveal()))),
            files()["alice-ibake-2026-09.json"]);

  const auto master = *parse_ibake_master(as_bytes(file("ibake-master.json")));
  EXPECT_EQ(plain(json::parse(as_text(write_ibake_master(master).reveal()))), files()["ibake-master.json"]);
}

TEST(IbakeFiles, NumbersMayHaveAnyDigits) {
  json j = files()["ibake-params.json"];
  const std::string q = j["q"];
  j["q"] = "000" + q;
  const auto r = IbakeKms::load(provider(), *parse_ibake_kms(as_bytes(j.dump())));
  ASSERT_TRUE(r.ok()) << r.error().detail;
  EXPECT_EQ(r->record(), kms().record()) << "zeros in front do not make other parameters";
}

TEST(IbakeFiles, MembersAreNamedWhenWrong) {
  const std::pair<const char*, json> wrong[] = {{"kms_uri", ""},
                                                {"kms_uri", 1},
                                                {"version", 1},
                                                {"version", "2"},
                                                {"date_format", "YYYY"},
                                                {"date_format", 1},
                                                {"p", "zz"},
                                                {"p", ""},
                                                {"p", std::string(1922, '1')},
                                                {"q", std::string(130, '1')},
                                                {"pointP", "04"},
                                                {"pointP", json::array({"1", "2"})},
                                                {"pointP", {{"x", "1"}}},
                                                {"pointPpub", {{"x", {{"x", "1"}}}, {"y", "1"}}},
                                                {"hashfcn", "1.2.3"},
                                                {"serial", -1},
                                                {"not_after", "2026"},
                                                {"not_before", 1e30}};
  for (const auto& [name, value] : wrong) {
    json j = files()["ibake-params.json"];
    j[name] = value;
    EXPECT_TRUE(kms_error(j).starts_with(name)) << name << ": " << kms_error(j);
  }
  for (const auto& [name, value] : files()["ibake-params.json"].items()) {
    json j = files()["ibake-params.json"];
    j.erase(name);
    EXPECT_EQ(kms_error(j).find(name), 0U) << kms_error(j);
  }
  for (const auto& [name, value] : files()["alice-ibake-2026-09.json"].items()) {
    json j = files()["alice-ibake-2026-09.json"];
    j.erase(name);
    EXPECT_EQ(key_error(j).find(name), 0U) << key_error(j);
  }
  json j = files()["ibake-master.json"];
  j.erase("masterSecret");
  EXPECT_EQ(master_error(j).find("masterSecret: "), 0U) << master_error(j);
}

TEST(IbakeFiles, MembersOfAnObjectStandInItsOwn) {
  json j = files()["ibake-params.json"];
  const json p = j["pointP"];
  j.erase("pointP");
  j["pointP.x"] = p["x"];
  j["pointP.y"] = p["y"];
  EXPECT_EQ(kms_error(j).find("pointP.x: expected hexadecimal digits, but it is missing"), 0U)
      << kms_error(j);
  std::string twice = file("ibake-params.json");
  twice.insert(twice.find("\"x\""), "\"x\": \"1\", ");
  EXPECT_EQ(detail(parse_ibake_kms(as_bytes(twice))), "a member stands twice: x");
}

// doc/readings.md, 5091-5: what parameters and keys must be before they are used.
TEST(IbakeFiles, ParametersThatAreNotTrueAreRefused) {
  const auto changed = [](const char* name, const char* digits) {
    json j = files()["ibake-params.json"];
    j[name] = digits;
    return kms_error(j);
  };
  EXPECT_NE(changed("p", "1000000000000000b"), "accepted");
  EXPECT_NE(changed("q", "ffffffffffffffffffbfffffffffffffffffffe1"), "accepted");
  for (const char* point : {"pointP", "pointPpub"}) {
    json j = files()["ibake-params.json"];
    std::string y = j[point]["y"];
    y.back() = y.back() == '0' ? '1' : '0';
    j[point]["y"] = y;
    EXPECT_EQ(kms_error(j), "Boneh-Franklin parameters: P or P_pub is not of order q") << point;
    j[point] = {{"x", "0"}, {"y", "1"}};  // on the curve, of order 3
    EXPECT_EQ(kms_error(j), "Boneh-Franklin parameters: P or P_pub is not of order q") << point;
  }
  json j = files()["ibake-params.json"];
  j["not_before"] = 2;
  j["not_after"] = 1;
  EXPECT_EQ(kms_error(j), "not_after: the parameters end before they begin");
}

TEST(IbakeFiles, KeysThatAreNotOnesOwnAreRefused) {
  const json good = files()["alice-ibake-2026-09.json"];
  EXPECT_EQ(key_error(good), "accepted");
  const std::pair<const char*, json> wrong[] = {
      {"kms_uri", "sip:other@example.com"},
      {"identity", "sip:bob@example.com"},
      {"date", "2026-10"},
      {"date", "2026-09-01"},
      {"date", "2026-13"},
      {"date", "2026-9"},
      {"privateKey", files()["bob-ibake-2026-09.json"]["privateKey"]},
      {"privateKey", {{"x", "0"}, {"y", "1"}}}};
  for (const auto& [name, value] : wrong) {
    json j = good;
    j[name] = value;
    EXPECT_NE(key_error(j), "accepted") << name << " " << value;
  }
  json j = good;
  j["privateKey"]["x"] = "1" + std::string(128, '0');
  EXPECT_EQ(key_error(j), "privateKey: the coordinates are longer than p");
}

TEST(IbakeFiles, AMasterSecretMustBelongToItsParameters) {
  const auto with = [](const std::string& digits) {
    json j = files()["ibake-master.json"];
    j["masterSecret"] = digits;
    return master_error(j);
  };
  const std::string s = files()["ibake-master.json"]["masterSecret"];
  EXPECT_EQ(with(s), "accepted");
  EXPECT_EQ(with("000" + s), "accepted");
  EXPECT_EQ(with("2"), "masterSecret: does not belong to these parameters");
  for (const std::string& digits :
       {std::string("0"), std::string("1"), std::string("f") + std::string(40, 'f')})
    EXPECT_EQ(with(digits), "masterSecret: expected a number in 2 .. q-1") << digits;
}

TEST(IbakeFiles, ANewKmsGivesItsUsersTheirKeys) {
  CountingRng rng;
  auto record = make_ibake_master(provider(), rng, "sip:kms@example.com", DateFormat::day, bf::Level::n1024);
  ASSERT_TRUE(record.ok()) << record.error().detail;
  auto again = parse_ibake_master(write_ibake_master(*record).reveal());
  const auto master = IbakeMaster::load(provider(), std::move(*again));
  ASSERT_TRUE(master.ok()) << master.error().detail;
  const auto today = parse_date(DateFormat::day, "2026-11-28");
  auto key = master->extract(provider(), as_bytes("sip:alice@example.com"), *today);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(IbakeKey::load(provider(), master->kms(), to_bytes(as_bytes("sip:alice@example.com")), *today,
                             key->clone())
                  .ok());
  EXPECT_FALSE(IbakeKey::load(provider(), master->kms(), to_bytes(as_bytes("sip:alice@example.com")),
                              today->next(), key->clone())
                   .ok());
}

// ------------------------------------------------------------------ RFC 5408

Bytes published(const IbakeKms& k) {
  return *ibe_system_parameters(k);
}

TEST(IbeSystemParameters, WhatIsPublishedIsRead) {
  auto record = kms().record();
  record.serial = 0x80000001;
  record.dates = DateFormat::day;
  record.not_before = 1767225600;
  record.not_after = 1893455999;
  for (const IbakeKmsRecord& r : {kms().record(), record}) {
    const auto k = IbakeKms::load(provider(), r);
    const Bytes der = published(*k);
    ASSERT_TRUE(parse_ibe_system_parameters(der).ok());
    EXPECT_EQ(*parse_ibe_system_parameters(der), r);
    std::string text = *published_parameters(*k);
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; })) << "7-bit";
    text.insert(64, "\r\n");
    EXPECT_EQ(*parse_published_parameters(text), r);
    for (const Bytes& form : {der, to_bytes(as_bytes(text)), to_bytes(as_bytes(write_ibake_kms(r)))})
      EXPECT_EQ(*parse_any_ibake_kms(form), r);
  }
}

TEST(IbeSystemParameters, HasTheFieldsOfRfc5408) {
  auto record = kms().record();
  record.not_before = 1767225600;
  const Bytes der = published(*IbakeKms::load(provider(), record));
  const std::string text(as_text(der));
  EXPECT_EQ(der[0], 0x30);
  EXPECT_EQ(to_hex(ByteView(der).subspan(4, 3)), "020102") << "version 2";
  EXPECT_EQ(text.substr(7, 21), std::string("\x16\x13") + "sip:kms@example.com") << "districtName";
  EXPECT_NE(text.find("\x18\x0f"
                      "20260101000000Z"),
            std::string::npos);
  EXPECT_NE(text.find("\x18\x0f"
                      "99991231235959Z"),
            std::string::npos);
  const Bytes bf = kms().parameters().to_der();
  EXPECT_NE(std::search(der.begin(), der.end(), bf.begin(), bf.end()), der.end()) << "publicParameterData";
}

TEST(IbeSystemParameters, ValidityIsKept) {  // RFC 5408 4.2
  auto record = kms().record();
  record.not_before = 1000;
  record.not_after = 2000;
  const IbakeKms k = *IbakeKms::load(provider(), record);
  for (const auto& [t, good] : {std::pair(999, false), {1000, true}, {2000, true}, {2001, false}})
    EXPECT_EQ(k.valid_at(NtpTime::from_unix(t)), good) << t;
  EXPECT_TRUE(kms().valid_at(NtpTime::from_unix(0)));
}

TEST(IbeSystemParameters, EveryPrefixAndEveryChangedOctetIsJudged) {
  const Bytes der = published(kms());
  for (std::size_t n = 0; n < der.size(); ++n)
    EXPECT_FALSE(parse_ibe_system_parameters(ByteView(der).first(n)).ok()) << n;
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(parse_ibe_system_parameters(longer).ok());
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes bad = der;
    bad[i] ^= 0x80;
    const auto r = parse_ibe_system_parameters(bad);
    if (r) {
      EXPECT_NE(*r, kms().record()) << i;
    }
  }
}

/// DER with `inner` as the contents of a SEQUENCE.
Bytes sequence(ByteView inner) {
  Bytes out{0x30, 0x82, static_cast<std::uint8_t>(inner.size() >> 8),
            static_cast<std::uint8_t>(inner.size())};
  append(out, inner);
  return out;
}

TEST(IbeSystemParameters, ExtensionsAndOtherAlgorithmsAreNotForUs) {
  const Bytes der = published(kms());
  Bytes with_extensions = to_bytes(ByteView(der).subspan(4));
  append(with_extensions, Bytes{0x30, 0x00});
  EXPECT_EQ(detail(parse_ibe_system_parameters(sequence(with_extensions))),
            "IBESysParams: it has extensions, none of which is understood here");

  const std::string bf_oid("\x60\x86\x48\x01\x86\xfd\x1e\x01\x01\x02\x01", 11);
  const auto algorithm_changed = [&](char last) {
    std::string text(as_text(der));
    text[text.find(bf_oid) + 10] = last;
    return detail(parse_ibe_system_parameters(as_bytes(text)));
  };
  EXPECT_EQ(algorithm_changed(2),
            "IBESysParams: none of the algorithms is Boneh-Franklin, the only one supported here");
  EXPECT_EQ(algorithm_changed(1), "accepted");

  std::string type(as_text(der));
  type.back() = 3;
  EXPECT_EQ(detail(parse_ibe_system_parameters(as_bytes(type))),
            "IBESysParams: the identities are not those of MIKEY-IBAKE");
  std::string version(as_text(der));
  version[6] = 1;
  EXPECT_EQ(detail(parse_ibe_system_parameters(as_bytes(version))), "IBESysParams: unknown version");
}

// Only YYYYMMDDHHMMSSZ, whatever GeneralizedTime could be otherwise.
TEST(IbeSystemParameters, OtherFormsOfTimeAreRefused) {
  const Bytes der = published(kms());
  const auto at = std::string(as_text(der)).find("99991231235959Z");
  for (const char* time : {"99991231235959X", "2026113123595 Z", "20261331235959Z", "20261231245959Z",
                           "20261231236059Z", "19691231235959Z", "202612312359.9Z", "+0261231235959Z"}) {
    std::string text(as_text(der));
    text.replace(at, 15, time);
    EXPECT_FALSE(parse_ibe_system_parameters(as_bytes(text)).ok()) << time;
  }
  std::string good(as_text(der));
  good.replace(at, 15, "20280229235959Z");
  EXPECT_EQ(parse_ibe_system_parameters(as_bytes(good))->not_after, 1835481599);
}

TEST(IbeSystemParameters, AnAlgorithmStandsOnceAtMost) {
  // SEQUENCE { OID bf, OCTET STRING } twice: the list, and what is around it, are that much longer.
  const Bytes der = published(kms());
  const std::string text(as_text(der));
  const std::size_t oid = text.find(std::string("\x06\x0b\x60\x86\x48\x01\x86\xfd\x1e\x01\x01\x02\x01", 13));
  const std::size_t list = oid - 4 - 4;  // two SEQUENCEs of long lengths
  const auto length = [&](std::size_t header) { return std::size_t{der[header + 2]} << 8 | der[header + 3]; };
  ASSERT_EQ(der[list], 0x30);
  ASSERT_EQ(der[list + 1], 0x82);
  const std::string one = text.substr(list + 4, length(list));
  const auto with = [&](const std::string& algorithms) {
    const Bytes inner = sequence(as_bytes(algorithms));
    std::string all =
        text.substr(4, list - 4) + std::string(as_text(inner)) + text.substr(list + 4 + one.size());
    return detail(parse_ibe_system_parameters(sequence(as_bytes(all))));
  };
  EXPECT_EQ(with(one), "accepted");
  EXPECT_EQ(with(one + one), "IBESysParams: an algorithm stands twice");
  std::string other = one;
  other[one.find("\x02\x01\x04") + 1] = 2;  // bb1, of which nothing is read
  EXPECT_EQ(with(other + one), "accepted");
  EXPECT_EQ(with(other),
            "IBESysParams: none of the algorithms is Boneh-Franklin, the only one supported here");
  EXPECT_NE(with(std::string(200, '\0')), "accepted");
}

TEST(IbeSystemParameters, AnIriOfOtherCharactersIsNotPublished) {
  auto record = kms().record();
  record.kms_uri = "https://kms.\xc3\xa9xample";
  EXPECT_FALSE(ibe_system_parameters(*IbakeKms::load(provider(), record)).ok());
}

// ------------------------------------------------------------------ dates

TEST(KeyDates, AreWrittenAndReadInUtc) {
  const NtpTime t = NtpTime::from_unix(1790000000);  // 2026-09-21T14:13:20Z
  EXPECT_EQ(date_text(date_at(DateFormat::month, t)), "2026-09");
  EXPECT_EQ(date_text(date_at(DateFormat::day, t)), "2026-09-21");
  EXPECT_EQ(date_text(date_at(DateFormat::month, NtpTime::from_unix(2085978496 + 5))), "2036-02")
      << "beyond the era change";
  for (const auto& [format, text] : {std::pair<DateFormat, const char*>{DateFormat::month, "2026-09"},
                                     {DateFormat::month, "1970-01"},
                                     {DateFormat::month, "2099-12"},
                                     {DateFormat::day, "2028-02-29"},
                                     {DateFormat::day, "2026-12-31"}}) {
    const auto d = parse_date(format, text);
    ASSERT_TRUE(d) << text;
    EXPECT_EQ(date_text(*d), text);
    EXPECT_EQ(date_at(format, date_begin(*d)), *d);
    EXPECT_EQ(date_at(format, date_end(*d)), *d);
    EXPECT_EQ(date_begin(d->next()), date_end(*d) + std::chrono::seconds(1));
  }
}

TEST(KeyDates, WhatIsNoDateIsNone) {
  for (const char* text : {"", "2026", "2026-9", "2026-13", "2026-00", "2026-09-01", "2026/09", "20a6-09",
                           "1969-12", "2100-01", "+026-09", "2026-+9", " 026-09"})
    EXPECT_FALSE(parse_date(DateFormat::month, text)) << text;
  for (const char* text : {"2026-09", "2026-02-29", "2026-09-31", "2026-09-00", "2026-09/01", "2026-09-1x"})
    EXPECT_FALSE(parse_date(DateFormat::day, text)) << text;
}

}  // namespace
}  // namespace mikey::ibc
