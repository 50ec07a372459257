/// \file
/// Well-formed messages of every kind, for tests that bend them.
#pragma once

#include <string>
#include <vector>

#include "mikey/wire/chain.hpp"

namespace mikey::test {

/// `n` octets that count up from `from`, in memory that lasts.
Octets run(std::size_t n, std::uint8_t from = 0);

/// The octets of a literal.
inline Octets text(std::string_view literal) {
  return as_bytes(literal);
}

/// A message of that kind (data types 0 to 26) with the payloads its RFC lists for it and general extensions
/// of types 0 to 7. Nothing in it is genuine: MACs, signatures and ciphertexts are counting octets.
Bytes sample_message(DataType kind);

/// All kinds, by number.
std::vector<DataType> all_kinds();

/// The sub-payloads of encrypted data.
struct SampleChain {
  std::string name;
  PayloadType first;
  Bytes octets;
};
std::vector<SampleChain> sample_chains();

}  // namespace mikey::test
