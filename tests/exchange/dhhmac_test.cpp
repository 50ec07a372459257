// What is special to Diffie-Hellman under a pre-shared key (RFC 4650). The rest is in dh_test.cpp.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

struct DhhmacParties : CertifiedParties {
  DhhmacParties() : CertifiedParties(Mode::dhhmac) {}
  const Bytes key = Bytes(16, 0x11);

  struct First {
    Bytes message;
    Bytes rand;
  };
  First first() {
    First f{first_message(), {}};
    f.rand = to_bytes(wire::Message::parse(f.message)->first<wire::Rand>()->data);
    return f;
  }
  Outcome to_bob(ByteView message) { return bob().receive(Source::peer, message); }
};

TEST(Dhhmac, MessagesEndWithAnEmptyKemacOfIanasNumbers) {
  DhhmacParties t;
  const auto r = t.run(t.request());
  expect_agreed(r);
  for (const Outcome* o : {&r.begin, &r.answer}) {
    const auto m = wire::Message::parse(o->send[0].message);
    ASSERT_EQ(m->last_type(), PayloadType::kemac);
    const auto k = m->get<wire::Kemac>(m->last_slot());
    EXPECT_EQ(k.encr_alg, EncrAlg::null);
    EXPECT_TRUE(k.encr_data.empty());
    EXPECT_EQ(k.mac_alg, MacAlg::hmac_sha_1_160);
    EXPECT_EQ(m->count<wire::Id>(), 2U) << "IDi and IDr are mandatory (RFC 4650 3)";
    EXPECT_EQ(m->count<wire::Cert>() + m->count<wire::Sign>(), 0U);
  }
}

TEST(Dhhmac, OtherMacsByPolicy) {
  DhhmacParties t;
  t.alice_policy.kemac_mac = {MacAlg::hmac_sha_256_256};
  expect_refused(t.run(t.request()).answer, ErrorCode::invalid_mac);
  DhhmacParties both;
  both.alice_policy.kemac_mac = {MacAlg::hmac_sha_256_256};
  both.bob_policy.kemac_mac = {MacAlg::hmac_sha_1_160, MacAlg::hmac_sha_256_256};
  const auto r = both.run(both.request());
  expect_agreed(r);
  const auto answer = wire::Message::parse(r.answer.send[0].message);
  EXPECT_EQ(answer->get<wire::Kemac>(answer->last_slot()).mac_alg, MacAlg::hmac_sha_256_256)
      << "the answer is protected as the request was";
}

/// RFC 4650 4.2 calls NULL encryption 2; IANA calls it 0 (doc/readings.md). Nothing is encrypted either way.
TEST(Dhhmac, TheLettersOfRfc4650AreUnderstood) {
  DhhmacParties t;
  const auto f = t.first();
  EXPECT_EQ(t.to_bob(Forge(f.message).maced(t.key, f.rand, {}, static_cast<EncrAlg>(2))).state,
            State::established);
}

TEST(DhhmacHostile, KemacsThatCarrySomething) {
  DhhmacParties t;
  const auto f = t.first();
  wire::ChainBuilder inner;
  const Bytes tgk(16, 3);
  inner.add(wire::KeyData{KeyDataType::tgk, Octets(tgk), {}, {}});
  expect_refused(t.to_bob(Forge(f.message).maced(t.key, f.rand, inner.octets())), ErrorCode::invalid_ea);
  const Bytes sealed(24, 3);
  for (const EncrAlg encr : {EncrAlg::aes_cm_128, EncrAlg::aes_kw_128, EncrAlg::aes_cm_256})
    expect_refused(t.to_bob(Forge(f.message).maced(t.key, f.rand, sealed, encr)), ErrorCode::invalid_ea);
  expect_refused(t.to_bob(Forge(f.message).maced(t.key, f.rand, {}, EncrAlg::aes_cm_128)),
                 ErrorCode::invalid_ea);
  EXPECT_EQ(t.to_bob(f.message).state, State::established);
}

TEST(DhhmacHostile, NullMacs) {
  DhhmacParties t;
  const auto f = t.first();
  const Bytes bare = Forge(f.message).maced(t.key, f.rand, {}, EncrAlg::null, MacAlg::null);
  expect_refused(t.to_bob(bare), ErrorCode::invalid_mac);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST(DhhmacHostile, PayloadsOutsideTheTable) {
  DhhmacParties t;
  const auto f = t.first();
  const Bytes octets(20);
  expect_refused(t.to_bob(Forge(f.message)
                              .append(wire::Cert{CertType::x509v3, Octets(shared_pki().alice.der())})
                              .maced(t.key, f.rand)),
                 ErrorCode::unspecified);
  expect_refused(
      t.to_bob(
          Forge(f.message).append(wire::Ver{MacAlg::hmac_sha_1_160, Octets(octets)}).maced(t.key, f.rand)),
      ErrorCode::unspecified);
  expect_refused(
      t.to_bob(
          Forge(f.message).append(wire::Pke{EnvelopeCache::no_cache, Octets(octets)}).maced(t.key, f.rand)),
      ErrorCode::unspecified);
  expect_refused(t.to_bob(Forge(f.message).bare()), ErrorCode::unspecified);
  expect_refused(t.to_bob(Forge(f.message).signed_by(*private_key("alice"))), ErrorCode::unspecified);
}

TEST(DhhmacHostile, IdentitiesAreMandatory) {
  DhhmacParties t;
  const auto f = t.first();
  expect_refused(t.to_bob(Forge(f.message).remove(PayloadType::id, 1).maced(t.key, f.rand)),
                 ErrorCode::invalid_id);  // IDr
  const Identity carol = Identity::uri("sip:carol@example.com");
  expect_refused(
      t.to_bob(Forge(f.message).set(wire::Id{carol.type, Octets(carol.data)}, 1).maced(t.key, f.rand)),
      ErrorCode::invalid_id);
  // A stranger with a key of their own.
  expect_refused(
      t.to_bob(Forge(f.message).set(wire::Id{carol.type, Octets(carol.data)}).maced(t.key, f.rand)),
      ErrorCode::auth_failure);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST(DhhmacHostile, AFailedMacIsAnsweredInClearAndEndsNothing) {
  DhhmacParties t;
  t.bob_key = Psk(Bytes(16, 0x22));
  const auto r = t.run(t.request());
  expect_refused(r.answer, ErrorCode::auth_failure);
  ASSERT_EQ(r.answer.send.size(), 1U) << "RFC 4650 4.1: an error message is a SHALL";
  const auto m = wire::Message::parse(r.answer.send[0].message);
  EXPECT_EQ(m->last_type(), PayloadType::err);
  EXPECT_EQ(static_cast<int>(m->first<wire::Err>()->number), 0);
  EXPECT_EQ(r.end.state, State::failed);
  EXPECT_EQ(t.alice().waiting(), 1U);
}

}  // namespace
}  // namespace mikey::test
