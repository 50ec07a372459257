// What RFC 4738 demands of MIKEY-RSA-R, a test a demand; compliance/rfc4738.toml refers to these and
// to rsar_test.cpp.
#include <gtest/gtest.h>

#include "mikey/exchange/srtp_policy.hpp"
#include "support/certified_parties.hpp"
#include "support/forge.hpp"
#include "support/parsed.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;
using P = PayloadType;
using keys::Suite;

RsarGroup group_of(std::uint32_t csb_id) {
  RsarGroup g;
  g.csb_id = csb_id;
  g.tgk = SecretBytes(ByteView(Bytes(16, 0x61)));
  g.salt = SecretBytes(ByteView(Bytes(14, 0x62)));
  g.rand = Bytes(16, 0x63);
  return g;
}

struct Rfc4738 : testing::Test {
  CertifiedParties t{Mode::rsar};

  /// An answer of Bob's that Alice waits for.
  Bytes answer(InitiateRequest q) {
    init = t.alice().initiate(std::move(q))->send[0].message;
    const Outcome o = t.bob().receive(Source::peer, init);
    EXPECT_EQ(o.state, State::established) << (o.error ? o.error->to_string() : "");
    return o.send.empty() ? Bytes() : o.send[0].message;
  }
  /// Alice is given `bad`, which Bob has signed: she says nothing, and still takes `good`.
  void expect_discarded(const Bytes& bad, const Bytes& good) {
    const Outcome o = t.alice().receive(Source::peer, bad);
    EXPECT_EQ(o.state, State::failed);
    EXPECT_TRUE(o.send.empty());
    EXPECT_EQ(t.alice().waiting(), 1U);
    EXPECT_EQ(t.alice().receive(Source::peer, good).state, State::established);
  }
  InitiateRequest group_request() const {
    auto q = t.request();
    q.rsar_group = true;
    return q;
  }

  Bytes init;
};

// 3.4: HDR and T, V = 1, sessions as asked for, SIGN by RFC 3830 5.2; RAND in unicast.
TEST_F(Rfc4738, TheRequestHasWhatSection3_4Demands) {
  auto q = t.request();
  q.terms.streams = {{0x77, 0, {}}, {0, 0, {}}};
  const wire::Message m = parsed(t.alice().initiate(std::move(q))->send[0].message);
  EXPECT_EQ(wire::to_number(m.hdr().data_type), 9);
  EXPECT_EQ(m.hdr().v, 1);
  EXPECT_EQ(m.count<wire::T>(), 1U);
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::srtp_id);
  ASSERT_EQ(m.hdr().n_cs, 2);
  EXPECT_EQ(m.srtp_ids()[0].ssrc, 0x77U);
  EXPECT_EQ(m.count<wire::Rand>(), 1U);
  ASSERT_EQ(m.last_type(), P::sign);
  const auto s = m.get<wire::Sign>(m.last_slot());
  EXPECT_TRUE(public_key("alice")
                  .verify(s.type, m.octets().first(m.octets().size() - s.signature.size()), s.signature)
                  .ok());
}

// 3.4: "a '0' as the number of CSs" when no stream is originated; 3.6: the Responder fills the sessions in.
TEST_F(Rfc4738, WhoOriginatesNoStreamNamesNoSessionAndTheResponderFillsItIn) {
  auto q = t.request();
  q.terms.streams = std::vector<Stream>{};
  const Bytes response = answer(std::move(q));
  EXPECT_EQ(parsed(init).hdr().n_cs, 0);
  const wire::Message m = parsed(response);
  ASSERT_EQ(m.hdr().n_cs, 1);
  EXPECT_NE(m.srtp_ids()[0].ssrc, 0U);
  const Outcome o = t.alice().receive(Source::peer, response);
  ASSERT_EQ(o.state, State::established);
  EXPECT_EQ(o.bundle->sessions.size(), 1U);
}

// 3.4: V is "ignored by the Responder".
TEST_F(Rfc4738, TheVFlagIsIgnored) {
  Forge f(t.first_message());
  f.hdr().v = 0;
  const Outcome o = t.bob().receive(Source::peer, f.signed_by(*private_key("alice")));
  EXPECT_EQ(o.state, State::established);
  EXPECT_EQ(o.send.size(), 1U);
}

// 3.4, 3.6: a certificate "MUST correspond to the private key used to sign".
TEST_F(Rfc4738, TheCertificateMustBeOfTheKeyThatSigned) {
  const Bytes good = t.first_message();
  const Outcome o = t.bob().receive(Source::peer, Forge(good).signed_by(*private_key("intermediate")));
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::auth_failure);
  const Bytes response = t.bob().receive(Source::peer, good).send[0].message;
  expect_discarded(Forge(response).signed_rsar(*private_key("intermediate"), kAlice.data, kBob.data),
                   response);
}

// 3.4: whoever accepts one Responder only says so in IDr; another one does not answer, and would not be
// believed.
TEST_F(Rfc4738, TheOneResponderWantedIsNamed) {
  const Bytes good = t.first_message();
  EXPECT_EQ(parsed(good).all<wire::Id>()[1].data, Octets(kBob.data));
  Forge f(good);
  const Identity carol = Identity::uri("sip:carol@example.com");
  f.set(wire::Id{carol.type, Octets(carol.data)}, 1);
  const Outcome o = t.bob().receive(Source::peer, f.signed_by(*private_key("alice")));
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_id);
}

// 3.5: error 13 when the message cannot be parsed.
TEST_F(Rfc4738, WhatDoesNotParseIsAnsweredWithError13) {
  const Bytes good = t.first_message();
  const Outcome o = t.bob().receive(Source::peer, ByteView(good).first(good.size() - 1));
  EXPECT_EQ(o.state, State::failed);
  ASSERT_EQ(o.send.size(), 1U);
  EXPECT_EQ(wire::to_number(parsed(o.send[0].message).first<wire::Err>()->number), 13);
}

// 3.6: the CSB ID and T of the request; RAND in one of the two messages only; no CSB_ID extension in unicast.
TEST_F(Rfc4738, TheResponseHasWhatSection3_6Demands) {
  const wire::Message m = parsed(answer(t.request()));
  EXPECT_EQ(wire::to_number(m.hdr().data_type), 10);
  EXPECT_EQ(m.hdr().csb_id, parsed(init).hdr().csb_id);
  EXPECT_EQ(to_bytes(m.first<wire::T>()->value), to_bytes(parsed(init).first<wire::T>()->value));
  EXPECT_EQ(m.count<wire::Rand>(), 0U);
  EXPECT_EQ(m.count<wire::GeneralExt>(), 0U);
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::srtp_id);
  EXPECT_EQ(m.hdr().n_cs, 1);
}

// 3.4, 3.6: without RAND in the request the response has it, also to a single member.
TEST_F(Rfc4738, ARandThatIsMissingInTheRequestStandsInTheResponse) {
  const Bytes good = t.first_message();
  const Bytes bare = Forge(good).remove(P::rand).signed_by(*private_key("alice"));
  const Outcome o = t.bob().receive(Source::peer, bare);
  ASSERT_EQ(o.state, State::established);
  const wire::Message m = parsed(o.send[0].message);
  ASSERT_EQ(m.count<wire::Rand>(), 1U);
  EXPECT_EQ(m.count<wire::GeneralExt>(), 0U) << "a CSB_ID is for groups";
  EXPECT_EQ(to_bytes(m.first<wire::Rand>()->data), o.bundle->rand);
}

// 3.6: SIGNr covers "R_MESSAGE (excluding the SIGNr payload itself) || IDi || IDr || T", put together here
// anew.
TEST_F(Rfc4738, TheResponseIsSignedTogetherWithIdentitiesAndTimestamp) {
  const wire::Message m = parsed(answer(t.request()));
  const auto s = m.get<wire::Sign>(m.last_slot());
  Bytes covered = to_bytes(m.octets().first(m.last_slot().offset));
  for (const ByteView part :
       {ByteView(kAlice.data), ByteView(kBob.data), ByteView(m.first<wire::T>()->value)})
    append(covered, part);
  EXPECT_TRUE(public_key("bob").verify(s.type, covered, s.signature).ok());
  const auto ordinary = m.octets().first(m.octets().size() - s.signature.size());
  EXPECT_FALSE(public_key("bob").verify(s.type, ordinary, s.signature).ok());
}

// 3.2, 3.4, 3.6: a group's members offer no policy and no RAND, and get CSB_ID, RAND and SP.
TEST_F(Rfc4738, GroupRequestsHaveNoPolicyAndTheResponseBringsIt) {
  t.alice_policy.srtp = t.bob_policy.srtp = {Suite::aead_aes_128_gcm, Suite::aes_cm_128_hmac_sha1_80};
  RsarGroup g = group_of(0xABCD);
  g.salt = SecretBytes(ByteView(Bytes(12, 0x62)));
  t.bob_group = std::move(g);
  const Bytes response = answer(group_request());
  EXPECT_EQ(parsed(init).count<wire::Sp>(), 0U);
  EXPECT_EQ(parsed(init).count<wire::Rand>(), 0U);
  const wire::Message m = parsed(response);
  EXPECT_EQ(m.hdr().csb_id, parsed(init).hdr().csb_id);
  EXPECT_EQ(m.count<wire::Rand>(), 1U);
  ASSERT_EQ(m.count<wire::Sp>(), 1U);
  ASSERT_EQ(m.count<wire::GeneralExt>(), 1U);
  EXPECT_EQ(m.first<wire::GeneralExt>()->type, GeneralExtType::csb_id);
  EXPECT_EQ(to_bytes(m.first<wire::GeneralExt>()->data), (Bytes{0, 0, 0xAB, 0xCD}));
  EXPECT_EQ(m.hdr().map_type, CsIdMapType::srtp_id);
  EXPECT_EQ(m.hdr().n_cs, 1);
  const Outcome o = t.alice().receive(Source::peer, response);
  ASSERT_EQ(o.state, State::established) << o.error->to_string();
  EXPECT_EQ(o.bundle->sessions[0].suite, Suite::aead_aes_128_gcm);
  EXPECT_EQ(o.bundle->derive_csb_id, 0xABCDU);
}

// 3.6, and RFC 3830 6.11 and 8.1: all members of a group derive the same keys, of the same RAND, CSB ID and
// CS ID, though their exchanges have CSB IDs of their own.
TEST_F(Rfc4738, MembersOfAGroupGetTheSameKeys) {
  t.bob_group = group_of(0x4711);
  keys::BundlePtr first;
  for (int member = 0; member < 3; ++member) {
    const auto r = t.run(group_request());
    expect_agreed(r);
    ASSERT_FALSE(HasFatalFailure());
    if (!first) {
      first = r.initiator;
      continue;
    }
    EXPECT_NE(r.initiator->csb_id, first->csb_id);
    EXPECT_EQ(r.initiator->derive_csb_id, first->derive_csb_id);
    EXPECT_EQ(r.initiator->rand, first->rand);
    EXPECT_EQ(r.initiator->sessions[0].cs_id, first->sessions[0].cs_id);
    EXPECT_TRUE(ct_equal(r.initiator->sessions[0].tek.reveal(), first->sessions[0].tek.reveal()));
    EXPECT_TRUE(ct_equal(r.initiator->sessions[0].salt.reveal(), first->sessions[0].salt.reveal()));
  }
}

}  // namespace
}  // namespace mikey::test
