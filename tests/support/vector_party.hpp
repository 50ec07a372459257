/// \file
/// A party as the exchange vectors of vectors/mikey-peer describe it: configuration and requests in the form
/// of the `mikey agent` contract, scripted randomness, a clock that stands still.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "mikey/exchange/party.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

class VectorParty {
 public:
  VectorParty(const nlohmann::json& config, std::int64_t unix_time);

  Party& party() { return *party_; }
  ScriptedRng& rng() { return rng_; }
  ManualClock& clock() { return clock_; }

 private:
  ScriptedRng rng_;
  ManualClock clock_;
  std::unique_ptr<Party> party_;
};

/// A file of vectors/mikey-peer/ibake-files.json.
Bytes ibake_file(const std::string& name);
ibc::IbakeMaster ibake_master(const std::string& name);

/// The KMS of the vectors of RFC 6043 and RFC 6267.
class VectorKms {
 public:
  VectorKms(const nlohmann::json& config, std::int64_t unix_time);

  kms::Answer handle(ByteView message) { return service_.handle(message); }
  ScriptedRng& rng() { return rng_; }

 private:
  ScriptedRng rng_;
  ManualClock clock_;
  UniqueClock unique_;
  Identity self_;
  Policy policy_;
  Pki pki_;
  std::optional<kms::TableAuthority> authority_;
  std::optional<kms::CachedReplay> replay_;
  std::optional<kms::Issuer> issuer_;
  std::optional<kms::TableKeyRights> rights_;
  std::optional<kms::KeyIssuer> key_issuer_;
  kms::Service service_;
};

/// An `initiate` request of the contract.
InitiateRequest request_of(const nlohmann::json& j);

/// Compares a bundle with its JSON form, secrets included.
void expect_bundle(const keys::Bundle& b, const nlohmann::json& want);

}  // namespace mikey::test
