// MIKEY-IBAKE against those who seal what they like: identities, values and payloads inside that the protocol
// does not have, and forged updates (RFC 6267 5.3, 7.2).
#include <gtest/gtest.h>

#include "support/ibake_mallory.hpp"

namespace mikey::test {
namespace {

using Call = IbakeWorld::Run;
using Letter = IbakeWorld::Letter;
using State = Outcome::State;
using enum DataType;

/// Every so many bits, so that each payload is hit often, in little time.
constexpr std::size_t kStride = 7;

NtpTime time_of(const Bytes& message) {
  return {load_be<std::uint64_t>(wire::Message::parse(message)->first<wire::T>()->value.data())};
}

class IbakeForged : public testing::Test {
 protected:
  IbakeWorld w;
  Mallory mallory{w};
  Bytes offer = w.party("alice").initiate(IbakeWorld::request("bob"))->send[0].message;
  NtpTime t = time_of(offer);
  const Identity alice = IbakeWorld::uri("alice");
  const Identity bob = IbakeWorld::uri("bob");

  /// Bob gets I_MESSAGE_1 with these sub-payloads.
  Outcome call(const std::function<void(wire::ChainBuilder&)>& fill, const std::string& sealed_for = "bob") {
    return w.party("bob").receive(Source::peer, mallory.first(offer, mallory.sealed(sealed_for, t, fill)));
  }
  void refused(const Outcome& o, ErrorCode code, const std::string& what) {
    ASSERT_EQ(o.state, State::failed) << what;
    EXPECT_EQ(o.error->code, code) << what << ": " << o.error->to_string();
    EXPECT_TRUE(o.send.empty()) << what;
    EXPECT_EQ(w.party("bob").waiting(), 0U) << what;
  }
};

TEST_F(IbakeForged, IdentitiesInsideMustBeThoseOutside) {  // RFC 6267 7.2
  const Bytes point = Mallory::value(mallory.good_point());
  const Identity carol = IbakeWorld::uri("carol");
  for (const auto& [i, r] : {std::pair(carol, bob), std::pair(alice, carol), std::pair(bob, alice),
                             std::pair(Identity{IdType::nai, alice.data}, bob)})
    refused(call([&, i = i, r = r](wire::ChainBuilder& b) {
              b.add(Mallory::idr(IdRole::initiator, i)).add_encoded(PayloadType::eccpt, point);
              b.add(Mallory::idr(IdRole::responder, r));
            }),
            ErrorCode::auth_failure, i.name() + " " + r.name());
}

TEST_F(IbakeForged, ValuesThatAreNoPoints) {
  const Bytes good = mallory.good_point();
  Bytes off = good;
  off.back() ^= 1;
  Bytes zero(65);
  zero[0] = 4;
  Bytes huge = good;
  std::fill_n(huge.begin() + 1, 32, 0xFF);
  Bytes compressed(good.begin(), good.begin() + 33);
  compressed[0] = 2;
  for (const auto& [what, point] : {std::pair("off the curve", off), std::pair("(0, 0)", zero),
                                    std::pair("x >= p", huge), std::pair("compressed", compressed)})
    refused(call([&, point = point](wire::ChainBuilder& b) {
              b.add(Mallory::idr(IdRole::initiator, alice));
              b.add_encoded(PayloadType::eccpt, Mallory::value(point));
              b.add(Mallory::idr(IdRole::responder, bob));
            }),
            ErrorCode::invalid_dh, what);
  // (0, 1) of a Koblitz curve has order 2
  Bytes small(1 + 2 * 36);
  small[0] = 4;
  small.back() = 1;
  refused(call([&](wire::ChainBuilder& b) {
            b.add(Mallory::idr(IdRole::initiator, alice));
            b.add_encoded(PayloadType::eccpt, Mallory::value(small, EccCurve::k283));
            b.add(Mallory::idr(IdRole::responder, bob));
          }),
          ErrorCode::invalid_dh, "of small order");
}

/// The octet of the point at infinity, a curve nobody knows, and octets that are no sub-payloads: what was
/// decrypted does not parse, which is as if it had not been decrypted.
TEST_F(IbakeForged, WhatDoesNotParseInsideIsAnsweredAsIfItCouldNotBeRead) {
  for (const Bytes& body : {Mallory::value(Bytes{0}), Mallory::value(mallory.good_point(), EccCurve{17}),
                            Mallory::value(Bytes(65, 5))}) {
    const Outcome o = call([&](wire::ChainBuilder& b) {
      b.add(Mallory::idr(IdRole::initiator, alice)).add_encoded(PayloadType::eccpt, body);
      b.add(Mallory::idr(IdRole::responder, bob));
    });
    EXPECT_EQ(o.state, State::waiting);
    // The genuine Initiator sees that its value did not come back.
    EXPECT_EQ(w.party("alice").receive(Source::peer, o.send[0].message).state, State::waiting);
    ASSERT_TRUE(w.party("bob").forget(*o.csb_id).ok());
    ASSERT_TRUE(w.party("alice").forget(*o.csb_id).ok());
    offer = w.party("alice").initiate(IbakeWorld::request("bob"))->send[0].message;
    t = time_of(offer);
  }
}

TEST_F(IbakeForged, OtherSubPayloadsThanThoseOfTheMessage) {
  const Bytes point = Mallory::value(mallory.good_point());
  const wire::Idr i = Mallory::idr(IdRole::initiator, alice);
  const wire::Idr r = Mallory::idr(IdRole::responder, bob);
  const Bytes key(16);
  refused(call([&](wire::ChainBuilder& b) { b.add(i).add(r); }), ErrorCode::unspecified, "no value");
  refused(call([&](wire::ChainBuilder& b) { b.add(i).add_encoded(PayloadType::eccpt, point); }),
          ErrorCode::unspecified, "no IDRr");
  refused(call([&](wire::ChainBuilder& b) {
            b.add(i).add_encoded(PayloadType::eccpt, point).add(r).add_encoded(PayloadType::eccpt, point);
          }),
          ErrorCode::unspecified, "two values");
  refused(call([&](wire::ChainBuilder& b) {
            b.add(i).add(wire::Sk{SkType::secret_key, Octets(key), {}});
          }),
          ErrorCode::unspecified, "a content key");
}

TEST_F(IbakeForged, SealedForAnotherDateOrIdentityItEndsWellAllTheSame) {  // doc/readings.md, 6267-12
  const auto genuine = [&](wire::ChainBuilder& b) {
    b.add(Mallory::idr(IdRole::initiator, alice));
    b.add_encoded(PayloadType::eccpt, Mallory::value(mallory.good_point()));
    b.add(Mallory::idr(IdRole::responder, bob));
  };
  const Outcome o = w.party("bob").receive(
      Source::peer, mallory.first(offer, mallory.sealed("bob", t + std::chrono::hours(24 * 30), genuine)));
  ASSERT_EQ(o.state, State::waiting);
  const Outcome second = w.party("alice").receive(Source::peer, o.send[0].message);
  ASSERT_EQ(second.state, State::waiting);
  EXPECT_EQ(wire::Message::parse(second.send[0].message)->count<wire::Esk>(), 1U);
  const Outcome proof = w.party("bob").receive(Source::peer, second.send[0].message);
  ASSERT_EQ(proof.state, State::established) << proof.error->to_string();
  const Outcome done = w.party("alice").receive(Source::peer, proof.send[0].message);
  ASSERT_EQ(done.state, State::established);
  EXPECT_EQ(tgk_of(*done.bundle), tgk_of(*proof.bundle));
}

TEST_F(IbakeForged, PartsMissingOrTwice) {
  const auto changed = [&](const std::function<void(Forge&)>& change, bool sealed = true) {
    Forge f(offer);
    const auto genuine = wire::Message::parse(offer);
    if (sealed) f.append(*genuine->first<wire::Ibake>());
    change(f);
    return w.party("bob").receive(Source::peer, f.bare()).state;
  };
  EXPECT_EQ(changed([](Forge& f) { f.remove(PayloadType::t); }), State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.remove(PayloadType::rand); }), State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.remove(PayloadType::idr); }), State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.remove(PayloadType::idr, 1); }), State::failed);
  EXPECT_EQ(changed([](Forge&) {}, false), State::failed) << "no IBAKE";
  EXPECT_EQ(changed([](Forge& f) { f.append(wire::Ibake{Octets(Bytes(3, 1))}); }), State::failed);
  EXPECT_EQ(changed([](Forge& f) { f.append(wire::Rand{Octets(Bytes(16, 1))}); }), State::failed);
  EXPECT_EQ(changed([&](Forge& f) {
              const Bytes old(8, 0x10);
              f.set(wire::T{TsType::ntp_utc, Octets(old)});
            }),
            State::failed);
  EXPECT_EQ(changed([](Forge&) {}), State::waiting);
}

// ------------------------------------------------------------------ updates

class IbakeForgedUpdate : public testing::Test {
 protected:
  IbakeWorld w;
  Call first = w.established();

  InitiateRequest update(bool new_values = true) {
    w.clock.advance(std::chrono::seconds(1));
    InitiateRequest r = IbakeWorld::request("bob");
    r.csb_id = first.bundle("alice").csb_id;
    r.terms.key.none = !new_values;
    return r;
  }
  keys::BundlePtr bobs() {
    return w.party("bob").bundle(first.bundle("bob").csb_id, IbakeWorld::uri("alice"));
  }
};

TEST_F(IbakeForgedUpdate, TheAnswerIsAuthentic) {
  for (const bool new_values : {true, false}) {
    const Call run = w.run("alice", update(new_values), "bob", [&](Letter& l) {
      if (l.type() != r_message_1) return;
      for (std::size_t bit = 0; bit < 8 * l.message.size(); bit += kStride) {
        Bytes bad = l.message;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_EQ(w.party("alice").receive(Source::peer, bad).state, State::failed) << bit;
      }
    });
    expect_same(run);
  }
}

TEST_F(IbakeForgedUpdate, OneIsNotTakenTwiceOrOutOfOrder) {
  const auto one = w.party("alice").initiate(update(false));
  const auto two = w.party("alice").initiate(update(false));
  EXPECT_EQ(w.party("bob").receive(Source::peer, two->send[0].message).state, State::established);
  const keys::BundlePtr now = bobs();
  for (const auto& old : {two->send[0].message, one->send[0].message}) {
    const Outcome o = w.party("bob").receive(Source::peer, old);
    EXPECT_EQ(o.error->code, ErrorCode::invalid_ts);
    EXPECT_TRUE(o.send.empty());
  }
  EXPECT_EQ(bobs(), now);
}

TEST_F(IbakeForgedUpdate, OnesOwnComesBack) {
  const auto begun = w.party("alice").initiate(update());
  EXPECT_EQ(w.party("alice").receive(Source::peer, begun->send[0].message).error->code,
            ErrorCode::auth_failure);
}

TEST_F(IbakeForgedUpdate, OfACsbThatIsNotThereOrWithARand) {
  const auto begun = w.party("alice").initiate(update(false));
  Forge f(begun->send[0].message);  // drops IDR, the last payload
  f.append(Mallory::idr(IdRole::responder, IbakeWorld::uri("bob")));
  f.hdr().csb_id ^= 1;
  EXPECT_EQ(w.party("bob").receive(Source::peer, f.bare()).state, State::failed);
  f.hdr().csb_id ^= 1;
  Forge with = f;
  const Bytes rand(16, 1);
  with.insert(wire::Rand{Octets(rand)}, PayloadType::idr);
  EXPECT_EQ(w.party("bob").receive(Source::peer, with.bare()).state, State::failed);
  Forge other = f;
  other.set(Mallory::idr(IdRole::initiator, IbakeWorld::uri("carol")));
  EXPECT_EQ(w.party("bob").receive(Source::peer, other.bare()).state, State::failed);
  EXPECT_EQ(bobs(), first.last.at("bob").bundle);
  EXPECT_EQ(w.party("bob").receive(Source::peer, f.bare()).state, State::established);
}

TEST_F(IbakeForgedUpdate, IdentitiesAndValuesInside) {
  Mallory mallory(w);
  const auto begun = w.party("alice").initiate(update());
  const Bytes& offer = begun->send[0].message;
  const auto with = [&](const Identity& i, const Identity& r, const Bytes& value) {
    const Bytes sealed = mallory.sealed("bob", time_of(offer), [&](wire::ChainBuilder& b) {
      b.add(Mallory::idr(IdRole::initiator, i)).add_encoded(PayloadType::eccpt, value);
      b.add(Mallory::idr(IdRole::responder, r));
    });
    return w.party("bob").receive(Source::peer, mallory.first(offer, sealed)).state;
  };
  const Identity alice = IbakeWorld::uri("alice");
  const Identity bob = IbakeWorld::uri("bob");
  const Bytes good = Mallory::value(mallory.good_point());
  Bytes off = mallory.good_point();
  off.back() ^= 1;
  EXPECT_EQ(with(IbakeWorld::uri("carol"), bob, good), State::failed);
  EXPECT_EQ(with(bob, alice, good), State::failed);
  EXPECT_EQ(with(alice, bob, Mallory::value(off)), State::failed);
  EXPECT_EQ(w.party("bob").receive(Source::peer, mallory.first(offer, Bytes(40, 1))).state, State::failed)
      << "it must decrypt in an update";
  EXPECT_EQ(bobs(), first.last.at("bob").bundle);
}

}  // namespace
}  // namespace mikey::test
