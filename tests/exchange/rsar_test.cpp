// The reverse RSA mode (RFC 4738): what answers may say, unicast and for groups. Certificates themselves:
// certificate_faults_test.cpp.
#include <gtest/gtest.h>

#include "mikey/exchange/srtp_policy.hpp"
#include "support/certified_parties.hpp"
#include "support/forge.hpp"
#include "support/vector_party.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;
using keys::Suite;

RsarGroup group_of(std::uint32_t csb_id) {
  return {csb_id, SecretBytes(ByteView(Bytes(16, 0x61))), SecretBytes(ByteView(Bytes(14, 0x62))),
          Bytes(16, 0x63)};
}

struct RsarParties : CertifiedParties {
  RsarParties() : CertifiedParties(Mode::rsar) {}

  Outcome to_bob(ByteView message) { return bob().receive(Source::peer, message); }
  InitiateRequest group_request() const {
    auto q = request();
    q.rsar_group = true;
    return q;
  }
  /// Bob's answer to Alice's request, changed and signed again by him.
  template <class F>
  Outcome changed_answer(F change, bool group = false) {
    const auto begun = alice().initiate(group ? group_request() : request());
    const Outcome answer = to_bob(begun->send[0].message);
    EXPECT_EQ(answer.state, State::established) << (answer.error ? answer.error->to_string() : "");
    Forge f(answer.send[0].message);
    change(f);
    return alice().receive(Source::peer, f.signed_rsar(*private_key("bob"), kAlice.data, kBob.data));
  }
};

TEST(Rsar, TheResponderChoosesAmongThePoliciesOffered) {
  RsarParties t;
  t.alice_policy.srtp = {Suite::aead_aes_256_gcm, Suite::aes_256_cm_hmac_sha1_80,
                         Suite::aes_cm_128_hmac_sha1_80};
  t.bob_policy.srtp = {Suite::aes_cm_128_hmac_sha1_80, Suite::aes_256_cm_hmac_sha1_80};
  const auto r = t.run(t.request());
  expect_agreed(r);
  EXPECT_EQ(r.initiator->sessions[0].suite, Suite::aes_256_cm_hmac_sha1_80)
      << "the first one offered that fits";
  EXPECT_EQ(r.responder->keys[0].key.size(), 32U);
  EXPECT_EQ(wire::Message::parse(r.answer.send[0].message)->count<wire::Sp>(), 1U);
}

TEST(Rsar, NoneOfThePoliciesIsAcceptable) {
  RsarParties t;
  t.alice_policy.srtp = {Suite::aead_aes_256_gcm};
  const auto r = t.run(t.request());
  expect_refused(r.answer, ErrorCode::invalid_sppar);
  EXPECT_EQ(r.end.supported, t.bob_policy.srtp) << "Alice learns what would do";
}

TEST(Rsar, UpdatesAreSentUnderTheCachedEnvelopeKeyAndFromBothSides) {
  RsarParties t;
  const auto first = t.run(t.request());
  expect_agreed(first);
  const auto second = t.run(t.request(first.initiator->csb_id));
  expect_agreed(second);
  EXPECT_EQ(wire::Message::parse(second.begin.send[0].message)->hdr().data_type, DataType::psk_init);
  EXPECT_FALSE(ct_equal(first.initiator->keys[0].key.reveal(), second.initiator->keys[0].key.reveal()));
  auto back = t.request(first.initiator->csb_id);
  back.terms.to = kAlice;
  expect_agreed(t.run(std::move(back), true));
}

TEST(Rsar, WithoutCacheThereAreNoUpdates) {
  RsarParties t;
  t.bob_policy.pke_cache = EnvelopeCache::no_cache;
  const auto first = t.run(t.request());
  expect_agreed(first);
  const auto second = t.run(t.request(first.initiator->csb_id));
  ASSERT_TRUE(second.begin.error.has_value());
  EXPECT_EQ(second.begin.error->code, ErrorCode::bad_request);
  EXPECT_EQ(fingerprint(t.bob().bundle(first.initiator->csb_id, kAlice)), fingerprint(first.responder));
}

TEST(Rsar, BothReadingsOfTheSignatureAreUnderstood) {
  // minisip covers S type and signature length too, as RFC 3830 5.2 does.
  RsarParties t;
  const auto begun = t.alice().initiate(t.request());
  const Outcome answer = t.to_bob(begun->send[0].message);
  const auto m = wire::Message::parse(answer.send[0].message);
  const auto size = m->first<wire::Sign>()->signature.size();
  const ByteView head = m->octets().first(m->octets().size() - size);
  Bytes covered = to_bytes(head);
  const auto stamp = m->first<wire::T>()->value;
  for (const ByteView part : {ByteView(kAlice.data), ByteView(kBob.data), ByteView(stamp)})
    append(covered, part);
  CountingRng rng;
  const auto signature = private_key("bob")->sign(SignType::rsa_pkcs1_15, crypto::Hash::sha1, covered, rng);
  Bytes other = to_bytes(head);
  append(other, *signature);
  EXPECT_EQ(t.alice().receive(Source::peer, other).state, State::established);
}

TEST(Rsar, TheCertificateMustAllowKeyEncipherment) {
  RsarParties t;
  auto spec = spec_for("alice");
  spec.key_encipherment = false;
  t.alice_pki.own = {own_certificate({issue(spec, "alice", shared_pki().ca)}, "alice")};
  const auto r = t.run(t.request());
  expect_refused(r.answer, ErrorCode::invalid_cert);
  EXPECT_EQ(t.bob().bundles(), 0U);
}

TEST(RsarHostile, SignaturesThatCoverSomethingElse) {
  RsarParties t;
  const auto begun = t.alice().initiate(t.request());
  const Outcome answer = t.to_bob(begun->send[0].message);
  const Forge f(answer.send[0].message);
  const auto bob = private_key("bob");
  for (const Bytes& bad :
       {f.signed_by(*bob), f.signed_rsar(*bob, kBob.data, kAlice.data), f.signed_rsar(*bob, {}, kBob.data),
        f.signed_rsar(*bob, kAlice.data, {}), f.signed_rsar(*private_key("alice"), kAlice.data, kBob.data)})
    expect_refused(t.alice().receive(Source::peer, bad), ErrorCode::auth_failure);
  EXPECT_EQ(t.alice().receive(Source::peer, answer.send[0].message).state, State::established);
}

TEST(RsarHostile, AnswersThatDoNotFitTheRequest) {
  RsarParties t;
  const Bytes rand(16, 1);
  const Bytes csb(4, 1);
  const Bytes params = *exchange::params_of(Suite::aes_256_cm_hmac_sha1_80);
  using Change = std::function<void(Forge&)>;
  const Change kChanges[] = {
      [&](Forge& f) { f.insert(wire::Rand{Octets(rand)}, PayloadType::id); },  // both messages have RAND
      [&](Forge& f) {
        f.append(wire::GeneralExt{GeneralExtType::csb_id, Octets(csb)});
      },
      [&](Forge& f) {
        f.set(wire::Sp{0, ProtType::srtp, Octets(params)});
      },  // was not offered
      [](Forge& f) { f.remove(PayloadType::sp); },
      [](Forge& f) { f.insert(f.get<wire::Sp>(), PayloadType::sp); },
      [](Forge& f) { f.remove(PayloadType::kemac); },
      [](Forge& f) { f.remove(PayloadType::pke); },
      [](Forge& f) { f.insert(f.get<wire::Pke>(), PayloadType::pke); },
      [](Forge& f) { f.hdr().prf = PrfFunc::hmac_sha_256; },
      [](Forge& f) { f.hdr().n_cs = 0, f.hdr().map = {}; },
      [](Forge& f) { f.hdr().map_type = CsIdMapType::empty, f.hdr().map = {}; },
      [](Forge& f) { f.insert(f.get<wire::Id>(), PayloadType::id); },
      [&](Forge& f) {
        f.append(wire::Chash{HashFunc::md5, Octets(rand)});
      },
  };
  for (const Change& change : kChanges) {
    const std::size_t waiting = t.alice().waiting();
    const Outcome o = t.changed_answer(change);
    EXPECT_EQ(o.state, State::failed) << &change - kChanges;
    EXPECT_TRUE(o.send.empty());
    EXPECT_EQ(t.alice().waiting(), waiting + 1) << &change - kChanges;
  }
  EXPECT_EQ(t.alice().bundles(), 0U);
}

TEST(RsarHostile, TheSessionsOfTheInitiatorStayHers) {
  RsarParties t;
  for (const bool own_first : {true, false}) {
    auto q = t.request();
    q.terms.streams = {{0x11, 5, {}}, {0, 0, {}}};
    const auto begun = t.alice().initiate(std::move(q));
    const Outcome answer = t.to_bob(begun->send[0].message);
    Forge f(answer.send[0].message);
    Bytes map = to_bytes(f.hdr().map);
    map[own_first ? 4 : 8] ^= 1;  // the SSRC, then the ROC, of the session that Alice named
    f.hdr().map = Octets(map);
    expect_refused(
        t.alice().receive(Source::peer, f.signed_rsar(*private_key("bob"), kAlice.data, kBob.data)),
        ErrorCode::unspecified);
  }
}

TEST(RsarHostile, ASecondRequestForABundleThatStands) {
  RsarParties t;
  const auto first = t.run(t.request());
  const std::string bobs = fingerprint(first.responder);
  Forge f(t.first_message());
  f.hdr().csb_id = first.responder->csb_id;
  expect_refused(t.to_bob(f.signed_by(*private_key("alice"))), ErrorCode::unspecified);
  EXPECT_EQ(fingerprint(t.bob().bundle(first.responder->csb_id, kAlice)), bobs);
}

TEST(RsarHostile, RequestsWithPayloadsTheyMustNotHave) {
  RsarParties t;
  const Bytes octets(256);
  Forge pke(t.first_message());
  pke.append(wire::Pke{EnvelopeCache::no_cache, Octets(octets)});
  expect_refused(t.to_bob(pke.signed_by(*private_key("alice"))), ErrorCode::unspecified);
  Forge twice(t.first_message());
  twice.insert(twice.get<wire::Rand>(), PayloadType::rand);
  expect_refused(t.to_bob(twice.signed_by(*private_key("alice"))), ErrorCode::unspecified);
  Forge empty_map(t.first_message());
  empty_map.hdr().map_type = CsIdMapType::empty;
  empty_map.hdr().map = {};
  EXPECT_EQ(t.to_bob(empty_map.signed_by(*private_key("alice"))).state, State::failed);
}

// -----------------------------------------------------------------------------------------------------
// groups

TEST(RsarGroup, MembersGetTheGroupsKeyUnderTheGroupsId) {
  RsarParties t;
  t.bob_group = group_of(0xCAFE0001);
  const auto r = t.run(t.group_request());
  expect_agreed(r);
  EXPECT_EQ(r.initiator->derive_csb_id, 0xCAFE0001U);
  EXPECT_EQ(r.initiator->rand, Bytes(16, 0x63));
  EXPECT_TRUE(ct_equal(r.initiator->keys[0].key.reveal(), Bytes(16, 0x61)));
  EXPECT_EQ(wire::Message::parse(r.begin.send[0].message)->count<wire::Rand>(), 0U);
}

TEST(RsarGroup, WithoutAGroupTheResponderDrawsRandForOne) {
  // Both read RFC 4738 3.2 so: a request without RAND may be a unicast one, but Alice asked for a group.
  RsarParties t;
  const auto r = t.run(t.group_request());
  ASSERT_TRUE(r.responder);
  expect_refused(r.end, ErrorCode::unspecified);
}

TEST(RsarGroupHostile, AnswersWithoutRandOrId) {
  RsarParties t;
  t.bob_group = group_of(0xCAFE0001);
  using Change = std::function<void(Forge&)>;
  const Bytes short_id(3);
  const Change kChanges[] = {
      [](Forge& f) { f.remove(PayloadType::rand); },
      [](Forge& f) { f.insert(f.get<wire::Rand>(), PayloadType::rand); },
      [](Forge& f) { f.remove(PayloadType::general_ext); },
      [](Forge& f) { f.append(f.get<wire::GeneralExt>()); },
  };
  for (const Change& change : kChanges)
    expect_refused(t.changed_answer(change, true), ErrorCode::unspecified);
  EXPECT_EQ(t.alice().bundles(), 0U);
}

// exchange-rsar-2: the Responder draws RAND in a unicast exchange. This library does not ask for that but
// answers it, octet for octet.
TEST(RsarVector, TheResponderDrawsRand) {
  const auto v = nlohmann::json::parse(read_source_file("vectors/mikey-peer/exchange-rsar-2.json"));
  const auto& step = v["steps"][1];
  VectorParty bob(v["bob_config"], v["time"].get<std::int64_t>());
  for (const auto& draw : step["random"]) bob.rng().add(draw[0], hex(draw[1].get<std::string>()));
  const Outcome o = bob.party().receive(Source::peer, hex(step["received"].get<std::string>()));
  ASSERT_EQ(o.state, State::established) << o.error->to_string();
  EXPECT_EQ(to_hex(o.send[0].message), step["sent"].get<std::string>());
  expect_bundle(*o.bundle, step["answer"]["bundle"]);
}

}  // namespace
}  // namespace mikey::test
