// The public-key mode (RFC 3830 3.2): what its messages may look like, and what a peer with a good
// certificate but bad intentions can send. Certificates themselves: certificate_faults_test.cpp.
#include <gtest/gtest.h>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

TEST(Pk, EverySignature) {
  for (const SignType type : {SignType::rsa_pkcs1_15, SignType::rsa_pss})
    for (const crypto::Hash hash :
         {crypto::Hash::sha1, crypto::Hash::sha256, crypto::Hash::sha384, crypto::Hash::sha512}) {
      PkParties t;
      t.alice_policy.sign_type = type;
      t.alice_policy.signatures.send_hash = hash;
      expect_agreed(t.run(t.request()));
    }
}

TEST(Pk, BothPaddingsOfTheEnvelopeKey) {
  using enum crypto::PkePadding;
  for (const auto sent : {pkcs1_v15, oaep})
    for (const auto& accepted : {std::vector{pkcs1_v15}, std::vector{oaep}, std::vector{pkcs1_v15, oaep},
                                 std::vector{oaep, pkcs1_v15}}) {
      PkParties t;
      t.alice_policy.pke_padding = {sent};
      t.bob_policy.pke_padding = accepted;
      const auto r = t.run(t.request());
      if (Policy::has(accepted, sent)) {
        expect_agreed(r);
      } else {
        expect_refused(r.answer, ErrorCode::auth_failure);
        EXPECT_EQ(t.bob().bundles(), 0U);
      }
    }
}

TEST(Pk, KeyWrapNeedsNoMac) {
  for (const bool accepts : {true, false}) {
    PkParties t;
    t.alice_policy.kemac_encryption = {EncrAlg::aes_kw_128};
    t.alice_policy.kemac_mac = {MacAlg::null};
    if (accepts) {
      t.bob_policy.kemac_encryption.push_back(EncrAlg::aes_kw_128);
      t.bob_policy.kemac_mac.push_back(MacAlg::null);
    }
    const auto r = t.run(t.request());
    if (!accepts) {
      expect_refused(r.answer, ErrorCode::invalid_ea);
      continue;
    }
    expect_agreed(r);
    const auto answer = wire::Message::parse(r.answer.send[0].message);
    EXPECT_EQ(answer->first<wire::Ver>()->auth_alg, MacAlg::hmac_sha_1_160)
        << "the answer has a MAC all the same";
  }
}

TEST(Pk, OtherPairsWithANullMacAreRefused) {
  for (const EncrAlg encr : {EncrAlg::aes_cm_128, EncrAlg::null}) {
    PkParties t;
    t.bob_policy.kemac_mac = {MacAlg::hmac_sha_1_160, MacAlg::null};
    const Outcome o = t.forged([&](Forge& f) {
      const auto k = f.get<wire::Kemac>();
      const Bytes data = encr == EncrAlg::null ? Bytes{} : to_bytes(k.encr_data);
      f.set(wire::Kemac{encr, Octets(data), MacAlg::null, {}});
    });
    expect_refused(o, encr == EncrAlg::null ? ErrorCode::invalid_ea : ErrorCode::invalid_mac);
  }
}

TEST(Pk, SeveralCertificatesOfAPeer) {
  const auto second = issue(spec_for("bob"), "intermediate", shared_pki().ca);
  for (const bool by_chash : {true, false}) {
    PkParties t;
    t.bob_pki.own.push_back(own_certificate({second}, "intermediate"));
    t.alice_trust->pin(IdType::uri, kBob.data, second);
    const Outcome o = t.forged([&](Forge& f) {
      if (!by_chash) f.remove(PayloadType::chash);
    });
    if (by_chash)
      EXPECT_EQ(o.state, State::established);
    else
      expect_refused(o, ErrorCode::auth_failure);  // without CHASH the first certificate is meant
  }
}

TEST(Pk, ChashMayBeMissingOrOfSha256) {
  for (const bool sha256 : {true, false}) {
    PkParties t;
    const Bytes hash = shared_pki().bob.fingerprint(crypto::Hash::sha256);
    const Outcome o = t.forged([&](Forge& f) {
      f.remove(PayloadType::chash);
      if (sha256) f.append(wire::Chash{HashFunc::sha_256, Octets(hash)});
    });
    EXPECT_EQ(o.state, State::established);
  }
}

TEST(PkHostile, ChashOfAnotherCertificate) {
  PkParties t;
  const Bytes alices = shared_pki().alice.fingerprint(crypto::Hash::sha1);
  expect_refused(t.forged([&](Forge& f) {
    f.set(wire::Chash{HashFunc::sha_1, Octets(alices)});
  }),
                 ErrorCode::invalid_cert);
  const Bytes md5(16);
  expect_refused(t.forged([&](Forge& f) {
    f.set(wire::Chash{HashFunc::md5, Octets(md5)});
  }),
                 ErrorCode::invalid_ha);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST(PkHostile, PkeOfAnotherSize) {
  PkParties t;
  for (const std::size_t n : {0U, 1U, 255U, 257U, 16383U}) {
    const Bytes data(n, 0x5A);
    expect_refused(t.forged([&](Forge& f) {
      f.set(wire::Pke{EnvelopeCache::cache_for_csb, Octets(data)});
    }),
                   ErrorCode::auth_failure);
  }
  const Bytes beyond(256, 0xFF);  // not below the modulus
  expect_refused(t.forged([&](Forge& f) {
    f.set(wire::Pke{EnvelopeCache::cache_for_csb, Octets(beyond)});
  }),
                 ErrorCode::auth_failure);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

/// The padding being wrong, the key's length being wrong and the key being another one must look alike: the
/// outcome is all that an attacker with an oracle would need (Bleichenbacher).
TEST(PkHostile, AllKindsOfWrongEnvelopeKeysLookAlike) {
  PkParties t;
  t.bob_policy.pke_padding = {crypto::PkePadding::pkcs1_v15};
  std::vector<std::string> seen;
  const auto attempt = [&](const Bytes& data) {
    const Outcome o = t.forged([&](Forge& f) {
      f.set(wire::Pke{EnvelopeCache::cache_for_csb, Octets(data)});
    });
    expect_refused(o, ErrorCode::auth_failure);
    ASSERT_EQ(o.send.size(), 1U);
    seen.push_back(o.error->to_string() + " / " + std::to_string(o.send[0].message.size()));
  };
  CountingRng rng;
  const crypto::PublicKey key = public_key("bob");
  attempt(*key.encrypt(crypto::PkePadding::pkcs1_v15, Bytes(16, 7), rng));   // another key
  attempt(*key.encrypt(crypto::PkePadding::pkcs1_v15, Bytes(15, 7), rng));   // too short
  attempt(*key.encrypt(crypto::PkePadding::pkcs1_v15, Bytes(200, 7), rng));  // too long
  attempt(*key.encrypt(crypto::PkePadding::oaep, Bytes(16, 7), rng));        // another padding
  Bytes noise(256, 0x33);
  attempt(noise);
  for (const std::string& one : seen) EXPECT_EQ(one, seen[0]);
}

TEST(PkHostile, PayloadsMissingOrTwice) {
  using P = PayloadType;
  for (const P type : {P::t, P::rand, P::kemac, P::pke}) {
    PkParties t;
    const Outcome o = t.forged([&](Forge& f) { f.remove(type); });
    expect_refused(o, ErrorCode::unspecified);
    EXPECT_EQ(t.bob().bundles(), 0U);
  }
  PkParties t;
  const auto twice = [&t]<class Payload>(Payload /*which*/) {
    return t.forged([](Forge& f) { f.insert(f.get<Payload>(), Payload::kType); });
  };
  expect_refused(twice(wire::T{}), ErrorCode::unspecified);
  expect_refused(twice(wire::Rand{}), ErrorCode::unspecified);
  expect_refused(twice(wire::Kemac{}), ErrorCode::unspecified);
  expect_refused(twice(wire::Pke{}), ErrorCode::unspecified);
  expect_refused(twice(wire::Id{}), ErrorCode::unspecified);
}

TEST(PkHostile, PayloadsThatDoNotBelongHere) {
  PkParties t;
  const Bytes value(192, 2);
  expect_refused(t.forged([&](Forge& f) {
    f.append(wire::Dh{DhGroup::oakley_5, Octets(value), 0, {}});
  }),
                 ErrorCode::unspecified);
  const Bytes mac(20);
  expect_refused(t.forged([&](Forge& f) {
    f.append(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
  }),
                 ErrorCode::unspecified);
  expect_refused(t.to_bob(Forge(t.first_message()).bare()), ErrorCode::unspecified);  // no SIGN
}

TEST(PkHostile, SignaturesOfOtherMessagesAndPeers) {
  PkParties t;
  const Bytes one = t.first_message();
  const Bytes two = t.first_message();
  const auto first = wire::Message::parse(one);
  const auto second = wire::Message::parse(two);
  const auto signature = first->first<wire::Sign>()->signature;
  Bytes swapped = to_bytes(ByteView(two).first(two.size() - signature.size()));
  append(swapped, signature);
  expect_refused(t.to_bob(swapped), ErrorCode::auth_failure);
  expect_refused(t.to_bob(Forge(one).signed_by(*private_key("intermediate"))), ErrorCode::auth_failure);
  // The envelope of one message in another, as whoever took over Alice's signing key could do.
  const auto kemac = first->first<wire::Kemac>();
  expect_refused(t.to_bob(Forge(two).set(*kemac).signed_by(*private_key("alice"))), ErrorCode::auth_failure);
  EXPECT_EQ(t.bob().bundles(), 0U);
  EXPECT_EQ(t.to_bob(one).state, State::established);
}

/// Carol takes Alice's envelope out of a message and signs it as her own: the ID inside says whose it is.
TEST(PkHostile, AnEnvelopeSignedBySomebodyElse) {
  PkParties t;
  const Bytes message = t.first_message();
  const auto carol = issue(spec_for("carol"), "intermediate", shared_pki().ca);
  const Identity id = Identity::uri("sip:carol@example.com");
  Forge f(message);
  f.set(wire::Id{id.type, Octets(id.data)}).set(wire::Cert{CertType::x509v3, Octets(carol.der())});
  const Outcome o = t.to_bob(f.signed_by(*private_key("intermediate")));
  expect_refused(o, ErrorCode::auth_failure);
  EXPECT_EQ(o.error->detail, "the encrypted ID is not the one expected");
  EXPECT_EQ(t.to_bob(message).state, State::established);
}

TEST(PkHostile, Sha1IsRefusedByPolicyModern) {
  PkParties t;
  t.alice_policy = t.bob_policy = Policy::modern();
  t.alice_policy.signatures.send_hash = crypto::Hash::sha1;
  const auto r = t.run(t.request());
  expect_refused(r.answer, ErrorCode::invalid_ha);
}

class ModernPolicy : public testing::TestWithParam<Mode> {};
TEST_P(ModernPolicy, WorksBetweenTwoWhoHaveIt) {
  CertifiedParties t(GetParam());
  t.alice_policy = t.bob_policy = Policy::modern();
  const auto r = t.run(t.request());
  expect_agreed(r);
  EXPECT_EQ(r.initiator->sessions[0].suite, keys::Suite::aead_aes_256_gcm);
  EXPECT_EQ(r.initiator->prf, PrfFunc::hmac_sha_256);
}
INSTANTIATE_TEST_SUITE_P(Modes, ModernPolicy,
                         testing::Values(Mode::psk, Mode::pk, Mode::dh, Mode::dhhmac, Mode::rsar),
                         [](const testing::TestParamInfo<Mode>& which) {
                           return std::string(mode_name(which.param));
                         });

TEST(Pk, ReceiversThatMayNotHaveTheKey) {
  auto signing_only = spec_for("bob");
  signing_only.key_encipherment = false;
  PkParties usage;
  usage.alice_trust->pin(IdType::uri, kBob.data, issue(signing_only, "bob", shared_pki().ca));
  const auto a = usage.alice().initiate(usage.request());
  ASSERT_FALSE(a.ok());
  EXPECT_NE(a.error().detail.find("keyEncipherment"), std::string::npos);

  PkParties weak;
  weak.alice_trust->pin(IdType::uri, kBob.data, issue(spec_for("bob"), "weak", shared_pki().ca));
  EXPECT_FALSE(weak.alice().initiate(weak.request()).ok());

  PkParties excluded;
  EXPECT_TRUE(excluded.alice_trust->exclude("sip:bob@*").ok());
  const auto c = excluded.alice().initiate(excluded.request());
  ASSERT_FALSE(c.ok());
  EXPECT_NE(c.error().detail.find("excluded"), std::string::npos);

  PkParties unknown;
  auto q = unknown.request();
  q.terms.to = Identity::uri("sip:carol@example.com");
  EXPECT_FALSE(unknown.alice().initiate(std::move(q)).ok()) << "not in the directory of known peers";
}

TEST(Pk, WithoutVerificationTheResponderSaysNothing) {
  PkParties t;
  t.alice_policy.request_verification = false;
  const auto r = t.run(t.request());
  expect_agreed(r);
  EXPECT_TRUE(r.answer.send.empty());
}

}  // namespace
}  // namespace mikey::test
