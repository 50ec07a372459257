// The cells of doc/use_cases.md: what each mode can do in the scenarios of RFC 5197 section 5, and why the
// others cannot. The names of these tests stand in that table; script/check-links compares both.
#include <gtest/gtest.h>

#include "mikey/exchange/group.hpp"
#include "support/certified_parties.hpp"
#include "support/forge.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

const Identity kCarol = Identity::uri("sip:carol@example.com");

/// Alice calls; whoever is called is Bob at his desk, and others may get the same message.
struct Call : CertifiedParties {
  explicit Call(Mode m) : CertifiedParties(m) {}

  /// One more device: of Bob, or of somebody else, with a key and certificate of its own.
  std::unique_ptr<Party> device(const Identity& who, bool has_psk) {
    Credentials c;
    if (has_psk) c.psk.emplace(kAlice, Psk(Bytes(16, 0x11)));
    auto spec = spec_for("device");
    spec.uris = {who.name()};
    c.pki.own = {own_certificate({issue(spec, "intermediate", shared_pki().ca)}, "intermediate")};
    c.pki.trust = bob_trust;
    return std::make_unique<Party>(who, bob_policy, std::move(c), crypto::openssl(), rng, clock, limits);
  }
  InitiateRequest streaming() const {
    InitiateRequest r = request();
    r.terms.streams = {{0x1001, 0, {}}};
    return r;
  }
};

bool same_keys(const keys::Bundle& a, const keys::Bundle& b) {
  return ct_equal(a.sessions[0].tek.reveal(), b.sessions[0].tek.reveal()) &&
         ct_equal(a.sessions[0].salt.reveal(), b.sessions[0].salt.reveal());
}

// ------------------------------------------------------------------------------------------------ early
// media

/// Media of the callee that overtakes the answer: the caller has the keys already.
void expect_keys_before_the_answer(Call& call) {
  InitiateRequest r = call.streaming();
  r.terms.verification = false;  // RFC 3830 3.1: the Responder's message is optional
  const auto begun = call.alice().initiate(std::move(r));
  ASSERT_TRUE(begun.ok() && begun->bundle);
  const Outcome callee = call.bob().receive(Source::peer, begun->send[0].message);
  ASSERT_TRUE(callee.bundle);
  EXPECT_TRUE(callee.send.empty());
  EXPECT_TRUE(same_keys(*begun->bundle, *callee.bundle));
}

TEST(EarlyMedia, PskHasTheKeysBeforeTheAnswer) {
  Call call(Mode::psk);
  expect_keys_before_the_answer(call);
}
TEST(EarlyMedia, PkHasTheKeysBeforeTheAnswer) {
  Call call(Mode::pk);
  expect_keys_before_the_answer(call);
}
TEST(EarlyMedia, UnprotectedHasTheKeysBeforeTheAnswer) {
  Call call(Mode::psk);
  for (Policy* p : {&call.alice_policy, &call.bob_policy}) {
    p->kemac_encryption = {EncrAlg::null};
    p->kemac_mac = {MacAlg::null};
    p->allow_null = true;
  }
  expect_keys_before_the_answer(call);
}

/// The callee has keys and may send; the caller has none until the answer is there, whatever was asked for.
void expect_no_keys_before_the_answer(Mode mode) {
  Call call(mode);
  InitiateRequest r = call.streaming();
  r.terms.verification = false;
  const auto begun = call.alice().initiate(std::move(r));
  ASSERT_TRUE(begun.ok());
  EXPECT_EQ(begun->state, State::waiting);
  const Outcome callee = call.bob().receive(Source::peer, begun->send[0].message);
  ASSERT_TRUE(callee.bundle);
  EXPECT_EQ(call.alice().bundles(), 0U);
  const Outcome end = call.alice().receive(Source::peer, callee.send[0].message);
  ASSERT_TRUE(end.bundle);
  EXPECT_TRUE(same_keys(*end.bundle, *callee.bundle));
}

TEST(EarlyMedia, DhNeedsTheAnswerFirst) {
  expect_no_keys_before_the_answer(Mode::dh);
}
TEST(EarlyMedia, DhhmacNeedsTheAnswerFirst) {
  expect_no_keys_before_the_answer(Mode::dhhmac);
}
TEST(EarlyMedia, RsarNeedsTheAnswerFirst) {
  expect_no_keys_before_the_answer(Mode::rsar);
}

// ------------------------------------------------------------------------------------------------ forking

/// A proxy sends the offer to two devices of Bob. Each makes keys of its own; the one whose answer comes
/// first has the call.
void expect_forking_with_a_key_each(Mode mode) {
  for (const bool desk_first : {true, false}) {
    Call call(mode);
    const auto mobile = call.device(kBob, false);
    const auto begun = call.alice().initiate(call.streaming());
    ASSERT_TRUE(begun.ok());
    const Outcome desk = call.bob().receive(Source::peer, begun->send[0].message);
    const Outcome pocket = mobile->receive(Source::peer, begun->send[0].message);
    ASSERT_TRUE(desk.bundle && pocket.bundle);
    EXPECT_FALSE(same_keys(*desk.bundle, *pocket.bundle)) << "no key stream is used twice";
    const Outcome& first = desk_first ? desk : pocket;
    const Outcome& second = desk_first ? pocket : desk;
    const Outcome end = call.alice().receive(Source::peer, first.send[0].message);
    ASSERT_TRUE(end.bundle);
    EXPECT_TRUE(same_keys(*end.bundle, *first.bundle));
    EXPECT_EQ(call.alice().receive(Source::peer, second.send[0].message).state, State::failed);
    EXPECT_TRUE(same_keys(*call.alice().bundle(*end.csb_id, kBob), *first.bundle));
  }
}

TEST(Forking, DhGivesEachBranchKeysOfItsOwn) {
  expect_forking_with_a_key_each(Mode::dh);
}
TEST(Forking, RsarGivesEachBranchKeysOfItsOwn) {
  expect_forking_with_a_key_each(Mode::rsar);
}
TEST(Forking, PskGivesAllBranchesOneKey) {
  Call call(Mode::psk);
  const auto mobile = call.device(kBob, true);
  const auto stranger = call.device(kBob, false);
  const Bytes offer = call.first_message();
  const Outcome desk = call.bob().receive(Source::peer, offer);
  const Outcome pocket = mobile->receive(Source::peer, offer);
  ASSERT_TRUE(desk.bundle && pocket.bundle);
  EXPECT_TRUE(ct_equal(desk.bundle->keys[0].key.reveal(), pocket.bundle->keys[0].key.reveal()))
      << "two branches that choose one SSRC use a key stream twice";
  EXPECT_EQ(stranger->receive(Source::peer, offer).state, State::failed)
      << "and every branch must have the PSK";
}
TEST(Forking, PkReachesOnlyTheBranchWhoseCertificateIsKnown) {
  Call call(Mode::pk);
  const auto mobile = call.device(kBob, false);
  const Bytes offer = call.first_message();
  EXPECT_EQ(mobile->receive(Source::peer, offer).error->code, ErrorCode::invalid_cert);
  EXPECT_EQ(call.bob().receive(Source::peer, offer).state, State::established);
}
TEST(Forking, UnprotectedGivesAllBranchesOneKey) {
  Call call(Mode::psk);
  call.alice_policy.kemac_encryption = {EncrAlg::null};
  call.alice_policy.kemac_mac = {MacAlg::null};
  call.alice_policy.allow_null = call.bob_policy.allow_null = true;
  const auto mobile = call.device(kBob, false);
  const Bytes offer = call.first_message();
  const Outcome desk = call.bob().receive(Source::peer, offer);
  const Outcome pocket = mobile->receive(Source::peer, offer);
  ASSERT_TRUE(desk.bundle && pocket.bundle);
  EXPECT_TRUE(ct_equal(desk.bundle->keys[0].key.reveal(), pocket.bundle->keys[0].key.reveal()));
}
TEST(Forking, DhhmacNeedsThePskInEveryBranch) {
  Call call(Mode::dhhmac);
  const auto mobile = call.device(kBob, true);
  const auto stranger = call.device(kBob, false);
  const Bytes offer = call.first_message();
  EXPECT_EQ(stranger->receive(Source::peer, offer).error->code, ErrorCode::auth_failure);
  const Outcome desk = call.bob().receive(Source::peer, offer);
  const Outcome pocket = mobile->receive(Source::peer, offer);
  ASSERT_TRUE(desk.bundle && pocket.bundle);
  EXPECT_FALSE(same_keys(*desk.bundle, *pocket.bundle)) << "where all have it, each has keys of its own";
}

// ------------------------------------------------------------------------------------------------
// retargeting

/// A proxy gives the call to Carol, and Alice does not know. She has said whom she would talk to.
void expect_retargeting_to_accepted_peers(Mode mode) {
  for (const bool accepted : {true, false}) {
    Call call(mode);
    const auto carol = call.device(kCarol, false);
    InitiateRequest r = call.streaming();
    r.terms.accept = {accepted ? kCarol : Identity::uri("sip:dave@example.com")};
    const auto begun = call.alice().initiate(std::move(r));
    ASSERT_TRUE(begun.ok());
    EXPECT_EQ(wire::Message::parse(begun->send[0].message)->count<wire::Id>(), 1U) << "no IDr";
    const Outcome answer = carol->receive(Source::peer, begun->send[0].message);
    ASSERT_EQ(answer.state, State::established) << answer.error->to_string();
    const Outcome end = call.alice().receive(Source::peer, answer.send[0].message);
    if (!accepted) {
      EXPECT_EQ(end.error->code, ErrorCode::invalid_id);
      EXPECT_EQ(call.alice().waiting(), 1U);
      continue;
    }
    ASSERT_EQ(end.state, State::established) << end.error->to_string();
    EXPECT_EQ(end.bundle->peer, kCarol);
    EXPECT_TRUE(same_keys(*end.bundle, *answer.bundle));
    EXPECT_TRUE(call.alice().bundle(*end.csb_id, kCarol));
    EXPECT_FALSE(call.alice().bundle(*end.csb_id, kBob));
  }
}

TEST(Retargeting, DhTakesWhoeverTheCallerAccepts) {
  expect_retargeting_to_accepted_peers(Mode::dh);
}
TEST(Retargeting, RsarTakesWhoeverTheCallerAccepts) {
  expect_retargeting_to_accepted_peers(Mode::rsar);
}
/// The offer is protected for Bob, so Carol can do nothing with it, and nobody can be accepted in his place.
void expect_no_retargeting(Mode mode) {
  Call call(mode);
  const auto carol = call.device(kCarol, false);
  EXPECT_EQ(carol->receive(Source::peer, call.first_message()).state, State::failed);
  EXPECT_EQ(carol->bundles(), 0U);
  InitiateRequest r = call.streaming();
  r.terms.accept = {kCarol};
  EXPECT_FALSE(call.alice().initiate(std::move(r)).ok());
}
TEST(Retargeting, PskIsForTheOneWhoHasTheKey) {
  expect_no_retargeting(Mode::psk);
}
TEST(Retargeting, PkIsForTheOneWhoseCertificateItWas) {
  expect_no_retargeting(Mode::pk);
}
TEST(Retargeting, DhhmacIsForTheOneWhoHasTheKey) {
  expect_no_retargeting(Mode::dhhmac);
}
TEST(Retargeting, UnprotectedNamesTheReceiver) {
  Call call(Mode::psk);
  call.alice_policy.kemac_encryption = {EncrAlg::null};
  call.alice_policy.kemac_mac = {MacAlg::null};
  call.alice_policy.allow_null = call.bob_policy.allow_null = true;
  const auto carol = call.device(kCarol, false);
  EXPECT_EQ(carol->receive(Source::peer, call.first_message()).error->code, ErrorCode::invalid_id);
}

// ------------------------------------------------------------------------------------------------
// redirection

/// Bob's side says that he is to be reached as Carol; Alice begins anew with her, of whom she knows nothing.
void expect_redirection(Mode mode, bool possible) {
  Call call(mode);
  const auto carol = call.device(kCarol, false);
  ASSERT_TRUE(call.alice().initiate(call.streaming()).ok());  // is never answered
  InitiateRequest again = call.streaming();
  again.terms.to = kCarol;
  const auto begun = call.alice().initiate(std::move(again));
  ASSERT_EQ(begun.ok(), possible);
  if (!possible) {
    EXPECT_EQ(begun.error().severity, Severity::request);
    return;
  }
  const Outcome answer = carol->receive(Source::peer, begun->send[0].message);
  ASSERT_EQ(answer.state, State::established) << answer.error->to_string();
  const Outcome end = call.alice().receive(Source::peer, answer.send[0].message);
  ASSERT_EQ(end.state, State::established) << end.error->to_string();
  EXPECT_EQ(end.bundle->peer, kCarol);
}

TEST(Redirection, DhNeedsNothingOfTheNewPeer) {
  expect_redirection(Mode::dh, true);
}
TEST(Redirection, RsarNeedsNothingOfTheNewPeer) {
  expect_redirection(Mode::rsar, true);
}
TEST(Redirection, PskNeedsAKeySharedWithTheNewPeer) {
  expect_redirection(Mode::psk, false);
}
TEST(Redirection, PkNeedsTheCertificateOfTheNewPeer) {
  expect_redirection(Mode::pk, false);
}
TEST(Redirection, DhhmacNeedsAKeySharedWithTheNewPeer) {
  expect_redirection(Mode::dhhmac, false);
}
TEST(Redirection, UnprotectedNeedsNothingOfTheNewPeer) {
  Call call(Mode::psk);
  call.alice_policy.kemac_encryption = {EncrAlg::null};
  call.alice_policy.kemac_mac = {MacAlg::null};
  call.alice_policy.allow_null = call.bob_policy.allow_null = true;
  const auto carol = call.device(kCarol, false);
  InitiateRequest r = call.streaming();
  r.terms.to = kCarol;
  const auto begun = call.alice().initiate(std::move(r));
  ASSERT_TRUE(begun.ok());
  EXPECT_EQ(carol->receive(Source::peer, begun->send[0].message).state, State::established);
}

// ------------------------------------------------------------------------------------- shared-key
// conferences psk, pk and rsar with fifty members each: group_test.cpp.

/// A Diffie-Hellman key is between two.
void expect_no_conference(Mode mode) {
  Call call(mode);
  GroupSpec spec;
  spec.mode = mode;
  EXPECT_FALSE(Group::make(call.alice(), spec).ok());
  const auto one = call.run(call.request());
  const auto two = call.run(call.request());
  EXPECT_FALSE(same_keys(*one.initiator, *two.initiator));
  InitiateRequest r = call.request();
  r.terms.group = one.initiator;
  EXPECT_FALSE(call.alice().initiate(std::move(r)).ok());
}
TEST(Conference, DhIsBetweenTwo) {
  expect_no_conference(Mode::dh);
}
TEST(Conference, DhhmacIsBetweenTwo) {
  expect_no_conference(Mode::dhhmac);
}
TEST(Conference, UnprotectedCarriesTheSameKeyToAll) {
  Call call(Mode::psk);
  call.alice_policy.kemac_encryption = {EncrAlg::null};
  call.alice_policy.kemac_mac = {MacAlg::null};
  call.alice_policy.allow_null = call.bob_policy.allow_null = true;
  const auto carol = call.device(kCarol, false);
  auto group = Group::make(call.alice(), {});
  ASSERT_TRUE(group.ok());
  const auto to_bob = group->add(kBob);
  const auto to_carol = group->add(kCarol);
  ASSERT_TRUE(to_bob.ok() && to_carol.ok());
  const Outcome bob_has = call.bob().receive(Source::peer, to_bob->send[0].message);
  const Outcome carol_has = carol->receive(Source::peer, to_carol->send[0].message);
  ASSERT_TRUE(bob_has.bundle && carol_has.bundle);
  EXPECT_TRUE(same_keys(*bob_has.bundle, *carol_has.bundle));
}

// ------------------------------------------------------------------------------------- who has made the key
// The second table of RFC 5197 5.5.

/// Whether a key follows from the Initiator's message and what protects it alone, as long as those are kept.
TEST(KeyGeneration, PskAndPkAreTheInitiatorsAlone) {
  for (const Mode mode : {Mode::psk, Mode::pk}) {
    Call call(mode);
    InitiateRequest r = call.streaming();
    r.terms.key.given = SecretBytes(ByteView(Bytes(16, 0x77)));
    const auto run = call.run(std::move(r));
    expect_agreed(run);
    EXPECT_TRUE(ct_equal(run.responder->keys[0].key.reveal(), Bytes(16, 0x77)));
  }
}
TEST(KeyGeneration, DhAndDhhmacAreOfBoth) {
  for (const Mode mode : {Mode::dh, Mode::dhhmac}) {
    Call call(mode);
    const auto other = call.device(kBob, true);
    const Bytes offer = call.first_message();
    const Outcome one = call.bob().receive(Source::peer, offer);
    const Outcome two = other->receive(Source::peer, offer);
    ASSERT_TRUE(one.bundle && two.bundle);
    EXPECT_FALSE(ct_equal(one.bundle->keys[0].key.reveal(), two.bundle->keys[0].key.reveal()));
    InitiateRequest r = call.streaming();
    r.terms.key.given = SecretBytes(ByteView(Bytes(192, 0x77)));
    EXPECT_FALSE(call.alice().initiate(std::move(r)).ok());
  }
}
TEST(KeyGeneration, RsarIsTheRespondersWithRandOfTheInitiator) {
  Call call(Mode::rsar);
  const auto run = call.run(call.streaming());
  expect_agreed(run);
  const auto first = wire::Message::parse(run.begin.send[0].message);
  EXPECT_EQ(to_bytes(first->first<wire::Rand>()->data), run.responder->rand);
  EXPECT_EQ(wire::Message::parse(run.answer.send[0].message)->count<wire::Rand>(), 0U);
  EXPECT_EQ(first->count<wire::Kemac>(), 0U);
}

}  // namespace
}  // namespace mikey::test
