/// \file
/// The little of DER that RFC 5091 section 8 needs.
#pragma once

#include <optional>

#include "mikey/ibc/boneh_franklin.hpp"

namespace mikey::ibc::bf {

/// Strict DER of the types below; an error sticks, so that only the end needs a look.
class DerReader {
 public:
  explicit DerReader(ByteView in) : in_(in) {}
  /// The contents of the next element, which must have this tag.
  ByteView element(std::uint8_t tag);
  /// A non-negative INTEGER, big-endian without leading zeros (but one octet for zero).
  ByteView integer();
  Point point();
  /// Whether there is another element, well-formed or not.
  bool more() const { return good_ && !in_.empty(); }
  /// True when everything was read and well-formed.
  bool done() const { return good_ && in_.empty(); }
  void fail() { good_ = false; }

 private:
  ByteView in_;
  bool good_ = true;
};

inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;

void put_element(Bytes& out, std::uint8_t tag, ByteView contents);
void put_integer(Bytes& out, ByteView big_endian);
void put_point(Bytes& out, ByteView x, ByteView y);

/// Contents octets of the hash's OID, and back.
ByteView hash_oid(crypto::Hash hash);
std::optional<crypto::Hash> hash_by_oid(ByteView oid);
/// 2.16.840.1.114334.1.1.1.1
ByteView type_1_curve_oid();

/// BFPublicParameters (RFC 5091 8), well-formed and no more.
struct DerParameters {
  Bytes p;
  Bytes q;
  Point point_p;
  Point point_p_pub;
  crypto::Hash hash{};
};
Result<DerParameters> parse_parameters_der(ByteView der);

}  // namespace mikey::ibc::bf
