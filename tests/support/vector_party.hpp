/// \file
/// A party as the exchange vectors of vectors/mikey-peer describe it: configuration and requests in the form
/// of the `mikey agent` contract, scripted randomness, a clock that stands still.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "mikey/exchange/party.hpp"
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

/// An `initiate` request of the contract.
InitiateRequest request_of(const nlohmann::json& j);

/// Compares a bundle with its JSON form, secrets included.
void expect_bundle(const keys::Bundle& b, const nlohmann::json& want);

}  // namespace mikey::test
