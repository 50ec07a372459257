/// \file
/// The way of `mikey call` to its KMS: MIKEY-TICKET's requests over HTTP.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "mikey/exchange/party.hpp"
#include "mikey/kms/http_client.hpp"

namespace mikey::cmd {

struct KmsOptions {
  std::string url;               ///< empty: no KMS
  std::string ca;                ///< a PEM file; empty: the system's authorities
  std::string certificate, key;  ///< PEM files, when the KMS wants a certificate
};

class KmsPath {
 public:
  /// Called with each message that goes to the KMS or comes from it.
  using Watch = std::function<void(const char* title, ByteView message)>;

  /// ErrorCode::bad_request, naming the option, when something cannot be used.
  static Result<KmsPath> open(const KmsOptions& options);

  /// Carries what an outcome has for the KMS, and hands in what comes back, until the party needs the KMS no
  /// more. The error is that there is no answer.
  Result<Outcome> settle(Party& party, Outcome outcome, const Watch& watch);

 private:
  explicit KmsPath(std::optional<kms::HttpClient> client) : client_(std::move(client)) {}
  std::optional<kms::HttpClient> client_;
};

}  // namespace mikey::cmd
