/// \file
/// An attacker without keys hands Bob a message of MIKEY-SAKKE, encapsulated data, a SAKKE-to-self extension
/// or key parameters. None of it establishes or opens anything that its makers did not make, and the genuine
/// message succeeds afterwards.
#include <cstdint>
#include <cstdlib>

#include "fuzz_support.hpp"
#include "mikey/profile/mcx.hpp"

namespace {

using namespace mikey;
using fuzz::CountingRng;
using fuzz::require;

constexpr std::int64_t kNow = 1790000000;
constexpr const char* kAlice = "sip:alice@example.com";
constexpr const char* kBob = "sip:bob@example.com";
constexpr std::uint32_t kCsbId = 0x20000001;  // a CSK

/// One KMS, and what it gave to Alice and Bob.
struct World {
  World() {
    CountingRng rng(7);
    const ibc::IdScheme ids{SakkeIdScheme::mcx_hashed_uid, 2592000, 0};
    auto master = ibc::make_master(rng, "kms.example.org", ids);
    kms = *ibc::Kms::load(master->known);
    const ibc::KeyPeriod period = ibc::period_at(ids, NtpTime::from_unix(kNow));
    for (const char* user : {kAlice, kBob}) {
      const auto record = ibc::issue_key_set(crypto::openssl(), rng, *master, kms, user, period);
      sets.push_back(*ibc::KeySet::load(crypto::openssl(), kms, *record));
    }
  }
  ibc::Kms kms;
  std::vector<ibc::KeySet> sets;
};

const World& world() {
  static const World w;
  return w;
}

Party make(const char* self, std::size_t set, Rng& rng, const Clock& clock) {
  Credentials credentials;
  credentials.sakke.add(world().kms);
  credentials.sakke.add(world().sets[set]);
  credentials.sakke.know(Identity::uri(kAlice));
  const PartyLimits small{
      .waiting = 10, .bundles = 10, .replay_entries = 100, .sakke_signers = 2, .sakke_receivers = 0};
  return Party(Identity::uri(self), profile::mcx::policy(), std::move(credentials), crypto::openssl(), rng,
               clock, small);
}

ibc::Ssv ssv() {
  return ibc::Ssv(ByteView(Bytes(ibc::sakke::kSsvSize, 0x42)));
}

/// The message that Alice makes, always the same.
const Bytes& genuine() {
  static const Bytes message = [] {
    CountingRng rng(1);
    const ManualClock clock(NtpTime::from_unix(kNow));
    Party alice = make(kAlice, 0, rng, clock);
    const profile::mcx::Key key{profile::mcx::KeyType::csk, kCsbId, ssv(), Bytes(16, 0x33)};
    profile::mcx::Shape shape;
    shape.explicit_policy = true;
    shape.to_self = true;
    shape.parameters.emplace();
    shape.parameters->type = key.type;
    auto request = profile::mcx::key_request(crypto::openssl(), rng, key, kBob, shape);
    auto sent = alice.initiate(std::move(*request));
    require(sent.ok() && sent->send.size() == 1);
    return sent->send[0].message;
  }();
  return message;
}

/// What opens is the encapsulation of what came out, octet for octet: there is no second form.
void open_sealed(ByteView sealed) {
  const auto opened = ibc::sakke::decapsulate(crypto::openssl(), world().sets[1].receiver(), sealed);
  if (!opened) return;
  const auto again =
      ibc::sakke::encapsulate(crypto::openssl(), world().kms.z(), world().sets[1].id(), *opened);
  require(again.ok() && Octets(*again) == Octets(sealed));
}

void open_parameters(ByteView body) {
  namespace mcx = profile::mcx;
  for (const auto reading : {mcx::Reading::strict, mcx::Reading::tolerant}) {
    const auto p = mcx::open_key_parameters(crypto::openssl(), body, ssv(), kCsbId, std::nullopt, reading);
    if (p) require(p->group_ids.size() <= 255 && p->activation >> 40 == 0 && p->expiry >> 40 == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView injected(data, size);
  open_sealed(injected);
  open_parameters(injected);

  const ManualClock clock(NtpTime::from_unix(kNow));
  CountingRng rng(101);
  Party bob = make(kBob, 1, rng, clock);
  const Outcome outcome = bob.receive(Source::peer, injected);
  const bool early = Octets(injected) == Octets(genuine());
  require((outcome.state == Outcome::State::established) == early);
  require((bob.bundles() == 1) == early);
  if (early) return 0;
  const Outcome done = bob.receive(Source::peer, genuine());
  require(done.bundle != nullptr);
  require(ct_equal(done.bundle->keys.front().key.reveal(), ssv().reveal()));
  return 0;
}
