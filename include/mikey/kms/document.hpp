/// \file
/// The documents by which a 3GPP key management server provisions its users (TS 33.180 annex D), as values.
///
/// Their XML is read and written by kms/xml.hpp. What a document says is not what is true: keys have been
/// checked once ibc::Kms::load() and ibc::KeySet::load() took the records made of them (kms/records.hpp).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mikey/base/bytes.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::kms {

/// UTC, to the second. Documents that name no time zone mean UTC, as those of TS 33.180 D.3.4 do.
using Time = std::chrono::sys_seconds;

/// A transport key (TrK, 32 octets) or integrity key (InK), under the name by which documents call it.
struct SecurityKey {
  std::string id;  ///< may be empty: no name is written, and reading does not tell it by a name
  SecretBytes key;
};

/// How a key was wrapped.
enum class Wrap : std::uint8_t {
  rfc3394,       ///< kw-aes256
  rfc5649,       ///< kw-aes-256-pad
  rfc5649_3gpp,  ///< RFC 5649 under the name kw-aes256, which clause 9.3.4.2 asks for and RFC 3394 cannot do
};

/// Keys that no transport key has opened yet.
struct WrappedKey {
  Wrap wrap = Wrap::rfc5649;
  std::string key_name;  ///< of the TrK; may be empty
  Bytes octets;
};

/// Key material: in clear, or wrapped while the TrK is not at hand.
struct KeyContent {
  SecretBytes key;                    ///< empty when it is still wrapped
  std::optional<WrappedKey> wrapped;  ///< how it stood in the document, if it was wrapped
  bool opened() const { return !key.empty(); }
};

/// What became of a document's ds:Signature.
enum class Signature : std::uint8_t {
  none,       ///< there is none
  unchecked,  ///< there is one, and no key to check it with
  verified,   ///< one of the keys given made it, over all that is in this value
};

enum class Role : std::uint8_t { root, external };

/// KmsCertificate (D.3.2): the public keys of a KMS.
struct Certificate {
  Role role = Role::root;
  bool is_security_gateway = false;
  std::string cert_uri;  ///< optional
  std::string kms_uri;
  std::string issuer;  ///< optional
  std::optional<Time> valid_from;
  std::optional<Time> valid_to;
  bool revoked = false;
  std::string user_id_format = "2";   ///< "2": the hashed UID of F.2.1
  std::uint64_t user_key_period = 0;  ///< seconds
  std::uint64_t user_key_offset = 0;  ///< seconds
  Bytes pub_enc_key;                  ///< Z_T, 257 octets
  Bytes pub_auth_key;                 ///< KPAK, 65 octets
  std::optional<std::uint64_t> parameter_set;
  std::vector<std::string> domains;       ///< KmsDomainList
  Signature signature = Signature::none;  ///< of a SignedKmsCertificate
};

/// KmsKeySet (D.3.3): the keys of a user for a key period.
struct KeySet {
  std::string kms_uri;
  std::string cert_uri;  ///< optional
  std::string issuer;    ///< optional
  std::string user_uri;
  Bytes user_id;  ///< UID
  std::optional<Time> valid_from;
  std::optional<Time> valid_to;
  std::uint64_t key_period_no = 0;
  bool revoked = false;
  KeyContent decrypt_key;   ///< RSK, 257 octets
  KeyContent signing_key;   ///< SSK, 32 octets
  KeyContent public_token;  ///< PVT, 65 octets
};

/// KmsInit, KmsKeyProv and KmsCertCache (D.3.1): what a response may bring.
struct Init {
  Certificate certificate;
  std::vector<KeyContent> new_transport_keys;
  std::vector<KeyContent> new_integrity_keys;
};
struct KeyProv {
  std::vector<KeySet> key_sets;
  std::vector<KeyContent> new_transport_keys;
  std::vector<KeyContent> new_integrity_keys;
};
struct CertCache {
  std::optional<std::uint64_t> number;  ///< CacheNum
  std::vector<Certificate> certificates;
};

/// ClientError and KmsError.
struct Problem {
  std::int64_t code = 0;
  std::string message;
};

/// KmsRequest (D.2.2).
struct Request {
  std::string user_uri;
  std::string kms_uri;
  Time time;
  std::string client_id;  ///< optional
  std::string device_id;  ///< optional
  std::string client_req_url;
  std::optional<Problem> error;
};

/// KmsResponse (D.2.3).
struct Response {
  std::string user_uri;
  std::string kms_uri;
  Time time;
  std::string kms_id;  ///< optional
  std::string client_req_url;
  std::variant<std::monostate, Init, KeyProv, CertCache> message;
  std::optional<Problem> error;
};

/// A whole document. Files may hold the parts of a response alone.
struct Document {
  std::variant<Request, Response, Init, KeyProv, CertCache, Certificate, KeySet> body;
  Signature signature = Signature::none;  ///< of a SignedKmsRequest or SignedKmsResponse
  std::string signature_key;              ///< name of the key that made it, if the document says so
  std::vector<std::string> notes;         ///< what was passed over, one sentence each, with its line
};

}  // namespace mikey::kms
