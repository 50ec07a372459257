/// \file
/// What fuzz targets of exchanges share.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "mikey/base/rng.hpp"

namespace mikey::fuzz {

/// Always the same octets, so that every run is the same exchange.
class CountingRng final : public Rng {
 public:
  explicit CountingRng(std::uint8_t first) : next_(first) {}
  Status fill(MutableBytes out, std::string_view /*what*/) override {
    for (std::uint8_t& octet : out) octet = next_++;
    return {};
  }

 private:
  std::uint8_t next_;
};

/// Ends the program, which is a finding.
inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace mikey::fuzz
