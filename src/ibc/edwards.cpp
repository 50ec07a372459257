#include "edwards.hpp"
#include "declassify.hpp"

namespace mikey::ibc {

EdwardsForm::EdwardsForm(const SakkeField& field) : f_(field) {
  // -3 is a square (p = 2 modulo 3); of its two roots the one with -2/s a square is taken.
  SakkeElement root;
  f_.sqrt(root, f_.neg(f_.from_int(3)));
  s_inverse_ = root;
  const SakkeElement minus_two = f_.neg(f_.from_int(2));
  if (f_.sqrt(c_, f_.mul(minus_two, s_inverse_)) == 0) {
    s_inverse_ = f_.neg(s_inverse_);
    f_.sqrt(c_, f_.mul(minus_two, s_inverse_));
  }
  s_ = f_.inverse(s_inverse_);
}

EdwardsForm::Extended EdwardsForm::identity() const {
  return {SakkeField::zero(), f_.one(), f_.one(), SakkeField::zero()};
}

EdwardsForm::Extended EdwardsForm::from(const SakkePoint& p) const {
  // X = c x / y, Y = (s x - 1)/(s x + 1): over the common denominator y (s x + 1)
  const SakkeElement u = f_.mul(s_, p.x);
  const SakkeElement up = f_.add(u, f_.one());
  const SakkeElement um = f_.sub(u, f_.one());
  const SakkeElement cx = f_.mul(c_, p.x);
  return {f_.mul(cx, up), f_.mul(um, p.y), f_.mul(p.y, up), f_.mul(cx, um)};
}

void EdwardsForm::add(Extended& r, const Niels& n) const {
  SakkeElement a, b, c, d;
  f_.sub(a, r.y, r.x);
  f_.mul(a, a, n.minus);
  f_.add(b, r.y, r.x);
  f_.mul(b, b, n.plus);
  f_.mul(c, r.t, n.t2);
  f_.dbl(d, r.z);
  SakkeElement e, f, g, h;
  f_.sub(e, b, a);
  f_.sub(f, d, c);
  f_.add(g, d, c);
  f_.add(h, b, a);
  f_.mul(r.x, e, f);
  f_.mul(r.y, g, h);
  f_.mul(r.t, e, h);
  f_.mul(r.z, f, g);
}

EdwardsForm::Extended EdwardsForm::add(const Extended& p, const Extended& q) const {
  const SakkeElement a = f_.mul(f_.sub(p.y, p.x), f_.sub(q.y, q.x));
  const SakkeElement b = f_.mul(f_.add(p.y, p.x), f_.add(q.y, q.x));
  SakkeElement c = f_.mul(p.t, q.t);
  c = f_.add(c, c);
  SakkeElement d = f_.mul(p.z, q.z);
  d = f_.add(d, d);
  const SakkeElement e = f_.sub(b, a);
  const SakkeElement f = f_.sub(d, c);
  const SakkeElement g = f_.add(d, c);
  const SakkeElement h = f_.add(b, a);
  return {f_.mul(e, f), f_.mul(g, h), f_.mul(f, g), f_.mul(e, h)};
}

std::vector<EdwardsForm::Niels> EdwardsForm::normalize(std::span<const Extended> points) const {
  std::vector<SakkeElement> z;
  std::vector<SakkeElement*> pointers;
  z.reserve(points.size());
  for (const Extended& p : points) {
    z.push_back(p.z);
    pointers.push_back(&z.back());
  }
  f_.invert_all(pointers);
  std::vector<Niels> out;
  out.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const SakkeElement x = f_.mul(points[i].x, z[i]);
    const SakkeElement y = f_.mul(points[i].y, z[i]);
    const SakkeElement t = f_.mul(x, y);
    out.push_back({f_.sub(y, x), f_.add(y, x), f_.add(t, t)});
  }
  return out;
}

SakkeElement EdwardsForm::denominator(const Extended& p) const {
  return f_.mul(f_.sub(p.z, p.y), p.x);
}

SakkePoint EdwardsForm::to_point(const Extended& p, const SakkeElement& inverse) const {
  // x = (Z + Y) / (s (Z - Y)), y = c x Z / X
  const SakkeElement over = f_.mul(inverse, p.x);                    // 1 / (Z - Y)
  const SakkeElement x_inverse = f_.mul(inverse, f_.sub(p.z, p.y));  // 1 / X
  const SakkeElement x = f_.mul(f_.mul(f_.add(p.z, p.y), s_inverse_), over);
  const SakkeElement y = f_.mul(f_.mul(f_.mul(c_, x), p.z), x_inverse);
  return {x, y};
}

bool EdwardsForm::equals(const Extended& p, const SakkePoint& q) const {
  const Limb x = mask_if_equal(f_.mul(f_.mul(s_, q.x), f_.sub(p.z, p.y)), f_.add(p.z, p.y));
  const Limb y = mask_if_equal(f_.mul(q.y, p.x), f_.mul(f_.mul(c_, q.x), p.z));
  const Limb proper = ~mask_if_zero(p.x);
  return public_outcome(x & y & proper);
}

std::array<SignedDigit, kWindows> signed_digits(const SakkeScalar& k) {
  std::array<SignedDigit, kWindows> digits;
  Limb carry = 0;
  for (std::size_t i = 0; i < kWindows; ++i) {
    const std::size_t at = i * kWindowBits;
    Limb window = k[at / 64] >> (at % 64);
    if (at % 64 > 64 - kWindowBits && at / 64 + 1 < k.size()) window |= k[at / 64 + 1] << (64 - at % 64);
    window = (window & 31) + carry;                                      // 0 .. 32
    const Limb negative = mask_of_bit((kWindowEntries - window) >> 63);  // above 16
    carry = negative & 1;
    digits[i] = {((window - (negative & 32)) ^ negative) - negative, negative};
  }
  return digits;
}

FixedBase::FixedBase(const EdwardsForm& form, const SakkePoint& base) : form_(form) {
  std::vector<EdwardsForm::Extended> all;
  all.reserve(kWindows * kWindowEntries);
  EdwardsForm::Extended row = form.from(base);
  for (std::size_t i = 0; i < kWindows; ++i) {
    all.push_back(row);
    for (std::size_t j = 1; j < kWindowEntries; ++j) all.push_back(form.add(all.back(), row));
    row = form.add(all.back(), all.back());  // 2 * 16 times
  }
  entries_ = form.normalize(all);
}

void FixedBase::accumulate(EdwardsForm::Extended& acc, const SakkeScalar& k) const {
  const SakkeField& f = form_.field();
  std::array<SignedDigit, kWindows> digits = signed_digits(k);
  EdwardsForm::Niels n;
  for (std::size_t i = 0; i < kWindows; ++i) {
    // entry 0 is j = 1; for the digit 0 nothing is found
    pick_entry(n, std::span(entries_).subspan(i * kWindowEntries, kWindowEntries), digits[i].magnitude - 1);
    const Limb zero = mask_if_zero(digits[i].magnitude);
    for (std::size_t l = 0; l < kSakkeLimbs; ++l) {
      n.minus[l] |= f.one()[l] & zero;
      n.plus[l] |= f.one()[l] & zero;
    }
    for (std::size_t l = 0; l < kSakkeLimbs; ++l) {
      const Limb d = (n.minus[l] ^ n.plus[l]) & digits[i].negative;
      n.minus[l] ^= d;
      n.plus[l] ^= d;
    }
    f.negate_if(n.t2, digits[i].negative, n.t2);
    form_.add(acc, n);
  }
  wipe_object(digits);
  wipe_object(n);
}

}  // namespace mikey::ibc
