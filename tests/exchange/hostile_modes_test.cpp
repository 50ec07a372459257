// What every mode must withstand: flipped bits, cuts, replays, reflections, forged error messages. Whatever
// comes, a CSB that stands goes on as it was.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

class HostileModes : public testing::TestWithParam<Mode> {
 protected:
  /// Alice and Bob, with a CSB that must not change. In the public-key modes Alice knows Bob's certificate
  /// beforehand, so that she can tell his error messages from others'.
  HostileModes() : t(GetParam()) {
    t.alice_trust->pin(IdType::uri, kBob.data, shared_pki().bob);
    t.alice_policy.srtp.push_back(keys::Suite::f8_128_hmac_sha1_80);  // what Bob will not have
    stands_ = t.run(t.request());
    expect_agreed(stands_);
    alices_ = fingerprint(stands_.initiator);
    bobs_ = fingerprint(stands_.responder);
    t.clock.advance(std::chrono::seconds(1));
  }
  ~HostileModes() override {
    const std::uint32_t csb = stands_.initiator->csb_id;
    if (replaced_) return;
    EXPECT_EQ(fingerprint(t.alice().bundle(csb, kBob)), alices_);
    EXPECT_EQ(fingerprint(t.bob().bundle(csb, kAlice)), bobs_);
  }
  HostileModes(const HostileModes&) = delete;
  HostileModes& operator=(const HostileModes&) = delete;

  /// Every flip of a bit and every cut of `good` is refused by `receiver`, which gathers nothing from them.
  /// In certificates, which are slow to judge, one bit an octet.
  static void expect_only_the_whole(Party& receiver, const Bytes& good) {
    const std::size_t bundles = receiver.bundles();
    const std::size_t waiting = receiver.waiting();
    const auto m = wire::Message::parse(good);
    const auto in_certificate = [&](std::size_t i) {
      return std::ranges::any_of(m->slots(), [&](const wire::Slot& s) {
        return s.type == PayloadType::cert && i >= s.body() + 3 && i < s.end();
      });
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
      const bool one_only = in_certificate(i);
      for (unsigned bit = one_only ? i % 8 : 0; bit < (one_only ? i % 8 + 1 : 8U); ++bit) {
        Bytes bad = good;
        bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1U << bit));
        ASSERT_EQ(receiver.receive(Source::peer, bad).state, State::failed)
            << "octet " << i << " bit " << bit;
      }
      ASSERT_EQ(receiver.receive(Source::peer, ByteView(good).first(i)).state, State::failed)
          << "cut to " << i;
    }
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(receiver.receive(Source::peer, longer).state, State::failed);
    EXPECT_EQ(receiver.bundles(), bundles);
    EXPECT_EQ(receiver.waiting(), waiting);
  }

  /// Alice's refusal by Bob: his policy has none of her suites.
  Outcome refused_by_bob(Outcome* begun = nullptr) {
    auto q = t.request();
    q.terms.streams = {{0, 0, keys::Suite::f8_128_hmac_sha1_80}};
    auto begin = t.alice().initiate(std::move(q));
    Outcome answer = t.bob().receive(Source::peer, begin->send[0].message);
    if (begun != nullptr) *begun = std::move(*begin);
    return answer;
  }

  CertifiedParties t;
  TwoParties::Run stands_;
  std::string alices_, bobs_;
  bool replaced_ = false;  // by a good update
};

TEST_P(HostileModes, EveryBitOfANewExchangeCounts) {
  const Bytes first = t.first_message();
  expect_only_the_whole(t.bob(), first);
  const Outcome answer = t.bob().receive(Source::peer, first);
  ASSERT_EQ(answer.state, State::established) << answer.error->to_string();
  ASSERT_EQ(answer.send.size(), 1U);
  expect_only_the_whole(t.alice(), answer.send[0].message);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

TEST_P(HostileModes, EveryBitOfAnUpdateCounts) {
  const std::uint32_t csb = stands_.initiator->csb_id;
  const Bytes first = t.first_message(csb);
  expect_only_the_whole(t.bob(), first);
  EXPECT_EQ(fingerprint(t.bob().bundle(csb, kAlice)), bobs_);
  const Outcome answer = t.bob().receive(Source::peer, first);
  ASSERT_EQ(answer.state, State::established) << answer.error->to_string();
  expect_only_the_whole(t.alice(), answer.send[0].message);
  EXPECT_EQ(fingerprint(t.alice().bundle(csb, kBob)), alices_);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
  replaced_ = true;
}

TEST_P(HostileModes, ReplaysAreRefusedInSilence) {
  const Outcome again = t.bob().receive(Source::peer, stands_.begin.send[0].message);
  EXPECT_EQ(again.state, State::failed);
  EXPECT_EQ(again.error->code, ErrorCode::invalid_ts);
  EXPECT_TRUE(again.send.empty());
  EXPECT_EQ(t.alice().receive(Source::peer, stands_.answer.send[0].message).state, State::failed);
  const Bytes before = t.first_message(stands_.initiator->csb_id);  // of an update
  ASSERT_EQ(t.bob().receive(Source::peer, before).state, State::established);
  const std::string updated = fingerprint(t.bob().bundle(stands_.initiator->csb_id, kAlice));
  const Outcome twice = t.bob().receive(Source::peer, before);
  EXPECT_EQ(twice.state, State::failed);
  EXPECT_TRUE(twice.send.empty());
  EXPECT_EQ(fingerprint(t.bob().bundle(stands_.initiator->csb_id, kAlice)), updated);
  replaced_ = true;
}

TEST_P(HostileModes, ReflectedMessages) {
  t.alice().credentials().psk.emplace(kAlice, Psk(Bytes(16, 0x11)));  // the worst case
  t.bob().credentials().psk.emplace(kBob, Psk(Bytes(16, 0x11)));
  const Bytes first = t.first_message();
  EXPECT_EQ(t.alice().receive(Source::peer, first).state, State::failed);
  const Outcome answer = t.bob().receive(Source::peer, first);
  EXPECT_EQ(t.bob().receive(Source::peer, answer.send[0].message).state, State::failed);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

TEST_P(HostileModes, AnswersOfOtherExchanges) {
  const Bytes one = t.first_message();
  const Bytes two = t.first_message();
  const Outcome answer_one = t.bob().receive(Source::peer, one);
  const Outcome answer_two = t.bob().receive(Source::peer, two);
  Bytes renamed = answer_one.send[0].message;  // with the CSB ID of the other
  std::copy_n(two.begin() + 4, 4, renamed.begin() + 4);
  EXPECT_EQ(t.alice().receive(Source::peer, renamed).state, State::failed);
  EXPECT_EQ(t.alice().waiting(), 2U);
  EXPECT_EQ(t.alice().receive(Source::peer, answer_two.send[0].message).state, State::established);
  EXPECT_EQ(t.alice().receive(Source::peer, answer_one.send[0].message).state, State::established);
}

TEST_P(HostileModes, AnAuthenticErrorMessageEndsTheExchange) {
  Outcome begun;
  const Outcome refusal = refused_by_bob(&begun);
  ASSERT_EQ(refusal.state, State::failed);
  EXPECT_EQ(refusal.error->code, ErrorCode::invalid_sppar);
  ASSERT_EQ(refusal.send.size(), 1U);
  const Bytes& message = refusal.send[0].message;
  const auto m = wire::Message::parse(message);
  EXPECT_EQ(m->hdr().data_type, DataType::error);
  EXPECT_NE(m->last_type(), PayloadType::err) << "it is protected: its sender was authenticated before";
  EXPECT_NE(m->last_type(), PayloadType::sp);

  // Not with any bit changed, which at most leaves an error message that nobody vouches for.
  for (std::size_t i = 0; i < message.size(); ++i) {
    Bytes bad = message;
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ 0x10);
    EXPECT_EQ(t.alice().receive(Source::peer, bad).state, State::failed);
    ASSERT_EQ(t.alice().waiting(), 1U) << "octet " << i;
  }
  const Outcome end = t.alice().receive(Source::peer, message);
  EXPECT_EQ(end.error->code, ErrorCode::invalid_sppar);
  EXPECT_EQ(end.supported, t.bob_policy.srtp);
  EXPECT_EQ(t.alice().waiting(), 0U);
}

TEST_P(HostileModes, ForgedErrorMessagesEndNothing) {
  const Bytes first = t.first_message();
  const Outcome answer = t.bob().receive(Source::peer, first);
  const auto m = wire::Message::parse(first);
  wire::Hdr h;
  h.data_type = DataType::error;
  h.csb_id = m->hdr().csb_id;
  const Bytes mac(20, 0x42);
  for (const int n : {0, 1, 8, 12, 13, 99}) {
    wire::ChainBuilder plain(h);
    plain.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(n), 0});
    Bytes octets = *std::move(plain).finish();
    EXPECT_EQ(t.alice().receive(Source::peer, octets).state, State::failed);
    octets.push_back(0);
    EXPECT_EQ(t.alice().receive(Source::peer, octets).state, State::failed);
    wire::ChainBuilder v(h);
    v.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(n), 0});
    v.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
    EXPECT_EQ(t.alice().receive(Source::peer, *std::move(v).finish()).state, State::failed);
    wire::ChainBuilder null_v(h);
    null_v.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(n), 0});
    null_v.add(wire::Ver{MacAlg::null, {}});
    EXPECT_EQ(t.alice().receive(Source::peer, *std::move(null_v).finish()).state, State::failed);
    wire::ChainBuilder k(h);
    k.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(n), 0});
    k.add(wire::Kemac{EncrAlg::null, {}, MacAlg::null, {}});
    EXPECT_EQ(t.alice().receive(Source::peer, *std::move(k).finish()).state, State::failed);
  }
  // Signed, but by somebody else; and about another exchange.
  wire::ChainBuilder b(h);
  b.add(*m->first<wire::T>()).add(wire::Err{static_cast<ErrorNo>(0), 0}).add(wire::Sign{});
  const Bytes unsigned_error = *std::move(b).finish();
  for (const char* who : {"alice", "intermediate"})
    EXPECT_EQ(t.alice().receive(Source::peer, Forge(unsigned_error).signed_by(*private_key(who))).state,
              State::failed);
  const Bytes other_time(8, 0xE0);
  Forge stale(unsigned_error);
  stale.set(wire::T{TsType::ntp_utc, Octets(other_time)});
  EXPECT_EQ(t.alice().receive(Source::peer, stale.signed_by(*private_key("bob"))).state, State::failed);
  EXPECT_EQ(t.alice().waiting(), 1U);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

TEST_P(HostileModes, ErrorsBeforeAuthenticationAreInClear) {
  Bytes bad = t.first_message();
  bad.back() = static_cast<std::uint8_t>(bad.back() ^ 1);
  const Outcome o = t.bob().receive(Source::peer, bad);
  ASSERT_EQ(o.send.size(), 1U);
  const auto m = wire::Message::parse(o.send[0].message);
  EXPECT_EQ(m->last_type(), PayloadType::err) << "nothing of Bob's may be spent on strangers";
  EXPECT_EQ(t.alice().receive(Source::peer, o.send[0].message).state, State::failed);
  EXPECT_EQ(t.alice().waiting(), 1U);
}

TEST_P(HostileModes, StaleAndFutureMessages) {
  for (const int off : {-302, 302}) {
    const Bytes first = t.first_message();
    t.clock.advance(std::chrono::seconds(off));
    const Outcome o = t.bob().receive(Source::peer, first);
    EXPECT_EQ(o.state, State::failed);
    EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    t.clock.advance(std::chrono::seconds(-off));
  }
}

TEST_P(HostileModes, MessagesForSomebodyElse) {
  const Identity carol = Identity::uri("sip:carol@example.com");
  t.alice().credentials().psk.emplace(carol, Psk(Bytes(16, 0x11)));
  t.alice_trust->pin(IdType::uri, carol.data, shared_pki().bob);
  auto q = t.request();
  q.terms.to = carol;
  const auto begun = t.alice().initiate(std::move(q));
  ASSERT_TRUE(begun.ok());
  const Outcome o = t.bob().receive(Source::peer, begun->send[0].message);
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_id);
}

INSTANTIATE_TEST_SUITE_P(Modes, HostileModes,
                         testing::Values(Mode::psk, Mode::pk, Mode::dh, Mode::dhhmac, Mode::rsar),
                         [](const testing::TestParamInfo<Mode>& which) {
                           return std::string(mode_name(which.param));
                         });

}  // namespace
}  // namespace mikey::test
