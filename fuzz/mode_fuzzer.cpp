/// \file
/// The first octet picks a mode of RFC 3830, 4650 or 4738; the rest is a message that an attacker without any
/// key injects: before the offer reaches Bob, before the answer reaches Alice, and once both have their keys.
/// Whatever it is, it establishes and changes nothing, and the genuine exchange succeeds.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "fuzz_keys.hpp"
#include "fuzz_support.hpp"
#include "mikey/crypto/make_pki.hpp"
#include "mikey/exchange/party.hpp"

namespace {

using namespace mikey;
using fuzz::CountingRng;
using fuzz::require;

constexpr NtpTime kNow = NtpTime::from_unix(1790000000);
const Identity kAlice = Identity::uri("sip:alice@example.com");
const Identity kBob = Identity::uri("sip:bob@example.com");

crypto::CertificateSpec spec(const char* name, bool ca) {
  crypto::CertificateSpec s;
  s.common_name = name;
  if (!ca) s.uris = {"sip:" + std::string(name) + "@example.com"};
  s.not_before = kNow + std::chrono::seconds(-1000);
  s.not_after = kNow + std::chrono::seconds(1000);
  s.ca = ca;
  return s;
}

/// Keys and certificates, made once: they are the same in every run.
struct Certificates {
  CountingRng rng{1};
  crypto::Issuer ca{*crypto::make_self_signed(spec("ca", true), fuzz::kCaKey, "", rng), fuzz::kCaKey, ""};
  OwnCertificate alice = own("alice", fuzz::kAliceKey);
  OwnCertificate bob = own("bob", fuzz::kBobKey);

  OwnCertificate own(const char* name, const char* key) {
    auto certificate = crypto::make_certificate(spec(name, false), *crypto::public_key_of(key), ca, rng);
    return {{*certificate}, *crypto::load_private_key_pem(key), {}};
  }
  static const Certificates& get() {
    static const Certificates all;
    return all;
  }
};

Party make(const Identity& self, const OwnCertificate& own, const Identity& peer, const OwnCertificate& peers,
           Rng& rng, const Clock& clock) {
  Credentials c;
  c.psk.emplace(peer, Psk(ByteView(Bytes(16, 0x11))));
  auto trust = std::make_shared<crypto::TrustStore>();
  trust->add_anchor(Certificates::get().ca.certificate);
  trust->pin(peer.type, peer.data, peers.chain[0]);
  c.pki = {{own}, std::move(trust), {}};
  Policy policy;
  policy.dh_exponent = crypto::DhExponentLength::short_;  // five times as many runs
  const PartyLimits small{.waiting = 10, .bundles = 10, .replay_entries = 100};
  return Party(self, policy, std::move(c), crypto::openssl(), rng, clock, small);
}

/// Hands in the injected message. True when it is `genuine` itself, brought early.
bool inject(Party& party, ByteView injected, const Bytes& genuine) {
  const std::size_t before = party.bundles();
  const Outcome outcome = party.receive(Source::peer, injected);
  const bool early = Octets(injected) == Octets(genuine);
  require((outcome.state == Outcome::State::established) == early);
  require((party.bundles() == before + 1) == early);
  return early;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kModes{Mode::pk, Mode::dh, Mode::dhhmac, Mode::rsar};
  if (size == 0) return 0;
  const Mode mode = kModes[data[0] % kModes.size()];
  const ByteView injected(data + 1, size - 1);
  const ManualClock clock(kNow);
  CountingRng alice_rng(1);
  CountingRng bob_rng(101);
  const Certificates& all = Certificates::get();
  Party a = make(kAlice, all.alice, kBob, all.bob, alice_rng, clock);
  Party b = make(kBob, all.bob, kAlice, all.alice, bob_rng, clock);

  InitiateRequest request;
  request.mode = mode;
  request.terms.to = kBob;
  const auto offer = a.initiate(std::move(request));
  require(offer && offer->send.size() == 1);
  if (inject(b, injected, offer->send[0].message)) return 0;
  const Outcome answer = b.receive(Source::peer, offer->send[0].message);
  require(answer.bundle != nullptr && answer.send.size() == 1);
  if (inject(a, injected, answer.send[0].message)) return 0;
  const Outcome done = a.receive(Source::peer, answer.send[0].message);
  require(done.bundle != nullptr);
  require(ct_equal(done.bundle->sessions[0].tek.reveal(), answer.bundle->sessions[0].tek.reveal()));

  for (Party* party : {&a, &b}) {
    const Identity& peer = party == &a ? kBob : kAlice;
    const auto before = party->bundle(*done.csb_id, peer);
    require(party->receive(Source::peer, injected).state != Outcome::State::established);
    require(party->bundle(*done.csb_id, peer) == before);
  }
  return 0;
}
