/// \file
/// Owners of libcrypto's objects, and its errors as ours.
#pragma once

#include <openssl/err.h>

#include <memory>
#include <string>

#include "mikey/base/error.hpp"

namespace mikey::crypto::detail {

/// Deletes with the function given: `Handle<EVP_PKEY, EVP_PKEY_free>`.
template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

/// libcrypto queues its errors per thread; ours are in the Result, so whatever a failed call leaves is taken
/// out again when this goes.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

/// The reason of the newest error in the queue, for people.
inline std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "no reason given";
}

/// ErrorCode::crypto: "<what> failed: <libcrypto's reason>".
inline Error library_error(const std::string& what) {
  return crypto_error(what + " failed: " + last_reason());
}

}  // namespace mikey::crypto::detail
