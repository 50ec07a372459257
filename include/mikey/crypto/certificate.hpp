/// \file
/// X.509 certificates and revocation lists, as far as MIKEY looks into them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/iana.hpp"
#include "mikey/crypto/public_key.hpp"

namespace mikey::crypto {

/// The most octets a certificate may have.
inline constexpr std::size_t kMaxCertificateSize = 65535;  // the length field of CERT (RFC 3830 6.7)

/// An X.509 certificate. A shared immutable value, cheap to copy, usable from several threads at once.
class Certificate {
 public:
  struct Impl;

  /// Exactly one DER certificate, nothing after it. ErrorCode::invalid_cert. Costs some 70 us, most of it for
  /// the public key: TrustStore::certificate() remembers.
  static Result<Certificate> from_der(ByteView der);
  /// All certificates of a PEM text, in its order; other PEM objects are skipped. ErrorCode::invalid_cert
  /// when there is none or one is broken.
  static Result<std::vector<Certificate>> from_pem(std::string_view pem);

  ByteView der() const;
  std::string to_pem() const;

  /// subjectAltName: uniformResourceIdentifier and rfc822Name, in order.
  const std::vector<std::string>& subject_uris() const;
  const std::vector<std::string>& subject_emails() const;
  bool has_subject_alt_name() const;
  /// Last common name of the subject as UTF-8; empty when there is none.
  const std::string& common_name() const;
  /// Subject and issuer for people, RFC 2253.
  std::string subject() const;
  std::string issuer() const;
  /// The serial number's octets, big-endian.
  Bytes serial() const;

  /// Seconds since 1970-01-01 UTC; the certificate is valid in both seconds too.
  std::int64_t not_before() const;
  std::int64_t not_after() const;

  /// The subject's key. ErrorCode::invalid_cert when it is not RSA of 512 to 8192 bits.
  Result<PublicKey> public_key() const;

  /// By keyUsage (RFC 5280 4.2.1.3); a certificate without it allows everything.
  bool allows_digital_signature() const;
  bool allows_key_encipherment() const;
  /// basicConstraints with cA TRUE.
  bool is_ca() const;

  /// Hash of the DER encoding.
  Bytes fingerprint(Hash h) const;
  /// What CHASH carries (RFC 3830 6.8) for `f`: SHA-1 or SHA-256. ErrorCode::invalid_ha for MD5 and unknown
  /// functions: an MD5 value says too little about which certificate was meant.
  Result<Bytes> chash(HashFunc f) const;

  /// Whether the certificate vouches for an identity of an ID payload (RFC 3830 6.7): a URI must be equal to
  /// a subjectAltName URI, a NAI to an rfc822Name, octet for octet. The common name counts only when there is
  /// no subjectAltName. A byte string never matches.
  bool matches(IdType type, ByteView identity) const;

  friend bool operator==(const Certificate& a, const Certificate& b);

  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// A certificate revocation list (RFC 5280 5). A shared immutable value.
class Crl {
 public:
  struct Impl;

  /// ErrorCode::invalid_cert; also for delta and indirect lists, which are not supported.
  static Result<Crl> from_der(ByteView der);
  /// All lists of a PEM text. ErrorCode::invalid_cert when there is none or one is broken.
  static Result<std::vector<Crl>> from_pem(std::string_view pem);

  explicit Crl(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace mikey::crypto
