/// \file
/// Two parties on one machine that do whole exchanges.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "mikey/exchange/exchange.hpp"

namespace mikey::bench {

/// Alice and Bob, who share a PSK and, in modes that want them, have certificates of one CA.
class Couple {
 public:
  /// Makes RSA keys of 2048 bits if the mode needs them. Ends the program when it cannot.
  explicit Couple(Mode mode, const crypto::Provider& provider = crypto::openssl());

  /// One exchange from Alice to Bob with crypto sessions for two streams; the bundles of both. Nothing when
  /// it did not end in keys on both sides.
  std::optional<std::pair<keys::BundlePtr, keys::BundlePtr>> exchange();
  /// Does one exchange and ends the program when the keys of the two differ.
  void prove(const std::string& row);
  /// Alice's private key in PEM.
  const std::string& key_pem() const { return alice_.key_pem; }

 private:
  struct Party {
    Identity self;
    Pki pki;
    std::string key_pem;
    std::optional<crypto::Certificate> certificate;
  };
  struct End {
    std::optional<Bytes> message;
    keys::BundlePtr bundle;
  };

  Env env(const Party& p) const { return {provider_, *rng_, clock_, policy_, p.self, &p.pki}; }
  Offer offer() const;
  End carry(Exchange& at, Step step, const Identity& peer);

  Mode mode_;
  const crypto::Provider& provider_;
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock system_;
  UniqueClock clock_{system_};
  Policy policy_;
  Psk key_{Bytes(16, 0x5A)};
  Party alice_;
  Party bob_;
};

}  // namespace mikey::bench
