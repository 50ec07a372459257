#include "unit/lint_support.hpp"

namespace mikey::profile {
namespace {

// ------------------------------------------------------------------ identities and certificates

TEST(LintIdentity, Ids) {
  const auto with = [](IdType type, std::string_view text) {
    Draft d;
    d.ids = {{type, std::string(text)}};
    return d.message();
  };
  EXPECT_FALSE(has(with(IdType::uri, "sip:alice@example.com"), "id-not-uri"));
  EXPECT_FALSE(has(with(IdType::uri, "tel:+15551234"), "id-not-uri"));
  EXPECT_TRUE(has(with(IdType::uri, "alice@example.com"), "id-not-uri"));
  EXPECT_TRUE(has(with(IdType::uri, "kms.example.com:8080"), "id-not-uri"));
  EXPECT_TRUE(has(with(IdType::uri, "sip:"), "id-not-uri"));
  EXPECT_TRUE(has(with(IdType::uri, ":x"), "id-not-uri"));
  EXPECT_FALSE(has(with(IdType::nai, "alice@example.com"), "id-not-nai"));
  EXPECT_TRUE(has(with(IdType::nai, "alice"), "id-not-nai"));
  EXPECT_TRUE(has(with(IdType::uri, ""), "id-empty"));
  EXPECT_FALSE(has(with(IdType::uri, "sip:x"), "id-empty"));
  EXPECT_TRUE(has(with(IdType::uri, std::string_view("sip:x\0", 6)), "id-not-text"));
  EXPECT_TRUE(has(with(IdType::uri, "sip:\xff"), "id-not-text"));
  EXPECT_TRUE(has(with(IdType::uri, "sip:\x1b[31m"), "id-not-text"));
  EXPECT_TRUE(has(with(IdType::uri, "sip:\xc3"), "id-not-text"));
  EXPECT_FALSE(has(with(IdType::uri, "sip:j\xc3\xbcrgen@example.com"), "id-not-text"));
  EXPECT_FALSE(has(with(IdType::byte_string, "\x01\xff"), "id-not-text"));
}

TEST(LintIdentity, HowMany) {
  Draft d;
  EXPECT_FALSE(has(d.message(), "id-missing"));
  EXPECT_TRUE(has(d.message(), "id-present", Peer::gstreamer));
  EXPECT_FALSE(has(d.message(), "id-present"));
  d.ids.resize(3, d.ids[0]);
  EXPECT_TRUE(has(d.message(), "id-too-many"));
  d.ids.resize(2);
  EXPECT_FALSE(has(d.message(), "id-too-many"));
  d.ids.clear();
  EXPECT_TRUE(has(d.message(), "id-missing"));
  EXPECT_FALSE(has(d.message(), "id-present", Peer::gstreamer));
}

TEST(LintIdentity, Certificates) {
  const auto with = [](CertType type, std::string_view hex) {
    Draft d;
    d.hdr.data_type = DataType::dh_init;
    ChainBuilder b = d.begin();
    const Bytes data = *from_hex(hex);
    b.add(wire::Cert{type, data});
    return finish(b);
  };
  EXPECT_TRUE(has(with(CertType::x509v3_url, "68747470"), "cert-url"));
  EXPECT_FALSE(has(with(CertType::x509v3_url, "68747470"), "cert-not-der"));
  EXPECT_FALSE(has(with(CertType::x509v3, "30020500"), "cert-not-der"));
  EXPECT_FALSE(has(with(CertType::x509v3_sign, "30820001aa"), "cert-not-der"));
  EXPECT_FALSE(has(with(CertType::x509v3, "30020500"), "cert-url"));
  for (const char* bad : {"", "30", "3003050000", "300205", "31020500", "3080", "3084000000010a", "3082"})
    EXPECT_EQ(has(with(CertType::x509v3, bad), "cert-not-der"), std::string_view(bad) != "3003050000") << bad;
}

TEST(LintIdentity, Roles) {
  const auto sakke = field("sakke-StreamwideTestVectors-0");
  EXPECT_FALSE(has(sakke, "idr-incomplete", Peer::mcx));
  EXPECT_FALSE(has(sakke, "role-twice"));
  EXPECT_TRUE(has(Draft{}.message(), "idr-incomplete", Peer::mcx));
  EXPECT_FALSE(has(Draft{}.message(), "idr-incomplete"));
  const Draft d;
  ChainBuilder b = d.begin();
  for (int i = 0; i < 2; ++i) {
    b.add(wire::Idr{IdRole::initiator, IdType::uri, as_bytes("sip:x")});
    b.add(wire::Randr{RandRole::kms, d.rand});
  }
  d.end(b);
  const auto all = ids(found(finish(b)));
  EXPECT_EQ(all.count("role-twice"), 2U);
}

// ------------------------------------------------------------------ algorithms

TEST(LintCrypto, DiffieHellman) {
  const auto with = [](DhGroup group, Bytes value) {
    Draft d;
    d.hdr.data_type = DataType::dh_init;
    ChainBuilder b = d.begin();
    b.add(wire::Dh{group, value, 5, {}});
    return finish(b);
  };
  EXPECT_TRUE(has(with(DhGroup::oakley_1, Bytes(96, 3)), "dh-weak"));
  EXPECT_TRUE(has(with(DhGroup::oakley_2, Bytes(128, 3)), "dh-weak"));
  const auto good = with(DhGroup::oakley_5, Bytes(192, 3));
  EXPECT_FALSE(has(good, "dh-weak"));
  EXPECT_TRUE(has(good, "dh-1536"));
  EXPECT_FALSE(has(good, "dh-value-trivial"));
  EXPECT_TRUE(has(good, "reserved-set"));
  EXPECT_FALSE(has(Draft{}.message(), "reserved-set"));
  EXPECT_FALSE(has(with(DhGroup::oakley_1, Bytes(96, 3)), "dh-1536"));
  Bytes one(192, 0);
  EXPECT_TRUE(has(with(DhGroup::oakley_5, one), "dh-value-trivial"));
  one.back() = 1;
  EXPECT_TRUE(has(with(DhGroup::oakley_5, one), "dh-value-trivial"));
}

TEST(LintCrypto, RsaAndHashes) {
  Draft d;
  d.hdr.data_type = DataType::pk_init;
  const Bytes hash16(16, 1);
  const Bytes hash32(32, 1);
  const Bytes rsa(256, 4);
  ChainBuilder b = d.begin();
  d.end(b);
  b.add(wire::Chash{HashFunc::md5, hash16}).add(wire::Pke{EnvelopeCache::no_cache, rsa});
  b.add(wire::Sign{SignType::rsa_pkcs1_15, rsa});
  const auto m = finish(b);
  for (const char* id : {"rsa-sha-1", "rsa-envelope", "chash-weak", "sha-1", "prf-sha-1"})
    EXPECT_TRUE(has(m, id)) << id;

  d.mac = MacAlg::hmac_sha_256_256;
  d.hdr.prf = PrfFunc::hmac_sha_256;
  ChainBuilder modern = d.begin();
  d.end(modern);
  modern.add(wire::Chash{HashFunc::sha_256, hash32}).add(wire::Sign{SignType::rsa_pss, rsa});
  const auto n = finish(modern);
  for (const char* id : {"rsa-sha-1", "rsa-envelope", "chash-weak", "sha-1", "prf-sha-1"})
    EXPECT_FALSE(has(n, id)) << id;
}

TEST(LintCrypto, Sakke) {
  const auto good = field("sakke-StreamwideTestVectors-0");
  for (const char* id : {"sakke-length", "sign-eccsi-length", "sign-type-mode"})
    EXPECT_FALSE(has(good, id)) << id;
  EXPECT_FALSE(has(good, "sakke-scheme", Peer::mcx));
  EXPECT_FALSE(has(good, "key-parameters-missing", Peer::mcx));
  EXPECT_TRUE(has(Draft{}.message(), "key-parameters-missing", Peer::mcx));
  EXPECT_TRUE(has(Draft{}.message(), "srtp-id-map", Peer::mcx));
  EXPECT_FALSE(has(good, "srtp-id-map", Peer::mcx));

  Draft d;
  const Bytes octets(100, 1);
  ChainBuilder b = d.begin();
  b.add(wire::Sakke{SakkeParams::set_1, SakkeIdScheme::tel_uri_monthly, octets});
  b.add(wire::Sign{SignType::eccsi, octets});
  const auto m = finish(b);
  for (const char* id : {"sakke-length", "sign-eccsi-length", "sign-type-mode"})
    EXPECT_TRUE(has(m, id)) << id;
  EXPECT_TRUE(has(m, "sakke-scheme", Peer::mcx));
}

// ------------------------------------------------------------------ errors, extensions, values

TEST(LintErrors, SayWhatToDo) {
  const Draft d;
  const wire::Hdr h = header(DataType::error, 0);
  ChainBuilder b(h);
  b.add(wire::T{d.ts_type, d.t}).add(wire::Err{ErrorNo{10}, 1});
  const auto m = finish(b);
  const auto f = find(m, "error-number");
  ASSERT_TRUE(f);
  EXPECT_NE(f->detail.find("Invalid SPpar"), std::string::npos) << f->detail;
  EXPECT_TRUE(has(m, "error-without-sp"));
  EXPECT_TRUE(has(m, "error-unauthenticated"));
  EXPECT_TRUE(has(m, "reserved-set"));
  EXPECT_FALSE(has(m, "prf-sha-1"));

  const Bytes mac(20, 5);
  ChainBuilder signed_one(h);
  signed_one.add(wire::T{d.ts_type, d.t}).add(wire::Err{ErrorNo{10}, 0}).add(wire::Sp{});
  signed_one.add(wire::Ver{MacAlg::hmac_sha_1_160, mac});
  const auto n = finish(signed_one);
  EXPECT_FALSE(has(n, "error-without-sp"));
  EXPECT_FALSE(has(n, "error-unauthenticated"));
  EXPECT_FALSE(has(Draft{}.message(), "error-number"));

  std::set<std::string> advice;
  for (std::uint8_t i = 0; i <= 15; ++i) {
    ChainBuilder each(h);
    each.add(wire::T{d.ts_type, d.t}).add(wire::Err{ErrorNo{i}, 0});
    advice.insert(find(finish(each), "error-number")->advice);
  }
  EXPECT_GE(advice.size(), 15U);
}

TEST(LintExtensions, UnknownAndVendor) {
  const auto with = [](GeneralExtType type) {
    const Draft d;
    ChainBuilder b = d.begin();
    b.add(wire::GeneralExt{type, as_bytes("abcd")});
    d.end(b);
    return finish(b);
  };
  EXPECT_TRUE(has(with(GeneralExtType{200}), "ext-unknown"));
  EXPECT_FALSE(has(with(GeneralExtType{200}), "unknown-value"));
  EXPECT_FALSE(has(with(GeneralExtType::sdp_ids), "ext-unknown"));
  EXPECT_TRUE(has(with(GeneralExtType::vendor_id), "vendor-id"));
  EXPECT_FALSE(has(with(GeneralExtType::sdp_ids), "vendor-id"));
}

TEST(LintValues, NumbersNobodyAssigned) {
  EXPECT_FALSE(has(Draft{}.message(), "unknown-value"));
  Draft prf;
  prf.hdr.prf = PrfFunc{99};
  EXPECT_EQ(find(prf.message(), "unknown-value")->offset, 3U);
  Draft type;
  type.hdr.data_type = DataType{77};
  EXPECT_EQ(find(type.message(), "unknown-value")->offset, 1U);
  Draft id;
  id.ids[0].first = IdType{9};
  const auto m = id.message();
  const auto f = find(m, "unknown-value");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->offset, m.find(PayloadType::id)->body());
  EXPECT_NE(f->detail.find("ID type 9"), std::string::npos) << f->detail;
  Draft encr;
  encr.encr = EncrAlg{200};
  EXPECT_TRUE(has(encr.message(), "unknown-value"));
}

TEST(LintValues, InsideChains) {
  // A ticket policy with a flag octet whose reserved bits are set.
  const Draft d;
  wire::Hdr h = header(DataType::request_init_psk, 0);
  h.prf = PrfFunc::hmac_sha_256;
  h.map_type = CsIdMapType::empty;
  ChainBuilder inner(true);
  inner.add(wire::Idr{IdRole{99}, IdType::uri, as_bytes("sip:x")});
  const Bytes tp_data = *std::move(inner).finish();
  wire::Tp tp;
  tp.policy.tp_data = tp_data;
  tp.policy.res = 1;
  const Bytes mac(32, 1);
  ChainBuilder b(h);
  b.add(wire::T{d.ts_type, d.t}).add(wire::Randr{RandRole::initiator, d.rand}).add(tp);
  b.add(wire::Ver{MacAlg::hmac_sha_256_256, mac});
  const auto m = finish(b);
  EXPECT_TRUE(has(m, "reserved-set"));
  EXPECT_TRUE(has(m, "unknown-value"));
  EXPECT_FALSE(has(m, "payload-missing"));
}

}  // namespace
}  // namespace mikey::profile
