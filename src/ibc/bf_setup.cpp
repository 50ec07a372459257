// RFC 5091 5.1: making and checking public parameters.
#include "bf_der.hpp"
#include "bf_impl.hpp"
#include "hashing.hpp"
#include "kernel.hpp"

namespace mikey::ibc::bf {
namespace {

constexpr const char* kSetup = "RFC 5091 5.1.2";
constexpr std::size_t kMaxQBits = 512;
constexpr std::size_t kMinPBits = 64;

Error bad_parameters(const char* why) {
  return bad_request(std::string("Boneh-Franklin parameters: ") + why, kSetup);
}

/// low + draw mod (high - low), public or secret.
Result<SecretBytes> draw_between(Rng& rng, std::string_view what, const Natural& low, const Natural& high) {
  const Bytes range = natural_to_octets(subtract_vartime(high, low));
  auto draw = rng.secret(range.size() + 8, what);
  if (!draw) return std::move(draw).error();
  SecretBytes out = reduce_octets(draw->reveal(), range);
  // the sum stays below `high`; one more octet takes the carry
  SecretBytes sum(out.size() + 1);
  const Bytes low_octets = natural_to_octets(low);
  unsigned carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const unsigned a = i < out.size() ? out.reveal()[out.size() - 1 - i] : 0U;
    const unsigned b = i < low_octets.size() ? low_octets[low_octets.size() - 1 - i] : 0U;
    carry += a + b;
    sum.reveal_mutable()[sum.size() - 1 - i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return sum;
}

Result<Natural> draw_public(Rng& rng, std::string_view what, const Natural& low, const Natural& high) {
  auto v = draw_between(rng, what, low, high);
  if (!v) return std::move(v).error();
  return natural_from_octets(v->reveal());
}

/// 2^a + s 2^b + c for s, c = 1, -1, of exactly `bits` bits.
std::vector<Natural> solinas_numbers(std::size_t bits) {
  std::vector<Natural> all;
  const Natural one{1};
  for (const std::size_t a : {bits, bits - 1}) {
    for (std::size_t b = 2; b < a; ++b) {
      const Natural high = power_of_two(a);
      const Natural low = power_of_two(b);
      for (const Natural& sum : {add_vartime(high, low), subtract_vartime(high, low)}) {
        for (const Natural& n : {add_vartime(sum, one), subtract_vartime(sum, one)})
          if (ibc::bit_length_vartime(n) == bits) all.push_back(n);
      }
    }
  }
  return all;
}

Result<Natural> choose_q(const crypto::Provider& provider, Rng& rng, std::size_t bits) {
  const std::vector<Natural> all = solinas_numbers(bits);
  auto start = draw_public(rng, "BF q", Natural{0}, Natural{all.size()});
  if (!start) return std::move(start).error();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Natural& n = all[((*start)[0] + i) % all.size()];
    const auto prime = is_probable_prime(provider, n);
    if (!prime) return prime.error();
    if (*prime) return n;
  }
  return crypto_error("there is no Solinas prime of this size");
}

struct Prime {
  Natural p;
  Natural cofactor;  // 12 r
};

Result<Prime> choose_p(const crypto::Provider& provider, Rng& rng, std::size_t bits, const Natural& q) {
  const Natural step = multiply_vartime(q, Natural{12});
  const Natural one{1};
  const Natural low = add_vartime(divide_vartime(power_of_two(bits - 1), step).first, one);
  const Natural high = divide_vartime(power_of_two(bits), step).first;
  const std::size_t tries = 100 * bits;  // about bits / 4 are needed
  for (std::size_t i = 0; i < tries; ++i) {
    auto r = draw_public(rng, "BF r", low, high);
    if (!r) return std::move(r).error();
    Prime out{subtract_vartime(multiply_vartime(step, *r), one), multiply_vartime(*r, Natural{12})};
    const auto prime = is_probable_prime(provider, out.p);
    if (!prime) return prime.error();
    if (*prime) return out;
  }
  return crypto_error("no prime was found");
}

}  // namespace

bool widen(Point& out, const Point& in, std::size_t octets) {
  const auto one = [&](Bytes& to, ByteView from) {
    while (from.size() > octets && from[0] == 0) from = from.subspan(1);
    if (from.size() > octets) return false;
    to.assign(octets - from.size(), 0);
    append(to, from);
    return true;
  };
  return one(out.x, in.x) && one(out.y, in.y);
}

Result<LevelSizes> sizes(Level level) {
  switch (level) {
    case Level::n1024:
      return LevelSizes{512, 160, crypto::Hash::sha1};
    case Level::n2048:
      return LevelSizes{1024, 224, crypto::Hash::sha224};
    case Level::n3072:
      return LevelSizes{1536, 256, crypto::Hash::sha256};
    case Level::n7680:
      return LevelSizes{3840, 384, crypto::Hash::sha384};
    case Level::n15360:
      return LevelSizes{7680, 512, crypto::Hash::sha512};
  }
  return bad_request("RFC 5091 has no such security level", kSetup);
}

Result<PublicParameters> PublicParameters::load(const crypto::Provider& provider, ByteView p_octets,
                                                ByteView q_octets, const Point& point_p,
                                                const Point& point_p_pub, crypto::Hash hash) {
  const Natural p = natural_from_octets(p_octets);
  const Natural q = natural_from_octets(q_octets);
  const std::size_t p_bits = ibc::bit_length_vartime(p);
  const std::size_t q_bits = ibc::bit_length_vartime(q);
  if (p_bits < kMinPBits || p_bits > 64 * kMaxLimbs) return bad_parameters("p has a size nobody uses");
  if (q_bits < 2 || q_bits > kMaxQBits || q_bits > p_bits) return bad_parameters("q has a size nobody uses");
  if (modulo_vartime(p, 12) != 11) return bad_parameters("p is not 11 modulo 12");
  const Natural rest = divide_vartime(add_vartime(p, Natural{1}), multiply_vartime(q, Natural{12})).second;
  if (ibc::bit_length_vartime(rest) != 0) return bad_parameters("12 q does not divide p + 1");
  for (const Natural* n : {&q, &p}) {
    const auto prime = is_probable_prime(provider, *n);
    if (!prime) return prime.error();
    if (!*prime || (*n)[0] == 2) return bad_parameters("p or q is no odd prime");
  }
  auto impl = std::make_shared<Impl>();
  impl->p = natural_to_octets(p);
  impl->q = natural_to_octets(q);
  impl->hash = hash;
  impl->group = make_group(p, q);
  if (hash_oid(hash).empty() || !widen(impl->point_p, point_p, impl->p.size()) ||
      !widen(impl->point_p_pub, point_p_pub, impl->p.size()) ||
      !impl->group->contains(impl->point_p, false) || !impl->group->contains(impl->point_p_pub, false))
    return bad_parameters("P or P_pub is not of order q");
  PublicParameters out;
  out.impl_ = std::move(impl);
  return out;
}

const Bytes& PublicParameters::p() const {
  return impl_->p;
}
const Bytes& PublicParameters::q() const {
  return impl_->q;
}
const Point& PublicParameters::point_p() const {
  return impl_->point_p;
}
const Point& PublicParameters::point_p_pub() const {
  return impl_->point_p_pub;
}
crypto::Hash PublicParameters::hash() const {
  return impl_->hash;
}

Bytes PublicParameters::to_der() const {
  Bytes in;
  put_integer(in, Bytes{2});
  put_element(in, kObjectIdentifier, type_1_curve_oid());
  put_integer(in, p());
  put_integer(in, q());
  put_point(in, point_p().x, point_p().y);
  put_point(in, point_p_pub().x, point_p_pub().y);
  put_element(in, kObjectIdentifier, hash_oid(hash()));
  Bytes out;
  put_element(out, kSequence, in);
  return out;
}

Result<PublicParameters> PublicParameters::from_der(const crypto::Provider& provider, ByteView der) {
  const auto read = parse_parameters_der(der);
  if (!read) return read.error();
  return load(provider, read->p, read->q, read->point_p, read->point_p_pub, read->hash);
}

Result<Setup> setup(const crypto::Provider& provider, Rng& rng, Level level) {
  const auto n = sizes(level);
  if (!n) return n.error();
  const auto q = choose_q(provider, rng, n->q_bits);
  if (!q) return q.error();
  const auto prime = choose_p(provider, rng, n->p_bits, *q);
  if (!prime) return prime.error();
  const auto group = make_group(prime->p, *q);
  const auto y = draw_public(rng, "BF y", Natural{0}, prime->p);
  if (!y) return y.error();
  const auto point_p = group->lift(natural_to_octets(*y));  // [(p + 1)/q] is [12 r]
  if (!point_p) return crypto_error("the point drawn is of small order");
  auto s = draw_between(rng, "BF s", Natural{2}, *q);
  if (!s) return std::move(s).error();
  const Point point_p_pub = group->multiply(s->reveal(), *point_p);
  auto parameters = PublicParameters::load(provider, natural_to_octets(prime->p), natural_to_octets(*q),
                                           *point_p, point_p_pub, n->hash);
  if (!parameters) return std::move(parameters).error();
  return Setup{std::move(*parameters), BfMasterSecret(std::move(*s))};
}

}  // namespace mikey::ibc::bf
