// Updates of CSBs of the public-key mode, and envelope keys that are kept for them (RFC 3830 3.2, 4.5, 6.3).
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

/// The envelope key of a message, for whoever has Bob's private key.
SecretBytes envelope_key(ByteView message) {
  const auto m = wire::Message::parse(message);
  return std::move(*private_key("bob")->decrypt(crypto::PkePadding::pkcs1_v15, m->first<wire::Pke>()->data));
}

/// What Alice would send as an update under `key`, whatever her own bundle says.
Bytes update_under(PkParties& t, const keys::Bundle& bundle, const SecretBytes& key) {
  auto forced = bundle.clone();
  forced.cache = EnvelopeCache::cache_for_csb;
  forced.transport_key = key.clone();
  t.clock.advance(std::chrono::seconds(1));
  const Env env{crypto::openssl(), t.rng, t.clock, t.alice_policy, kAlice};
  PskOffer offer{t.request().terms, Psk(key.clone())};
  auto ex = Exchange::update(env, std::make_shared<const keys::Bundle>(std::move(forced)), std::move(offer));
  Step step = ex->start();
  return std::get<Send>(step[0]).message;
}

class EnvelopeCacheOf : public testing::TestWithParam<EnvelopeCache> {
 protected:
  EnvelopeCacheOf() { t.alice_policy.pke_cache = GetParam(); }
  bool kept() const { return GetParam() != EnvelopeCache::no_cache; }
  PkParties t;
};

TEST_P(EnvelopeCacheOf, UpdatesUnderTheEnvelopeKeyOnlyWhereItIsKept) {
  const auto first = t.run(t.request());
  expect_agreed(first);
  EXPECT_EQ(first.responder->transport_key.empty(), !kept());
  EXPECT_EQ(first.initiator->transport_key.empty(), !kept());
  const std::string before = fingerprint(first.responder);
  const SecretBytes key = envelope_key(first.begin.send[0].message);
  const Outcome o = t.to_bob(update_under(t, *first.initiator, key));
  if (kept()) {
    EXPECT_EQ(o.state, State::established);
    EXPECT_NE(fingerprint(t.bob().bundle(first.responder->csb_id, kAlice)), before);
  } else {
    expect_refused(o, ErrorCode::unspecified);
    EXPECT_EQ(fingerprint(t.bob().bundle(first.responder->csb_id, kAlice)), before);
  }
}

TEST_P(EnvelopeCacheOf, UpdatesByRequest) {
  const auto first = t.run(t.request());
  for (const Mode mode : {Mode::psk, Mode::pk}) {
    auto q = t.request(first.initiator->csb_id);
    q.mode = mode;
    const auto r = t.run(std::move(q));
    if (mode == Mode::psk && !kept()) {
      EXPECT_EQ(r.begin.error->code, ErrorCode::bad_request);
      continue;
    }
    expect_agreed(r);
    const auto m = wire::Message::parse(r.begin.send[0].message);
    EXPECT_EQ(m->hdr().data_type, kept() ? DataType::psk_init : DataType::pk_init);
    EXPECT_EQ(m->count<wire::Rand>(), 0U);
    EXPECT_EQ(r.responder->mode, Mode::pk);
  }
}

TEST_P(EnvelopeCacheOf, NewBundlesUnderTheEnvelopeKeyOnlyWithC1) {
  const auto first = t.run(t.request());
  auto forced = first.initiator->clone();
  const SecretBytes key = envelope_key(first.begin.send[0].message);
  const Env env{crypto::openssl(), t.rng, t.clock, t.alice_policy, kAlice};
  t.clock.advance(std::chrono::seconds(1));
  t.bob().credentials().psk.clear();  // no key of another kind that could serve
  auto ex = Exchange::initiate(env, PskOffer{t.request().terms, Psk(key.clone())});
  ASSERT_TRUE(ex.ok());
  const Outcome o = t.to_bob(std::get<Send>(ex->start()[0]).message);
  if (GetParam() == EnvelopeCache::cache)
    EXPECT_EQ(o.state, State::established);
  else
    expect_refused(o, ErrorCode::auth_failure);
}

TEST_P(EnvelopeCacheOf, PublicKeyUpdatesOnlyWhereItIsNot) {
  const auto first = t.run(t.request());
  const std::string before = fingerprint(first.responder);
  // In the form of a first message, but for the CSB that stands, and without RAND.
  t.clock.advance(std::chrono::seconds(1));
  auto bare = first.initiator->clone();
  bare.transport_key = {};
  const mikey::Pki& pki = t.alice().credentials().pki;
  const Env env{crypto::openssl(), t.rng, t.clock, t.alice_policy, kAlice, &pki};
  auto ex = Exchange::update(env, std::make_shared<const keys::Bundle>(std::move(bare)),
                             PkOffer{t.request().terms, shared_pki().bob, {}});
  ASSERT_TRUE(ex.ok()) << ex.error().to_string();
  const Outcome o = t.to_bob(std::get<Send>(ex->start()[0]).message);
  if (!kept()) {
    EXPECT_EQ(o.state, State::established);
    return;
  }
  expect_refused(o, ErrorCode::unspecified);
  EXPECT_TRUE(o.send.empty());
  EXPECT_EQ(fingerprint(t.bob().bundle(first.responder->csb_id, kAlice)), before);
}

INSTANTIATE_TEST_SUITE_P(C, EnvelopeCacheOf,
                         testing::Values(EnvelopeCache::no_cache, EnvelopeCache::cache,
                                         EnvelopeCache::cache_for_csb),
                         [](const testing::TestParamInfo<EnvelopeCache>& which) {
                           return std::to_string(static_cast<int>(which.param));
                         });

TEST(PkHostile, UpdatesWithoutABaseOrOfAForeignBundle) {
  PkParties t;
  const auto one = t.run(t.request());
  const auto two = t.run(t.request());
  const std::string first = fingerprint(one.responder);
  const std::string second = fingerprint(two.responder);

  auto nowhere = one.initiator->clone();
  nowhere.csb_id ^= 0x5A5A5A5A;
  const SecretBytes key = envelope_key(one.begin.send[0].message);
  expect_refused(t.to_bob(update_under(t, nowhere, key)), ErrorCode::unspecified);
  expect_refused(t.forged([](Forge& f) { f.remove(PayloadType::rand); }), ErrorCode::unspecified);

  auto other = two.initiator->clone();  // the key of one bundle for another of the same peers
  expect_refused(t.to_bob(update_under(t, other, key)), ErrorCode::auth_failure);

  // Carol, whom Bob trusts too, names Alice's bundle: to him it is none of hers.
  const auto carol = issue(spec_for("carol"), "intermediate", shared_pki().ca);
  const Identity id = Identity::uri("sip:carol@example.com");
  for (const bool keep_rand : {true, false}) {
    Forge f(t.first_message());
    f.hdr().csb_id = one.responder->csb_id;
    if (!keep_rand) f.remove(PayloadType::rand);
    f.set(wire::Id{id.type, Octets(id.data)}).set(wire::Cert{CertType::x509v3, Octets(carol.der())});
    EXPECT_EQ(t.to_bob(f.signed_by(*private_key("intermediate"))).state, State::failed);
  }
  EXPECT_EQ(fingerprint(t.bob().bundle(one.responder->csb_id, kAlice)), first);
  EXPECT_EQ(fingerprint(t.bob().bundle(two.responder->csb_id, kAlice)), second);
  EXPECT_EQ(t.bob().bundles(), 2U);
}

TEST(PkHostile, UpdatesUnderACachedKeyAreNeverLessProtected) {
  PkParties t;
  t.alice_policy.allow_null = t.bob_policy.allow_null = true;
  const auto first = t.run(t.request());
  const std::string before = fingerprint(first.responder);
  t.clock.advance(std::chrono::seconds(1));
  Forge f(update_under(t, *first.initiator, envelope_key(first.begin.send[0].message)));
  wire::ChainBuilder inner;
  const Bytes key(16, 9);
  inner.add(wire::KeyData{KeyDataType::tgk, Octets(key), {}, {}});
  f.append(wire::Kemac{EncrAlg::null, Octets(inner.octets()), MacAlg::null, {}});
  EXPECT_EQ(t.to_bob(f.bare()).state, State::failed);
  EXPECT_EQ(fingerprint(t.bob().bundle(first.responder->csb_id, kAlice)), before);
}

}  // namespace
}  // namespace mikey::test
