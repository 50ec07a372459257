// Miller's functions for a fixed first argument, several doublings in one.
//
// A line at the image (-x, i y) of (x, y), divided by its coefficient of i y, is l x + m + i y, where l is
// the slope; a vertical at a point with first coordinate e is x + e up to its sign. Products of lines are
// A(x) + Y B(x) with Y = i y and Y^2 = 3x - x^3. Where a product has the zeros (W) and (-W) a vertical is
// divided out exactly.
#include <algorithm>

#include "miller_walk.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kMostDoublings = 4;
constexpr std::size_t kMostCoefficients = 24;  // the products of a block need 17

/// Zeros of a block's function at P, or at -P when negative, after its last addition.
int zeros_at_p(const std::vector<std::int8_t>& digits, std::size_t from, std::size_t doublings) {
  int c = 0;
  for (std::size_t i = from; i-- > from - doublings;) c = 2 * c + (i > 0 ? digits[i] : 0);
  return c;
}

std::size_t count_poles(const std::vector<std::int8_t>& digits, std::size_t from, std::size_t doublings) {
  return (std::size_t{1} << doublings) + 1 +
         static_cast<std::size_t>(std::abs(zeros_at_p(digits, from, doublings)));
}

/// A polynomial over F_p; the number of its coefficients is public, they are not.
struct Polynomial {
  std::array<SakkeElement, kMostCoefficients> c;
  std::size_t n = 0;

  /// += v x^i
  void add(const SakkeField& f, std::size_t i, const SakkeElement& v) {
    for (; n <= i; ++n) c[n] = SakkeField::zero();
    f.add(c[i], c[i], v);
  }
};

/// A(x) + Y B(x), the product of `lines` lines.
class Function {
 public:
  explicit Function(const SakkeField& field) : f_(field) { a_.add(f_, 0, f_.one()); }
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
  ~Function() {
    wipe_object(a_.c);
    wipe_object(b_.c);
  }

  void square() {
    Polynomial a;
    Polynomial b;
    add_product(a, a_, a_);
    add_product(b, a_, b_);
    for (std::size_t i = 0; i < b.n; ++i) f_.dbl(b.c[i], b.c[i]);
    Polynomial bb;
    add_product(bb, b_, b_);
    add_times_yy(a, bb);
    replace(a, b);
    wipe_object(bb.c);
    lines_ *= 2;
  }

  /// *= l x + m + Y
  void multiply(const SakkeElement& l, const SakkeElement& m) {
    Polynomial line;
    line.add(f_, 0, m);
    line.add(f_, 1, l);
    Polynomial a;
    Polynomial b;
    add_product(a, a_, line);
    add_times_yy(a, b_);
    add_product(b, b_, line);
    for (std::size_t i = 0; i < a_.n; ++i) b.add(f_, i, a_.c[i]);
    replace(a, b);
    wipe_object(line.c);
    ++lines_;
  }

  /// /= x + e, which divides it.
  void divide(const SakkeElement& e) {
    for (Polynomial* p : {&a_, &b_}) {
      if (p->n == 0) continue;
      for (std::size_t i = p->n - 1; i-- > 0;) f_.sub(p->c[i], p->c[i], f_.mul(e, p->c[i + 1]));
      // now c[0] is the remainder, zero, and the quotient stands above it
      std::copy(p->c.begin() + 1, p->c.begin() + static_cast<std::ptrdiff_t>(p->n), p->c.begin());
      --p->n;
    }
  }

  /// Appends what MillerBlock says. The leading coefficient is that of Y^lines_: 1 or -1.
  void append_to(std::vector<SakkeElement>& out, const MillerBlock& block) {
    const Limb negative = mask_of_bit(lines_ / 2 % 2);
    for (Polynomial* p : {&a_, &b_})
      for (std::size_t i = 0; i < p->n; ++i) f_.negate_if(p->c[i], negative, p->c[i]);
    out.insert(out.end(), a_.c.begin(), a_.c.begin() + static_cast<std::ptrdiff_t>(block.in_a()));
    out.insert(out.end(), b_.c.begin(), b_.c.begin() + static_cast<std::ptrdiff_t>(block.in_b()));
  }

 private:
  void add_product(Polynomial& r, const Polynomial& p, const Polynomial& q) const {
    for (std::size_t i = 0; i < p.n; ++i)
      for (std::size_t j = 0; j < q.n; ++j) r.add(f_, i + j, f_.mul(p.c[i], q.c[j]));
  }
  /// r += (3x - x^3) p
  void add_times_yy(Polynomial& r, const Polynomial& p) const {
    for (std::size_t i = 0; i < p.n; ++i) {
      r.add(f_, i + 1, f_.add(f_.add(p.c[i], p.c[i]), p.c[i]));
      r.add(f_, i + 3, f_.neg(p.c[i]));
    }
  }
  void replace(Polynomial& a, Polynomial& b) {
    a_ = a;
    b_ = b;
    wipe_object(a.c);
    wipe_object(b.c);
  }

  const SakkeField& f_;
  Polynomial a_, b_;
  std::size_t lines_ = 0;
};

struct Line {
  SakkeElement l, m;
};

/// All lines of the walk, divided by their coefficients of i y; the last of them is a tangent.
std::vector<Line> normalized_lines(const SakkeParameterSet& set, const SakkePoint& first, bool& of_order_q) {
  const SakkeField& f = set.p;
  std::vector<Line> lines;
  std::vector<SakkeElement> n;
  lines.reserve(2 * set.q_digits.size());
  n.reserve(2 * set.q_digits.size());
  of_order_q = walk(set, first, [&](const ScaledLine& line, bool) {
    lines.push_back({line.l, line.m});
    n.push_back(line.n);
  });
  if (of_order_q) {  // otherwise a divisor may be zero, and nobody may pair with this point
    std::vector<SakkeElement*> pointers;
    pointers.reserve(n.size());
    for (SakkeElement& e : n) pointers.push_back(&e);
    f.invert_all(pointers);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      f.mul(lines[i].l, lines[i].l, n[i]);
      f.mul(lines[i].m, lines[i].m, n[i]);
    }
  }
  for (SakkeElement& e : n) wipe_object(e);
  return lines;
}

}  // namespace

std::vector<MillerBlock> plan_miller_blocks(const std::vector<std::int8_t>& digits) {
  // Shortest path over the digits from the top. In products, of which a reduction counts 1.3: two of each for
  // a squaring, four and two for the multiplication by the block's value, and poles - 2 and two for that
  // value.
  const auto cost = [&](std::size_t from, std::size_t doublings) {
    const auto products = static_cast<double>(2 * doublings + 4 + count_poles(digits, from, doublings) - 2);
    return products + 1.3 * static_cast<double>(2 * doublings + 4);
  };
  const std::size_t top = digits.size() - 1;
  std::vector<double> least(digits.size(), 1e9);
  std::vector<std::size_t> taken(digits.size(), 0);
  least[top] = 0;
  for (std::size_t from = top; from > 0; --from) {
    for (std::size_t d = 1; d <= std::min(kMostDoublings, from); ++d) {
      const double sum = least[from] + cost(from, d);
      if (sum >= least[from - d]) continue;
      least[from - d] = sum;
      taken[from - d] = d;
    }
  }
  std::vector<MillerBlock> blocks;
  for (std::size_t at = 0; at != top; at += taken[at])
    blocks.push_back({taken[at], count_poles(digits, at + taken[at], taken[at])});
  std::ranges::reverse(blocks);
  return blocks;
}

MillerTable::MillerTable(const SakkeParameterSet& set, const SakkePoint& first) {
  const SakkeField& f = set.p;
  std::vector<Line> lines = normalized_lines(set, first, of_order_q_);
  std::size_t size = 0;
  for (const MillerBlock& block : set.blocks) size += block.in_a() + block.in_b();
  coefficients_.reserve(size);
  const Line* line = lines.data();
  SakkeElement x = first.x;  // of the multiple the walk is at
  std::size_t digit = set.q_digits.size() - 1;
  for (const MillerBlock& block : set.blocks) {
    if (!of_order_q_) break;
    Function function(f);
    int at_p = 0;
    for (std::size_t i = 0; i < block.doublings; ++i) {
      function.square();
      function.multiply(line->l, line->m);
      if (i > 0) {  // the square had (-W) twice, and the tangent (W) twice
        function.divide(x);
        function.divide(x);
      }
      x = f.sub(f.sub(f.sqr(line->l), x), x);
      ++line;
      at_p *= 2;
      const std::int8_t d = set.q_digits[--digit];
      if (d == 0 || digit == 0) continue;
      function.multiply(line->l, line->m);
      function.divide(x);
      if (at_p * d < 0) function.divide(first.x);
      x = f.sub(f.sub(f.sqr(line->l), x), first.x);
      ++line;
      at_p = at_p + d;
    }
    function.append_to(coefficients_, block);
  }
  for (Line& l : lines) wipe_object(l);
  wipe_object(x);
}

MillerTable::~MillerTable() {
  for (SakkeElement& c : coefficients_) wipe_object(c);
}

SakkeFp2 MillerTable::pair(const SakkeParameterSet& set, const SakkePoint& second) const {
  const SakkeField& f = set.p;
  std::array<SakkeElement, kMostCoefficients> x;  // x^(i + 1)
  std::array<SakkeElement, kMostCoefficients> y;  // y x^i
  x[0] = second.x;
  y[0] = second.y;
  for (std::size_t i = 1; i < kMostCoefficients; ++i) {
    f.mul(x[i], x[i - 1], second.x);
    f.mul(y[i], y[i - 1], second.x);
  }
  SakkeFp2 t = fp2_one(f);
  SakkeFp2 value;
  std::span<const SakkeElement> rest(coefficients_);
  for (const MillerBlock& block : set.blocks) {
    const auto a = rest.first(block.in_a());
    const auto b = rest.subspan(block.in_a(), block.in_b());
    rest = rest.subspan(a.size() + b.size());
    value.re = f.add(f.dot(a.subspan(1), std::span(x).first(a.size() - 1)), a[0]);
    value.im = f.dot(b, std::span(y).first(b.size()));
    if (block.poles % 2 == 0) {
      f.add(value.re, value.re, x[a.size() - 1]);
    } else {
      f.add(value.im, value.im, y[b.size()]);
    }
    for (std::size_t i = 0; i < block.doublings; ++i) fp2_sqr(f, t, t);
    fp2_mul(f, t, t, value);
  }
  final_exponentiation(f, t);
  wipe_object(value);
  return t;
}

}  // namespace mikey::ibc
