/// \file
/// The pairing group of one set of Boneh-Franklin parameters, its size hidden.
#pragma once

#include <memory>
#include <optional>

#include "mikey/ibc/boneh_franklin.hpp"
#include "natural.hpp"

namespace mikey::ibc::bf {

/// The curve y^2 = x^3 + 1 over F_p, its subgroup of order q, and the modified Tate pairing. Points given to
/// anything but `contains` must have passed it.
class Group {
 public:
  virtual ~Group() = default;
  /// On the curve with reduced coordinates, and of order q. The time may show the point when `secret` is
  /// false.
  virtual bool contains(const Point& a, bool secret) const = 0;
  /// HashToPoint1 (RFC 5091 4.4.2) from step 2 on; y big-endian. Nothing when it ends at infinity.
  virtual std::optional<Point> lift(ByteView y) const = 0;
  /// [k]a for a secret 0 < k < q, in constant time.
  virtual Point multiply(ByteView k, const Point& a) const = 0;
  /// Canonical1(e'(a, b)^k) (4.3.2, o = 0) for a secret 0 < k < q, in constant time in a, b and k.
  virtual SecretBytes pairing_power(const Point& a, const Point& b, ByteView k) const = 0;
  SecretBytes pairing(const Point& a, const Point& b) const { return pairing_power(a, b, Bytes{1}); }
};

/// p = 11 modulo 12, q odd with q | p + 1; both at most 7680 bits, p at least 16.
std::unique_ptr<Group> make_group(const Natural& p, const Natural& q);

/// Miller and Rabin's test with bases that are hashed from the number.
Result<bool> is_probable_prime(const crypto::Provider& provider, const Natural& n);

/// RFC 5091 4.1.1, as octets of n; the algorithm as printed, whatever the size of n.
Result<SecretBytes> hash_to_range(const crypto::Provider& provider, crypto::Hash hash, ByteView s,
                                  ByteView n);

/// RFC 5091 4.2.1.
Status hash_bytes(const crypto::Provider& provider, crypto::Hash hash, ByteView p, MutableBytes out);

/// RFC 5091 5.1.2: n_p, n_q, hashfcn.
struct LevelSizes {
  std::size_t p_bits;
  std::size_t q_bits;
  crypto::Hash hash;
};
Result<LevelSizes> sizes(Level level);

}  // namespace mikey::ibc::bf
