/// \file
/// The key management services of TS 33.180 D.2 over HTTP: init, keyprov and certcache. A user gets the KMS's
/// certificate, keys for SAKKE and ECCSI, and the certificates of other KMSs, as XML.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "mikey/base/clock.hpp"
#include "mikey/ibc/key_set.hpp"
#include "mikey/kms/document.hpp"
#include "mikey/kms/server.hpp"

namespace mikey::kms {

/// Bearer tokens (RFC 6750) and whose they are. Keeps keyed digests and no token.
class TokenTable {
 public:
  /// Lines of a token of 16 to 1024 characters (RFC 6750 2.1), white space and an identity. Blank lines and
  /// those that begin with # are passed over. ErrorCode::bad_request, naming the line, for others and for a
  /// token that stands there twice.
  static Result<TokenTable> parse(const crypto::Provider& provider, Rng& rng, std::string_view text);

  /// Whose token it is. How long it takes says nothing about the tokens there are.
  std::optional<std::string> identity_of(std::string_view token) const;
  std::size_t size() const { return identities_.size(); }

 private:
  using Digest = std::array<std::uint8_t, 32>;
  explicit TokenTable(const crypto::Provider& provider) : provider_(&provider) {}
  Result<Digest> digest(std::string_view token) const;

  const crypto::Provider* provider_;
  SecretBytes key_;
  std::map<Digest, std::string> identities_;
};

/// What users are given, and how they show who they are. Immutable once it is in use; threads share it.
struct KeyServiceOptions {
  ibc::MasterRecord master;
  std::vector<std::string> domains;            ///< KmsDomainList of the KMS's own certificate
  std::optional<TokenTable> tokens;            ///< bearer tokens are taken
  bool client_certificates = true;             ///< a URI of the certificate's subjectAltName says who it is
  bool plain_http = false;                     ///< also without TLS: behind a proxy that has it
  std::optional<std::set<std::string>> users;  ///< who gets keys; absent: everybody who shows who they are
  unsigned ahead = 1;                          ///< key periods after the current one that are given
  unsigned behind = 1;                         ///< before it, when they are asked for
  std::vector<Certificate> external;           ///< of other KMSs, for certcache
  std::uint64_t cache_number = 1;              ///< of that list
  struct Protection {
    std::optional<SecurityKey> transport;  ///< TrK, wraps the keys
    std::optional<SecurityKey> integrity;  ///< InK, signs
  };
  std::map<std::string, Protection> protection;  ///< by user
};

/// Paths below which the service answers.
inline constexpr std::string_view kKeyServicePath = "/keymanagement/identity/v1/";

/// A service for one thread. `clock` must outlive it. ErrorCode::bad_request when the master secrets are not
/// sound, or not of ID scheme 2.
Result<HttpService> make_key_service(std::shared_ptr<const KeyServiceOptions> options, const Clock& clock);

}  // namespace mikey::kms
