#include "mikey/crypto/certificate.hpp"

#include <gtest/gtest.h>

#include "support/pki.hpp"

namespace mikey::crypto {
namespace {

using test::issue;
using test::Pki;
using test::spec_for;

TEST(Certificate, SaysWhatWasPutIn) {
  const Pki pki;
  const Certificate& c = pki.alice;
  EXPECT_EQ(c.subject_uris(), std::vector<std::string>{"sip:alice@example.com"});
  EXPECT_EQ(c.subject_emails(), std::vector<std::string>{"alice@example.com"});
  EXPECT_TRUE(c.has_subject_alt_name());
  EXPECT_EQ(c.common_name(), "alice");
  EXPECT_EQ(c.subject(), "CN=alice");
  EXPECT_EQ(c.issuer(), "CN=ca");
  EXPECT_EQ(c.serial().size(), 16U);
  EXPECT_EQ(c.not_before(), spec_for("alice").not_before.unix_seconds());
  EXPECT_EQ(c.not_after(), spec_for("alice").not_after.unix_seconds());
  EXPECT_TRUE(c.allows_digital_signature());
  EXPECT_TRUE(c.allows_key_encipherment());
  EXPECT_FALSE(c.is_ca());
  EXPECT_TRUE(pki.ca.certificate.is_ca());
  EXPECT_FALSE(pki.ca.certificate.allows_digital_signature());
  ASSERT_TRUE(c.public_key());
  EXPECT_EQ(*c.public_key(), test::public_key("alice"));
}

TEST(Certificate, DerAndPemComeBack) {
  const Pki pki;
  const auto again = Certificate::from_der(pki.alice.der());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, pki.alice);
  const auto all = Certificate::from_pem("some text\n" + pki.alice.to_pem() + test::key_pem("alice") +
                                         pki.ca.certificate.to_pem());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0], pki.alice);
  EXPECT_EQ((*all)[1], pki.ca.certificate);
}

TEST(Certificate, BrokenOnesAreRefused) {
  const Pki pki;
  const Bytes der = to_bytes(pki.alice.der());
  for (std::size_t n = 0; n < der.size(); n += 5)
    EXPECT_EQ(Certificate::from_der(ByteView(der).first(n)).error().code, ErrorCode::invalid_cert);
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(Certificate::from_der(longer).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(Certificate::from_der(Bytes(kMaxCertificateSize + 1)).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(Certificate::from_pem("").error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(Certificate::from_pem(test::key_pem("alice")).error().code, ErrorCode::invalid_cert);
  std::string cut = pki.alice.to_pem();
  cut.resize(cut.size() - 40);
  EXPECT_EQ(Certificate::from_pem(pki.ca.certificate.to_pem() + cut).error().code, ErrorCode::invalid_cert);
  for (std::size_t i = 0; i < der.size(); ++i) {  // any octet wrong: an error or a certificate, never a crash
    Bytes bad = der;
    bad[i] ^= 0xFF;
    const auto c = Certificate::from_der(bad);
    EXPECT_TRUE(c.ok() || c.error().code == ErrorCode::invalid_cert);
  }
}

TEST(Certificate, Fingerprints) {
  const Pki pki;
  for (const Hash h : {Hash::sha1, Hash::sha256, Hash::sha512}) {
    Bytes expected(hash_size(h));
    const std::array parts{pki.alice.der()};
    ASSERT_TRUE(openssl().hash(h, parts, expected));
    EXPECT_EQ(pki.alice.fingerprint(h), expected);
  }
  EXPECT_EQ(*pki.alice.chash(HashFunc::sha_1), pki.alice.fingerprint(Hash::sha1));
  EXPECT_EQ(*pki.alice.chash(HashFunc::sha_256), pki.alice.fingerprint(Hash::sha256));
  EXPECT_EQ(pki.alice.chash(HashFunc::md5).error().code, ErrorCode::invalid_ha);
  EXPECT_EQ(pki.alice.chash(static_cast<HashFunc>(9)).error().code, ErrorCode::invalid_ha);
}

TEST(Certificate, IdentitiesMatchExactly) {
  const Pki pki;
  const auto uri = [&](std::string_view s) { return pki.alice.matches(IdType::uri, as_bytes(s)); };
  const auto nai = [&](std::string_view s) { return pki.alice.matches(IdType::nai, as_bytes(s)); };
  EXPECT_TRUE(uri("sip:alice@example.com"));
  EXPECT_TRUE(nai("alice@example.com"));
  EXPECT_FALSE(uri("alice@example.com"));
  EXPECT_FALSE(nai("sip:alice@example.com"));
  EXPECT_FALSE(uri("sip:Alice@example.com"));
  EXPECT_FALSE(uri("sip:alice@example.com "));
  EXPECT_FALSE(uri(std::string_view("sip:alice@example.com\0", 22)));
  EXPECT_FALSE(uri("sip:alice@example.co"));
  EXPECT_FALSE(uri(""));
  EXPECT_FALSE(uri("alice"));  // the common name does not count beside a subjectAltName
  EXPECT_FALSE(pki.alice.matches(IdType::byte_string, as_bytes("sip:alice@example.com")));
}

TEST(Certificate, CommonNameCountsAlone) {
  const Pki pki;
  auto spec = spec_for("alice");
  spec.common_name = "sip:alice@example.com";
  spec.uris.clear();
  spec.emails.clear();
  const Certificate plain = issue(spec, "alice", pki.ca);
  EXPECT_FALSE(plain.has_subject_alt_name());
  EXPECT_TRUE(plain.matches(IdType::uri, as_bytes("sip:alice@example.com")));
  EXPECT_FALSE(plain.matches(IdType::uri, as_bytes("sip:bob@example.com")));
  spec.emails = {"alice@example.com"};
  EXPECT_FALSE(issue(spec, "alice", pki.ca).matches(IdType::uri, as_bytes("sip:alice@example.com")));
}

TEST(Certificate, SeveralNamesAndOddCharacters) {
  const Pki pki;
  auto spec = spec_for("alice");
  spec.uris = {"sip:a@example.com;transport=tcp,x", "tel:+1-201-555-0123", "sip:b@example.com"};
  const Certificate c = issue(spec, "alice", pki.ca);
  EXPECT_EQ(c.subject_uris(), spec.uris);
  for (const auto& u : spec.uris) EXPECT_TRUE(c.matches(IdType::uri, as_bytes(u)));
}

TEST(Certificate, SpecificationsThatCannotBe) {
  test::CountingRng rng;
  auto spec = spec_for("alice");
  spec.common_name.clear();
  EXPECT_EQ(make_self_signed(spec, test::key_pem("alice"), "", rng).error().code, ErrorCode::bad_request);
  spec = spec_for("alice");
  std::swap(spec.not_before, spec.not_after);
  EXPECT_EQ(make_self_signed(spec, test::key_pem("alice"), "", rng).error().code, ErrorCode::bad_request);
  spec = spec_for("alice");
  spec.uris.emplace_back("sip:\n");
  EXPECT_EQ(make_self_signed(spec, test::key_pem("alice"), "", rng).error().code, ErrorCode::bad_request);
  EXPECT_EQ(make_self_signed(spec_for("alice"), "no key", "", rng).error().code, ErrorCode::bad_request);
}

TEST(CrlList, BrokenOnesAreRefused) {
  const Pki pki;
  const auto pem = make_crl(pki.ca, {}, test::kPkiTime, test::kPkiTime + std::chrono::hours(1));
  ASSERT_TRUE(pem);
  EXPECT_TRUE(Crl::from_pem(*pem));
  EXPECT_EQ(Crl::from_pem(pki.alice.to_pem()).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(Crl::from_der({}).error().code, ErrorCode::invalid_cert);
  EXPECT_EQ(Crl::from_der(pki.alice.der()).error().code, ErrorCode::invalid_cert);
}

}  // namespace
}  // namespace mikey::crypto
