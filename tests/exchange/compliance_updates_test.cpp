// What RFC 3830 demands of updates (4.5) and of cached envelope keys (6.3), a test a demand;
// compliance/rfc3830.toml refers to these.
#include <gtest/gtest.h>

#include <set>

#include "support/certified_parties.hpp"
#include "support/forge.hpp"
#include "support/parsed.hpp"

namespace mikey::test {
namespace {

using State = Outcome::State;

/// The modes that have updates, and how the envelope key is cached where there is one.
struct Update {
  const char* name;
  Mode mode;
  EnvelopeCache cache;
  DataType type;  ///< of the first message of an update
  friend void PrintTo(const Update& u, std::ostream* out) { *out << u.name; }
};

/// Without pre-shared keys where certificates do, so that no other key can serve.
CertifiedParties parties_for(const Update& u) {
  CertifiedParties t(u.mode);
  t.alice_policy.pke_cache = t.bob_policy.pke_cache = u.cache;
  if (u.mode == Mode::psk || u.mode == Mode::dhhmac) return t;
  t.alice_key = Psk();
  t.bob_key = Psk();
  return t;
}

class Updates : public testing::TestWithParam<Update> {
 protected:
  CertifiedParties t_ = parties_for(GetParam());
};

// "MUST use the same CSB ID as the initial exchange, but MUST use a new timestamp. A new RAND MUST NOT be
// included".
TEST_P(Updates, KeepTheCsbIdAndTheRandAndHaveANewTimestamp) {
  const auto first = t_.run(t_.request());
  expect_agreed(first);
  ASSERT_FALSE(HasFatalFailure());
  const auto second = t_.run(t_.request(first.initiator->csb_id));
  expect_agreed(second);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message before = parsed(first.begin.send[0].message);
  const wire::Message after = parsed(second.begin.send[0].message);
  EXPECT_EQ(after.hdr().data_type, GetParam().type);
  EXPECT_EQ(after.hdr().csb_id, before.hdr().csb_id);
  EXPECT_EQ(after.count<wire::Rand>(), 0U);
  EXPECT_EQ(parsed(second.answer.send[0].message).count<wire::Rand>(), 0U);
  EXPECT_NE(after.first<wire::T>()->value, before.first<wire::T>()->value);
  EXPECT_EQ(second.responder->rand, first.responder->rand);
  EXPECT_NE(fingerprint(second.responder), fingerprint(first.responder));
}

TEST_P(Updates, WithARandAreRefused) {
  const auto first = t_.run(t_.request());
  expect_agreed(first);
  ASSERT_FALSE(HasFatalFailure());
  const Outcome begun = *t_.alice().initiate(t_.request(first.initiator->csb_id));
  const wire::Message m = parsed(begun.send[0].message);
  Forge f(begun.send[0].message);
  const Bytes rand(16, 0x5A);
  f.insert(wire::Rand{Octets(rand)}, PayloadType::id);
  Bytes bad;
  if (m.last_type() == PayloadType::sign) {
    bad = f.signed_by(*private_key("alice"));
  } else {
    const auto k = m.get<wire::Kemac>(m.last_slot());
    const ByteView key = GetParam().mode == Mode::dhhmac || GetParam().mode == Mode::psk
                             ? ByteView(t_.alice_key.reveal())
                             : first.initiator->transport_key.reveal();
    bad = f.maced(key, rand, k.encr_data, k.encr_alg, k.mac_alg);
  }
  const Outcome o = t_.bob().receive(Source::peer, bad);
  EXPECT_EQ(o.state, State::failed);
  ASSERT_TRUE(o.error.has_value());
  if (GetParam().cache == EnvelopeCache::cache_for_csb)  // no key of that peer may begin a new CSB
    EXPECT_EQ(o.error->code, ErrorCode::auth_failure);
  else
    EXPECT_EQ(std::string(o.error->rfc), "RFC 3830 4.5");
  EXPECT_EQ(t_.bob().bundle(first.responder->csb_id, kAlice), first.responder);
  EXPECT_TRUE(t_.run(t_.request(first.initiator->csb_id)).responder) << "without RAND it is accepted";
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3830, Updates,
    testing::Values(Update{"Psk", Mode::psk, EnvelopeCache::no_cache, DataType::psk_init},
                    Update{"PkCached", Mode::pk, EnvelopeCache::cache, DataType::psk_init},
                    Update{"PkCachedForCsb", Mode::pk, EnvelopeCache::cache_for_csb, DataType::psk_init},
                    Update{"PkNotCached", Mode::pk, EnvelopeCache::no_cache, DataType::pk_init},
                    Update{"Dh", Mode::dh, EnvelopeCache::no_cache, DataType::dh_init},
                    Update{"Dhhmac", Mode::dhhmac, EnvelopeCache::no_cache, DataType::dhhmac_init},
                    Update{"RsarCached", Mode::rsar, EnvelopeCache::cache_for_csb, DataType::psk_init}),
    [](const auto& test) { return std::string(test.param.name); });

// 6.3, "No cache": the envelope key is gone; 4.5: an update "MUST provide a new encrypted envelope key".
TEST(EnvelopeKeys, ThatMustNotBeCachedAreNotAndAnUpdateBringsANewOne) {
  CertifiedParties t = parties_for({"", Mode::pk, EnvelopeCache::no_cache, {}});
  const auto first = t.run(t.request());
  expect_agreed(first);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_TRUE(first.initiator->transport_key.empty());
  EXPECT_TRUE(first.responder->transport_key.empty());
  for (const bool keep_the_key : {false, true}) {
    auto q = t.request(first.initiator->csb_id);
    q.terms.key.none = keep_the_key;
    const auto second = t.run(std::move(q));
    expect_agreed(second);
    ASSERT_FALSE(HasFatalFailure());
    const wire::Message before = parsed(first.begin.send[0].message);
    const wire::Message after = parsed(second.begin.send[0].message);
    ASSERT_EQ(after.count<wire::Pke>(), 1U);
    EXPECT_NE(after.first<wire::Pke>()->data, before.first<wire::Pke>()->data);
    EXPECT_EQ(t.alice().waiting(), 0U) << "the verification message was made with the new key";
  }
}

// 6.3, "Cache": the envelope key is a pre-shared key of new CSBs too.
TEST(EnvelopeKeys, ThatMustBeCachedServeNewCsbs) {
  CertifiedParties t = parties_for({"", Mode::pk, EnvelopeCache::cache, {}});
  const auto first = t.run(t.request());
  expect_agreed(first);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_FALSE(first.initiator->transport_key.empty());
  EXPECT_TRUE(ct_equal(first.initiator->transport_key.reveal(), first.responder->transport_key.reveal()));
  auto q = t.request();
  q.mode = Mode::psk;
  const auto second = t.run(std::move(q));
  expect_agreed(second);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_NE(second.initiator->csb_id, first.initiator->csb_id);
}

class DhUpdates : public testing::TestWithParam<Mode> {
 protected:
  CertifiedParties t_{GetParam()};
  TwoParties::Run first_ = t_.run(t_.request());
  InitiateRequest update(bool new_values) const {
    auto q = t_.request(first_.initiator->csb_id);
    q.terms.key.none = !new_values;
    return q;
  }
  /// An answer of Bob's, authenticated again after it was changed.
  Bytes again(const Forge& f) const {
    return GetParam() == Mode::dh ? f.signed_by(*private_key("bob"))
                                  : f.maced(Bytes(16, 0x11), first_.initiator->rand);
  }
};

// 4.5: "if the Initiator includes the DHi payload, then the Responder MUST include DHr and DHi", and else
// not.
TEST_P(DhUpdates, AreAnsweredWithBothDhValuesOrNone) {
  expect_agreed(first_);
  ASSERT_FALSE(HasFatalFailure());
  const auto fresh = t_.run(update(true));
  expect_agreed(fresh);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message begin = parsed(fresh.begin.send[0].message);
  const wire::Message answer = parsed(fresh.answer.send[0].message);
  ASSERT_EQ(begin.count<wire::Dh>(), 1U);
  ASSERT_EQ(answer.count<wire::Dh>(), 2U);
  EXPECT_EQ(answer.all<wire::Dh>()[1].value, begin.first<wire::Dh>()->value);
  const auto kept = t_.run(update(false));
  expect_agreed(kept);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(parsed(kept.begin.send[0].message).count<wire::Dh>(), 0U);
  EXPECT_EQ(parsed(kept.answer.send[0].message).count<wire::Dh>(), 0U);
  EXPECT_TRUE(ct_equal(kept.initiator->keys[0].key.reveal(), fresh.initiator->keys[0].key.reveal()));
}

TEST_P(DhUpdates, WithDhValuesThatNobodyAskedForAreRefused) {
  expect_agreed(first_);
  ASSERT_FALSE(HasFatalFailure());
  const wire::Message first = parsed(first_.answer.send[0].message);
  const Outcome kept = *t_.alice().initiate(update(false));
  const Outcome bare = t_.bob().receive(Source::peer, kept.send[0].message);
  ASSERT_EQ(bare.state, State::established);
  Forge with_both(bare.send[0].message);
  with_both.append(first.all<wire::Dh>()[0]).append(first.all<wire::Dh>()[1]);
  EXPECT_EQ(t_.alice().receive(Source::peer, again(with_both)).state, State::failed);
  EXPECT_EQ(t_.alice().receive(Source::peer, bare.send[0].message).state, State::established);
}

INSTANTIATE_TEST_SUITE_P(Rfc3830, DhUpdates, testing::Values(Mode::dh, Mode::dhhmac),
                         [](const auto& test) { return std::string(mode_name(test.param)); });

}  // namespace
}  // namespace mikey::test
