// KMS documents that are damaged, or meant to do damage.
#include "kms/samples.hpp"

namespace mikey::kms::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kOpen = "<KmsResponse xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\">";

TEST(KmsHostile, NoDocumentTypeDeclaration) {
  const std::string body = written(init_document());
  const std::string after_declaration = body.substr(body.find('\n') + 1);
  for (const char* type :
       {"<!DOCTYPE KmsResponse>", "<!DOCTYPE KmsResponse SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE KmsResponse SYSTEM \"http://127.0.0.1:1/x.dtd\">",
        "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]>",
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
        "\"&b;&b;&b;&b;&b;&b;&b;&b;\">]>"}) {
    const auto d = read(type + after_declaration);
    EXPECT_THAT(error_of(d), HasSubstr("document type declaration")) << type;
  }
}

TEST(KmsHostile, BillionLaughsExpandNothing) {
  std::string xml = "<!DOCTYPE r [<!ENTITY e0 \"lol\">";
  for (int i = 1; i < 30; ++i) {
    const std::string from = "&e" + std::to_string(i - 1) + ";";
    xml += "<!ENTITY e" + std::to_string(i) + " \"" + from + from + from + from + "\">";
  }
  xml += "]>" + std::string(kOpen) + "<UserUri>&e29;</UserUri></KmsResponse>";
  EXPECT_THAT(error_of(read(xml)), HasSubstr("document type declaration"));
}

TEST(KmsHostile, EntitiesThatNobodyDeclared) {
  const auto d = read(std::string(kOpen) + "<UserUri>&secret;</UserUri></KmsResponse>");
  EXPECT_THAT(error_of(d), HasSubstr("not well-formed"));
}

TEST(KmsHostile, TooDeepTooManyTooLong) {
  std::string deep = kOpen;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  EXPECT_FALSE(read(deep));
  std::string attributes = "<KmsResponse";
  for (int i = 0; i < 1000; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
  EXPECT_EQ(read(attributes + "/>").error().code, ErrorCode::resource);
  std::string many = kOpen;
  for (int i = 0; i < 1'600'000; ++i) many += "<a/>";
  EXPECT_EQ(read(many + "</KmsResponse>").error().code, ErrorCode::resource);
  EXPECT_EQ(read(std::string(kMaxDocument + 1, ' ')).error().code, ErrorCode::resource);
  const std::string uri(2000, 'a');
  EXPECT_THAT(error_of(read(replaced(written(init_document()), "sip:alice@streamwide.com", uri))),
              HasSubstr("more than 1024 octets"));
}

TEST(KmsHostile, NoXmlAtAll) {
  for (const std::string& xml :
       {std::string(), std::string(" "), std::string("<"), std::string("hello"), std::string(1, '\0'),
        std::string("\xff\xfe<\0a\0/\0>\0", 10), std::string("<a>\xc3\x28</a>"),
        std::string("<?xml version=\"1.0\"?>"), std::string("{\"kms_uri\": \"kms.example.org\"}")}) {
    const auto d = read(xml);
    EXPECT_THAT(error_of(d), HasSubstr("line ")) << xml;
  }
}

TEST(KmsHostile, CutAnywhereIsAnError) {
  const std::string xml = written(key_prov_document());
  const std::size_t end = xml.rfind('>');
  for (std::size_t i = 0; i < end; i += (i < 600 ? 1 : 37)) EXPECT_FALSE(read(xml.substr(0, i))) << i;
}

TEST(KmsHostile, ErrorsNameTheLineAndTheElement) {
  const std::string xml = written(init_document());
  const auto line_of = [&](const char* what) {
    return 1 + std::count(xml.begin(), xml.begin() + static_cast<std::ptrdiff_t>(xml.find(what)), '\n');
  };
  const auto d = read(replaced(xml, "<UserKeyPeriod>16777215", "<UserKeyPeriod>sometimes"));
  EXPECT_THAT(d.error().detail, StartsWith("line " + std::to_string(line_of("<UserKeyPeriod>")) +
                                           ": <UserKeyPeriod> is no whole"));
  EXPECT_EQ(std::string_view(d.error().rfc), "TS 33.180 D");
}

TEST(KmsHostile, EveryElementIsNeededOnceAndOfItsForm) {
  const std::string init = written(init_document());
  for (const char* name : {"UserUri", "KmsUri", "Time", "ClientReqUrl", "UserIdFormat", "UserKeyPeriod",
                           "UserKeyOffset", "PubEncKey", "PubAuthKey"}) {
    const std::string tag = std::string("<") + name + ">";
    const std::size_t begin = init.find(tag);
    const std::string end_tag = std::string("</") + name + ">";
    const std::size_t end = init.find(end_tag, begin) + end_tag.size();
    const std::string whole = init.substr(begin, end - begin);
    EXPECT_THAT(error_of(read(replaced(init, whole, ""))), HasSubstr("lacks <" + std::string(name))) << name;
    EXPECT_THAT(error_of(read(replaced(init, whole, whole + whole))), HasSubstr("stands twice")) << name;
    EXPECT_FALSE(read(replaced(init, whole, tag + end_tag))) << name;
    EXPECT_FALSE(read(replaced(init, whole, tag + "<x/>" + end_tag))) << name;
  }
  const std::string prov = written(key_prov_document());
  for (const char* name :
       {"UserID", "KeyPeriodNo", "UserDecryptKey", "UserSigningKeySSK", "UserPubTokenPVT"}) {
    const std::size_t begin = prov.find(std::string("<") + name);
    const std::string end_tag = std::string("</") + name + ">";
    const std::size_t end = prov.find(end_tag, begin) + end_tag.size();
    const std::string whole = prov.substr(begin, end - begin);
    EXPECT_THAT(error_of(read(replaced(prov, whole, ""))), HasSubstr("lacks <" + std::string(name))) << name;
    EXPECT_THAT(error_of(read(replaced(prov, whole, whole + whole))), HasSubstr("stands twice")) << name;
    EXPECT_FALSE(read(replaced(prov, whole, std::string("<") + name + ">xyz" + end_tag))) << name;
    EXPECT_FALSE(read(replaced(prov, whole, std::string("<") + name + ">" + end_tag))) << name;
  }
}

TEST(KmsHostile, ValuesOutOfTheirRange) {
  const std::string init = written(init_document());
  const auto bad = [&](const char* from, const char* to) {
    EXPECT_FALSE(read(replaced(init, from, to))) << to;
  };
  bad("<UserKeyPeriod>16777215<", "<UserKeyPeriod>-1<");
  bad("<UserKeyPeriod>16777215<", "<UserKeyPeriod>99999999999999999999<");
  bad("<UserKeyPeriod>16777215<", "<UserKeyPeriod>1e3<");
  bad("<UserKeyPeriod>16777215<", "<UserKeyPeriod>+<");
  bad("<Revoked>false<", "<Revoked>maybe<");
  bad("Role=\"Root\"", "Role=\"Middle\"");
  bad("<ValidFrom>2014-01-26T00:00:00<", "<ValidFrom>2014-02-30T00:00:00<");
  bad("<KmsUri>kms.mydev.streamwide.com<", "<KmsUri>kms mydev<");
  bad("<ClientReqUrl>https", "<ClientReqUrl>&#9;https&#9;x");
  EXPECT_TRUE(read(replaced(init, "<UserKeyPeriod>16777215<", "<UserKeyPeriod> +016777215 <")));
}

TEST(KmsHostile, MessagesThatAreNone) {
  const std::string init = written(init_document());
  const std::size_t begin = init.find("<KmsInit");
  const std::size_t end = init.find("</KmsInit>") + 10;
  const std::string message = init.substr(begin, end - begin);
  EXPECT_THAT(error_of(read(replaced(init, message, message + message))),
              HasSubstr("beside another message"));
  auto d = read(replaced(init, message, "<KmsLookup/>"));
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_EQ(std::get<Response>(d->body).message.index(), 0U);
  ASSERT_EQ(d->notes.size(), 1U);
  EXPECT_THAT(d->notes[0], HasSubstr("<KmsLookup>"));
  EXPECT_THAT(error_of(read(replaced(init, message, "<KmsInit/>"))),
              HasSubstr("exactly one KMS certificate"));
  EXPECT_THAT(error_of(read("<Other xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\"/>")),
              HasSubstr("<Other> is no document of a KMS"));
  EXPECT_THAT(error_of(read("<KmsCertCache xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\" CacheNum=\"-1\"/>")),
              HasSubstr("CacheNum"));
}

TEST(KmsHostile, ErrorsShowNoKeys) {
  const std::string prov = written(key_prov_document());
  std::string ssk = mcx().at("users").at(0).at("SSK");
  for (char& c : ssk) c = static_cast<char>(std::toupper(c));
  for (const std::string& change : {ssk + "!", ssk + "<", ssk + "&", ssk + "</KmsKeySet>", "<" + ssk + ">"}) {
    const auto d = read(replaced(prov, ssk, change));
    ASSERT_FALSE(d) << change;
    EXPECT_EQ(error_of(d).find(ssk.substr(0, 12)), std::string::npos) << error_of(d);
  }
}

TEST(KmsHostile, WhatCannotBeWrittenIsRefused) {
  const auto refused = [](Document d, const char* word) {
    const auto out = write_xml(provider(), d);
    ASSERT_FALSE(out) << word;
    EXPECT_EQ(out.error().code, ErrorCode::bad_request);
    EXPECT_THAT(out.error().detail, HasSubstr(word));
  };
  for (const char* text :
       {"a\x01z", "a\nz", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    Certificate c = certificate();
    c.issuer = text;
    refused({c, Signature::none, "", {}}, "character");
  }
  Certificate c = certificate();
  c.kms_uri.clear();
  refused({c, Signature::none, "", {}}, "<KmsUri> is empty");
  c = certificate();
  c.pub_enc_key.pop_back();
  refused({c, Signature::none, "", {}}, "<PubEncKey>");
  KeySet k = key_set(0);
  k.signing_key.key.clear();
  refused({std::move(k), Signature::none, "", {}}, "<UserSigningKeySSK> has no key");
  k = key_set(0);
  k.decrypt_key.key = SecretBytes(256);
  refused({std::move(k), Signature::none, "", {}}, "<UserDecryptKey> has not 257");
  Certificate good = certificate();
  good.issuer = "Ünïcode \xf0\x9f\x94\x91 & <tags> \"quoted\" 'single' ]]>";
  const auto back = read(written({good, Signature::none, "", {}}));
  ASSERT_TRUE(back) << error_of(back);
  EXPECT_EQ(std::get<Certificate>(back->body).issuer, good.issuer);
}

}  // namespace
}  // namespace mikey::kms::test
