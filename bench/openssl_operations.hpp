/// \file
/// The symmetric operations of an exchange done with OpenSSL alone: what the exchange costs at least for
/// whoever uses OpenSSL's documented interface (EVP).
#pragma once

#include <memory>

#include "recorder.hpp"

namespace mikey::bench {

/// Algorithms are fetched once and contexts are kept; an HMAC's key is set once for all the MACs that
/// one operation makes under it. Nothing is parsed, built, allocated, wiped or compared.
class OpensslOperations {
 public:
  explicit OpensslOperations(Operations list);
  /// Whether OpenSSL gives what our provider gives for every operation.
  bool agrees() const;
  void run(std::size_t n) const;

 private:
  struct Contexts;
  std::shared_ptr<Contexts> contexts_;
  std::shared_ptr<const Operations> list_;
};

}  // namespace mikey::bench
