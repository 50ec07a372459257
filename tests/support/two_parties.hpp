/// \file
/// Alice and Bob, who share a key and a clock.
#pragma once

#include "mikey/exchange/party.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

inline const Identity kAlice = Identity::uri("sip:alice@example.com");
inline const Identity kBob = Identity::uri("sip:bob@example.com");

/// Two parties with one policy each. Tests change policies and credentials before the first use.
struct TwoParties {
  Policy alice_policy;
  Policy bob_policy;
  Psk alice_key{Bytes(16, 0x11)};
  Psk bob_key{Bytes(16, 0x11)};
  mikey::Pki alice_pki;
  mikey::Pki bob_pki;
  std::optional<RsarGroup> bob_group;  ///< what Bob hands out in RSA-R
  PartyLimits limits{.waiting = 100, .bundles = 100, .replay_entries = 1000};
  ManualClock clock{NtpTime::from_unix(1790000000)};
  CountingRng rng;

  Party& alice() {
    if (!alice_) alice_ = make(kAlice, kBob, alice_policy, alice_key, alice_pki, std::nullopt);
    return *alice_;
  }
  Party& bob() {
    if (!bob_) bob_ = make(kBob, kAlice, bob_policy, bob_key, bob_pki, std::move(bob_group));
    return *bob_;
  }

  /// Alice's request to Bob.
  static InitiateRequest request(std::optional<std::uint32_t> csb_id = std::nullopt) {
    InitiateRequest r;
    r.terms.to = kBob;
    r.csb_id = csb_id;
    return r;
  }

  struct Run {
    Outcome begin, answer, end;
    keys::BundlePtr initiator, responder;
  };
  /// A whole exchange; the outcomes up to where it breaks.
  Run run(InitiateRequest request, bool from_bob = false) {
    Party& i = from_bob ? bob() : alice();
    Party& r = from_bob ? alice() : bob();
    Run out;
    auto begun = i.initiate(std::move(request));
    if (!begun) {
      out.begin.error = begun.error();
      return out;
    }
    out.begin = std::move(*begun);
    out.initiator = out.begin.bundle;
    if (out.begin.send.empty()) return out;
    out.answer = r.receive(Source::peer, out.begin.send[0].message);
    out.responder = out.answer.bundle;
    if (out.answer.send.empty()) return out;
    out.end = i.receive(Source::peer, out.answer.send[0].message);
    if (out.end.bundle) out.initiator = out.end.bundle;
    return out;
  }

 private:
  std::unique_ptr<Party> make(const Identity& self, const Identity& peer, const Policy& policy,
                              const Psk& key, const mikey::Pki& pki, std::optional<RsarGroup> group) {
    Credentials c;
    c.pki = pki;
    c.rsar_group = std::move(group);
    if (!key.empty()) c.psk.emplace(peer, key.clone());
    return std::make_unique<Party>(self, policy, std::move(c), crypto::openssl(), rng, clock, limits);
  }
  std::unique_ptr<Party> alice_, bob_;
};

}  // namespace mikey::test
