/// \file
/// Diffie-Hellman in the OAKLEY groups (RFC 3830 3.3, 4.2.7).
#pragma once

#include "mikey/base/iana.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {

/// A Diffie-Hellman secret exponent, big-endian, at most as many octets as the prime.
using DhExponent = Secret<struct DhExponentTag>;

/// Octets of the prime and so of DH values and TGKs: OAKLEY 5: 192, OAKLEY 1: 96, OAKLEY 2: 128. 0 for a
/// group this library has not.
constexpr std::size_t dh_size(DhGroup g) {
  switch (g) {
    case DhGroup::oakley_5:
      return 192;
    case DhGroup::oakley_1:
      return 96;
    case DhGroup::oakley_2:
      return 128;
  }
  return 0;
}

/// How long a secret exponent is drawn.
enum class DhExponentLength : std::uint8_t {
  full,    ///< as long as the prime
  short_,  ///< 256 bits: at least twice the strength of any of the groups (RFC 3526 8), three to five times
           ///< faster
};

/// One party's half of an agreement.
struct DhKeyPair {
  DhGroup group{};
  DhExponent secret;
  Bytes public_value;  ///< g^x mod p, dh_size(group) octets
};

/// Draws an exponent and computes its DH value. `full` draws "DH secret", an integer r of dh_size octets, and
/// takes x = r mod (p - 3) + 2; `short_` draws 32 octets of that name, sets the highest bit and takes them as
/// they are. Exponentiation takes constant time. ErrorCode::invalid_dh for an unknown group.
Result<DhKeyPair> dh_generate(DhGroup group, Rng& rng, DhExponentLength length = DhExponentLength::full);

/// ErrorCode::invalid_dh unless `value` has dh_size octets and is in 2 .. p-2. All three primes are safe
/// ((p-1)/2 is prime), so that leaves no element of small order: only 1 and p-1 have orders below (p-1)/2.
Status dh_check(DhGroup group, ByteView value);

/// The TGK g^(xi xr) mod p, dh_size octets with leading zeros, from one's own exponent and the peer's value,
/// which is checked as by dh_check. Constant time in the exponent.
Result<Tgk> dh_shared(const DhKeyPair& own, ByteView peer_value);

/// The prime of a group, for tools and tests. Empty for an unknown group.
Bytes dh_prime(DhGroup group);

}  // namespace mikey::crypto
