/// \file
/// Carries MIKEY messages to a KMS over HTTP or HTTPS.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::kms {

/// Where a KMS is, and how it is recognised.
struct HttpEndpoint {
  std::string url;          ///< "https://kms.example.com:8443/mikey"
  std::string ca;           ///< PEM of the authorities that may certify it; empty: those of the system
  std::string certificate;  ///< PEM of one's own, when the server wants one
  std::shared_ptr<const SecretBytes> key;    ///< its private key, PEM
  std::chrono::milliseconds timeout{10000};  ///< for a request and its answer
  std::size_t max_answer = 1U << 20;         ///< octets of an answer's body
};

struct HttpAnswer {
  unsigned status = 0;
  std::string content_type;
  std::optional<std::chrono::seconds> retry_after;
  Bytes body;
};

/// One connection, kept and made anew as needed. Blocks; to be used by one thread.
class HttpClient {
 public:
  /// Does not connect yet. ErrorCode::bad_request for what is no URL, CA, certificate or key.
  static Result<HttpClient> open(HttpEndpoint endpoint);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// POSTs `body` and waits for the answer, whatever its status is. ErrorCode::resource when there is none:
  /// no connection, a certificate that is not trusted, silence, an answer that is no HTTP or too long.
  /// `authorization`: the value of that header; empty: none.
  Result<HttpAnswer> post(ByteView body, std::string_view content_type, std::string_view authorization = {});

  /// The MIKEY message that the KMS answers to `message`. ErrorCode::resource when there is none.
  Result<Bytes> exchange(ByteView message);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mikey::kms
