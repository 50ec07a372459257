/// \file
/// Who is trusted: certificate paths, revocation, pinned and excluded peers (RFC 3830 4.3, RFC 5280 6.1).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mikey/base/clock.hpp"
#include "mikey/crypto/certificate.hpp"

namespace mikey::crypto {

/// What the peer's certificate is wanted for.
enum class Purpose : std::uint8_t { digital_signature, key_encipherment };

struct VerifyOptions {
  /// Certificates and CRLs signed with SHA-1. Not the same as SHA-1 in MIKEY's own signatures
  /// (SignaturePolicy): a certificate can be prepared for a collision, a message that lives for seconds
  /// hardly.
  bool allow_sha1_certificates = false;
  std::size_t min_rsa_bits = 2048;        ///< of every key of the path
  bool require_revocation_check = false;  ///< every certificate below the anchor needs a current CRL or OCSP
                                          ///< answer; otherwise what is known is used
  std::chrono::seconds ocsp_skew{300};    ///< by how much the responder's clock may differ

  /// No SHA-1, RSA of 2048 bits and more.
  static constexpr VerifyOptions modern() { return {}; }
};

/// Trust anchors, revocation lists, pinned certificates of peers, exclusions. Filled by one thread, then used
/// by any number. Remembers certificates and paths it has verified, so that neither decoding (70 us a
/// certificate) nor signatures of CAs are repeated for every message; validity, revocation, key usage and
/// exclusions are judged anew every time. Only verified paths are remembered, at most `kMaxRemembered`.
class TrustStore {
 public:
  static constexpr std::size_t kMaxRemembered = 1024;
  static constexpr std::size_t kMaxPath = 10;  ///< certificates from the leaf to the anchor

  TrustStore();
  TrustStore(TrustStore&&) noexcept;
  TrustStore& operator=(TrustStore&&) noexcept;
  ~TrustStore();

  /// Trusts whatever `anchor` certifies, and `anchor` itself; it may be a root, an intermediate CA or an end
  /// certificate.
  void add_anchor(Certificate anchor);
  void add_crl(Crl crl);

  /// `leaf` is `peer`'s certificate: trusted for that peer as it is, without path, dates or names (RFC 3830
  /// 4.3.2, "specific peer-to-peer configuration"). A later pin of the same peer replaces it.
  void pin(IdType type, ByteView peer, Certificate leaf);
  /// The certificate pinned for `peer`, or nothing. It serves when a message brings none.
  std::optional<Certificate> pinned(IdType type, ByteView peer) const;

  /// Refuses peers whatever certifies them (RFC 3830 4.3.2): an identity, or "*" with a suffix
  /// ("*@example.com"), or a prefix with "*" ("sip:guest-*"), compared with the identity claimed and with
  /// every URI, mailbox and common name of the leaf. ErrorCode::bad_request for a pattern with "*" elsewhere
  /// or empty.
  Status exclude(std::string_view pattern);
  /// Refuses a certificate and everything below it, by the SHA-256 of its DER form.
  void exclude_certificate(ByteView sha256);

  /// Whether anything above refuses `peer`, or its certificate. ErrorCode::invalid_cert.
  Status check_exclusions(ByteView peer, const Certificate& leaf) const;

  /// As Certificate::from_der, but quick for a certificate seen in a verified path before.
  Result<Certificate> certificate(ByteView der) const;

  /// Whether `chain` (leaf first, then the issuers in any order) leads to an anchor at time `at`, and the
  /// leaf may be used for `purpose`. `ocsp`: OCSP responses in DER for any of the certificates.
  /// ErrorCode::invalid_cert with the reason in `detail`.
  Status verify_chain(std::span<const Certificate> chain, NtpTime at, Purpose purpose,
                      const VerifyOptions& options = {}, std::span<const ByteView> ocsp = {}) const;

  /// The whole judgement about a peer: not excluded, and either its pinned certificate, or a verified chain
  /// whose leaf vouches for the identity (Certificate::matches; auth_failure when it does not).
  Status verify_peer(std::span<const Certificate> chain, IdType type, ByteView peer, NtpTime at,
                     Purpose purpose, const VerifyOptions& options = {},
                     std::span<const ByteView> ocsp = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mikey::crypto
