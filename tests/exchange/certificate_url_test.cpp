// Certificates by URL: what may make a party ask for one (RFC 3830 6.7, 5.4).
#include <gtest/gtest.h>

#include "mikey/exchange/party.hpp"
#include "support/forge.hpp"
#include "support/pki.hpp"

namespace mikey::test {
namespace {

const std::string kUrl = "https://pki.example.com/peer.cer";

/// Alice and Bob with certificates; one of them names its own by URL.
class CertificateUrlTest : public testing::Test {
 protected:
  Party party(const std::string& self, bool by_url) {
    Credentials c;
    OwnCertificate own{{self == "alice" ? pki_.alice : pki_.bob}, private_key(self), by_url ? kUrl : ""};
    c.pki.own.push_back(std::move(own));
    auto trust = std::make_shared<crypto::TrustStore>();
    trust->add_anchor(pki_.ca.certificate);
    c.pki.trust = trust;
    return {Identity::uri("sip:" + self + "@example.com"),
            Policy{},
            std::move(c),
            crypto::openssl(),
            rng_,
            clock_};
  }
  static InitiateRequest to_bob() {
    InitiateRequest r;
    r.mode = Mode::dh;
    r.terms.to = Identity::uri("sip:bob@example.com");
    return r;
  }
  Bytes der(const crypto::Certificate& c) { return to_bytes(c.der()); }

  Pki pki_;
  CountingRng rng_;
  ManualClock clock_{kPkiTime};
};

TEST_F(CertificateUrlTest, FetchedAndUsed) {
  Party alice = party("alice", true);
  Party bob = party("bob", false);
  const auto begun = alice.initiate(to_bob());
  ASSERT_TRUE(begun.ok());
  const Outcome asked = bob.receive(Source::peer, begun->send.at(0).message);
  ASSERT_EQ(asked.need_certificate_url, kUrl);
  const auto done = bob.supply_certificate(kUrl, der(pki_.alice));
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].bundle);
}

TEST_F(CertificateUrlTest, NothingIsFetchedForAStaleMessage) {
  Party alice = party("alice", true);
  Party bob = party("bob", false);
  const auto begun = alice.initiate(to_bob());
  ASSERT_TRUE(begun.ok());
  for (const std::int64_t off : {302, -302}) {
    clock_.set(kPkiTime + std::chrono::seconds(off));
    const Outcome o = bob.receive(Source::peer, begun->send.at(0).message);
    EXPECT_FALSE(o.need_certificate_url) << off;
    ASSERT_TRUE(o.error) << off;
    EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    EXPECT_EQ(o.send.size(), 1U) << "an error message that names the timestamp (RFC 3830 5.1.2)";
    EXPECT_TRUE(bob.supply_certificate(kUrl, der(pki_.alice)).empty());
  }
  clock_.set(kPkiTime + std::chrono::seconds(300));
  EXPECT_TRUE(bob.receive(Source::peer, begun->send.at(0).message).need_certificate_url);
}

TEST_F(CertificateUrlTest, AMessageThatBecomesStaleDuringTheFetchIsRefused) {
  Party alice = party("alice", true);
  Party bob = party("bob", false);
  const auto begun = alice.initiate(to_bob());
  ASSERT_TRUE(bob.receive(Source::peer, begun->send.at(0).message).need_certificate_url);
  clock_.advance(std::chrono::seconds(302));
  const auto done = bob.supply_certificate(kUrl, der(pki_.alice));
  ASSERT_EQ(done.size(), 1U);
  ASSERT_TRUE(done[0].error);
  EXPECT_EQ(done[0].error->code, ErrorCode::invalid_ts);
}

TEST_F(CertificateUrlTest, NothingIsFetchedForAnAnswerToAnotherMessage) {
  Party alice = party("alice", false);
  Party bob = party("bob", true);
  const auto begun = alice.initiate(to_bob());
  ASSERT_TRUE(begun.ok());
  const Outcome answered = bob.receive(Source::peer, begun->send.at(0).message);
  ASSERT_EQ(answered.send.size(), 1U);
  Bytes answer = answered.send[0].message;
  const auto t = wire::Message::parse(answer)->find(PayloadType::t)->offset;
  answer[t + 9] ^= 1;
  const Outcome forged = alice.receive(Source::peer, answer);
  EXPECT_FALSE(forged.need_certificate_url);
  ASSERT_TRUE(forged.error);
  EXPECT_EQ(forged.error->code, ErrorCode::invalid_ts);

  EXPECT_EQ(alice.receive(Source::peer, answered.send[0].message).need_certificate_url, kUrl);
  const auto done = alice.supply_certificate(kUrl, der(pki_.bob));
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].bundle);
}

/// RFC 3830 3.3, RFC 4738: an answer is not authentic before its certificate is there, so anybody may send
/// one.
class ForgedAnswers : public CertificateUrlTest, public testing::WithParamInterface<Mode> {
 protected:
  /// Bob's answer, and what one must send who saw Alice's message and wants Alice to look elsewhere.
  void SetUp() override {
    InitiateRequest r = to_bob();
    r.mode = GetParam();
    const auto begun = alice_.initiate(std::move(r));
    ASSERT_TRUE(begun.ok());
    Party bob = party("bob", true);
    const Outcome answered = bob.receive(Source::peer, begun->send.at(0).message);
    ASSERT_EQ(answered.send.size(), 1U) << (answered.error ? answered.error->to_string() : "");
    genuine_ = answered.send[0].message;
  }
  Bytes forged(const std::string& url) const {
    Forge f(genuine_);
    wire::Cert cert = f.get<wire::Cert>();
    cert.data = Octets(as_bytes(url));
    f.set(cert);
    return f.signed_by(*private_key("alice"));
  }
  std::string url(int n) const { return "https://evil.example.com/" + std::to_string(n); }

  Party alice_ = party("alice", false);
  Bytes genuine_;
};

TEST_P(ForgedAnswers, DoNotDisplaceTheGenuineOne) {
  EXPECT_EQ(alice_.receive(Source::peer, genuine_).need_certificate_url, kUrl);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(alice_.receive(Source::peer, forged(url(i))).need_certificate_url, url(i));
  const auto done = alice_.supply_certificate(kUrl, der(pki_.bob));
  ASSERT_EQ(done.size(), 1U);
  ASSERT_TRUE(done[0].bundle) << (done[0].error ? done[0].error->to_string() : "");
  EXPECT_EQ(alice_.waiting(), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(alice_.supply_certificate(url(i), der(pki_.alice)).empty());
}

TEST_P(ForgedAnswers, MayFailInAnyOrder) {
  EXPECT_EQ(alice_.receive(Source::peer, forged(url(0))).need_certificate_url, url(0));
  EXPECT_EQ(alice_.receive(Source::peer, genuine_).need_certificate_url, kUrl);
  EXPECT_EQ(alice_.receive(Source::peer, forged(url(1))).need_certificate_url, url(1));
  const auto missing = alice_.supply_certificate(
      url(0), Error{ErrorCode::invalid_cert, Severity::message, "", std::nullopt, "there is no such file"});
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].state, Outcome::State::failed);
  const auto other = alice_.supply_certificate(url(1), der(pki_.alice));
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].state, Outcome::State::failed);
  EXPECT_EQ(alice_.waiting(), 1U);
  const auto done = alice_.supply_certificate(kUrl, der(pki_.bob));
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].bundle);
}

TEST_P(ForgedAnswers, OfTheGenuineUrlFailWithoutIt) {
  Forge f(genuine_);
  const Bytes copy = f.signed_by(*private_key("alice"));  // all but the signature is Bob's
  EXPECT_EQ(alice_.receive(Source::peer, copy).need_certificate_url, kUrl);
  EXPECT_EQ(alice_.receive(Source::peer, genuine_).need_certificate_url, kUrl);
  const auto done = alice_.supply_certificate(kUrl, der(pki_.bob));
  EXPECT_TRUE(std::ranges::any_of(done, [](const Outcome& o) { return o.bundle != nullptr; }));
}

TEST_P(ForgedAnswers, AreFew) {
  std::size_t asked = 0;
  for (int i = 0; i < 50; ++i) {
    const Outcome o = alice_.receive(Source::peer, forged(url(i)));
    if (o.need_certificate_url) ++asked;
    if (!o.need_certificate_url) {
      EXPECT_EQ(o.error->code, ErrorCode::resource);
    }
  }
  EXPECT_EQ(asked, 8U);
  EXPECT_EQ(alice_.receive(Source::peer, forged(url(0))).need_certificate_url, url(0))
      << "the same once more";
  EXPECT_EQ(alice_.supply_certificate(url(3), der(pki_.alice)).size(), 1U);
  EXPECT_EQ(alice_.receive(Source::peer, genuine_).need_certificate_url, kUrl) << "one was found out";
  const auto done = alice_.supply_certificate(kUrl, der(pki_.bob));
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].bundle);
}

INSTANTIATE_TEST_SUITE_P(Modes, ForgedAnswers, testing::Values(Mode::dh, Mode::rsar),
                         [](const auto& which) { return std::string(mode_name(which.param)); });

}  // namespace
}  // namespace mikey::test
