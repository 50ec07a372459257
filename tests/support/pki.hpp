/// \file
/// A small public-key infrastructure for tests: a root, an intermediate CA, alice and bob.
#pragma once

#include <string>

#include "mikey/crypto/make_pki.hpp"
#include "support/scripted_rng.hpp"

namespace mikey::test {

/// 2026-01-01T00:00:00Z, within the validity of everything below.
inline constexpr NtpTime kPkiTime = NtpTime::from_unix(1767225600);

/// A private key in PEM by name: "ca", "intermediate", "alice", "bob", or "weak" (1024 bits).
std::string key_pem(const std::string& name);
crypto::PublicKey public_key(const std::string& name);
std::shared_ptr<const crypto::PrivateKey> private_key(const std::string& name);

/// An end certificate's content: "sip:<name>@example.com" and the mailbox "<name>@example.com", valid 30 days
/// either way of kPkiTime.
crypto::CertificateSpec spec_for(const std::string& name);
crypto::CertificateSpec ca_spec(const std::string& name);

/// Made of key `key`; fails the test when it cannot be made.
crypto::Issuer self_signed(const crypto::CertificateSpec& spec, const std::string& key);
crypto::Certificate issue(const crypto::CertificateSpec& spec, const std::string& key,
                          const crypto::Issuer& by);

/// The root "ca", and certificates it issued.
struct Pki {
  crypto::Issuer ca = self_signed(ca_spec("ca"), "ca");
  crypto::Issuer intermediate{issue(ca_spec("intermediate"), "intermediate", ca), key_pem("intermediate"),
                              ""};
  crypto::Certificate alice = issue(spec_for("alice"), "alice", ca);
  crypto::Certificate bob = issue(spec_for("bob"), "bob", ca);
  crypto::Certificate alice_below = issue(spec_for("alice"), "alice", intermediate);  ///< by the intermediate
};

}  // namespace mikey::test
