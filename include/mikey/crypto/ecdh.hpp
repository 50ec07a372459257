/// \file
/// Diffie-Hellman on the elliptic curves of MIKEY-IBAKE (RFC 6267 4.1, 6.1.4).
#pragma once

#include "mikey/base/iana.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {

/// A secret multiplier x, 1 .. q-1, big-endian, as many octets as the curve's order.
using EcScalar = Secret<struct EcScalarTag>;
/// [x][y]P as an octet string (K_SESSION of RFC 6267 5.1).
using EcSharedPoint = Secret<struct EcSharedPointTag>;

/// One party's half of an agreement.
struct EcKeyPair {
  EccCurve curve{};
  EcScalar secret;
  Bytes public_value;  ///< [x]P, uncompressed
};

/// The security of a curve as the size of its order in bits, e.g. 256; 0 for a curve this library has not.
std::size_t ec_order_bits(EccCurve curve);

/// Draws "ECCPT secret", a field element's octets and 8 more, reduces them to x = 1 + r mod (q-1) and
/// computes [x]P. Takes constant time. ErrorCode::invalid_dh for an unknown curve.
Result<EcKeyPair> ec_generate(EccCurve curve, Rng& rng);

/// ErrorCode::invalid_dh unless `point` is 04 || X || Y (SEC 1 2.3.3) with reduced coordinates, on the curve,
/// and of the order of P: curves with a cofactor have points of small order.
Status ec_check_point(EccCurve curve, ByteView point);

/// [x]Q as 04 || X || Y from one's own x and the peer's point Q, which is checked as by ec_check_point.
/// Constant time in x.
Result<EcSharedPoint> ec_shared(const EcKeyPair& own, ByteView peer_point);

}  // namespace mikey::crypto
