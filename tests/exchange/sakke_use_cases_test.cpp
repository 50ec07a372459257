// What the README's table of modes and use cases says of MIKEY-SAKKE, and why stored messages of the older
// modes are of no use.
#include <gtest/gtest.h>

#include "support/sakke_parties.hpp"

namespace mikey::test {
namespace {

/// Bob's second device: the same keys, an SSRC of its own choice.
struct SecondDevice : SakkePair {
  SakkeParty mobile{kTelBob, rng, bob_clock};
  SecondDevice() {
    usual();
    mobile.with(tel_kms(), {kSeptember});
  }
};

TEST(SakkeForking, AllDevicesOfAnIdentityGetOneKey) {
  SecondDevice p;
  const Bytes offer = p.message();
  const Outcome desk = p.receive(offer);
  const Outcome pocket = p.mobile.party().receive(Source::peer, offer);
  ASSERT_TRUE(desk.bundle && pocket.bundle);
  EXPECT_TRUE(desk.send.empty() && pocket.send.empty()) << "and the caller is told nothing";
  EXPECT_TRUE(ct_equal(desk.bundle->keys[0].key.reveal(), pocket.bundle->keys[0].key.reveal()))
      << "two branches that choose one SSRC use a key stream twice";
}

TEST(SakkeRetargeting, IsForTheIdentityCalled) {
  SakkePair p;
  p.usual();
  SakkeParty carol{kTelCarol, p.rng, p.bob_clock};
  carol.with(tel_kms(), {kSeptember});
  const Outcome o = carol.party().receive(Source::peer, p.message());
  EXPECT_FALSE(o.bundle);
  EXPECT_EQ(o.error->code, ErrorCode::invalid_id);
}

/// Bob comes home a day later: his clock says that the message is stale, and there is no other way to open
/// it.
TEST(StoredMessages, OfOtherModesAreTooOld) {
  SakkePair p;
  p.usual();
  const Bytes stored = p.psk_message();
  p.bob_clock.set(NtpTime::from_unix(kSeptember + 86400));
  const Outcome late = p.receive(stored);
  EXPECT_FALSE(late.bundle);
  EXPECT_EQ(late.error->code, ErrorCode::invalid_ts);
  EXPECT_EQ(p.bob.party().open_stored(stored, std::chrono::hours(100)).error->code,
            ErrorCode::unsupported_message);
}

}  // namespace
}  // namespace mikey::test
