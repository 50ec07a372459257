#include "bf_group.hpp"
#include "declassify.hpp"

#include "curve.hpp"
#include "fp2.hpp"
#include "hashing.hpp"

namespace mikey::ibc::bf {
namespace {

template <std::size_t N>
Limbs<N> fit(const Natural& a) {
  Limbs<N> r{};
  for (std::size_t i = 0; i < a.size() && i < N; ++i) r[i] = a[i];
  return r;
}

template <std::size_t N>
class SizedGroup final : public Group {
 public:
  using Element = Limbs<N>;
  using P = Affine<N>;

  SizedGroup(const Natural& p, const Natural& q)
      : f_(fit<N>(p)),
        curve_(f_, Curve<N>::A::zero, f_.one(), fit<N>(q)),
        q_digits_(naf_vartime(fit<N>(q))),
        q_bits_(ibc::bit_length_vartime(q)),
        cofactor_(divide_vartime(add_vartime(p, Natural{1}), q).first),
        cube_root_(
            add_vartime(multiply_vartime(divide_vartime(p, Natural{3}).first, Natural{2}), Natural{1})) {
    // zeta = -1/2 - sqrt(3)/2 i: RFC 5091 4.5.2 prints another b_zeta, which is no cube root of unity; this
    // is the one that its section 7.3 was computed with
    const Element half = f_.inverse(f_.from_int(2));
    f_.sqrt(zeta_.im, f_.from_int(3));
    zeta_ = {f_.neg(half), f_.neg(f_.mul(zeta_.im, half))};
  }

  bool contains(const Point& a, bool secret) const override {
    P p;
    if (!load(p, a) || !curve_.on_curve(p)) return false;
    if (!secret) return curve_.in_subgroup_vartime(p);
    return order_is_q(p);
  }

  std::optional<Point> lift(ByteView octets) const override {
    P p;
    p.y = f_.from_octets_reduced(octets);
    p.x = f_.pow_public(f_.sub(f_.sqr(p.y), f_.one()), cube_root_);  // (2p - 1) / 3
    P r;
    if (!curve_.to_affine(r, curve_.mul_vartime(cofactor_, p))) return std::nullopt;
    return store(r);
  }

  Point multiply(ByteView k, const Point& a) const override {
    Limbs<N> scalar;
    limbs_from_octets(scalar, k);
    P p;
    load(p, a);
    P r;
    curve_.to_affine(r, curve_.mul(scalar, p));
    wipe_object(scalar);
    return store(r);
  }

  SecretBytes pairing_power(const Point& a, const Point& b, ByteView k) const override {
    P pa;
    P pb;
    load(pa, a);
    load(pb, b);
    Fp2<N> t = final_exponentiation(miller(pa, pb));
    Limbs<N> scalar;
    limbs_from_octets(scalar, k);
    t = power(t, scalar);
    SecretBytes out(2 * f_.octets());
    Limbs<N> plain = f_.to_limbs(t.re);
    limbs_to_octets(out.reveal_mutable().first(f_.octets()), plain);
    plain = f_.to_limbs(t.im);
    limbs_to_octets(out.reveal_mutable().subspan(f_.octets()), plain);
    wipe_object(scalar);
    wipe_object(plain);
    wipe_object(t);
    return out;
  }

 private:
  bool load(P& p, const Point& a) const { return f_.from_octets(p.x, a.x) && f_.from_octets(p.y, a.y); }
  Point store(const P& p) const { return {f_.to_octets(p.x), f_.to_octets(p.y)}; }

  /// [q]a = 0 without a branch on a: walks to [q -+ 1]a and compares.
  bool order_is_q(const P& a) const {
    Jacobian<N> v = curve_.lift(a);
    const P minus = curve_.negate(a);
    for (std::size_t i = q_digits_.size() - 1; i-- > 0;) {
      curve_.dbl(v, v);
      if (q_digits_[i] != 0 && i != 0) curve_.add_distinct(v, v, q_digits_[i] > 0 ? a : minus);
    }
    P end;
    const bool proper = curve_.to_affine(end, v);
    const P& want = q_digits_[0] < 0 ? a : minus;
    return proper && public_outcome(mask_if_equal(end.x, want.x) & mask_if_equal(end.y, want.y));
  }

  struct Image {
    Fp2<N> x;
    Element y;
  };

  /// t *= conj(x - X/Z^2) up to a factor from F_p: dividing by a vertical line and multiplying by its
  /// conjugate differ by its norm, which the final exponentiation removes.
  void divide_by_vertical(Fp2<N>& t, const Jacobian<N>& v, const Image& b) const {
    const Element zz = f_.sqr(v.z);
    const Fp2<N> line{f_.sub(f_.mul(b.x.re, zz), v.x), f_.neg(f_.mul(b.x.im, zz))};
    fp2_mul(f_, t, t, line);
  }

  void tangent(Fp2<N>& t, Jacobian<N>& v, const Image& b) const {
    // Z3 Z^2 (y - Y/Z^3) - M Z^2 (x - X/Z^2) with M = 3 X^2
    const Element zz = f_.sqr(v.z);
    Element m = f_.sqr(v.x);
    m = f_.add(f_.add(m, m), m);
    Element yy = f_.sqr(v.y);
    yy = f_.add(yy, yy);
    const Element x = v.x;
    curve_.dbl(v, v);
    Fp2<N> line;
    line.re = f_.mul(f_.mul(v.z, zz), b.y);
    line.re = f_.sub(line.re, yy);
    line.re = f_.sub(line.re, f_.mul(m, f_.sub(f_.mul(b.x.re, zz), x)));
    line.im = f_.neg(f_.mul(m, f_.mul(b.x.im, zz)));
    fp2_mul(f_, t, t, line);
    divide_by_vertical(t, v, b);
  }

  void chord(Fp2<N>& t, Jacobian<N>& v, const P& a, const Image& b) const {
    // Z3 (y - y_a) - R (x - x_a) with R = y_a Z^3 - Y
    const Element zz = f_.sqr(v.z);
    const Element r = f_.sub(f_.mul(a.y, f_.mul(zz, v.z)), v.y);
    curve_.add_distinct(v, v, a);
    Fp2<N> line;
    line.re = f_.sub(f_.mul(v.z, f_.sub(b.y, a.y)), f_.mul(r, f_.sub(b.x.re, a.x)));
    line.im = f_.neg(f_.mul(r, b.x.im));
    fp2_mul(f_, t, t, line);
    divide_by_vertical(t, v, b);
  }

  /// f_(q,a) at the image of b under (x, y) -> (zeta x, y), up to a factor from F_p.
  Fp2<N> miller(const P& a, const P& second) const {
    const Image b{{f_.mul(zeta_.re, second.x), f_.mul(zeta_.im, second.x)}, second.y};
    const P minus = curve_.negate(a);
    const Jacobian<N> lifted = curve_.lift(a);
    Jacobian<N> v = lifted;
    Fp2<N> t = fp2_one(f_);
    for (std::size_t i = q_digits_.size() - 1; i-- > 0;) {
      fp2_sqr(f_, t, t);
      tangent(t, v, b);
      if (q_digits_[i] == 0 || i == 0) continue;
      chord(t, v, q_digits_[i] > 0 ? a : minus, b);
      if (q_digits_[i] < 0) divide_by_vertical(t, lifted, b);  // f_(-1) is one over the vertical at a
    }
    // The last line is the vertical at a; with a last digit -1 it cancels against f_(-1).
    if (q_digits_[0] > 0) {
      const Fp2<N> line{f_.sub(b.x.re, a.x), b.x.im};
      fp2_mul(f_, t, t, line);
    }
    wipe_object(v);
    return t;
  }

  /// The exponent (p^2 - 1) / q = (p - 1) (p + 1) / q; t^p is t's conjugate.
  Fp2<N> final_exponentiation(const Fp2<N>& t) const {
    Element norm;
    f_.mul_add(norm, t.re, t.re, t.im, t.im);
    norm = f_.inverse(norm);
    Fp2<N> c = fp2_conjugate(f_, t);
    fp2_sqr(f_, c, c);
    c = {f_.mul(c.re, norm), f_.mul(c.im, norm)};  // conj(t) / t
    Fp2<N> r = fp2_one(f_);
    for (std::size_t i = ibc::bit_length_vartime(cofactor_); i-- > 0;) {
      fp2_sqr(f_, r, r);
      if ((cofactor_[i / 64] >> (i % 64) & 1) != 0) fp2_mul(f_, r, r, c);
    }
    return r;
  }

  /// t^k for a secret k of q's size, four bits at a time.
  Fp2<N> power(const Fp2<N>& t, const Limbs<N>& k) const {
    std::array<Fp2<N>, 16> table;
    table[0] = fp2_one(f_);
    for (std::size_t i = 1; i < table.size(); ++i) fp2_mul(f_, table[i], table[i - 1], t);
    Fp2<N> r = fp2_one(f_);
    for (std::size_t i = (q_bits_ + 3) / 4; i-- > 0;) {
      for (int j = 0; j < 4; ++j) fp2_sqr(f_, r, r);
      const Limb digit = k[4 * i / 64] >> (4 * i % 64) & 15;
      Fp2<N> e{};
      for (std::size_t j = 0; j < table.size(); ++j) {
        const Limb m = mask_if_equal(digit, j);
        for (std::size_t l = 0; l < N; ++l) {
          e.re[l] |= table[j].re[l] & m;
          e.im[l] |= table[j].im[l] & m;
        }
      }
      fp2_mul(f_, r, r, e);
    }
    wipe_object(table);
    return r;
  }

  Field<N> f_;
  Curve<N> curve_;
  std::vector<std::int8_t> q_digits_;
  std::size_t q_bits_;
  Natural cofactor_;
  Natural cube_root_;
  Fp2<N> zeta_{};
};

template <std::size_t N>
Result<bool> miller_rabin(const crypto::Provider& provider, const Natural& n) {
  const std::size_t bits = ibc::bit_length_vartime(n);
  const int rounds = bits <= 1536 ? 32 : 8;
  const Field<N> f(fit<N>(n));
  const Natural minus_1 = subtract_vartime(n, Natural{1});
  std::size_t twos = 0;
  while ((minus_1[twos / 64] >> (twos % 64) & 1) == 0) ++twos;
  const Natural odd = divide_vartime(minus_1, power_of_two(twos)).first;
  const auto minus_one = f.neg(f.one());
  const Bytes seed = natural_to_octets(n);
  for (int i = 0; i < rounds; ++i) {
    Bytes input{static_cast<std::uint8_t>(i)};
    append(input, seed);
    Bytes base(8 * N + 32);
    if (auto s = merkle_expand(provider, crypto::Hash::sha256, input, base); !s) return std::move(s).error();
    const auto a = f.from_octets_reduced(base);
    if (mask_if_zero(a) != 0) continue;
    auto x = f.pow_public(a, odd);
    bool passes = x == f.one() || x == minus_one;
    for (std::size_t j = 1; j < twos && !passes; ++j) {
      f.sqr(x, x);
      passes = x == minus_one;
    }
    if (!passes) return false;
  }
  return true;
}

/// Calls f.operator()<N>() with the smallest N that is built and holds so many bits.
template <class F>
auto with_limbs(std::size_t bits, F f) {
  if (bits <= 512) return f.template operator()<8>();
  if (bits <= 1024) return f.template operator()<16>();
  if (bits <= 1536) return f.template operator()<24>();
  if (bits <= 4096) return f.template operator()<64>();
  return f.template operator()<120>();
}

const std::vector<std::uint32_t>& small_primes() {
  static const std::vector<std::uint32_t> primes = [] {
    constexpr std::uint32_t kLimit = 8192;
    std::vector<std::uint32_t> p;
    std::vector<bool> composite(kLimit);
    for (std::uint32_t i = 3; i < kLimit; i += 2) {
      if (composite[i]) continue;
      p.push_back(i);
      for (std::uint32_t j = i * i; j < kLimit; j += 2 * i) composite[j] = true;
    }
    return p;
  }();
  return primes;
}

/// Whether a prime below 8192 divides n, other than n itself. Primes are taken several at a time.
bool has_small_factor(const Natural& n) {
  const auto& primes = small_primes();
  const bool small = ibc::bit_length_vartime(n) <= 13;
  for (std::size_t i = 0; i < primes.size();) {
    Limb product = 1;
    std::size_t end = i;
    while (end < primes.size() && product < (Limb{1} << 50)) product *= primes[end++];
    const Limb rest = modulo_vartime(n, product);
    for (; i < end; ++i)
      if (rest % primes[i] == 0 && !(small && n[0] == primes[i])) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Group> make_group(const Natural& p, const Natural& q) {
  return with_limbs(ibc::bit_length_vartime(p), [&]<std::size_t N>() -> std::unique_ptr<Group> {
    return std::make_unique<SizedGroup<N>>(p, q);
  });
}

Result<bool> is_probable_prime(const crypto::Provider& provider, const Natural& n) {
  const std::size_t bits = ibc::bit_length_vartime(n);
  if (bits < 2 || bits > 64 * kMaxLimbs) return false;
  if ((n[0] & 1) == 0) return bits == 2 && n[0] == 2;
  if (has_small_factor(n)) return false;
  if (bits <= 26) return true;  // below 8192^2
  return with_limbs(bits, [&]<std::size_t N>() { return miller_rabin<N>(provider, n); });
}

}  // namespace mikey::ibc::bf
