/// \file
/// Reads and writes the XML of KMS documents (TS 33.180 annex D): namespace
/// urn:3gpp:ns:mcsecKMSInterface:1.0, key material wrapped under a transport key (XML Encryption), signatures
/// by HMAC-SHA-256 (XML Signature).
///
/// Part of the library mikey_kms (CMake mikey::kms), which links libxml2 and xmlsec1.
#pragma once

#include <span>

#include "mikey/base/error.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms {

/// Longest document that is looked at, in octets.
inline constexpr std::size_t kMaxDocument = std::size_t{64} << 20;
/// Most key sets, certificates or new keys of one document.
inline constexpr std::size_t kMaxItems = 100000;

struct ReadOptions {
  /// TrKs and InKs. One that the document names is the only one tried; without a name, or when none of these
  /// has it, each is.
  std::span<const SecurityKey> keys;
  /// Refuse a request or response that is not signed by one of `keys`.
  bool require_signature = false;
};

/// The document in `xml`, UTF-8 or what its declaration says. It may stand in the namespaces that products
/// use, and in the signed or unsigned form of D.2, or be a KmsInit, KmsKeyProv, KmsCertCache, KmsCertificate,
/// SignedKmsCertificate or KmsKeySet alone.
///
/// A document type declaration is refused, so there are no entities but XML's own five; nothing is fetched.
/// Elements that are not known are passed over with a note. Errors name the line: ErrorCode::unspecified for
/// what is no such document, auth_failure for a signature or wrapped key that `keys` do not fit, resource
/// when it is too large.
Result<Document> read_xml(const crypto::Provider& provider, ByteView xml, const ReadOptions& options = {});

struct WriteOptions {
  /// Wraps all key material in clear; must have 32 octets. Without it keys that were never opened stay as
  /// they were read, and all others are written in clear.
  const SecurityKey* transport_key = nullptr;
  Wrap wrap = Wrap::rfc5649;  ///< rfc3394 takes neither an RSK nor a PVT, and is refused
  /// Signs: a response becomes a SignedKmsResponse, a request a SignedKmsRequest. Must have 16 to 128 octets.
  const SecurityKey* signing_key = nullptr;
};

/// The document as UTF-8, in the order of elements that the schema of D.3.5 has. Secret when keys stand in
/// it in clear. ErrorCode::bad_request when a value cannot be written (a character that XML does not have, a
/// missing URI, keys of wrong sizes) or the options do not fit the document.
Result<SecretBytes> write_xml(const crypto::Provider& provider, const Document& document,
                              const WriteOptions& options = {});

/// "2026-11-24T15:09:47", as TS 33.180 writes times.
std::string time_text(Time t);
/// xsd:dateTime, with or without fraction and time zone; years 1900 to 9999.
std::optional<Time> parse_time(std::string_view text);

}  // namespace mikey::kms
