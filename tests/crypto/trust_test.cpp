#include "mikey/crypto/trust.hpp"

#include <gtest/gtest.h>

#include "support/pki.hpp"

namespace mikey::crypto {
namespace {

using std::chrono::hours;
using test::ca_spec;
using test::issue;
using test::kPkiTime;
using test::Pki;
using test::self_signed;
using test::spec_for;

constexpr auto kSign = Purpose::digital_signature;
constexpr hours kDay{24};

struct TrustTest : testing::Test {
  Pki pki;
  TrustStore store;
  TrustTest() { store.add_anchor(pki.ca.certificate); }

  Status verify(const std::vector<Certificate>& chain, NtpTime at = kPkiTime, Purpose purpose = kSign,
                const VerifyOptions& options = {}) const {
    return store.verify_chain(chain, at, purpose, options);
  }
  void add_crl(const Issuer& by, const std::vector<Certificate>& revoked, NtpTime from = kPkiTime + -kDay,
               NtpTime until = kPkiTime + kDay, Hash h = Hash::sha256) {
    const auto pem = make_crl(by, revoked, from, until, 1, h);
    ASSERT_TRUE(pem.ok());
    const auto lists = Crl::from_pem(*pem);
    ASSERT_TRUE(lists.ok());
    for (const Crl& c : *lists) store.add_crl(c);
  }
};

void expect_refused(const Status& s, const std::string& why) {
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, ErrorCode::invalid_cert);
  EXPECT_NE(s.error().detail.find(why), std::string::npos) << s.error().to_string();
}

TEST_F(TrustTest, GoodChains) {
  EXPECT_TRUE(verify({pki.alice}));
  EXPECT_TRUE(verify({pki.alice, pki.ca.certificate}));
  EXPECT_TRUE(verify({pki.alice_below, pki.intermediate.certificate}));
  EXPECT_TRUE(verify({pki.alice_below, pki.bob, pki.ca.certificate, pki.intermediate.certificate}));
  expect_refused(verify({pki.ca.certificate}), "digitalSignature");  // an anchor, but a CA
}

TEST_F(TrustTest, IncompleteOrForeignChains) {
  expect_refused(verify({}), "no certificate");
  expect_refused(verify({pki.alice_below}), "no path");
  const Issuer other = self_signed(ca_spec("other"), "bob");
  expect_refused(verify({issue(spec_for("alice"), "alice", other)}), "no path");
  expect_refused(verify({issue(spec_for("alice"), "alice", other), other.certificate}), "no path");
  const Issuer same_name = self_signed(ca_spec("ca"), "bob");  // the CA's name, another key
  expect_refused(verify({issue(spec_for("alice"), "alice", same_name), same_name.certificate}), "no path");
  expect_refused(verify({self_signed(spec_for("alice"), "alice").certificate}), "no path");
  expect_refused(verify(std::vector<Certificate>(TrustStore::kMaxPath + 1, pki.alice)), "too many");
  EXPECT_FALSE(TrustStore().verify_chain(std::vector{pki.alice}, kPkiTime, kSign));
}

TEST_F(TrustTest, DamagedSignature) {
  Bytes der = to_bytes(pki.alice.der());
  der.back() ^= 1;
  const auto c = Certificate::from_der(der);
  ASSERT_TRUE(c);
  expect_refused(verify({*c}), "signature");
}

TEST_F(TrustTest, Dates) {
  const NtpTime first = spec_for("alice").not_before;
  const NtpTime last = spec_for("alice").not_after;
  EXPECT_TRUE(verify({pki.alice}, first));
  EXPECT_TRUE(verify({pki.alice}, last));
  expect_refused(verify({pki.alice}, first + std::chrono::seconds(-1)), "not valid yet");
  expect_refused(verify({pki.alice}, last + std::chrono::seconds(1)), "expired");
  auto old_ca = ca_spec("intermediate");
  old_ca.not_after = kPkiTime + -kDay;
  const Issuer expired{issue(old_ca, "intermediate", pki.ca), test::key_pem("intermediate"), ""};
  expect_refused(verify({issue(spec_for("alice"), "alice", expired), expired.certificate}),
                 "CN=intermediate has expired");
}

TEST_F(TrustTest, NotACa) {
  const Issuer bob{pki.bob, test::key_pem("bob"), ""};
  expect_refused(verify({issue(spec_for("alice"), "alice", bob), pki.bob}), "CA");
  TrustStore end_as_anchor;
  end_as_anchor.add_anchor(pki.bob);
  EXPECT_FALSE(
      end_as_anchor.verify_chain(std::vector{issue(spec_for("alice"), "alice", bob)}, kPkiTime, kSign));
  EXPECT_TRUE(end_as_anchor.verify_chain(std::vector{pki.bob}, kPkiTime, kSign));
}

TEST_F(TrustTest, AnIntermediateCanBeTheAnchor) {
  TrustStore s;
  s.add_anchor(pki.intermediate.certificate);
  EXPECT_TRUE(s.verify_chain(std::vector{pki.alice_below}, kPkiTime, kSign));
  EXPECT_FALSE(s.verify_chain(std::vector{pki.alice}, kPkiTime, kSign));
}

TEST_F(TrustTest, PathLength) {
  auto spec = ca_spec("intermediate");
  spec.path_length = 0;
  const Issuer first{issue(spec, "intermediate", pki.ca), test::key_pem("intermediate"), ""};
  const Issuer second{issue(ca_spec("second"), "bob", first), test::key_pem("bob"), ""};
  EXPECT_TRUE(verify({issue(spec_for("alice"), "alice", first), first.certificate}));
  expect_refused(verify({issue(spec_for("alice"), "alice", second), second.certificate, first.certificate}),
                 "path length");
}

TEST_F(TrustTest, KeyUsage) {
  auto spec = spec_for("alice");
  spec.digital_signature = false;
  const Certificate encipher = issue(spec, "alice", pki.ca);
  expect_refused(verify({encipher}), "digitalSignature");
  EXPECT_TRUE(verify({encipher}, kPkiTime, Purpose::key_encipherment));
  spec.digital_signature = true;
  spec.key_encipherment = false;
  const Certificate sign = issue(spec, "alice", pki.ca);
  EXPECT_TRUE(verify({sign}));
  expect_refused(verify({sign}, kPkiTime, Purpose::key_encipherment), "keyEncipherment");
}

TEST_F(TrustTest, WeakKeysAndHashes) {
  const Certificate weak = issue(spec_for("weak"), "weak", pki.ca);
  expect_refused(verify({weak}), "weak");
  EXPECT_TRUE(verify({weak}, kPkiTime, kSign, {.min_rsa_bits = 1024}));
  auto spec = spec_for("alice");
  spec.hash = Hash::sha1;
  const Certificate sha1 = issue(spec, "alice", pki.ca);
  expect_refused(verify({sha1}), "weak hash");
  EXPECT_TRUE(verify({sha1}, kPkiTime, kSign, {.allow_sha1_certificates = true}));
  expect_refused(verify({sha1}), "weak hash");  // remembered paths are judged again
}

TEST_F(TrustTest, RevokedByList) {
  add_crl(pki.ca, {pki.alice});
  expect_refused(verify({pki.alice}), "revoked");
  EXPECT_TRUE(verify({pki.bob}));
  EXPECT_TRUE(verify({pki.bob}, kPkiTime, kSign, {.require_revocation_check = true}));
  expect_refused(verify({pki.alice_below, pki.intermediate.certificate}, kPkiTime, kSign,
                        {.require_revocation_check = true}),
                 "nothing current");
  add_crl(pki.intermediate, {});
  EXPECT_TRUE(verify({pki.alice_below, pki.intermediate.certificate}, kPkiTime, kSign,
                     {.require_revocation_check = true}));
}

TEST_F(TrustTest, ARevokedIntermediate) {
  EXPECT_TRUE(verify({pki.alice_below, pki.intermediate.certificate}));
  add_crl(pki.ca, {pki.intermediate.certificate});
  expect_refused(verify({pki.alice_below, pki.intermediate.certificate}), "CN=intermediate is revoked");
}

TEST_F(TrustTest, OutdatedListsRevokeButClearNobody) {
  add_crl(pki.ca, {pki.alice}, kPkiTime + -2 * kDay, kPkiTime + -kDay);
  expect_refused(verify({pki.alice}), "revoked");
  EXPECT_TRUE(verify({pki.bob}));
  expect_refused(verify({pki.bob}, kPkiTime, kSign, {.require_revocation_check = true}), "nothing current");
}

TEST_F(TrustTest, ListsOfOthersSayNothing) {
  add_crl(self_signed(ca_spec("ca"), "bob"), {pki.alice});  // the CA's name, another key
  add_crl(pki.intermediate, {pki.alice});
  EXPECT_TRUE(verify({pki.alice}));
  expect_refused(verify({pki.alice}, kPkiTime, kSign, {.require_revocation_check = true}), "nothing current");
  add_crl(pki.ca, {pki.alice}, kPkiTime + -kDay, kPkiTime + kDay, Hash::sha1);
  EXPECT_TRUE(verify({pki.alice}));
  expect_refused(verify({pki.alice}, kPkiTime, kSign, {.allow_sha1_certificates = true}), "revoked");
}

struct OcspTest : TrustTest {
  Bytes answer(const Issuer& signer, const Certificate& about, OcspStatus status,
               NtpTime from = kPkiTime + -kDay, NtpTime until = kPkiTime + kDay) {
    auto r = make_ocsp_response(pki.ca.certificate, signer, about, status, from, until);
    EXPECT_TRUE(r.ok());
    return r.ok() ? std::move(*r) : Bytes{};
  }
  Status with(const Bytes& response, bool require = true) const {
    const std::array<ByteView, 1> ocsp{response};
    return store.verify_chain(std::vector{pki.alice}, kPkiTime, kSign, {.require_revocation_check = require},
                              ocsp);
  }
};

TEST_F(OcspTest, GoodRevokedUnknown) {
  EXPECT_TRUE(with(answer(pki.ca, pki.alice, OcspStatus::good)));
  expect_refused(with(answer(pki.ca, pki.alice, OcspStatus::revoked), false), "revoked");
  expect_refused(with(answer(pki.ca, pki.alice, OcspStatus::unknown), false), "does not know");
}

TEST_F(OcspTest, AListThatRevokesOutweighsAGoodAnswer) {
  add_crl(pki.ca, {pki.alice});
  expect_refused(with(answer(pki.ca, pki.alice, OcspStatus::good)), "revoked");
}

TEST_F(OcspTest, AnswersThatDoNotCount) {
  expect_refused(with({}), "nothing current");
  expect_refused(with(Bytes(100, 0x30)), "nothing current");
  expect_refused(with(answer(pki.ca, pki.bob, OcspStatus::good)), "nothing current");
  expect_refused(with(answer(pki.ca, pki.alice, OcspStatus::good, kPkiTime + -3 * kDay, kPkiTime + -kDay)),
                 "nothing current");
  expect_refused(with(answer(pki.ca, pki.alice, OcspStatus::good, kPkiTime + kDay, kPkiTime + 2 * kDay)),
                 "nothing current");
  const Issuer bob{pki.bob, test::key_pem("bob"), ""};  // certified by the CA, but not to answer
  expect_refused(with(answer(bob, pki.alice, OcspStatus::good)), "nothing current");
  EXPECT_TRUE(with(answer(bob, pki.alice, OcspStatus::revoked), false));
  const Issuer impostor = self_signed(ca_spec("ca"), "bob");
  expect_refused(with(answer(impostor, pki.alice, OcspStatus::good)), "nothing current");
  Bytes damaged = answer(pki.ca, pki.alice, OcspStatus::good);
  for (std::size_t i = 0; i < damaged.size(); i += 11) {
    damaged[i] ^= 0x55;
    static_cast<void>(with(damaged));  // must not crash; most damage is noticed, none may hang
    damaged[i] ^= 0x55;
  }
  const std::size_t in_signature = damaged.size() - pki.ca.certificate.der().size() - 40;
  damaged[in_signature] ^= 1;
  expect_refused(with(damaged), "nothing current");
}

TEST_F(OcspTest, Delegates) {
  auto spec = spec_for("bob");
  spec.ocsp_signing = true;
  const Issuer delegate{issue(spec, "bob", pki.ca), test::key_pem("bob"), ""};
  EXPECT_TRUE(with(answer(delegate, pki.alice, OcspStatus::good)));
  spec.not_after = kPkiTime + -kDay;
  const Issuer expired{issue(spec, "bob", pki.ca), test::key_pem("bob"), ""};
  expect_refused(with(answer(expired, pki.alice, OcspStatus::good)), "nothing current");
}

struct PeerTest : TrustTest {
  Status peer(const std::vector<Certificate>& chain, std::string_view uri, NtpTime at = kPkiTime) const {
    return store.verify_peer(chain, IdType::uri, as_bytes(uri), at, kSign);
  }
};

TEST_F(PeerTest, TheLeafMustVouchForTheIdentity) {
  EXPECT_TRUE(peer({pki.alice}, "sip:alice@example.com"));
  EXPECT_EQ(peer({pki.bob}, "sip:alice@example.com").error().code, ErrorCode::auth_failure);
  expect_refused(peer({}, "sip:alice@example.com"), "no certificate");
}

TEST_F(PeerTest, PinnedLeavesAreTrustedAsTheyAre) {
  const Certificate own = self_signed(spec_for("carol"), "weak").certificate;
  const ByteView dave = as_bytes("sip:dave@example.com");
  store.pin(IdType::uri, dave, own);
  const NtpTime late = kPkiTime + 400 * kDay;
  EXPECT_TRUE(peer({own}, "sip:dave@example.com", late));
  expect_refused(peer({own}, "sip:carol@example.com"), "no path");
  expect_refused(peer({own}, "sip:dave@example.co"), "no path");
  EXPECT_FALSE(store.verify_peer(std::vector{own}, IdType::nai, dave, kPkiTime, kSign));
  EXPECT_EQ(store.pinned(IdType::uri, dave), own);
  EXPECT_EQ(store.pinned(IdType::nai, dave), std::nullopt);
  EXPECT_EQ(*store.certificate(own.der()), own);
  store.pin(IdType::uri, dave, pki.bob);
  expect_refused(peer({own}, "sip:dave@example.com"), "no path");
  EXPECT_TRUE(peer({pki.bob}, "sip:dave@example.com"));
}

TEST_F(PeerTest, Exclusions) {
  ASSERT_TRUE(store.exclude("sip:bob@example.com"));
  EXPECT_TRUE(peer({pki.alice}, "sip:alice@example.com"));
  expect_refused(peer({pki.bob}, "sip:bob@example.com"), "excluded");
  expect_refused(verify({pki.bob}), "excluded");
  store.pin(IdType::uri, as_bytes("sip:eve@example.com"), pki.bob);
  expect_refused(peer({pki.bob}, "sip:eve@example.com"), "excluded");  // by what the certificate says
  ASSERT_TRUE(store.exclude("sip:al*"));
  expect_refused(peer({pki.alice}, "sip:alice@example.com"), "excluded");
}

TEST_F(PeerTest, ExcludedDomainsAndSubtrees) {
  store.exclude_certificate(pki.intermediate.certificate.fingerprint(Hash::sha256));
  EXPECT_TRUE(peer({pki.alice}, "sip:alice@example.com"));
  expect_refused(peer({pki.alice_below, pki.intermediate.certificate}, "sip:alice@example.com"), "excluded");
  ASSERT_TRUE(store.exclude("*@example.com"));
  expect_refused(peer({pki.alice}, "sip:alice@example.com"), "excluded");
  for (const char* bad : {"", "*", "**", "a*b", "*a*"})
    EXPECT_EQ(store.exclude(bad).error().code, ErrorCode::bad_request) << bad;
}

TEST_F(TrustTest, VerifiedCertificatesAreRemembered) {
  const auto before = store.certificate(pki.alice.der());
  ASSERT_TRUE(before);
  EXPECT_NE(&before->impl(), &pki.alice.impl());
  ASSERT_TRUE(verify({*before}));
  EXPECT_EQ(&store.certificate(pki.alice.der())->impl(), &before->impl());
  EXPECT_EQ(store.certificate(as_bytes("junk")).error().code, ErrorCode::invalid_cert);
  // as many as a store remembers, and it still works
  add_crl(pki.ca, {pki.bob});
  EXPECT_FALSE(verify({pki.bob}));
  EXPECT_TRUE(verify({pki.alice}));
}

}  // namespace
}  // namespace mikey::crypto
