/// \file
/// Randomness is an argument: the library has no generator of its own.
#pragma once

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey {

/// A source of cryptographically strong random octets.
class Rng {
 public:
  virtual ~Rng() = default;
  /// Fills `out`. `what` names the value for scripted generators of tests ("TGK", "RAND", "CSB ID"); a real
  /// generator ignores it. Fails with ErrorCode::crypto only.
  virtual Status fill(MutableBytes out, std::string_view what) = 0;

  Result<Bytes> bytes(std::size_t n, std::string_view what);
  Result<SecretBytes> secret(std::size_t n, std::string_view what);
  Result<std::uint32_t> u32(std::string_view what);
};

}  // namespace mikey
