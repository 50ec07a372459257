// Reading and writing of KMS documents without their security.
#include "kms/samples.hpp"

namespace mikey::kms::test {
namespace {

using testing::HasSubstr;

bool same(const KeyContent& a, const KeyContent& b) {
  return ct_equal(a.key.reveal(), b.key.reveal());
}

void expect_same(const KeySet& a, const KeySet& b) {
  EXPECT_EQ(a.kms_uri, b.kms_uri);
  EXPECT_EQ(a.cert_uri, b.cert_uri);
  EXPECT_EQ(a.issuer, b.issuer);
  EXPECT_EQ(a.user_uri, b.user_uri);
  EXPECT_EQ(a.user_id, b.user_id);
  EXPECT_EQ(a.valid_from, b.valid_from);
  EXPECT_EQ(a.valid_to, b.valid_to);
  EXPECT_EQ(a.key_period_no, b.key_period_no);
  EXPECT_EQ(a.revoked, b.revoked);
  EXPECT_TRUE(same(a.decrypt_key, b.decrypt_key));
  EXPECT_TRUE(same(a.signing_key, b.signing_key));
  EXPECT_TRUE(same(a.public_token, b.public_token));
}

void expect_same(const Certificate& a, const Certificate& b) {
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.is_security_gateway, b.is_security_gateway);
  EXPECT_EQ(a.cert_uri, b.cert_uri);
  EXPECT_EQ(a.kms_uri, b.kms_uri);
  EXPECT_EQ(a.issuer, b.issuer);
  EXPECT_EQ(a.valid_from, b.valid_from);
  EXPECT_EQ(a.valid_to, b.valid_to);
  EXPECT_EQ(a.revoked, b.revoked);
  EXPECT_EQ(a.user_id_format, b.user_id_format);
  EXPECT_EQ(a.user_key_period, b.user_key_period);
  EXPECT_EQ(a.user_key_offset, b.user_key_offset);
  EXPECT_EQ(a.pub_enc_key, b.pub_enc_key);
  EXPECT_EQ(a.pub_auth_key, b.pub_auth_key);
  EXPECT_EQ(a.parameter_set, b.parameter_set);
  EXPECT_EQ(a.domains, b.domains);
}

TEST(KmsDocument, ARequestComesBack) {
  Request r{"sip:alice@example.org",
            "kms.example.org",
            *parse_time("2026-11-24T15:09:47"),
            "client 1",
            "device 7",
            "https://kms.example.org/keymanagement/identity/v1/init",
            Problem{-3, "a < b & c > \"d\""}};
  const std::string xml = written({r, Signature::none, "", {}});
  const auto back = read(xml);
  ASSERT_TRUE(back) << error_of(back);
  const auto& got = std::get<Request>(back->body);
  EXPECT_EQ(got.user_uri, r.user_uri);
  EXPECT_EQ(got.kms_uri, r.kms_uri);
  EXPECT_EQ(got.time, r.time);
  EXPECT_EQ(got.client_id, "client 1");
  EXPECT_EQ(got.device_id, "device 7");
  EXPECT_EQ(got.client_req_url, r.client_req_url);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, -3);
  EXPECT_EQ(got.error->message, "a < b & c > \"d\"");
  EXPECT_TRUE(back->notes.empty());
  EXPECT_EQ(written(*back), xml);
}

TEST(KmsDocument, KeySetsComeBack) {
  const Document d = key_prov_document();
  const std::string xml = written(d);
  const auto back = read(xml);
  ASSERT_TRUE(back) << error_of(back);
  ASSERT_EQ(key_prov(*back).key_sets.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) expect_same(key_prov(*back).key_sets[i], key_prov(d).key_sets[i]);
  EXPECT_TRUE(back->notes.empty());
  EXPECT_EQ(written(*back), xml);
}

TEST(KmsDocument, ACertificateComesBack) {
  Document d = init_document();
  auto& sent = std::get<Init>(std::get<Response>(d.body).message).certificate;
  sent.role = Role::external;
  sent.is_security_gateway = true;
  sent.revoked = true;
  sent.valid_to = parse_time("2099-12-31T23:59:59");
  const auto back = read(written(d));
  ASSERT_TRUE(back) << error_of(back);
  expect_same(std::get<Init>(std::get<Response>(back->body).message).certificate, sent);
}

TEST(KmsDocument, ACacheOfCertificatesComesBack) {
  CertCache cache{42, {}};
  for (int i = 0; i < 3; ++i) cache.certificates.push_back(certificate());
  cache.certificates[1].kms_uri = "kms.example.org";
  Response r = response();
  r.message = std::move(cache);
  r.kms_id = "the KMS";
  r.error = Problem{7, "some are missing"};
  const auto back = read(written({std::move(r), Signature::none, "", {}}));
  ASSERT_TRUE(back) << error_of(back);
  const auto& got = std::get<Response>(back->body);
  EXPECT_EQ(got.kms_id, "the KMS");
  EXPECT_EQ(got.error->message, "some are missing");
  const auto& certificates = std::get<CertCache>(got.message).certificates;
  EXPECT_EQ(std::get<CertCache>(got.message).number, 42U);
  ASSERT_EQ(certificates.size(), 3U);
  EXPECT_EQ(certificates[1].kms_uri, "kms.example.org");
  expect_same(certificates[2], certificate());
}

TEST(KmsDocument, PartsStandAloneInFiles) {
  auto one = read(written({certificate(), Signature::none, "", {}}));
  ASSERT_TRUE(one) << error_of(one);
  expect_same(std::get<Certificate>(one->body), certificate());
  one = read(written({key_set(1), Signature::none, "", {}}));
  ASSERT_TRUE(one) << error_of(one);
  expect_same(std::get<KeySet>(one->body), key_set(1));
  KeyProv prov;
  prov.key_sets.push_back(key_set(0));
  one = read(written({std::move(prov), Signature::none, "", {}}));
  ASSERT_TRUE(one) << error_of(one);
  EXPECT_EQ(std::get<KeyProv>(one->body).key_sets.size(), 1U);
  one = read(written({Init{certificate(), {}, {}}, Signature::none, "", {}}));
  ASSERT_TRUE(one) << error_of(one);
  one = read(written({CertCache{}, Signature::none, "", {}}));
  ASSERT_TRUE(one) << error_of(one);
  EXPECT_FALSE(std::get<CertCache>(one->body).number);
}

TEST(KmsDocument, WhatIsReadIsValidatedLikeJson) {
  const auto back = read(written(key_prov_document()));
  ASSERT_TRUE(back) << error_of(back);
  const auto init = read(written(init_document()));
  ASSERT_TRUE(init) << error_of(init);
  const auto record = to_record(std::get<Init>(std::get<Response>(init->body).message).certificate);
  ASSERT_TRUE(record) << record.error().to_string();
  const auto kms = ibc::Kms::load(*record);
  ASSERT_TRUE(kms) << kms.error().to_string();
  const auto alice = to_record(key_prov(*back).key_sets[1]);
  ASSERT_TRUE(alice) << alice.error().to_string();
  EXPECT_TRUE(ibc::KeySet::load(provider(), *kms, *alice, ibc::sakke::Tables::none));
  // Another user's keys under her name.
  auto wrong = user_record(0);
  wrong.uri = alice->uri;
  wrong.id.clear();
  EXPECT_FALSE(ibc::KeySet::load(provider(), *kms, wrong, ibc::sakke::Tables::none));
}

// ------------------------------------------------------------------ times

TEST(KmsDocument, Times) {
  EXPECT_EQ(time_text(*parse_time("2014-01-26T10:07:14Z")), "2014-01-26T10:07:14");
  EXPECT_EQ(parse_time("2014-01-26T10:07:14Z")->time_since_epoch().count(), 3599719634 - 2208988800);
  EXPECT_EQ(parse_time("2014-01-26T10:07:14"), parse_time("2014-01-26T10:07:14.999Z"));
  EXPECT_EQ(parse_time("2014-01-26T10:07:14"), parse_time("2014-01-26T12:37:14+02:30"));
  EXPECT_EQ(parse_time("2014-01-26T23:00:00-14:00"), parse_time("2014-01-27T13:00:00"));
  EXPECT_EQ(time_text(*parse_time("1900-01-01T00:00:00")), "1900-01-01T00:00:00");
  EXPECT_EQ(time_text(*parse_time("2024-02-29T23:59:59")), "2024-02-29T23:59:59");
  for (const char* bad :
       {"", "2014", "2014-01-26", "2014-01-26 10:07:14", "2014-1-26T10:07:14", "2014-13-26T10:07:14",
        "2014-02-29T10:07:14", "2014-00-01T10:07:14", "2014-01-26T24:07:14", "2014-01-26T10:60:14",
        "2014-01-26T10:07:60", "2014-01-26T10:07:14.", "2014-01-26T10:07:14+15:00", "2014-01-26T10:07:14+02",
        "2014-01-26T10:07:14ZZ", "1899-12-31T23:59:59", "-014-01-26T10:07:14", "12014-01-26T10:07:14"})
    EXPECT_FALSE(parse_time(bad)) << bad;
}

// ------------------------------------------------------------------ what products write

TEST(KmsDocument, StreamwidesFormOfAResponse) {
  // No Version on the response, no type on the keys, hexadecimal UserID, no Revoked, an unprefixed xsi:type.
  const auto& user = mcx().at("users").at(1);
  const auto text = [&](const char* name) { return user.at(name).get<std::string>(); };
  const std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<KmsResponse xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" Id=\"xmldoc\">\n"
      " <UserUri>sip:alice@streamwide.com</UserUri>\n <KmsUri>kms.mydev.streamwide.com</KmsUri>\n"
      " <Time>2021-05-17T13:25:16</Time>\n <ClientReqUrl>http://localhost:8080/keyprov</ClientReqUrl>\n"
      " <KmsMessage><KmsKeyProv Version=\"1.0.0\" xsi:type=\"KmsKeyProvTkIkType\"><KmsKeySet "
      "Version=\"1.1.0\">\n"
      "  <KmsUri>kms.mydev.streamwide.com</KmsUri><UserUri>sip:alice@streamwide.com</UserUri>\n"
      "  <UserID>" +
      text("id") +
      "</UserID><KeyPeriodNo>236</KeyPeriodNo>\n"
      "  <UserDecryptKey>\n" +
      text("RSK") +
      "\n</UserDecryptKey>\n"
      "  <UserSigningKeySSK>" +
      text("SSK") +
      "</UserSigningKeySSK>\n"
      "  <UserPubTokenPVT>" +
      text("PVT") +
      "</UserPubTokenPVT>\n"
      " </KmsKeySet></KmsKeyProv></KmsMessage>\n</KmsResponse>";
  const auto d = read(xml);
  ASSERT_TRUE(d) << error_of(d);
  const auto record = to_record(key_prov(*d).key_sets.at(0));
  ASSERT_TRUE(record);
  EXPECT_TRUE(
      ibc::KeySet::load(provider(), *ibc::Kms::load(kms_record()), *record, ibc::sakke::Tables::none));
}

TEST(KmsDocument, NamespacesAsProductsWriteThem) {
  const std::string xml = written(init_document());
  // A prefix, Kapsch's own namespace, and none.
  std::string prefixed;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    prefixed += xml[i];
    if (xml[i] == '<' && xml[i + 1] == '/') prefixed += xml[++i];
    if ((xml[i] == '<' || (xml[i] == '/' && xml[i - 1] == '<')) && std::isalpha(xml[i + 1]) != 0)
      prefixed += "k:";
  }
  prefixed = replaced(prefixed, "xmlns=", "xmlns:k=");
  EXPECT_TRUE(read(prefixed)) << error_of(read(prefixed)) << prefixed;
  const std::string ns = "urn:3gpp:ns:mcsecKMSInterface:1.0";
  EXPECT_TRUE(read(replaced(xml, ns, "http://www.kapsch.net/mcptt/xml/KmsInterface")));
  EXPECT_TRUE(read(replaced(xml, " xmlns=\"" + ns + "\"", "")));
  EXPECT_THAT(error_of(read(replaced(xml, ns, "urn:example"))), HasSubstr("namespace \"urn:example\""));
}

TEST(KmsDocument, KeysInBase64AndIntegersOfOtherLengths) {
  const auto& user = mcx().at("users").at(1);
  const std::string xml = written(key_prov_document());
  const auto upper = [](std::string s) {
    for (char& c : s) c = static_cast<char>(std::toupper(c));
    return s;
  };
  const std::string ssk = upper(user.at("SSK")), rsk = upper(user.at("RSK"));
  const auto got = [&](const std::string& changed) {
    auto d = read(changed);
    EXPECT_TRUE(d) << error_of(d);
    return d ? to_hex(key_prov(*d).key_sets[1].signing_key.key.reveal()) +
                   to_hex(key_prov(*d).key_sets[1].decrypt_key.key.reveal())
             : "";
  };
  const std::string want = got(xml);
  EXPECT_EQ(got(replaced(xml, rsk, to_base64(mikey::test::hex(rsk)))), want);
  EXPECT_EQ(got(replaced(xml, ssk, "0000" + ssk)), want);   // an integer with zeros before it
  EXPECT_EQ(got(replaced(xml, rsk, rsk.substr(2))), want);  // a point without its form octet
  EXPECT_EQ(got(replaced(xml, rsk, rsk.substr(0, 100) + "<!-- cut -->\n  " + rsk.substr(100))), want);
  EXPECT_FALSE(read(replaced(xml, ssk, "0100" + ssk)));
  EXPECT_FALSE(read(replaced(xml, rsk, rsk.substr(4))));
}

TEST(KmsDocument, OtherOrderAndExtensionsAreTaken) {
  const std::string xml = written(init_document());
  const std::string format = "<UserIdFormat>2</UserIdFormat>";
  std::string moved = replaced(xml, format, "");
  moved = replaced(moved, "<PubEncKey>", format + "<PubEncKey>");
  auto d = read(moved);
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_TRUE(d->notes.empty());
  d = read(replaced(xml, format, format + "<e:More xmlns:e=\"urn:example\"><e:Deep/></e:More>"));
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_TRUE(d->notes.empty());
  d = read(replaced(xml, format, format + "<TrK-ID>7</TrK-ID>"));
  ASSERT_TRUE(d) << error_of(d);
  ASSERT_EQ(d->notes.size(), 1U);
  EXPECT_THAT(d->notes[0], HasSubstr("<TrK-ID> in <KmsCertificate> is not known"));
}

TEST(KmsDocument, RecordsSayWhatTheyCannotTake) {
  const auto refused = [](auto change, const char* word) {
    Certificate c = certificate();
    change(c);
    const auto r = to_record(c);
    ASSERT_FALSE(r) << word;
    EXPECT_THAT(r.error().detail, HasSubstr(word));
  };
  refused([](auto& c) { c.revoked = true; }, "<Revoked>");
  refused([](auto& c) { c.user_id_format = "1"; }, "<UserIdFormat>");
  refused([](auto& c) { c.parameter_set = 2; }, "<ParameterSet>");
  refused([](auto& c) { c.user_key_offset = c.user_key_period; }, "<UserKeyPeriod>");
  refused([](auto& c) { c.user_key_period = std::uint64_t{1} << 32; }, "<UserKeyPeriod>");
  KeySet k = key_set(1);
  k.revoked = true;
  EXPECT_THAT(to_record(k).error().detail, HasSubstr("<Revoked>"));
  k = key_set(1);
  k.public_token.key.clear();
  EXPECT_THAT(to_record(k).error().detail, HasSubstr("wrapped"));
  k = key_set(1);
  k.key_period_no = std::uint64_t{1} << 32;
  EXPECT_THAT(to_record(k).error().detail, HasSubstr("<KeyPeriodNo>"));
  ibc::KmsRecord monthly = kms_record();
  monthly.ids = {};
  EXPECT_THAT(to_certificate(monthly).error().detail, HasSubstr("JSON"));
  EXPECT_THAT(to_key_set(user_record(0), {}).error().detail, HasSubstr("JSON"));
}

TEST(KmsDocument, PeriodsAndValidityAreTheSame) {
  ibc::KmsRecord k = kms_record();
  k.ids = {SakkeIdScheme::mcx_hashed_uid, 2592000, 7};
  k.from = ibc::KeyPeriod{1388};
  k.to = ibc::KeyPeriod{1544};
  const auto c = to_certificate(k);
  ASSERT_TRUE(c);
  EXPECT_EQ(*to_record(*c), k);
  auto open = *c;
  open.valid_from = parse_time("1950-01-01T00:00:00");
  open.valid_to = parse_time("9999-12-31T23:59:59");
  EXPECT_FALSE(to_record(open)->from);
  EXPECT_FALSE(to_record(open)->to);
  // Ending where a period begins does not mean that period.
  open.valid_to = *c->valid_to + std::chrono::seconds(1);
  EXPECT_EQ(to_record(open)->to, k.to);
  auto user = user_record(0);
  user.period = {1544};
  const auto set = to_key_set(user, k.ids);
  ASSERT_TRUE(set);
  EXPECT_EQ(*set->valid_to - *set->valid_from, std::chrono::seconds(2591999));
  EXPECT_EQ(to_record(*set)->period, user.period);
}

}  // namespace
}  // namespace mikey::kms::test
