// MIKEY-IBAKE against hostile messages: changed bits, replays, reflections, payloads of other exchanges (RFC
// 6267 7).
#include <gtest/gtest.h>

#include "support/forge.hpp"
#include "support/ibake_world.hpp"

namespace mikey::test {
namespace {

using Call = IbakeWorld::Run;
using Letter = IbakeWorld::Letter;
using State = Outcome::State;
using enum DataType;

/// Every so many bits, so that each payload is hit often, in little time.
constexpr std::size_t kStride = 7;

bool in_payload(const wire::Message& m, PayloadType type, std::size_t octet) {
  const wire::Slot* at = m.find(type);
  return at != nullptr && octet >= at->body() && octet < at->end();
}

class IbakeBits : public testing::TestWithParam<DataType> {};

/// With an SSRC of the caller's: one that the callee fills in is not authentic before R_MESSAGE_2.
InitiateRequest with_ssrc() {
  InitiateRequest r = IbakeWorld::request("bob");
  r.terms.streams = {{0x1001, 0, {}}};
  return r;
}

/// Each changed message comes before the genuine one, to a party that waits for it: it establishes nothing,
/// and the genuine one is taken after all. What is not authentic is left out: the V flag, which is ignored,
/// and T of I_MESSAGE_2, which R_MESSAGE_2 repeats under its MAC (doc/readings.md, 6267-14).
TEST_P(IbakeBits, OfEveryMessageCount) {
  IbakeWorld w;
  std::size_t tried = 0;
  const Call run = w.run("alice", with_ssrc(), "bob", [&](Letter& l) {
    if (l.type() != GetParam()) return;
    const wire::Message genuine = l.parsed();
    for (std::size_t bit = 0; bit < 8 * l.message.size(); bit += kStride) {
      const std::size_t octet = bit / 8;
      if (octet == 3 || (l.type() == i_message_2 && in_payload(genuine, PayloadType::t, octet))) continue;
      Bytes bad = l.message;
      bad[octet] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const Outcome o = w.party(l.to).receive(Source::peer, bad);
      EXPECT_EQ(o.state, State::failed) << bit;
      // as another type of message it may be answered
      EXPECT_TRUE(o.send.empty() || octet == 1) << "failures after I_MESSAGE_1 are silent";
      ++tried;
    }
    for (std::size_t n = 0; n < l.message.size(); n += 11)
      EXPECT_EQ(w.party(l.to).receive(Source::peer, ByteView(l.message).first(n)).state, State::failed);
  });
  EXPECT_GT(tried, 100U);
  expect_same(run);
}

INSTANTIATE_TEST_SUITE_P(Rfc6267, IbakeBits, testing::Values(r_message_1, i_message_2, r_message_2),
                         [](const auto& test) {
                           return "Type" + std::to_string(static_cast<int>(test.param));
                         });

/// I_MESSAGE_1 is not authentic, and one that cannot be decrypted is answered: nobody may end with a key that
/// the other one has not.
TEST(IbakeHostile, AChangedFirstMessageNeverLeadsToDifferentKeys) {
  const std::size_t bits = [] {
    IbakeWorld w;
    return 8 * w.established().letters[0].message.size();
  }();
  for (std::size_t bit = 0; bit < bits; bit += 53) {
    IbakeWorld w;
    const Call run = w.run("alice", IbakeWorld::request("bob"), "bob", [&](Letter& l) {
      if (l.type() == i_message_1) l.message[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    });
    if (run.established("alice")) {
      ASSERT_TRUE(run.established("bob")) << bit;
      EXPECT_EQ(tgk_of(run.bundle("alice")), tgk_of(run.bundle("bob"))) << bit;
      EXPECT_EQ(run.bundle("alice").sessions[0].ssrc, run.bundle("bob").sessions[0].ssrc) << bit;
    }
  }
}

TEST(IbakeHostile, AFirstMessageThatDoesNotParseIsDropped) {  // RFC 6267 4.2.2.2
  IbakeWorld w;
  const Call run = w.established();
  for (std::size_t n = 0; n < run.letters[0].message.size(); n += 3) {
    const Outcome o = w.party("dave").receive(Source::peer, ByteView(run.letters[0].message).first(n));
    EXPECT_EQ(o.state, State::failed);
    EXPECT_TRUE(o.send.empty());
  }
}

TEST(IbakeReplay, NoMessageIsTakenTwice) {
  IbakeWorld w;
  const Call run = w.established();
  for (const Letter& l : run.letters) {
    const Outcome o = w.party(l.to).receive(Source::peer, l.message);
    EXPECT_EQ(o.state, State::failed) << static_cast<int>(l.type());
  }
  EXPECT_EQ(w.party("bob").bundle(run.bundle("bob").csb_id, IbakeWorld::uri("alice")),
            run.last.at("bob").bundle);
}

TEST(IbakeReplay, AnOldReturnDoesNotProveAnybodyAfterTheBundleIsGone) {
  IbakeWorld w;
  const Call run = w.run("alice", with_ssrc());
  expect_same(run);
  ASSERT_TRUE(w.party("bob").forget(run.bundle("bob").csb_id).ok());
  const Outcome again = w.party("bob").receive(Source::peer, run.letters[0].message);
  EXPECT_EQ(again.state, State::waiting) << "nothing is authentic yet";
  const Outcome old = w.party("bob").receive(Source::peer, run.letters[2].message);
  EXPECT_EQ(old.error->code, ErrorCode::auth_failure) << "the value is another one now";
}

/// Both I_MESSAGEs enter the replay cache, but only when the second one proved the first.
TEST(IbakeReplay, WhatIsNotProvenFillsNoCache) {
  IbakeWorld w;
  const auto begun = w.party("alice").initiate(IbakeWorld::request("bob"));
  (void)w.party("bob").receive(Source::peer, begun->send[0].message);
  EXPECT_EQ(w.party("bob").replay_cache().size(w.clock.now()), 0U);
  IbakeWorld other;
  (void)other.established();
  EXPECT_EQ(other.party("bob").replay_cache().size(other.clock.now()), 2U);
}

TEST(IbakeReplay, ARepeatedFirstMessageDoesNotStandInTheWay) {
  IbakeWorld w;
  bool repeated = false;
  const Call run = w.run("alice", IbakeWorld::request("bob"), "bob", [&](Letter& l) {
    if (l.type() != i_message_1 || repeated) return;
    repeated = true;
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(w.party("bob").receive(Source::peer, l.message).state, State::waiting);
  });
  expect_same(run);
}

TEST(IbakeReplay, RepeatedFirstMessagesAreBounded) {
  IbakeWorld w;
  const auto begun = w.party("alice").initiate(IbakeWorld::request("bob"));
  int waiting = 0;
  for (int i = 0; i < 20; ++i)
    waiting += w.party("bob").receive(Source::peer, begun->send[0].message).state == State::waiting ? 1 : 0;
  EXPECT_EQ(waiting, 8);
  EXPECT_EQ(w.party("bob").waiting(), 8U);
}

TEST(IbakeHostile, PayloadsOfAnotherExchangeDoNotFit) {
  for (const DataType type : {r_message_1, i_message_2}) {
    IbakeWorld w;
    const Call other = w.established();
    w.clock.advance(std::chrono::seconds(1));
    bool hit = false;
    const Call run = w.run("alice", IbakeWorld::request("bob"), "bob", [&](Letter& l) {
      if (l.type() != type) return;
      Forge f(l.message);
      const wire::Message foreign = other.letter(type).parsed();
      f.append(*foreign.first<wire::Ibake>());
      l.message = f.bare();
      hit = true;
    });
    EXPECT_TRUE(hit);
    const std::string& to = run.letters.back().to;
    EXPECT_EQ(run.last.at(to).state, State::failed);
    EXPECT_EQ(run.last.at(to).error->code, ErrorCode::auth_failure);
  }
}

TEST(IbakeHostile, ReflectedMessages) {
  IbakeWorld w;
  const auto begun = w.party("alice").initiate(IbakeWorld::request("bob"));
  EXPECT_EQ(w.party("alice").receive(Source::peer, begun->send[0].message).state, State::failed);
  const Outcome answer = w.party("bob").receive(Source::peer, begun->send[0].message);
  EXPECT_EQ(w.party("bob").receive(Source::peer, answer.send[0].message).state, State::failed);
  const Outcome second = w.party("alice").receive(Source::peer, answer.send[0].message);
  EXPECT_EQ(w.party("alice").receive(Source::peer, second.send[0].message).state, State::failed);
  const Outcome proof = w.party("bob").receive(Source::peer, second.send[0].message);
  EXPECT_EQ(proof.state, State::established);
  EXPECT_EQ(w.party("bob").receive(Source::peer, proof.send[0].message).state, State::failed);
  EXPECT_EQ(w.party("alice").receive(Source::peer, proof.send[0].message).state, State::established);
}

TEST(IbakeHostile, AnotherRandOrHeaderInTheSecondMessage) {
  IbakeWorld w;
  const auto begun = w.party("alice").initiate(IbakeWorld::request("bob"));
  const Outcome answer = w.party("bob").receive(Source::peer, begun->send[0].message);
  const Outcome second = w.party("alice").receive(Source::peer, answer.send[0].message);
  const auto changed = [&](const std::function<void(Forge&)>& change) {
    Forge f(second.send[0].message);
    const auto genuine = wire::Message::parse(second.send[0].message);
    f.append(*genuine->first<wire::Ibake>());
    change(f);
    return w.party("bob").receive(Source::peer, f.bare());
  };
  const Bytes other(16, 9);
  EXPECT_EQ(changed([&](Forge& f) { f.set(wire::Rand{Octets(other)}); }).state, State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.remove(PayloadType::rand); }).state, State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.hdr().prf = PrfFunc::hmac_sha_256; }).state, State::failed);
  EXPECT_EQ(changed([](Forge& f) {
              f.hdr().n_cs = 0;
              f.hdr().map = {};
            }).state,
            State::failed);
  const Bytes first_t = to_bytes(wire::Message::parse(begun->send[0].message)->first<wire::T>()->value);
  EXPECT_EQ(changed([&](Forge& f) {
              f.set(wire::T{TsType::ntp_utc, Octets(first_t)});
            }).error->code,
            ErrorCode::invalid_ts);
  EXPECT_EQ(changed([](Forge&) {}).state, State::established);
}

TEST(IbakeHostile, ErrorMessagesEndNothing) {
  IbakeWorld w;
  int sent = 0;
  const Call run = w.run("alice", IbakeWorld::request("bob"), "bob", [&](Letter& l) {
    const wire::Message m = l.parsed();
    const auto t = m.first<wire::T>();
    wire::Hdr h;
    h.data_type = DataType::error;
    h.csb_id = m.hdr().csb_id;
    h.map_type = CsIdMapType::empty;
    wire::ChainBuilder b(h);
    b.add(*t).add(wire::Err{ErrorNo{0}, 0});
    const auto octets = std::move(b).finish();
    const Outcome o = w.party(l.from).receive(Source::peer, *octets);
    EXPECT_NE(o.state, State::established);
    ++sent;
  });
  EXPECT_EQ(sent, 4);
  expect_same(run);
}

/// RFC 6267 5.4: what the MAC leaves out may change, and nothing else.
TEST(IbakeHostile, AnEskIsNotUnderTheMac) {
  const Bytes t(8, 1);
  const Bytes esk(30, 2);
  const Bytes room(20);
  wire::Hdr h;
  h.data_type = r_message_2;
  h.map_type = CsIdMapType::empty;
  wire::ChainBuilder b(h);
  b.add(wire::T{TsType::ntp_utc, Octets(t)}).add(wire::Esk{Octets(esk)});
  b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(room)});
  Bytes message = *std::move(b).finish();
  const Bytes mpk(16, 3);
  const Bytes rand(16, 4);
  const keys::MessageKeys keys(crypto::openssl(), PrfFunc::mikey_1, mpk, 7, rand);
  const wire::Slot at = *wire::Message::parse(message)->find(PayloadType::esk);
  const ByteView whole(message);
  const std::array<ByteView, 4> covered{whole.first(at.offset), whole.subspan(at.end(), 2), as_bytes("i"),
                                        as_bytes("r")};
  ASSERT_TRUE(keys.mac(MacAlg::hmac_sha_1_160, covered, MutableBytes(message).last(20)).ok());
  const auto holds = [&](const Bytes& octets) {
    return engine::check_verification_6267(keys, PrfFunc::mikey_1, *wire::Message::parse(octets),
                                           as_bytes("i"), as_bytes("r"))
        .ok();
  };
  EXPECT_TRUE(holds(message));
  Bytes changed = message;
  changed[at.body() + 5] ^= 1;
  EXPECT_TRUE(holds(changed)) << "inside the ESK";
  changed[at.offset - 1] ^= 1;
  EXPECT_FALSE(holds(changed)) << "before it";
}

}  // namespace
}  // namespace mikey::test
