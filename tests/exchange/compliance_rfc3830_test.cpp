// What RFC 3830 demands of the messages of its three modes, a test a demand; compliance/rfc3830.toml refers
// to these. What it demands of updates and envelope keys stands in compliance_updates_test.cpp.
#include <gtest/gtest.h>

#include <set>

#include "mikey/keys/message_keys.hpp"
#include "support/certified_parties.hpp"
#include "support/forge.hpp"
#include "support/parsed.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

Bytes timestamp(ByteView message) {
  return to_bytes(parsed(message).first<wire::T>()->value);
}

/// Draws a list of CSB IDs before random ones, and random octets for all else.
class CsbIdRng final : public Rng {
 public:
  std::deque<std::uint32_t> next;
  int drawn = 0;
  Status fill(MutableBytes out, std::string_view what) override {
    if (what != "CSB ID" || next.empty()) return random_.fill(out, what);
    ++drawn;
    store_be(out.data(), next.front());
    next.pop_front();
    return {};
  }

 private:
  CountingRng random_;
};

class EveryMode : public testing::TestWithParam<Mode> {
 protected:
  CertifiedParties t_{GetParam()};
  bool has_certificates() const { return GetParam() != Mode::psk && GetParam() != Mode::dhhmac; }
};

// 3.1, 3.2, 3.3, 9.5: ID and CERT payloads; 4.2.8: UTC; 6.11: RAND of 16 octets.
TEST_P(EveryMode, FirstMessagesNameBothPartiesTheTimeAndARand) {
  const wire::Message m = parsed(t_.first_message());
  const auto ids = m.all<wire::Id>();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0].data, Octets(kAlice.data));
  EXPECT_EQ(ids[1].data, Octets(kBob.data));
  EXPECT_EQ(m.count<wire::Cert>(), has_certificates() ? 1U : 0U);
  EXPECT_EQ(m.first<wire::T>()->type, TsType::ntp_utc);
  EXPECT_EQ(timestamp(m.octets()).size(), 8U);
  ASSERT_EQ(m.count<wire::Rand>(), 1U);
  EXPECT_GE(m.first<wire::Rand>()->data.size(), 16U);
}

TEST_P(EveryMode, ResponsesNameTheResponder) {
  const auto r = t_.run(t_.request());
  expect_agreed(r);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message m = parsed(r.answer.send[0].message);
  EXPECT_EQ(m.first<wire::Id>()->data, Octets(kBob.data));
  EXPECT_EQ(m.count<wire::Cert>(), m.last_type() == PayloadType::sign ? 1U : 0U);
}

// 5.2: "unique timestamp", also when the clock stands still; 6.11: RAND "independently generated per CSB".
TEST_P(EveryMode, EveryCsbHasATimestampAndARandOfItsOwn) {
  std::set<Bytes> times;
  std::set<Bytes> rands;
  for (int i = 0; i < 5; ++i) {
    const wire::Message m = parsed(t_.first_message());
    times.insert(timestamp(m.octets()));
    rands.insert(to_bytes(m.first<wire::Rand>()->data));
  }
  EXPECT_EQ(times.size(), 5U);
  EXPECT_EQ(rands.size(), 5U);
}

// 4.2.8 and readings of 6.6: parties here share no counter, so a COUNTER is no timestamp, and enters no PRF.
TEST_P(EveryMode, CounterTimestampsAreRefused) {
  const Bytes count{0, 0, 0, 1};
  Forge whole(t_.first_message());
  whole.set(wire::T{TsType::counter, Octets(count)});
  const Bytes message = has_certificates()
                            ? whole.signed_by(*private_key("alice"))
                            : whole.maced(Bytes(16, 0x11), to_bytes(whole.get<wire::Rand>().data));
  const Outcome o = t_.bob().receive(Source::peer, message);
  EXPECT_EQ(o.state, State::failed);
  ASSERT_TRUE(o.error.has_value());
  EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
  EXPECT_EQ(std::string(o.error->rfc), "RFC 3830 6.6") << "for its type, not for what it reads as a time";
}

// 5.1.2: "all errors SHOULD be reported", and an Initiator is "prepared to receive such a message".
TEST_P(EveryMode, RefusalsAreToldAndHeard) {
  t_.bob_policy.prf = {PrfFunc::hmac_sha_256};
  const auto r = t_.run(t_.request());
  EXPECT_EQ(r.answer.state, State::failed);
  ASSERT_EQ(r.answer.send.size(), 1U);
  const wire::Message m = parsed(r.answer.send[0].message);
  EXPECT_EQ(m.hdr().data_type, DataType::error);
  EXPECT_EQ(m.first<wire::Err>()->number, static_cast<ErrorNo>(2)) << "Invalid PRF";
  EXPECT_EQ(timestamp(m.octets()), timestamp(r.begin.send[0].message));
  ASSERT_TRUE(r.end.error.has_value());
  EXPECT_EQ(r.end.error->code, ErrorCode::invalid_prf);
  EXPECT_EQ(t_.alice().waiting(), 1U) << "nobody proved that it was Bob who said so";
}

// 5.1.2: "the error message SHOULD include the supported parameters".
TEST_P(EveryMode, RefusedPoliciesAreAnsweredWithThoseThatAreSupported) {
  t_.alice_policy.srtp = {keys::Suite::aes_256_cm_hmac_sha1_80};
  const auto r = t_.run(t_.request());
  ASSERT_EQ(r.answer.send.size(), 1U);
  const wire::Message m = parsed(r.answer.send[0].message);
  EXPECT_EQ(m.first<wire::Err>()->number, static_cast<ErrorNo>(10)) << "Invalid SPpar";
  EXPECT_EQ(m.count<wire::Sp>(), t_.bob_policy.srtp.size());
  EXPECT_EQ(r.end.supported, t_.bob_policy.srtp);
}

// 5.3: timestamp, then PRF and payloads, then MAC or signature, then everything else.
TEST_P(EveryMode, MessagesAreCheckedInTheOrderOfSection5_3) {
  const Bytes good = t_.first_message();
  Bytes wrong_prf = good;
  wrong_prf[3] = static_cast<std::uint8_t>((wrong_prf[3] & 0x80) | 1);
  const Outcome prf = t_.bob().receive(Source::peer, wrong_prf);
  ASSERT_TRUE(prf.error.has_value());
  EXPECT_EQ(prf.error->code, ErrorCode::invalid_prf) << "before the MAC, which is wrong too";
  Bytes stale_too = wrong_prf;
  stale_too[21] = static_cast<std::uint8_t>(stale_too[21] ^ 0x40);  // T follows a header of 19 octets
  const Outcome time = t_.bob().receive(Source::peer, stale_too);
  ASSERT_TRUE(time.error.has_value());
  EXPECT_EQ(time.error->code, ErrorCode::invalid_ts) << "before the PRF";
  Bytes unauthentic = good;
  unauthentic.back() ^= 1;
  const Outcome mac = t_.bob().receive(Source::peer, unauthentic);
  ASSERT_TRUE(mac.error.has_value());
  EXPECT_EQ(mac.error->code, ErrorCode::auth_failure);
  EXPECT_EQ(t_.bob().receive(Source::peer, good).state, State::established)
      << "only authenticated messages are in the replay cache";
  EXPECT_EQ(t_.bob().receive(Source::peer, good).error->code, ErrorCode::invalid_ts) << "a replay";
}

// 6.1: the CSB ID is random and "MUST be unique between each Initiator-Responder pair".
TEST_P(EveryMode, CsbIdsInUseWithThePeerAreNotChosen) {
  CsbIdRng rng;
  Credentials c;
  c.psk.emplace(kBob, Psk(Bytes(16, 0x11)));
  c.pki = t_.alice_pki;
  Party alice(kAlice, t_.alice_policy, std::move(c), crypto::openssl(), rng, t_.clock, t_.limits);
  rng.next = {0, 0x11111111, 0x11111111, 0x22222222, 0x11111111, 0x22222222, 0x33333333};
  const auto first = alice.initiate(t_.request());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->csb_id, 0x11111111U);
  const Outcome answer = t_.bob().receive(Source::peer, first->send[0].message);
  ASSERT_EQ(answer.state, State::established);
  ASSERT_EQ(alice.receive(Source::peer, answer.send[0].message).state, State::established);
  EXPECT_EQ(alice.initiate(t_.request())->csb_id, 0x22222222U) << "the first one is established";
  EXPECT_EQ(alice.initiate(t_.request())->csb_id, 0x33333333U) << "and the second one is under way";
  EXPECT_EQ(rng.drawn, 7);
}

INSTANTIATE_TEST_SUITE_P(Rfc3830, EveryMode,
                         testing::Values(Mode::psk, Mode::pk, Mode::dh, Mode::dhhmac, Mode::rsar),
                         [](const auto& test) { return std::string(mode_name(test.param)); });

TEST(Rfc3830, AGeneratorThatRepeatsItselfFailsTheRequest) {
  class Stuck final : public Rng {
   public:
    Status fill(MutableBytes out, std::string_view /*what*/) override {
      std::ranges::fill(out, 0);
      return {};
    }
  } rng;
  ManualClock clock(kPkiTime);
  Credentials c;
  c.psk.emplace(kBob, Psk(Bytes(16, 0x11)));
  Party alice(kAlice, {}, std::move(c), crypto::openssl(), rng, clock);
  const auto o = alice.initiate(TwoParties::request());
  ASSERT_FALSE(o.ok());
  EXPECT_EQ(o.error().code, ErrorCode::crypto);
}

// 5.2: "Identity_i || Identity_r || Timestamp MUST directly follow the MIKEY message", computed here anew.
TEST(Rfc3830, VerificationCoversMessageIdentitiesAndTimestamp) {
  TwoParties t;
  const auto r = t.run(t.request());
  expect_agreed(r);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message init = parsed(r.begin.send[0].message);
  const wire::Message m = parsed(r.answer.send[0].message);
  const auto v = m.get<wire::Ver>(m.last_slot());
  const keys::MessageKeys keys(crypto::openssl(), PrfFunc::mikey_1, Bytes(16, 0x11), m.hdr().csb_id,
                               init.first<wire::Rand>()->data);
  const ByteView covered = m.octets().first(m.octets().size() - v.data.size());
  const std::array<ByteView, 4> right{covered, kAlice.data, kBob.data, m.first<wire::T>()->value};
  EXPECT_TRUE(keys.verify(v.auth_alg, right, v.data).ok());
  const std::array<ByteView, 4> swapped{covered, kBob.data, kAlice.data, m.first<wire::T>()->value};
  EXPECT_FALSE(keys.verify(v.auth_alg, swapped, v.data).ok());
}

// 4.2.3, 4.2.4: NULL encryption and NULL MAC "MUST NOT be used unless the underlying protocols can guarantee
// security", which the owner says by allow_null.
TEST(Rfc3830, NullNeedsTheConsentOfBothInThePublicKeyModeToo) {
  for (const auto& [encr, mac] :
       {std::pair(EncrAlg::null, MacAlg::null), std::pair(EncrAlg::null, MacAlg::hmac_sha_1_160)}) {
    for (const bool alice : {false, true}) {
      for (const bool bob : {false, true}) {
        CertifiedParties t(Mode::pk);
        t.alice_policy.kemac_encryption = t.bob_policy.kemac_encryption = {encr};
        t.alice_policy.kemac_mac = t.bob_policy.kemac_mac = {mac};
        t.alice_policy.allow_null = alice;
        t.bob_policy.allow_null = bob;
        EXPECT_EQ(t.run(t.request()).responder != nullptr, alice && bob);
      }
    }
  }
}

// 4.2.3: beside a key wrap "the NULL MAC SHOULD NOT be used in the pre-shared key case, as the MAC in that
// case covers the entire message".
TEST(Rfc3830, AKeyWrapWithoutMacIsRefusedInThePresharedKeyMode) {
  for (const bool allow_null : {false, true}) {
    TwoParties t;
    t.alice_policy.kemac_encryption = t.bob_policy.kemac_encryption = {EncrAlg::aes_kw_128};
    t.bob_policy.kemac_mac = {MacAlg::hmac_sha_1_160, MacAlg::null};
    t.bob_policy.allow_null = allow_null;
    const Outcome begun = *t.alice().initiate(t.request());
    const wire::Message m = parsed(begun.send[0].message);
    const Bytes rand = to_bytes(m.first<wire::Rand>()->data);
    const Outcome o =
        t.bob().receive(Source::peer, Forge(begun.send[0].message)
                                          .maced(Bytes(16, 0x11), rand, m.first<wire::Kemac>()->encr_data,
                                                 EncrAlg::aes_kw_128, MacAlg::null));
    ASSERT_TRUE(o.error.has_value());
    EXPECT_EQ(o.error->code, ErrorCode::invalid_mac);
    TwoParties sender;
    sender.alice_policy.kemac_encryption = {EncrAlg::aes_kw_128};
    sender.alice_policy.kemac_mac = {MacAlg::null};
    sender.alice_policy.allow_null = allow_null;
    EXPECT_FALSE(sender.alice().initiate(sender.request()).ok()) << "nor is it sent";
  }
}

// 3.3: xi and xr are "randomly/pseudo-randomly and secretly chosen", anew for each exchange.
TEST(Rfc3830, DiffieHellmanSecretsAreDrawnForEachExchange) {
  for (const Mode mode : {Mode::dh, Mode::dhhmac}) {
    CertifiedParties t(mode);
    std::set<Bytes> values;
    for (int i = 0; i < 2; ++i) {
      const auto r = t.run(t.request());
      expect_agreed(r);
      ASSERT_FALSE(HasFatalFailure());
      const wire::Message m = parsed(r.answer.send[0].message);
      for (const wire::Dh& dh : m.all<wire::Dh>()) {
        values.insert(to_bytes(dh.value));
        EXPECT_FALSE(ct_equal(r.initiator->keys[0].key.reveal(), dh.value)) << "the TGK does not travel";
      }
    }
    EXPECT_EQ(values.size(), 4U);
  }
}

// 6.1: "The V flag SHALL be ignored by the receiver in the DH method".
TEST(Rfc3830, TheVFlagIsIgnoredInDiffieHellman) {
  CertifiedParties t(Mode::dh);
  Forge f(t.first_message());
  EXPECT_EQ(f.hdr().v, 1);
  f.hdr().v = 0;
  const Outcome o = t.bob().receive(Source::peer, f.signed_by(*private_key("alice")));
  EXPECT_EQ(o.state, State::established);
  EXPECT_EQ(o.send.size(), 1U);
}

// 6.1.1: a stream has the SSRC of the map; the Responder chooses only where it is 0, and changes no other.
TEST(Rfc3830, SsrcsOfTheMapAreKept) {
  TwoParties t;
  auto q = t.request();
  q.terms.streams = {{7, 0, {}}, {0, 0, {}}, {9, 5, {}}};
  const auto r = t.run(std::move(q));
  expect_agreed(r);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(r.responder->sessions[0].ssrc, 7U);
  EXPECT_EQ(r.responder->sessions[2].ssrc, 9U);
  EXPECT_EQ(r.responder->sessions[2].roc, 5U);
  const std::uint32_t chosen = r.responder->sessions[1].ssrc;
  EXPECT_TRUE(chosen != 0 && chosen != 7 && chosen != 9);
}

// RFC 4563 5: with an empty CS ID map "there MUST NOT be any Security Policy payload present in the message".
TEST(Rfc4563, NoPolicyStandsBesideAnEmptyMap) {
  TwoParties t;
  auto q = t.request();
  q.terms.empty_map = true;
  const Bytes good = t.alice().initiate(std::move(q))->send[0].message;
  const wire::Message m = parsed(good);
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::empty);
  EXPECT_EQ(m.count<wire::Sp>(), 0U);
  const auto k = m.get<wire::Kemac>(m.last_slot());
  Forge f(good);
  f.append(wire::Sp{0, ProtType::srtp, {}});
  const Outcome o = t.bob().receive(Source::peer, f.maced(Bytes(16, 0x11), m.first<wire::Rand>()->data,
                                                          k.encr_data, k.encr_alg, k.mac_alg));
  EXPECT_EQ(o.state, State::failed);
  ASSERT_TRUE(o.error.has_value());
  EXPECT_EQ(o.error->code, ErrorCode::invalid_sp);
  t.clock.advance(std::chrono::seconds(1));
  auto again = t.request();
  again.terms.empty_map = true;
  EXPECT_TRUE(t.run(std::move(again)).responder) << "without SP it is accepted";
}

// RFC 4567 8: nothing "weaker than permitted by local security policy" is offered, whatever a stream asks
// for.
TEST(Rfc4567, SuitesOutsideOfThePolicyAreNotOffered) {
  TwoParties t;
  t.alice_policy.srtp = {keys::Suite::aead_aes_128_gcm, keys::Suite::aes_cm_128_hmac_sha1_80};
  for (const bool allowed : {true, false}) {
    auto q = t.request();
    q.terms.streams = {{1, 0, {}}, {2, 0, allowed ? t.alice_policy.srtp[1] : keys::Suite::null_hmac_sha1_80}};
    EXPECT_EQ(t.alice().initiate(std::move(q)).ok(), allowed);
  }
}

}  // namespace
}  // namespace mikey::test
