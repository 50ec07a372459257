/// \file
/// Alice and Bob with certificates of one CA, for the modes that sign.
#pragma once

#include "support/forge.hpp"
#include "support/pki.hpp"
#include "support/two_parties.hpp"

namespace mikey::test {

/// Certificates are slow to make, so all tests of a program share these.
const Pki& shared_pki();

/// A certificate of one's own: the leaf, what leads to the anchor, and the key called `key`.
OwnCertificate own_certificate(std::vector<crypto::Certificate> chain, const std::string& key);

/// Tests change certificates, trust and policies before the first use of a party; trust may change later.
struct CertifiedParties : TwoParties {
  /// In PK, which needs it, Alice knows Bob's certificate.
  explicit CertifiedParties(Mode mode);

  Mode mode;
  std::shared_ptr<crypto::TrustStore> alice_trust = std::make_shared<crypto::TrustStore>();
  std::shared_ptr<crypto::TrustStore> bob_trust = std::make_shared<crypto::TrustStore>();

  /// Alice's request to Bob in the mode.
  InitiateRequest request(std::optional<std::uint32_t> csb_id = std::nullopt) const;
  /// The message that begins it.
  Bytes first_message(std::optional<std::uint32_t> csb_id = std::nullopt);
};

/// The public-key mode.
struct PkParties : CertifiedParties {
  PkParties() : CertifiedParties(Mode::pk) {}

  Outcome to_bob(ByteView message) { return bob().receive(Source::peer, message); }
  /// A first message of Alice's, changed by `change` and signed by her again.
  template <class F>
  Outcome forged(F change, std::optional<std::uint32_t> csb_id = std::nullopt) {
    Forge f(first_message(csb_id));
    change(f);
    return to_bob(f.signed_by(*private_key("alice")));
  }
};

/// The message was refused for that reason.
void expect_refused(const Outcome& o, ErrorCode code);

/// Both have the same keys and say so.
void expect_agreed(const TwoParties::Run& r);

/// A bundle's whole content, secrets included, to compare before with after.
std::string fingerprint(const keys::BundlePtr& bundle);

}  // namespace mikey::test
