/// \file
/// An attacker who has no key injects one message into a pre-shared key exchange, before the offer reaches
/// Bob and before the answer reaches Alice. Whatever it is, it establishes nothing, and the genuine exchange
/// succeeds.
#include <cstdint>
#include <cstdlib>

#include "fuzz_support.hpp"
#include "mikey/exchange/party.hpp"

namespace {

using namespace mikey;
using fuzz::CountingRng;
using fuzz::require;

Party make(const Identity& self, const Identity& peer, Rng& rng, const Clock& clock) {
  Credentials credentials;
  credentials.psk.emplace(peer, Psk(ByteView(Bytes(16, 0x11))));
  const PartyLimits small{.waiting = 10, .bundles = 10, .replay_entries = 100};
  return Party(self, Policy{}, std::move(credentials), crypto::openssl(), rng, clock, small);
}

/// Hands in the injected message. True when it is `genuine` itself, brought early.
bool inject(Party& party, ByteView injected, const Bytes& genuine) {
  const Outcome outcome = party.receive(Source::peer, injected);
  const bool early = Octets(injected) == Octets(genuine);
  require((outcome.state == Outcome::State::established) == early);
  require((party.bundles() == 1) == early);
  return early;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView injected(data, size);
  const ManualClock clock(NtpTime::from_unix(1790000000));
  const Identity alice = Identity::uri("sip:alice@example.com");
  const Identity bob = Identity::uri("sip:bob@example.com");
  CountingRng alice_rng(1);
  CountingRng bob_rng(101);
  Party a = make(alice, bob, alice_rng, clock);
  Party b = make(bob, alice, bob_rng, clock);

  InitiateRequest request;
  request.terms.to = bob;
  const auto offer = a.initiate(std::move(request));
  require(offer && offer->send.size() == 1);
  if (inject(b, injected, offer->send[0].message)) return 0;
  const Outcome answer = b.receive(Source::peer, offer->send[0].message);
  require(answer.bundle != nullptr && answer.send.size() == 1);

  if (inject(a, injected, answer.send[0].message)) return 0;
  const Outcome done = a.receive(Source::peer, answer.send[0].message);
  require(done.bundle != nullptr);
  require(ct_equal(done.bundle->sessions[0].tek.reveal(), answer.bundle->sessions[0].tek.reveal()));
  return 0;
}
