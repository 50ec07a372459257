#include "mikey/crypto/ecdh.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <array>

#include "crypto/openssl/handles.hpp"
#include "crypto/reduce.hpp"

namespace mikey::crypto {
namespace {

using detail::ErrorMark;
using detail::Handle;
using detail::library_error;
using Number = Handle<BIGNUM, BN_clear_free>;
using Scratch = Handle<BN_CTX, BN_CTX_free>;
using Group = Handle<EC_GROUP, EC_GROUP_free>;
using Point = Handle<EC_POINT, EC_POINT_clear_free>;

constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kSurplus = 8;  // octets drawn beyond the order's: the bias is below 2^-60

/// In the order of the registry (RFC 6267 8).
constexpr std::array kNames = {NID_X9_62_prime192v1, NID_sect163r2, NID_sect163k1, NID_sect163r1,
                               NID_secp224r1,        NID_sect233r1, NID_sect233k1, NID_X9_62_prime256v1,
                               NID_sect283r1,        NID_sect283k1, NID_secp384r1, NID_sect409r1,
                               NID_sect409k1,        NID_secp521r1, NID_sect571r1, NID_sect571k1};

/// A curve with what every agreement needs; made once.
struct Curve {
  Group group;
  std::size_t field = 0;  // octets of a coordinate
  std::size_t order_bits = 0;
  bool cofactor = false;  // the group has points of other orders
  Bytes order_less_1;     // q - 1

  explicit Curve(int name) : group(EC_GROUP_new_by_curve_name(name)) {
    if (!group) return;
    const BIGNUM* q = EC_GROUP_get0_order(group.get());
    const Number less(BN_dup(q));
    order_less_1.resize(static_cast<std::size_t>(BN_num_bytes(q)));
    if (!less || BN_sub_word(less.get(), 1) != 1 ||
        BN_bn2binpad(less.get(), order_less_1.data(), static_cast<int>(order_less_1.size())) < 0) {
      group.reset();
      return;
    }
    field = (static_cast<std::size_t>(EC_GROUP_get_degree(group.get())) + 7) / 8;
    order_bits = static_cast<std::size_t>(BN_num_bits(q));
    cofactor = BN_is_one(EC_GROUP_get0_cofactor(group.get())) != 1;
  }
  std::size_t point_size() const { return 1 + 2 * field; }
};

template <std::size_t I>
const Curve& made_once() {
  static const Curve curve(kNames[I]);
  return curve;
}

template <std::size_t... I>
const Curve& nth(std::size_t i, std::index_sequence<I...> /*all*/) {
  using Make = const Curve& (*)();
  static constexpr std::array<Make, sizeof...(I)> kMakers = {&made_once<I>...};
  return kMakers[i]();
}

const Curve* find_curve(EccCurve curve) {
  const auto n = static_cast<std::size_t>(curve);
  if (n < 1 || n > kNames.size()) return nullptr;
  const Curve& c = nth(n - 1, std::make_index_sequence<kNames.size()>());
  return c.group ? &c : nullptr;
}

Error invalid(const char* rfc, std::string why) {
  return bad_message(ErrorCode::invalid_dh, rfc, std::move(why));
}

Result<const Curve*> usable_curve(EccCurve curve) {
  const Curve* c = find_curve(curve);
  if (c == nullptr)
    return invalid("RFC 6267 6.1.4", "no ECC curve " + std::to_string(static_cast<unsigned>(curve)));
  return c;
}

/// x = r mod (q-1) + 1, which is at most q-1 and so needs no more octets.
EcScalar into_range(const Curve& c, ByteView r) {
  EcScalar x(detail::reduce(r, c.order_less_1));
  const MutableBytes octets = x.reveal_mutable();
  std::size_t carry = 1;
  for (std::size_t i = octets.size(); i-- > 0;) {
    carry += octets[i];
    octets[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return x;
}

/// [x]Q, or [x]P without a Q, uncompressed. libcrypto takes a ladder of fixed length for a single scalar that
/// is not the order itself.
Status multiply(const Curve& c, const EcScalar& x, const EC_POINT* q, MutableBytes out) {
  const Scratch scratch(BN_CTX_secure_new());
  const Number k(BN_secure_new());
  const Point result(EC_POINT_new(c.group.get()));
  if (!scratch || !k || !result) return library_error("allocating numbers");
  BN_set_flags(k.get(), BN_FLG_CONSTTIME);
  const ByteView octets = x.reveal();
  if (BN_bin2bn(octets.data(), static_cast<int>(octets.size()), k.get()) == nullptr ||
      EC_POINT_mul(c.group.get(), result.get(), q == nullptr ? k.get() : nullptr, q,
                   q == nullptr ? nullptr : k.get(), scratch.get()) != 1 ||
      EC_POINT_point2oct(c.group.get(), result.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                         scratch.get()) != out.size())
    return library_error("multiplying a point");
  return {};
}

Result<Point> read_point(const Curve& c, ByteView octets) {
  if (octets.size() != c.point_size() || octets[0] != kUncompressed)
    return invalid("RFC 6267 6.1.4", "the point is not an uncompressed one of this curve");
  Point p(EC_POINT_new(c.group.get()));
  const Scratch scratch(BN_CTX_new());
  if (!p || !scratch) return library_error("allocating numbers");
  // libcrypto refuses coordinates that are not reduced, and points off the curve.
  if (EC_POINT_oct2point(c.group.get(), p.get(), octets.data(), octets.size(), scratch.get()) != 1)
    return invalid("RFC 6267 6.1.4", "the point is not on the curve");
  if (!c.cofactor) return p;
  const Point end(EC_POINT_new(c.group.get()));
  if (!end || EC_POINT_mul(c.group.get(), end.get(), nullptr, p.get(), EC_GROUP_get0_order(c.group.get()),
                           scratch.get()) != 1)
    return library_error("multiplying a point");
  if (EC_POINT_is_at_infinity(c.group.get(), end.get()) != 1)
    return invalid("RFC 6267 6.1.4", "the point is not of the curve's order");
  return p;
}

}  // namespace

std::size_t ec_order_bits(EccCurve curve) {
  const Curve* c = find_curve(curve);
  return c != nullptr ? c->order_bits : 0;
}

Result<EcKeyPair> ec_generate(EccCurve curve, Rng& rng) {
  const auto c = usable_curve(curve);
  if (!c) return c.error();
  auto drawn = rng.secret((*c)->field + kSurplus, "ECCPT secret");
  if (!drawn) return std::move(drawn).error();
  EcKeyPair pair{curve, into_range(**c, drawn->reveal()), Bytes((*c)->point_size())};
  const ErrorMark mark;
  if (auto s = multiply(**c, pair.secret, nullptr, pair.public_value); !s) return std::move(s).error();
  return pair;
}

Status ec_check_point(EccCurve curve, ByteView point) {
  const auto c = usable_curve(curve);
  if (!c) return c.error();
  const ErrorMark mark;
  if (auto p = read_point(**c, point); !p) return std::move(p).error();
  return {};
}

Result<EcSharedPoint> ec_shared(const EcKeyPair& own, ByteView peer_point) {
  const auto c = usable_curve(own.curve);
  if (!c) return c.error();
  if (own.secret.empty()) return bad_request("there is no multiplier");
  const ErrorMark mark;
  auto p = read_point(**c, peer_point);
  if (!p) return std::move(p).error();
  EcSharedPoint out((*c)->point_size());
  if (auto s = multiply(**c, own.secret, p->get(), out.reveal_mutable()); !s) return std::move(s).error();
  return out;
}

}  // namespace mikey::crypto
