// Certificates that must not be believed, in every mode that signs and in both directions (RFC 3830 4.3,
// RFC 4738 3.5). Where the mode has updates the fault comes up in the update of a CSB that stands, which must
// go on as it was.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;
constexpr std::chrono::seconds kMonth = std::chrono::hours(24 * 30);

/// Who shows the certificate, and who judges it.
struct Scene {
  CertifiedParties& t;
  bool by_initiator;

  std::string name() const { return by_initiator ? "alice" : "bob"; }
  Party& subject() const { return by_initiator ? t.alice() : t.bob(); }
  crypto::TrustStore& trust() const { return by_initiator ? *t.bob_trust : *t.alice_trust; }
  mikey::Pki& judge() const { return (by_initiator ? t.bob() : t.alice()).credentials().pki; }
  const crypto::Certificate& good() const { return by_initiator ? shared_pki().alice : shared_pki().bob; }
  void show(std::vector<crypto::Certificate> chain, const std::string& key) const {
    subject().credentials().pki.own = {own_certificate(std::move(chain), key)};
  }
  void show(const crypto::CertificateSpec& spec) const {
    show({issue(spec, name(), shared_pki().ca)}, name());
  }
  crypto::CertificateSpec spec() const { return spec_for(name()); }
};

struct Fault {
  const char* name;
  void (*bring_about)(const Scene&);
  ErrorCode code = ErrorCode::invalid_cert;
  /// In force before the first message, so that there can be no CSB to update.
  void (*policy)(Policy&) = nullptr;
};

const Fault kFaults[] = {
    {"OfAnotherCa",
     [](const Scene& s) {
       const auto rogue = self_signed(ca_spec("rogue"), "intermediate");
       s.show({issue(s.spec(), s.name(), rogue)}, s.name());
     }},
    {"OfACaThatOnlyHasTheName",
     [](const Scene& s) {
       const auto rogue = self_signed(ca_spec("ca"), "intermediate");
       s.show({issue(s.spec(), s.name(), rogue), rogue.certificate}, s.name());
     }},
    {"SelfSigned", [](const Scene& s) { s.show({self_signed(s.spec(), s.name()).certificate}, s.name()); }},
    {"WithoutItsIntermediate",
     [](const Scene& s) { s.show({issue(s.spec(), s.name(), shared_pki().intermediate)}, s.name()); }},
    {"BelowAnEndCertificate",
     [](const Scene& s) {
       const crypto::Issuer end{s.good(), key_pem(s.name()), ""};
       s.show({issue(s.spec(), s.name(), end), s.good()}, s.name());
     }},
    {"Expired",
     [](const Scene& s) {
       auto spec = s.spec();
       spec.not_after = kPkiTime + std::chrono::seconds(-1);
       s.show(spec);
     }},
    {"NotYetValid",
     [](const Scene& s) {
       auto spec = s.spec();
       spec.not_before = kPkiTime + std::chrono::seconds(2);
       s.show(spec);
     }},
    {"BelowAnExpiredIntermediate",
     [](const Scene& s) {
       auto spec = ca_spec("old");
       spec.not_after = kPkiTime + std::chrono::seconds(-1);
       const crypto::Issuer old{issue(spec, "intermediate", shared_pki().ca), key_pem("intermediate"), ""};
       s.show({issue(s.spec(), s.name(), old), old.certificate}, s.name());
     }},
    {"RevokedByAList",
     [](const Scene& s) {
       const auto pem = crypto::make_crl(shared_pki().ca, std::array{s.good()}, kPkiTime, kPkiTime + kMonth);
       s.trust().add_crl(crypto::Crl::from_pem(*pem)->front());
     }},
    {"RevokedByOcsp",
     [](const Scene& s) {
       s.judge().ocsp.push_back(*crypto::make_ocsp_response(shared_pki().ca.certificate, shared_pki().ca,
                                                            s.good(), crypto::OcspStatus::revoked, kPkiTime,
                                                            kPkiTime + kMonth));
     }},
    {"UnknownToItsOcspResponder",
     [](const Scene& s) {
       s.judge().ocsp.push_back(*crypto::make_ocsp_response(shared_pki().ca.certificate, shared_pki().ca,
                                                            s.good(), crypto::OcspStatus::unknown, kPkiTime,
                                                            kPkiTime + kMonth));
     }},
    {"OfUnknownRevocationWhereThatIsRequired", [](const Scene&) {}, ErrorCode::invalid_cert,
     [](Policy& p) { p.certificates.require_revocation_check = true; }},
    {"OfSomebodyElse",
     [](const Scene& s) {
       auto spec = spec_for("carol");
       s.show(spec);
     },
     ErrorCode::auth_failure},
    {"WithTheNameInTheCommonNameOnly",
     [](const Scene& s) {
       auto spec = spec_for("carol");
       spec.common_name = "sip:" + s.name() + "@example.com";
       s.show(spec);
     },
     ErrorCode::auth_failure},
    {"WithTheNameInAnotherCase",
     [](const Scene& s) {
       auto spec = s.spec();
       spec.uris = {"sip:" + s.name() + "@EXAMPLE.com"};
       s.show(spec);
     },
     ErrorCode::auth_failure},
    {"NotForSignatures",
     [](const Scene& s) {
       auto spec = s.spec();
       spec.digital_signature = false;
       s.show(spec);
     }},
    {"OfAWeakKey", [](const Scene& s) { s.show({issue(s.spec(), "weak", shared_pki().ca)}, "weak"); }},
    {"SignedWithSha1",
     [](const Scene& s) {
       auto spec = s.spec();
       spec.hash = crypto::Hash::sha1;
       s.show(spec);
     }},
    {"OfAnExcludedPeer",
     [](const Scene& s) { EXPECT_TRUE(s.trust().exclude("sip:" + s.name() + "@example.com").ok()); }},
    {"OfAnExcludedDomain", [](const Scene& s) { EXPECT_TRUE(s.trust().exclude("*@example.com").ok()); }},
    {"Excluded",
     [](const Scene& s) { s.trust().exclude_certificate(s.good().fingerprint(crypto::Hash::sha256)); }},
    {"BelowAnExcludedIntermediate",
     [](const Scene& s) {
       const crypto::Certificate& ca = shared_pki().intermediate.certificate;
       s.trust().exclude_certificate(ca.fingerprint(crypto::Hash::sha256));
       s.show({issue(s.spec(), s.name(), shared_pki().intermediate), ca}, s.name());
     }},
    {"OfAnotherKeyThanTheOneThatSigns",
     [](const Scene& s) { s.show({s.good()}, s.by_initiator ? "bob" : "alice"); }, ErrorCode::auth_failure},
};

using Case = std::tuple<Mode, bool, Fault>;
class CertificateFaults : public testing::TestWithParam<Case> {};

TEST_P(CertificateFaults, IsRefusedAndChangesNothing) {
  const auto& [mode, by_initiator, fault] = GetParam();
  CertifiedParties t(mode);
  if (mode == Mode::pk) t.alice_policy.pke_cache = t.bob_policy.pke_cache = EnvelopeCache::no_cache;
  if (fault.policy != nullptr) fault.policy(by_initiator ? t.bob_policy : t.alice_policy);
  const Scene scene{t, by_initiator};

  // A CSB that stands, by the mode where its certificates may be used before the fault, else by a shared key.
  const bool updates = fault.policy == nullptr && mode != Mode::rsar;
  const auto before = t.run(updates ? t.request() : t.TwoParties::request());
  expect_agreed(before);
  const std::uint32_t csb = before.initiator->csb_id;
  const std::string alices = fingerprint(before.initiator);
  const std::string bobs = fingerprint(before.responder);
  t.clock.advance(std::chrono::seconds(1));

  fault.bring_about(scene);
  const auto r = t.run(t.request(updates ? std::optional(csb) : std::nullopt));
  const Outcome& verdict = by_initiator ? r.answer : r.end;
  ASSERT_EQ(verdict.state, State::failed);
  ASSERT_TRUE(verdict.error.has_value());
  EXPECT_EQ(verdict.error->code, fault.code) << verdict.error->to_string();
  EXPECT_FALSE(verdict.error->detail.empty());
  EXPECT_EQ(t.alice().waiting(), 1U) << "the genuine answer may still come";
  EXPECT_EQ(fingerprint(t.alice().bundle(csb, kBob)), alices);
  if (by_initiator) {
    EXPECT_EQ(fingerprint(t.bob().bundle(csb, kAlice)), bobs);
    EXPECT_EQ(t.bob().bundles(), 1U);
    ASSERT_EQ(verdict.send.size(), 1U) << "the Initiator is told (RFC 3830 5.1.2)";
    EXPECT_EQ(wire::Message::parse(verdict.send[0].message)->hdr().data_type, DataType::error);
  } else {
    EXPECT_TRUE(verdict.send.empty()) << "a response gets no answer";
    EXPECT_EQ(t.alice().bundles(), 1U);
  }
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  const auto& [mode, by_initiator, fault] = info.param;
  return std::string(mode_name(mode)) + (by_initiator ? "_Initiator_" : "_Responder_") + fault.name;
}

INSTANTIATE_TEST_SUITE_P(OfTheInitiator, CertificateFaults,
                         testing::Combine(testing::Values(Mode::pk, Mode::dh, Mode::rsar),
                                          testing::Values(true), testing::ValuesIn(kFaults)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(OfTheResponder, CertificateFaults,
                         testing::Combine(testing::Values(Mode::dh, Mode::rsar), testing::Values(false),
                                          testing::ValuesIn(kFaults)),
                         name_of);

std::string mode_of(const testing::TestParamInfo<Mode>& info) {
  return std::string(mode_name(info.param));
}

class GoodCertificates : public testing::TestWithParam<Mode> {};

/// What the faults above are the opposite of.
TEST_P(GoodCertificates, ChainsCurrentListsAndOcspAnswers) {
  CertifiedParties t(GetParam());
  const Pki& pki = shared_pki();
  t.alice_policy.certificates.require_revocation_check = true;
  t.bob_policy.certificates.require_revocation_check = true;
  t.alice_pki.own = {own_certificate({pki.alice_below, pki.intermediate.certificate}, "alice")};
  const auto list = crypto::make_crl(pki.ca, {}, kPkiTime, kPkiTime + kMonth);
  t.alice_trust->add_crl(crypto::Crl::from_pem(*list)->front());
  t.bob_trust->add_crl(crypto::Crl::from_pem(*list)->front());
  t.bob_pki.ocsp.push_back(*crypto::make_ocsp_response(pki.intermediate.certificate, pki.intermediate,
                                                       pki.alice_below, crypto::OcspStatus::good, kPkiTime,
                                                       kPkiTime + kMonth));
  EXPECT_TRUE(t.bob_trust->exclude("*@example.org").ok());
  const auto r = t.run(t.request());
  expect_agreed(r);
  EXPECT_EQ(r.responder->peer, kAlice);
  EXPECT_EQ(wire::Message::parse(r.begin.send[0].message)->count<wire::Cert>(), 2U);
}

TEST_P(GoodCertificates, APinnedOneNeedsNoAuthority) {
  CertifiedParties t(GetParam());
  const auto alone = self_signed(spec_for("alice"), "alice").certificate;
  t.alice_pki.own = {own_certificate({alone}, "alice")};
  EXPECT_FALSE(t.run(t.request()).responder);
  t.bob_trust->pin(IdType::uri, kAlice.data, alone);
  expect_agreed(t.run(t.request()));
}

INSTANTIATE_TEST_SUITE_P(Modes, GoodCertificates, testing::Values(Mode::pk, Mode::dh, Mode::rsar), mode_of);

}  // namespace
}  // namespace mikey::test
