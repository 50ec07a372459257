// How certificates may come: the four types of CERT (RFC 3830 6.7), several of them, by URL (RFC 4738 3.8),
// or not at all.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

const std::string kAliceUrl = "https://example.com/alice.der";
const std::string kBobUrl = "https://example.com/bob.der";

class CertificateForms : public testing::TestWithParam<Mode> {
 protected:
  CertifiedParties t{GetParam()};

  template <class F>
  Outcome to_bob(F change) {
    Forge f(t.first_message());
    change(f);
    return t.bob().receive(Source::peer, f.signed_by(*private_key("alice")));
  }
  static wire::Cert cert(CertType type, ByteView data) { return {type, Octets(data)}; }
  bool answers_with_certificate() const { return GetParam() != Mode::pk; }
};

TEST_P(CertificateForms, TypesOfCert) {
  const ByteView der = shared_pki().alice.der();
  EXPECT_EQ(to_bob([&](Forge& f) { f.set(cert(CertType::x509v3, der)); }).state, State::established);
  EXPECT_EQ(to_bob([&](Forge& f) { f.set(cert(CertType::x509v3_sign, der)); }).state, State::established);
  expect_refused(to_bob([&](Forge& f) { f.set(cert(CertType::x509v3_encr, der)); }), ErrorCode::invalid_cert);
  expect_refused(to_bob([&](Forge& f) { f.set(cert(static_cast<CertType>(4), der)); }),
                 ErrorCode::invalid_cert);
  // One for signatures and one for encryption: the first one signs.
  EXPECT_EQ(to_bob([&](Forge& f) {
              f.set(cert(CertType::x509v3_sign, der));
              f.insert(cert(CertType::x509v3_encr, der), PayloadType::id, 1);
            }).state,
            State::established);
}

TEST_P(CertificateForms, OctetsThatAreNoCertificate) {
  Bytes longer = to_bytes(shared_pki().alice.der());
  longer.push_back(0);
  for (const Bytes& bad : {Bytes{}, Bytes{0x30, 0x00}, Bytes(900, 0x30), longer}) {
    const Outcome o = to_bob([&](Forge& f) { f.set(cert(CertType::x509v3, bad)); });
    expect_refused(o, ErrorCode::invalid_cert);
    EXPECT_TRUE(o.error->offset.has_value());
  }
}

TEST_P(CertificateForms, MoreThanAPathMayHave) {
  expect_refused(to_bob([](Forge& f) {
                   for (int i = 0; i < 20; ++i)
                     f.insert(cert(CertType::x509v3, shared_pki().intermediate.certificate.der()),
                              PayloadType::id, 1);
                 }),
                 ErrorCode::invalid_cert);
}

TEST_P(CertificateForms, NoneWhenItIsKnownBeforehand) {
  const auto none = [](Forge& f) { f.remove(PayloadType::cert); };
  expect_refused(to_bob(none), ErrorCode::invalid_cert);
  t.bob_trust->pin(IdType::uri, kAlice.data, shared_pki().alice);
  EXPECT_EQ(to_bob(none).state, State::established);
}

TEST_P(CertificateForms, WithoutAnIdTheCertificateNamesTheSender) {
  const Outcome o = to_bob([](Forge& f) { f.remove(PayloadType::id); });
  ASSERT_EQ(o.state, State::established) << o.error->to_string();
  EXPECT_EQ(o.bundle->peer, kAlice);
  auto two_names = spec_for("alice");
  two_names.uris.emplace_back("sip:alice@example.org");
  const auto ambiguous = issue(two_names, "alice", shared_pki().ca);
  expect_refused(
      to_bob([&](Forge& f) { f.remove(PayloadType::id).set(cert(CertType::x509v3, ambiguous.der())); }),
      ErrorCode::invalid_id);
}

TEST_P(CertificateForms, ByUrl) {
  t.alice_pki.own[0].url = kAliceUrl;
  t.bob_pki.own[0].url = kBobUrl;
  const Bytes first = t.first_message();
  const auto m = wire::Message::parse(first);
  EXPECT_EQ(m->first<wire::Cert>()->type, CertType::x509v3_url);
  Outcome o = t.bob().receive(Source::peer, first);
  ASSERT_EQ(o.state, State::waiting);
  ASSERT_EQ(o.need_certificate_url, kAliceUrl);
  EXPECT_TRUE(o.send.empty());
  EXPECT_TRUE(
      t.bob().supply_certificate("https://example.com/other", to_bytes(shared_pki().alice.der())).empty())
      << "nobody has asked for that";
  auto outcomes = t.bob().supply_certificate(kAliceUrl, to_bytes(shared_pki().alice.der()));
  ASSERT_EQ(outcomes.size(), 1U);
  ASSERT_EQ(outcomes[0].state, State::established);
  EXPECT_TRUE(t.bob().supply_certificate(kAliceUrl, to_bytes(shared_pki().alice.der())).empty());
  Outcome end = t.alice().receive(Source::peer, outcomes[0].send[0].message);
  if (answers_with_certificate()) {
    ASSERT_EQ(end.need_certificate_url, kBobUrl);
    outcomes = t.alice().supply_certificate(kBobUrl, to_bytes(shared_pki().bob.der()));
    ASSERT_EQ(outcomes.size(), 1U);
    end = std::move(outcomes[0]);
  }
  ASSERT_EQ(end.state, State::established);
  EXPECT_TRUE(ct_equal(end.bundle->sessions[0].tek.reveal(),
                       t.bob().bundle(*end.csb_id, kAlice)->sessions[0].tek.reveal()));
}

TEST_P(CertificateForms, WhatAUrlMayBring) {
  t.alice_pki.own[0].url = kAliceUrl;
  const struct {
    Result<Bytes> fetched;
    ErrorCode code;
  } kCases[] = {
      {to_bytes(shared_pki().bob.der()), ErrorCode::auth_failure},  // somebody else's
      {Bytes(100, 0x30), ErrorCode::invalid_cert},
      {Bytes{}, ErrorCode::invalid_cert},
      {bad_message(ErrorCode::invalid_cert, "", "404 Not Found"), ErrorCode::invalid_cert},
  };
  for (const auto& c : kCases) {
    ASSERT_EQ(t.bob().receive(Source::peer, t.first_message()).state, State::waiting);
    const auto outcomes = t.bob().supply_certificate(kAliceUrl, c.fetched);
    ASSERT_EQ(outcomes.size(), 1U);
    expect_refused(outcomes[0], c.code);
    EXPECT_EQ(outcomes[0].send.size(), 1U);
  }
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST_P(CertificateForms, UrlsThatAreNotFetched) {
  const Bytes stale = [&] {
    t.alice_pki.own[0].url = kAliceUrl;
    return t.first_message();
  }();
  const auto named = [&](std::string_view url) {
    return to_bob([&](Forge& f) { f.set(cert(CertType::x509v3_url, as_bytes(url))); });
  };
  for (const std::string_view url :
       {"", "alice.der", "://x", "https://", "https://a b", "https://a\n", "1a://b"})
    expect_refused(named(url), ErrorCode::invalid_cert);
  expect_refused(named("https://" + std::string(3000, 'a')), ErrorCode::invalid_cert);
  const Outcome nine = to_bob([&](Forge& f) {
    for (int i = 0; i < 9; ++i) {
      const std::string url = kAliceUrl + std::to_string(i);
      f.insert(cert(CertType::x509v3_url, as_bytes(url)), PayloadType::id, 1);
    }
  });
  EXPECT_EQ(nine.state, State::waiting) << "asked for one after the other";
  t.clock.advance(std::chrono::seconds(400));
  expect_refused(t.bob().receive(Source::peer, stale), ErrorCode::invalid_ts);
  EXPECT_FALSE(t.bob().receive(Source::peer, stale).need_certificate_url)
      << "a stale message is not worth a look-up";
}

TEST_P(CertificateForms, WaitingForCertificatesIsBounded) {
  t.alice_pki.own[0].url = kAliceUrl;
  t.limits.waiting = 5;
  std::vector<Bytes> messages;
  for (int i = 0; i < 5; ++i) messages.push_back(t.first_message());
  for (const Bytes& m : messages) EXPECT_EQ(t.bob().receive(Source::peer, m).state, State::waiting);
  expect_refused(t.bob().receive(Source::peer, messages[0]), ErrorCode::resource);
  t.clock.advance(t.bob_policy.patience);
  t.bob().expire();
  EXPECT_TRUE(t.bob().supply_certificate(kAliceUrl, to_bytes(shared_pki().alice.der())).empty())
      << "they have waited too long";
}

/// Anybody can send an answer that names a URL: it must not cost Alice the genuine one.
class CertificateAnswers : public CertificateForms {};
TEST_P(CertificateAnswers, ForgedOnesThatNameUrls) {
  t.limits.waiting = 5;
  t.bob_pki.own[0].url = kBobUrl;
  const Bytes first = t.first_message();
  const Outcome answer = t.bob().receive(Source::peer, first);
  for (int i = 0; i < 30; ++i) {
    Forge f(answer.send[0].message);
    const std::string url = "https://example.net/" + std::to_string(i % 10);
    f.set(cert(CertType::x509v3_url, as_bytes(url)));
    const Outcome o = t.alice().receive(Source::peer, f.signed_by(*private_key("intermediate")));
    if (o.need_certificate_url) t.alice().supply_certificate(url, to_bytes(shared_pki().bob.der()));
  }
  EXPECT_EQ(t.alice().waiting(), 1U);
  const Outcome genuine = t.alice().receive(Source::peer, answer.send[0].message);
  ASSERT_EQ(genuine.need_certificate_url, kBobUrl);
  const auto end = t.alice().supply_certificate(kBobUrl, to_bytes(shared_pki().bob.der()));
  ASSERT_EQ(end.size(), 1U);
  EXPECT_EQ(end[0].state, State::established);
}

std::string mode_of(const testing::TestParamInfo<Mode>& which) {
  return std::string(mode_name(which.param));
}
INSTANTIATE_TEST_SUITE_P(Modes, CertificateForms, testing::Values(Mode::pk, Mode::dh, Mode::rsar), mode_of);
INSTANTIATE_TEST_SUITE_P(Modes, CertificateAnswers, testing::Values(Mode::dh, Mode::rsar), mode_of);

}  // namespace
}  // namespace mikey::test
