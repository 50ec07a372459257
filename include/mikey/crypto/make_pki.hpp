/// \file
/// Making keys, certificates, revocation lists: for `mikey keygen`, small deployments and tests.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/clock.hpp"
#include "mikey/crypto/certificate.hpp"

namespace mikey::crypto {

/// A new RSA key in PKCS#8 PEM, encrypted (AES-256-CBC, PBKDF2) when there is a passphrase. `bits`: 2048 to
/// 8192; 1024 too when `allow_weak`, which tests of refusals need. Randomness is libcrypto's own, as it has
/// no other way to make primes.
Result<std::string> generate_rsa_key(unsigned bits, std::string_view passphrase = {},
                                     bool allow_weak = false);

/// What a certificate says.
struct CertificateSpec {
  std::string common_name;
  std::vector<std::string> uris;    ///< subjectAltName URIs
  std::vector<std::string> emails;  ///< subjectAltName rfc822Names
  NtpTime not_before;
  NtpTime not_after;
  bool ca = false;
  std::optional<unsigned> path_length;  ///< of a CA: how many CAs may follow
  bool digital_signature = true;        ///< keyUsage of an end certificate
  bool key_encipherment = true;
  bool ocsp_signing = false;  ///< extendedKeyUsage id-kp-OCSPSigning
  Hash hash = Hash::sha256;   ///< of the issuer's signature
};

/// Who signs.
struct Issuer {
  Certificate certificate;
  std::string key_pem;
  std::string passphrase;
};

/// A certificate for its own key: a root CA, or a peer's to be pinned. Draws "certificate serial", 16 octets.
Result<Certificate> make_self_signed(const CertificateSpec& spec, std::string_view key_pem,
                                     std::string_view passphrase, Rng& rng);

/// A certificate for `subject_key`, signed by `issuer`. Draws "certificate serial". Does not judge whether
/// the issuer is a CA: that is for those who verify.
Result<Certificate> make_certificate(const CertificateSpec& spec, const PublicKey& subject_key,
                                     const Issuer& issuer, Rng& rng);

/// A revocation list in PEM. `next_update` is when the next one is due.
Result<std::string> make_crl(const Issuer& issuer, std::span<const Certificate> revoked, NtpTime this_update,
                             NtpTime next_update, unsigned number = 1, Hash hash = Hash::sha256);

enum class OcspStatus : std::uint8_t { good, revoked, unknown };

/// An OCSP response in DER (RFC 6960) about `subject`, which `ca` issued, signed by `signer`: the CA itself,
/// or whom it delegated.
Result<Bytes> make_ocsp_response(const Certificate& ca, const Issuer& signer, const Certificate& subject,
                                 OcspStatus status, NtpTime this_update, NtpTime next_update);

/// The public half of a private key in PEM.
Result<PublicKey> public_key_of(std::string_view key_pem, std::string_view passphrase = {});

}  // namespace mikey::crypto
