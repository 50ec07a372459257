/// \file
/// Alice, Bob and Carol with keys of two KMSs, for tests of MIKEY-SAKKE.
#pragma once

#include <functional>

#include "mikey/exchange/party.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

/// Seconds since 1970 of a day and time in UTC.
std::int64_t utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0);

/// A KMS and what it knows.
struct TestKms {
  ibc::MasterRecord master;
  ibc::Kms kms;
  ibc::KeySet keys(std::string_view uri, std::int64_t at) const;
};
/// tel URIs with months: "kms.example.org".
const TestKms& tel_kms();
/// The same scheme: "kms2.example.org".
const TestKms& other_kms();
/// Hashed UIDs of periods of 30 days: "kms.mcx.example.org".
const TestKms& mcx_kms();

/// Whoever takes part in the tests, with a policy and credentials that tests change before the first use.
struct SakkeParty {
  SakkeParty(std::string_view uri, Rng& rng, Clock& clock);
  Identity self;
  Policy policy;
  Credentials credentials;
  PartyLimits limits{
      .waiting = 10, .bundles = 100, .replay_entries = 1000, .sakke_signers = 4, .sakke_receivers = 2};
  Party& party();

  /// Trusts the KMS and gets key sets of it for the periods of these times.
  SakkeParty& with(const TestKms& from, std::initializer_list<std::int64_t> periods);

 private:
  Rng& rng_;
  Clock& clock_;
  std::unique_ptr<Party> party_;
};

inline constexpr const char* kTelAlice = "tel:+447700900123";
inline constexpr const char* kTelBob = "tel:+447700900456";
inline constexpr const char* kTelCarol = "tel:+447700900789";
inline constexpr std::int64_t kSeptember = 1790000000;  ///< 2026-09-21

/// Alice and Bob with key sets for September 2026, each with a clock of its own.
struct SakkePair {
  ManualClock alice_clock{NtpTime::from_unix(kSeptember)};
  ManualClock bob_clock{NtpTime::from_unix(kSeptember)};
  CountingRng rng;
  SakkeParty alice{kTelAlice, rng, alice_clock};
  SakkeParty bob{kTelBob, rng, bob_clock};

  /// Both clocks.
  void set_time(std::int64_t seconds) {
    alice_clock.set(NtpTime::from_unix(seconds));
    bob_clock.set(NtpTime::from_unix(seconds));
  }
  /// The usual key sets.
  SakkePair& usual() {
    alice.with(tel_kms(), {kSeptember});
    bob.with(tel_kms(), {kSeptember});
    return *this;
  }
  static InitiateRequest request(std::string_view to = kTelBob);
  /// Alice's message; the request must be one she can carry out.
  Bytes message(InitiateRequest r = request());
  /// Alice's message in mode psk, under a key that both have from now on. Before the first use of either.
  Bytes psk_message();
  Outcome receive(const Bytes& message) { return bob.party().receive(Source::peer, message); }
};

/// What a crafted message changes: payloads as (type, body without Next payload), SIGN left out.
using Payloads = std::vector<std::pair<PayloadType, Bytes>>;
/// The message with other payloads, or another header, signed again by `keys` over everything before the
/// signature.
Bytes resigned(const Bytes& message, const ibc::KeySet& keys,
               const std::function<void(wire::Hdr&, Payloads&)>& edit);
/// The first payload of a type.
Bytes& body_of(Payloads& list, PayloadType type);

}  // namespace mikey::test
