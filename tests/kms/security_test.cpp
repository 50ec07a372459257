// Wrapped keys and signatures of KMS documents.
#include "kms/samples.hpp"

namespace mikey::kms::test {
namespace {

using testing::HasSubstr;

class KmsSecurity : public testing::Test {
 protected:
  const SecurityKey trk_ = security_key("trk-1", 0x11);
  const SecurityKey ink_ = security_key("ink-1", 0x22);
  const SecurityKey other_ = security_key("other", 0x33);

  std::vector<SecurityKey> both() const { return security_keys({{"trk-1", 0x11}, {"ink-1", 0x22}}); }
  std::string sealed(Wrap wrap = Wrap::rfc5649) const {
    return written(key_prov_document(), {&trk_, wrap, &ink_});
  }
};

Result<Document> read_with(std::string_view xml, const std::vector<SecurityKey>& keys) {
  return read(xml, {keys, false});
}

TEST_F(KmsSecurity, WrappedAndSignedComesBack) {
  for (const Wrap wrap : {Wrap::rfc5649, Wrap::rfc5649_3gpp}) {
    const std::string xml = sealed(wrap);
    const auto d = read(xml, {both(), true});
    ASSERT_TRUE(d) << error_of(d) << xml;
    EXPECT_EQ(d->signature, Signature::verified);
    EXPECT_EQ(d->signature_key, "ink-1");
    const KeySet& k = key_prov(*d).key_sets.at(1);
    EXPECT_TRUE(ct_equal(k.decrypt_key.key.reveal(), user_record(1).rsk.reveal()));
    EXPECT_TRUE(ct_equal(k.signing_key.key.reveal(), user_record(1).ssk.reveal()));
    EXPECT_TRUE(ct_equal(k.public_token.key.reveal(), user_record(1).pvt));
    EXPECT_EQ(k.decrypt_key.wrapped->key_name, "trk-1");
    std::string ssk = mcx().at("users").at(1).at("SSK");
    EXPECT_EQ(xml.find(ssk), std::string::npos);
  }
}

TEST_F(KmsSecurity, WithoutKeysItStaysWrappedAndUnchecked) {
  const std::string xml = sealed();
  const auto d = read(xml);
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_EQ(d->signature, Signature::unchecked);
  EXPECT_FALSE(key_prov(*d).key_sets.at(0).decrypt_key.opened());
  EXPECT_EQ(key_prov(*d).key_sets.at(0).decrypt_key.wrapped->octets.size(), 272U);
  // Written again it is as it was, and opens.
  const auto again = read(written(*d), {both(), false});
  ASSERT_TRUE(again) << error_of(again);
  EXPECT_TRUE(
      ct_equal(key_prov(*again).key_sets.at(0).signing_key.key.reveal(), user_record(0).ssk.reveal()));
  EXPECT_EQ(read(xml, {{}, true}).error().code, ErrorCode::auth_failure);
  EXPECT_EQ(read(written(key_prov_document()), {both(), true}).error().code, ErrorCode::auth_failure);
}

TEST_F(KmsSecurity, TheNamedKeyIsTheOneTried) {
  const std::string xml = sealed();
  const auto renamed = security_keys({{"trk-1", 0x99}, {"x", 0x11}, {"ink-1", 0x22}});
  EXPECT_EQ(read_with(xml, renamed).error().code, ErrorCode::auth_failure);
  const auto nameless = security_keys({{"", 0x33}, {"", 0x22}, {"", 0x11}});
  EXPECT_TRUE(read_with(xml, nameless)) << error_of(read_with(xml, nameless));
}

TEST_F(KmsSecurity, WrongKeysAreRefused) {
  const std::string xml = sealed();
  const auto no_ink = security_keys({{"trk-1", 0x11}});
  EXPECT_THAT(error_of(read_with(xml, no_ink)), HasSubstr("<Signature> was made by none"));
  const auto no_trk = security_keys({{"ink-1", 0x22}});
  EXPECT_THAT(error_of(read_with(xml, no_trk)), HasSubstr("<UserDecryptKey> cannot be opened"));
  const auto short_ink = security_keys({{"ink-1", 0x22, 15}, {"trk-1", 0x11}});
  EXPECT_EQ(read_with(xml, short_ink).error().code, ErrorCode::bad_request);
}

TEST_F(KmsSecurity, EveryChangeOfASignedDocumentIsNoticed) {
  const std::string xml = sealed();
  const std::size_t begin = xml.find("<KmsResponse"), end = xml.find("</KmsResponse>");
  std::size_t changed = 0;
  for (std::size_t i = begin; i < end; i += 11) {
    std::string bad = xml;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    const auto d = read_with(bad, both());
    EXPECT_FALSE(d) << "octet " << i;
    if (!d && d.error().code == ErrorCode::auth_failure) ++changed;
  }
  EXPECT_GT(changed, 200U);  // most changes leave it well-formed
  for (const char* word : {"<ds:SignatureValue>", "<ds:DigestValue>"}) {
    std::string bad = xml;
    char& c = bad[bad.find(word) + std::string_view(word).size() + 3];
    c = c == 'A' ? 'B' : 'A';
    EXPECT_EQ(read_with(bad, both()).error().code, ErrorCode::auth_failure) << word;
  }
}

TEST_F(KmsSecurity, ASignatureCannotCoverSomethingElse) {
  const std::string xml = sealed();
  const std::size_t begin = xml.find("<KmsResponse"), end = xml.find("</KmsResponse>") + 14;
  const std::string genuine = xml.substr(begin, end - begin);
  const std::string forged = replaced(genuine, "sip:alice", "sip:mallo");
  // The genuine one hidden elsewhere, the forged one where it is read: with its Id twice, changed or missing.
  for (const std::string& other :
       {forged, replaced(forged, "Id=\"xmldoc\"", "Id=\"other\""), replaced(forged, "Id=\"xmldoc\"", ""),
        replaced(forged, "Id=\"xmldoc\"", "xml:id=\"xmldoc\"")}) {
    const auto hidden = "<x xmlns=\"urn:example\">" + genuine + "</x>";
    EXPECT_FALSE(read_with(replaced(xml, genuine, other + hidden), both()));
    EXPECT_FALSE(read_with(replaced(xml, genuine, hidden + other), both()));
    EXPECT_FALSE(read_with(replaced(xml, genuine, other + genuine), both()));
    EXPECT_FALSE(read_with(replaced(xml, "<ds:KeyInfo>", "<ds:Object>" + genuine + "</ds:Object><ds:KeyInfo>")
                               .replace(begin, genuine.size(), other),
                           both()));
  }
  EXPECT_FALSE(read_with(replaced(xml, "URI=\"#xmldoc\"", "URI=\"\""), both()));
  EXPECT_FALSE(read_with(replaced(xml, "URI=\"#xmldoc\"", "URI=\"#xpointer(id('xmldoc'))\""), both()));
  EXPECT_FALSE(read_with(replaced(xml, "URI=\"#xmldoc\"", "URI=\"file:///etc/passwd\""), both()));
}

TEST_F(KmsSecurity, SignaturesOfOtherFormsAreRefused) {
  const std::string xml = sealed();
  const auto bad = [&](const char* from, const char* to, const char* word) {
    EXPECT_THAT(error_of(read_with(replaced(xml, from, to), both())), HasSubstr(word)) << to;
  };
  bad("xmldsig-more#hmac-sha256", "xmldsig-more#hmac-sha512", "not HMAC-SHA-256");
  bad("2001/04/xmldsig-more#hmac-sha256", "2000/09/xmldsig#hmac-sha1", "not HMAC-SHA-256");
  bad("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1", "not by SHA-256");
  bad("REC-xml-c14n-20010315", "REC-xslt-19991116", "canonicalisation");
  bad("#hmac-sha256\"/>", "#hmac-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
      "parameters");
  bad("<ds:DigestMethod",
      "<ds:Transforms><ds:Transform "
      "Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms>"
      "<ds:DigestMethod",
      "transform that is not taken");
  bad("</ds:Reference>", "</ds:Reference><ds:Reference URI=\"\"/>", "exactly one <Reference>");
  bad("</ds:Signature>", "</ds:Signature><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
      "exactly one signature");
}

TEST_F(KmsSecurity, RequestsAreSignedToo) {
  const Request r{"sip:alice@example.org",
                  "kms.example.org",
                  *parse_time("2026-11-24T15:09:47"),
                  "",
                  "",
                  "https://kms.example.org/keymanagement/identity/v1/init",
                  std::nullopt};
  const std::string xml = written({r, Signature::none, "", {}}, {nullptr, Wrap::rfc5649, &ink_});
  EXPECT_THAT(xml, HasSubstr("<SignedKmsRequest"));
  const auto d = read(xml, {both(), true});
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_EQ(std::get<Request>(d->body).user_uri, r.user_uri);
  EXPECT_FALSE(read(replaced(xml, "alice", "malle"), {both(), false}));
}

TEST_F(KmsSecurity, NewKeysTravelWrapped) {
  Document d = init_document();
  auto& init = std::get<Init>(std::get<Response>(d.body).message);
  init.new_transport_keys.push_back({SecretBytes{ByteView(Bytes(32, 0x44))}, std::nullopt});
  init.new_integrity_keys.push_back({SecretBytes{ByteView(Bytes(48, 0x55))}, std::nullopt});
  const std::string xml = written(d, {&trk_, Wrap::rfc3394, nullptr});  // multiples of 8: RFC 3394 takes them
  EXPECT_THAT(xml, HasSubstr("KmsInitTkIkType"));
  const auto back = read_with(xml, both());
  ASSERT_TRUE(back) << error_of(back);
  const auto& got = std::get<Init>(std::get<Response>(back->body).message);
  EXPECT_TRUE(ct_equal(got.new_transport_keys.at(0).key.reveal(), Bytes(32, 0x44)));
  EXPECT_TRUE(ct_equal(got.new_integrity_keys.at(0).key.reveal(), Bytes(48, 0x55)));
}

TEST_F(KmsSecurity, WrappedFormsOfProducts) {
  // Kapsch: EncryptedData in place of EncryptedKey, the wrapped key in hexadecimal, RFC 5649 named kw-aes256.
  const auto wrapped = provider().aes_wrap_padded(trk_.key.reveal(), user_record(0).ssk.reveal());
  ASSERT_TRUE(wrapped);
  const std::string plain = written(key_prov_document());
  const std::size_t begin = plain.find("<UserSigningKeySSK");
  const std::size_t end = plain.find("</UserSigningKeySSK>");
  const auto with = [&](const std::string& method, const std::string& value) {
    std::string out = plain;
    return out.replace(
        begin, end - begin,
        "<UserSigningKeySSK><EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\" "
        "Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\"><EncryptionMethod Algorithm=\"" +
            method + "\"/><CipherData><CipherValue>" + value + "</CipherValue></CipherData></EncryptedData>");
  };
  const std::string kw = "http://www.w3.org/2001/04/xmlenc#kw-aes256";
  auto d = read_with(with(kw, to_hex(*wrapped)), both());
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_TRUE(ct_equal(key_prov(*d).key_sets.at(0).signing_key.key.reveal(), user_record(0).ssk.reveal()));
  // A point without its form octet, so that RFC 3394 takes it.
  const Bytes whole_pvt = user_record(0).pvt;
  const auto short_pvt =
      provider().aes_wrap(trk_.key.reveal(), Bytes(8, 0xa6), ByteView(whole_pvt).subspan(1));
  ASSERT_TRUE(short_pvt);
  std::string pvt = plain;
  const std::size_t at = pvt.find("<UserPubTokenPVT"), stop = pvt.find("</UserPubTokenPVT>");
  pvt.replace(
      at, stop - at,
      "<UserPubTokenPVT><e:EncryptedKey xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\"><e:EncryptionMethod "
      "Algorithm=\"" +
          kw + "\"/><e:CipherData><e:CipherValue>" + to_base64(*short_pvt) +
          "</e:CipherValue></e:CipherData></e:EncryptedKey>");
  d = read_with(pvt, both());
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_TRUE(ct_equal(key_prov(*d).key_sets.at(0).public_token.key.reveal(), user_record(0).pvt));
  EXPECT_TRUE(read_with(with("http://www.w3.org/2009/xmlenc11#kw-aes256-pad", to_base64(*wrapped)), both()));
  EXPECT_FALSE(read_with(with("http://www.w3.org/2001/04/xmlenc#kw-aes128", to_base64(*wrapped)), both()));
  EXPECT_FALSE(read_with(with(kw, "!!"), both()));
  EXPECT_FALSE(read_with(with(kw, ""), both()));
  EXPECT_FALSE(read_with(with(kw, to_base64(Bytes(7))), both()));
  EXPECT_FALSE(read_with(
      replaced(with(kw, to_hex(*wrapped)), "<CipherData>", "<CipherReference/><CipherDat>"), both()));
}

std::string sha256(std::string_view text) {
  Bytes out(32);
  const ByteView parts[] = {as_bytes(text)};
  EXPECT_TRUE(provider().hash(crypto::Hash::sha256, parts, out));
  return to_base64(out);
}

TEST_F(KmsSecurity, KapschsFormOfASignature) {
  // The envelope stands in no namespace and has the Id that is referred to; an enveloped-signature transform,
  // canonical XML with comments. All of it is written in canonical form here, so that the signature is
  // computed without any XML library.
  const std::string inside =
      "<KmsResponse "
      "xmlns=\"http://www.kapsch.net/mcptt/xml/KmsInterface\"><UserUri>sip:alice@example.org</UserUri>"
      "<KmsUri>kms.example.org</KmsUri><Time>2026-11-24T15:09:47</Time><ClientReqUrl>https://kms</"
      "ClientReqUrl>"
      "</KmsResponse>";
  const std::string head = "<SignedKmsResponse Id=\"cid-1\">" + inside, tail = "</SignedKmsResponse>";
  const std::string method =
      "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments\">"
      "</CanonicalizationMethod><SignatureMethod "
      "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256\">"
      "</SignatureMethod><Reference URI=\"#cid-1\"><Transforms><Transform "
      "Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></Transform></"
      "Transforms><DigestMethod "
      "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod><DigestValue>" +
      sha256(head + tail) + "</DigestValue></Reference></SignedInfo>";
  const std::string ns = " xmlns=\"http://www.w3.org/2000/09/xmldsig#\">";
  const std::string signed_info = "<SignedInfo" + ns + method;
  Bytes mac(32);
  const ByteView parts[] = {as_bytes(signed_info)};
  ASSERT_TRUE(provider().hmac(crypto::Hash::sha256, ink_.key.reveal(), parts, mac));
  const std::string xml = head + "<Signature" + ns + "<SignedInfo>" + method + "<SignatureValue>" +
                          to_base64(mac) + "</SignatureValue></Signature>" + tail;
  const auto d = read(xml, {both(), true});
  ASSERT_TRUE(d) << error_of(d);
  EXPECT_EQ(d->signature, Signature::verified);
  EXPECT_EQ(std::get<Response>(d->body).user_uri, "sip:alice@example.org");
  EXPECT_FALSE(read(replaced(xml, "alice", "malle"), {both(), true}));
  // Without the transform a signature would have to cover itself.
  EXPECT_FALSE(read(replaced(xml, "#enveloped-signature", "#other"), {both(), true}));
}

TEST_F(KmsSecurity, OptionsThatDoNotFit) {
  const auto bad = [&](const Document& d, const WriteOptions& o, const char* word) {
    const auto out = write_xml(provider(), d, o);
    ASSERT_FALSE(out) << word;
    EXPECT_EQ(out.error().code, ErrorCode::bad_request);
    EXPECT_THAT(out.error().detail, HasSubstr(word));
  };
  const SecurityKey small = security_key("small", 1, 15);
  bad(key_prov_document(), {&small, Wrap::rfc5649, nullptr}, "32 octets");
  bad(key_prov_document(), {nullptr, Wrap::rfc5649, &small}, "16 to 128 octets");
  bad(key_prov_document(), {&trk_, Wrap::rfc3394, nullptr}, "two or more blocks");
  bad({certificate(), Signature::none, "", {}}, {nullptr, Wrap::rfc5649, &ink_}, "only whole");
}

}  // namespace
}  // namespace mikey::kms::test
