// What RFC 4650 demands of DHHMAC, a test a demand; compliance/rfc4650.toml refers to these. Updates of the
// mode stand in compliance_updates_test.cpp.
#include <gtest/gtest.h>

#include "mikey/keys/message_keys.hpp"
#include "support/certified_parties.hpp"
#include "support/forge.hpp"
#include "support/parsed.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;
using P = PayloadType;

const Bytes kPsk(16, 0x11);

struct Rfc4650 : testing::Test {
  CertifiedParties t{Mode::dhhmac};

  static Bytes rand_of(ByteView message) { return to_bytes(parsed(message).first<wire::Rand>()->data); }
};

// 3: IDr always and IDi as a rule in the I_MESSAGE; IDi always and IDr as a rule in the R_MESSAGE. 4.1: data
// types.
TEST_F(Rfc4650, BothMessagesNameBothParties) {
  const auto r = t.run(t.request());
  expect_agreed(r);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message i = parsed(r.begin.send[0].message);
  const wire::Message a = parsed(r.answer.send[0].message);
  EXPECT_EQ(wire::to_number(i.hdr().data_type), 7);
  EXPECT_EQ(wire::to_number(a.hdr().data_type), 8);
  ASSERT_EQ(i.count<wire::Id>(), 2U);
  EXPECT_EQ(i.all<wire::Id>()[0].data, Octets(kAlice.data));
  EXPECT_EQ(i.all<wire::Id>()[1].data, Octets(kBob.data));
  ASSERT_EQ(a.count<wire::Id>(), 2U);
  EXPECT_EQ(a.all<wire::Id>()[0].data, Octets(kBob.data));
  EXPECT_EQ(a.all<wire::Id>()[1].data, Octets(kAlice.data));
}

// 3: IDi comes back "regardless of whether the I_message conveyed any IDi".
TEST_F(Rfc4650, TheInitiatorsIdentityComesBackAlsoWhenItWasLeftOut) {
  const Bytes good = t.first_message();
  Forge f(good);
  const Outcome o = t.bob().receive(Source::peer, f.remove(P::id, 0).maced(kPsk, rand_of(good)));
  ASSERT_EQ(o.state, State::established) << o.error->to_string();
  const wire::Message a = parsed(o.send[0].message);
  ASSERT_EQ(a.count<wire::Id>(), 2U);
  EXPECT_EQ(a.all<wire::Id>()[1].data, Octets(kAlice.data));
}

TEST_F(Rfc4650, ResponsesWithoutTheInitiatorsIdentityAreRefused) {
  const Bytes init = t.first_message();
  const Bytes answer = t.bob().receive(Source::peer, init).send[0].message;
  EXPECT_EQ(t.alice().receive(Source::peer, Forge(answer).remove(P::id, 1).maced(kPsk, rand_of(init))).state,
            State::failed);
  EXPECT_EQ(t.alice().receive(Source::peer, Forge(answer).remove(P::id, 0).maced(kPsk, rand_of(init))).state,
            State::established)
      << "IDr may be left out";
}

// 3: "The HMAC SHALL be computed over the entire message, excluding the MAC field using auth_key", done here
// anew; 4.2: the KEMAC is the last payload, has no data, and says so.
TEST_F(Rfc4650, TheKemacHoldsTheHmacOfTheWholeMessageAndNothingElse) {
  const auto r = t.run(t.request());
  expect_agreed(r);
  ASSERT_FALSE(HasFatalFailure());
  for (const Bytes& octets : {r.begin.send[0].message, r.answer.send[0].message}) {
    const wire::Message m = parsed(octets);
    ASSERT_EQ(m.last_type(), P::kemac);
    EXPECT_EQ(m.count<wire::Kemac>(), 1U);
    EXPECT_EQ(m.last_slot().next, P::last);
    const auto k = m.get<wire::Kemac>(m.last_slot());
    EXPECT_EQ(k.encr_alg, EncrAlg::null);
    EXPECT_TRUE(k.encr_data.empty());
    ASSERT_EQ(k.mac_alg, MacAlg::hmac_sha_1_160);
    ASSERT_EQ(k.mac.size(), 20U);
    const keys::MessageKeys keys(crypto::openssl(), PrfFunc::mikey_1, kPsk, m.hdr().csb_id,
                                 r.initiator->rand);
    const std::array<ByteView, 1> covered{m.octets().first(m.octets().size() - 20)};
    EXPECT_TRUE(keys.verify(MacAlg::hmac_sha_1_160, covered, k.mac).ok());
  }
}

// 4.1: "In case of a decoding error or of a failed HMAC authentication verification, the responder SHALL
// apply the Error payload data type."
TEST_F(Rfc4650, WhatCannotBeDecodedOrAuthenticatedIsAnsweredWithAnError) {
  const Bytes good = t.first_message();
  Bytes unauthentic = good;
  unauthentic.back() ^= 1;
  const Bytes cut(good.begin(), good.end() - 1);
  for (const auto& [message, number] : {std::pair(unauthentic, 0), std::pair(cut, 12)}) {
    const Outcome o = t.bob().receive(Source::peer, message);
    EXPECT_EQ(o.state, State::failed);
    ASSERT_EQ(o.send.size(), 1U);
    const wire::Message m = parsed(o.send[0].message);
    EXPECT_EQ(wire::to_number(m.hdr().data_type), 6);
    EXPECT_EQ(wire::to_number(m.first<wire::Err>()->number), number);
  }
}

// 4.4: the General Extension is sent and covered by the HMAC.
TEST_F(Rfc4650, TheListOfKeyManagementProtocolsIsProtected) {
  auto q = t.request();
  const std::string list = "mikey;keyp1";
  q.terms.extensions = {{GeneralExtType::sdp_ids, to_bytes(as_bytes(list))}};
  const Bytes good = t.alice().initiate(std::move(q))->send[0].message;
  const ByteView wanted = as_bytes(list);
  const auto at = std::search(good.begin(), good.end(), wanted.begin(), wanted.end()) - good.begin();
  ASSERT_LT(at, static_cast<std::ptrdiff_t>(good.size()));
  Bytes bad = good;
  bad[static_cast<std::size_t>(at)] ^= 1;
  EXPECT_EQ(t.bob().receive(Source::peer, bad).error->code, ErrorCode::auth_failure);
  const Outcome o = t.bob().receive(Source::peer, good);
  ASSERT_EQ(o.state, State::established);
  ASSERT_EQ(o.bundle->extensions.size(), 1U);
  EXPECT_EQ(o.bundle->extensions[0].data, to_bytes(as_bytes(list)));
}

}  // namespace
}  // namespace mikey::test
