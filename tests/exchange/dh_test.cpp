// Diffie-Hellman, signed (RFC 3830 3.3) and MACed (RFC 4650), as far as both are alike: DH values that must
// not be used, and answers that do not fit.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

/// value + n, as long as `value`; wraps round.
Bytes plus(Bytes value, int n) {
  for (std::size_t i = value.size(); i-- > 0 && n != 0;) {
    n += value[i];
    value[i] = static_cast<std::uint8_t>(n & 0xFF);
    n >>= 8;
  }
  return value;
}

class DhModes : public testing::TestWithParam<Mode> {
 protected:
  CertifiedParties t{GetParam()};

  /// Protects a changed message again, as `who` can.
  Bytes protect(const Forge& f, const std::string& who, ByteView rand) const {
    return GetParam() == Mode::dh ? f.signed_by(*private_key(who)) : f.maced(Bytes(16, 0x11), rand);
  }
  static Bytes rand_of(ByteView first) {
    const auto m = wire::Message::parse(first);
    const auto r = m->first<wire::Rand>();
    return r ? to_bytes(r->data) : Bytes{};
  }
  template <class F>
  Outcome to_bob(F change, std::optional<std::uint32_t> csb_id = std::nullopt, ByteView old_rand = {}) {
    const Bytes message = t.first_message(csb_id);
    Forge f(message);
    change(f);
    const Bytes rand = csb_id ? to_bytes(old_rand) : rand_of(message);
    return t.bob().receive(Source::peer, protect(f, "alice", rand));
  }
  /// Bob's answer to Alice, changed.
  template <class F>
  Outcome to_alice(F change) {
    const Bytes message = t.first_message();
    const Outcome answer = t.bob().receive(Source::peer, message);
    Forge f(answer.send[0].message);
    change(f);
    return t.alice().receive(Source::peer, protect(f, "bob", rand_of(message)));
  }
  static wire::Dh with_value(wire::Dh d, const Bytes& value) {
    d.value = Octets(value);
    return d;
  }
};

TEST_P(DhModes, EveryGroupAndBothLengthsOfExponents) {
  for (const DhGroup group : {DhGroup::oakley_5, DhGroup::oakley_1, DhGroup::oakley_2})
    for (const auto length : {crypto::DhExponentLength::full, crypto::DhExponentLength::short_}) {
      CertifiedParties p(GetParam());
      p.alice_policy.dh_exponent = length;
      auto q = p.request();
      q.group = group;
      q.terms.validity = {KvType::spi, {1, 2, 3, 4}, {}, {}};
      const auto r = p.run(std::move(q));
      expect_agreed(r);
      ASSERT_EQ(r.responder->keys.size(), 1U);
      EXPECT_EQ(r.responder->keys[0].key.size(), crypto::dh_size(group)) << "the TGK is as long as the prime";
      EXPECT_EQ(r.responder->sessions[0].validity.spi, (Bytes{1, 2, 3, 4}));
      EXPECT_EQ(r.initiator->sessions[0].validity, r.responder->sessions[0].validity);
    }
}

/// One exchange in 256 has a TGK that begins with a zero octet, which must stay (RFC 3830 3.3, 6.13).
TEST_P(DhModes, LeadingZerosOfTheTgkStay) {
  t.alice_policy.dh_exponent = t.bob_policy.dh_exponent = crypto::DhExponentLength::short_;
  t.limits = {.waiting = 10, .bundles = 5000, .replay_entries = 10000};
  for (int i = 0; i < 5000; ++i) {
    auto q = t.request();
    q.group = DhGroup::oakley_1;
    const auto r = t.run(std::move(q));
    ASSERT_TRUE(r.responder && r.initiator);
    if (r.responder->keys[0].key.reveal()[0] != 0) continue;
    EXPECT_EQ(r.responder->keys[0].key.size(), 96U);
    expect_agreed(r);
    return;
  }
  FAIL() << "no such exchange among 5000";
}

TEST_P(DhModes, ValuesThatMustNotBeUsed) {
  const auto p1 = t.run(t.request());
  const std::string before = fingerprint(p1.responder);
  const Bytes p = crypto::dh_prime(DhGroup::oakley_5);
  const Bytes zero(p.size());
  const struct {
    const char* name;
    Bytes value;
    bool good;
  } kValues[] = {
      {"0", zero, false},         {"1", plus(zero, 1), false}, {"2", plus(zero, 2), true},
      {"p-2", plus(p, -2), true}, {"p-1", plus(p, -1), false}, {"p", p, false},
      {"p+1", plus(p, 1), false}, {"p+2", plus(p, 2), false},  {"max", Bytes(p.size(), 0xFF), false}};
  for (const auto& v : kValues) {
    SCOPED_TRACE(v.name);
    const Outcome o = to_bob([&](Forge& f) { f.set(with_value(f.get<wire::Dh>(), v.value)); });
    if (v.good)
      EXPECT_EQ(o.state, State::established);
    else
      expect_refused(o, ErrorCode::invalid_dh);
    const std::size_t waiting = t.alice().waiting();
    const Outcome a = to_alice([&](Forge& f) { f.set(with_value(f.get<wire::Dh>(), v.value)); });
    if (v.good)
      EXPECT_EQ(a.state, State::established);
    else
      expect_refused(a, ErrorCode::invalid_dh);
    EXPECT_EQ(t.alice().waiting(), waiting + (v.good ? 0 : 1));
  }
  EXPECT_EQ(fingerprint(t.bob().bundle(p1.responder->csb_id, kAlice)), before);
}

TEST_P(DhModes, ValuesOfAnotherLengthOrGroup) {
  // The length follows from the group, so a longer or shorter value breaks the message itself.
  const Bytes message = t.first_message();
  const auto m = wire::Message::parse(message);
  Bytes other = message;
  other[m->find(PayloadType::dh)->body()] = 1;  // OAKLEY 1: half as long
  EXPECT_EQ(t.bob().receive(Source::peer, other).state, State::failed);
  other[m->find(PayloadType::dh)->body()] = 3;  // no such group
  expect_refused(t.bob().receive(Source::peer, other), ErrorCode::invalid_dh);

  const Bytes two = plus(Bytes(96), 2);
  const auto small = [&](Forge& f) { f.set(wire::Dh{DhGroup::oakley_1, Octets(two), 0, {}}); };
  EXPECT_EQ(to_bob(small).state, State::established);
  expect_refused(to_alice(small), ErrorCode::invalid_dh);  // DHr of another group than DHi
}

TEST_P(DhModes, GroupsOutOfPolicyAreRefused) {
  t.bob_policy.dh_groups = {DhGroup::oakley_5};
  auto q = t.request();
  q.group = DhGroup::oakley_1;
  const auto r = t.run(std::move(q));
  expect_refused(r.answer, ErrorCode::invalid_dh);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST_P(DhModes, AnswersThatDoNotReturnWhatWasSent) {
  const Bytes p = crypto::dh_prime(DhGroup::oakley_5);
  const Bytes another = plus(p, -2);
  const Bytes spi{9, 9};
  using Change = std::function<void(Forge&)>;
  const Change kChanges[] = {
      [&](Forge& f) { f.set(with_value(f.get<wire::Dh>(1), another), 1); },  // DHi
      [&](Forge& f) {
        auto d = f.get<wire::Dh>(1);
        d.kv = {KvType::spi, Octets(spi), {}, {}};
        f.set(d, 1);
      },
      [](Forge& f) { f.remove(PayloadType::dh, 1); },
      [](Forge& f) { f.remove(PayloadType::dh, 0); },
      [](Forge& f) { f.remove(PayloadType::dh).remove(PayloadType::dh); },
      [](Forge& f) { f.append(f.get<wire::Dh>()); },
      [](Forge& f) {  // the two in the other order
        const auto first = f.get<wire::Dh>(0);
        const Bytes value = to_bytes(first.value);
        f.remove(PayloadType::dh).append(wire::Dh{first.group, Octets(value), 0, {}});
      },
      [](Forge& f) { f.remove(PayloadType::id).remove(PayloadType::id); },
      [](Forge& f) { f.set(f.get<wire::Id>(0), 1); },  // IDi is not Alice
      [](Forge& f) { f.insert(f.get<wire::T>(), PayloadType::t); },
      [](Forge& f) { f.remove(PayloadType::t); },
  };
  for (const Change& change : kChanges) {
    const std::size_t waiting = t.alice().waiting();
    EXPECT_EQ(to_alice(change).state, State::failed) << &change - kChanges;
    EXPECT_EQ(t.alice().waiting(), waiting + 1);
  }
  EXPECT_EQ(t.alice().bundles(), 0U);
}

TEST_P(DhModes, RequestsThatMakeNoSense) {
  for (int i = 0; i < 4; ++i) {
    auto q = t.request();
    if (i == 0) q.terms.key.tek = true;
    if (i == 1) q.terms.key.length = 16;
    if (i == 2) q.terms.key.given = SecretBytes(ByteView(Bytes(16)));
    if (i == 3) q.terms.key.none = true;  // nothing there to keep
    const auto r = t.alice().initiate(std::move(q));
    ASSERT_FALSE(r.ok()) << i;
    EXPECT_EQ(r.error().severity, Severity::request);
  }
}

TEST_P(DhModes, UpdatesWithAndWithoutNewValues) {
  const auto first = t.run(t.request());
  expect_agreed(first);
  const std::uint32_t csb = first.initiator->csb_id;
  const auto second = t.run(t.request(csb));
  expect_agreed(second);
  EXPECT_FALSE(ct_equal(first.responder->keys[0].key.reveal(), second.responder->keys[0].key.reveal()));
  auto keep = t.request(csb);
  keep.terms.key.none = true;
  keep.terms.streams = {{second.initiator->sessions[0].ssrc, 0, {}}, {0x77, 0, {}}};
  const auto third = t.run(std::move(keep));
  expect_agreed(third);
  EXPECT_TRUE(ct_equal(second.responder->keys[0].key.reveal(), third.responder->keys[0].key.reveal()));
  EXPECT_EQ(third.responder->sessions.size(), 2U);
  EXPECT_EQ(wire::Message::parse(third.begin.send[0].message)->count<wire::Dh>(), 0U);
  auto back = t.request(csb);
  back.terms.to = kAlice;
  expect_agreed(t.run(std::move(back), true));
  EXPECT_EQ(t.bob().bundles(), 1U);
}

TEST_P(DhModes, UpdatesThatDoNotFit) {
  const auto first = t.run(t.request());
  expect_agreed(first);
  const std::uint32_t csb = first.initiator->csb_id;
  const std::string bobs = fingerprint(first.responder);
  const ByteView rand = first.initiator->rand;
  // Without a base: nothing stands under that ID.
  expect_refused(to_bob([](Forge& f) { f.remove(PayloadType::rand); }), ErrorCode::unspecified);
  expect_refused(to_bob([](Forge& f) { f.hdr().csb_id ^= 1; }, csb, rand), ErrorCode::unspecified);
  // With RAND it claims to be new.
  const Bytes fresh(16, 0x44);
  const auto add_rand = [&](Forge& f) { f.insert(wire::Rand{Octets(fresh)}, PayloadType::id); };
  expect_refused(to_bob(add_rand, csb, fresh), ErrorCode::unspecified);
  // Another PRF than the bundle's.
  t.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(to_bob([](Forge& f) { f.hdr().prf = PrfFunc::hmac_sha_256; }, csb, rand).state, State::failed);
  // Values that must not be used.
  const Bytes one = plus(Bytes(192), 1);
  expect_refused(to_bob([&](Forge& f) { f.set(with_value(f.get<wire::Dh>(), one)); }, csb, rand),
                 ErrorCode::invalid_dh);
  EXPECT_EQ(fingerprint(t.bob().bundle(csb, kAlice)), bobs);
  EXPECT_EQ(t.bob().bundles(), 1U);
}

TEST_P(DhModes, AnUpdateInAnotherModeIsRefused) {
  const auto first = t.run(t.request());
  const std::string bobs = fingerprint(first.responder);
  for (const Mode mode : {Mode::psk, Mode::pk, Mode::dh, Mode::dhhmac, Mode::rsar}) {
    if (mode == GetParam()) continue;
    auto q = t.request(first.initiator->csb_id);
    q.mode = mode;
    EXPECT_FALSE(t.alice().initiate(std::move(q)).ok());
    // On the wire: a bundle of Alice's that pretends to be of that mode.
    if (mode != Mode::dh && mode != Mode::dhhmac && mode != Mode::psk) continue;
    auto lie = first.initiator->clone();
    lie.mode = mode;
    t.clock.advance(std::chrono::seconds(1));
    const mikey::Pki& pki = t.alice().credentials().pki;
    const Env env{crypto::openssl(), t.rng, t.clock, t.alice_policy, kAlice, &pki};
    Offer offer = DhOffer{TwoParties::request().terms};
    if (mode == Mode::dhhmac) offer = DhhmacOffer{TwoParties::request().terms, Psk(Bytes(16, 0x11))};
    if (mode == Mode::psk) offer = PskOffer{TwoParties::request().terms, Psk(Bytes(16, 0x11))};
    auto ex = Exchange::update(env, std::make_shared<const keys::Bundle>(std::move(lie)), std::move(offer));
    ASSERT_TRUE(ex.ok()) << ex.error().to_string();
    const Outcome o = t.bob().receive(Source::peer, std::get<Send>(ex->start()[0]).message);
    EXPECT_EQ(o.state, State::failed) << mode_name(mode);
  }
  EXPECT_EQ(fingerprint(t.bob().bundle(first.initiator->csb_id, kAlice)), bobs);
}

/// What somebody in the middle would do without any key, and with a key that is not theirs.
TEST_P(DhModes, SubstitutedValues) {
  const Bytes message = t.first_message();
  const auto m = wire::Message::parse(message);
  CountingRng rng(99);
  const auto mine = crypto::dh_generate(DhGroup::oakley_5, rng);
  Bytes other = message;
  std::ranges::copy(mine->public_value,
                    other.begin() + static_cast<std::ptrdiff_t>(m->find(PayloadType::dh)->body() + 1));
  expect_refused(t.bob().receive(Source::peer, other), ErrorCode::auth_failure);
  Forge f(message);
  f.set(with_value(f.get<wire::Dh>(), mine->public_value));
  const Bytes resealed =
      GetParam() == Mode::dh ? f.signed_by(*private_key("bob")) : f.maced(Bytes(16, 0x12), rand_of(message));
  expect_refused(t.bob().receive(Source::peer, resealed), ErrorCode::auth_failure);
  const Outcome answer = t.bob().receive(Source::peer, message);
  ASSERT_EQ(answer.state, State::established);
  Bytes back = answer.send[0].message;
  const auto r = wire::Message::parse(back);
  std::ranges::copy(mine->public_value,
                    back.begin() + static_cast<std::ptrdiff_t>(r->find(PayloadType::dh)->body() + 1));
  expect_refused(t.alice().receive(Source::peer, back), ErrorCode::auth_failure);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

INSTANTIATE_TEST_SUITE_P(Modes, DhModes, testing::Values(Mode::dh, Mode::dhhmac),
                         [](const testing::TestParamInfo<Mode>& which) {
                           return std::string(mode_name(which.param));
                         });

}  // namespace
}  // namespace mikey::test
