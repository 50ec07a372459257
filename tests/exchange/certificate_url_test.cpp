// Certificates by URL: what may make a party ask for one (RFC 3830 6.7, 5.4).
#include <gtest/gtest.h>

#include "mikey/exchange/party.hpp"
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

}  // namespace
}  // namespace mikey::test
