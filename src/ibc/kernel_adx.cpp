// Schoolbook multiplication and Montgomery reduction in blocks of eight limbs whose accumulator lives in
// eight registers, so that a row of eight products touches memory only for its operand. Two carry chains run
// at once (adcx on CF, adox on OF). Bounds: an accumulator below 2^512, plus a 512-by-64-bit product, plus
// one limb, is below 2^576, so nothing is ever carried out of a row.
#include "kernel.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

#include <bit>

namespace mikey::ibc {
namespace {

// NOLINTBEGIN(readability-non-const-parameter): the assembler writes through these pointers

/// For i < rows: t[i] = low limb of acc + a * b[i] + t[i], acc = the rest of it.
void block_rows(Limb* acc, Limb* t, const Limb* a, const Limb* b, std::size_t rows) {
  Limb lo;
  Limb hi;
  const Limb* const end = b + rows;
  __asm__ volatile(
      "movq %[acc], %[hi]\n\t"
      "movq 0(%[hi]), %%r8\n\t"
      "movq 8(%[hi]), %%r9\n\t"
      "movq 16(%[hi]), %%r10\n\t"
      "movq 24(%[hi]), %%r11\n\t"
      "movq 32(%[hi]), %%r12\n\t"
      "movq 40(%[hi]), %%r13\n\t"
      "movq 48(%[hi]), %%r14\n\t"
      "movq 56(%[hi]), %%r15\n\t"
      ".p2align 4\n"
      "1:\n\t"
      "movq (%[b]), %%rdx\n\t"
      "xorl %k[lo], %k[lo]\n\t"  // clears both carries
      "mulxq 0(%[a]), %[lo], %[hi]\n\t"
      "adcxq %%r8, %[lo]\n\t"
      "adoxq (%[t]), %[lo]\n\t"
      "movq %[lo], (%[t])\n\t"
      "movq %[hi], %%r8\n\t"
      "mulxq 8(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r8\n\t"
      "adoxq %%r9, %%r8\n\t"
      "movq %[hi], %%r9\n\t"
      "mulxq 16(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r9\n\t"
      "adoxq %%r10, %%r9\n\t"
      "movq %[hi], %%r10\n\t"
      "mulxq 24(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r10\n\t"
      "adoxq %%r11, %%r10\n\t"
      "movq %[hi], %%r11\n\t"
      "mulxq 32(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r11\n\t"
      "adoxq %%r12, %%r11\n\t"
      "movq %[hi], %%r12\n\t"
      "mulxq 40(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r12\n\t"
      "adoxq %%r13, %%r12\n\t"
      "movq %[hi], %%r13\n\t"
      "mulxq 48(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r13\n\t"
      "adoxq %%r14, %%r13\n\t"
      "movq %[hi], %%r14\n\t"
      "mulxq 56(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r14\n\t"
      "adoxq %%r15, %%r14\n\t"
      "movl $0, %%r15d\n\t"
      "adcxq %%r15, %[hi]\n\t"
      "adoxq %%r15, %[hi]\n\t"
      "movq %[hi], %%r15\n\t"
      "addq $8, %[b]\n\t"
      "addq $8, %[t]\n\t"
      "cmpq %[end], %[b]\n\t"
      "jne 1b\n\t"
      "movq %[acc], %[lo]\n\t"
      "movq %%r8, 0(%[lo])\n\t"
      "movq %%r9, 8(%[lo])\n\t"
      "movq %%r10, 16(%[lo])\n\t"
      "movq %%r11, 24(%[lo])\n\t"
      "movq %%r12, 32(%[lo])\n\t"
      "movq %%r13, 40(%[lo])\n\t"
      "movq %%r14, 48(%[lo])\n\t"
      "movq %%r15, 56(%[lo])\n\t"
      : [lo] "=&r"(lo), [hi] "=&r"(hi), [t] "+&r"(t), [b] "+&r"(b)
      : [acc] "m"(acc), [end] "m"(end), [a] "r"(a)
      : "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
}

/// Eight times: m = acc[0] * k, t = m, acc = (acc + m * a) / 2^64.
void reduce_rows(Limb* acc, Limb* t, const Limb* a, Limb k) {
  Limb lo;
  Limb hi;
  Limb* const end = t + 8;
  __asm__ volatile(
      "movq %[acc], %[hi]\n\t"
      "movq 0(%[hi]), %%r8\n\t"
      "movq 8(%[hi]), %%r9\n\t"
      "movq 16(%[hi]), %%r10\n\t"
      "movq 24(%[hi]), %%r11\n\t"
      "movq 32(%[hi]), %%r12\n\t"
      "movq 40(%[hi]), %%r13\n\t"
      "movq 48(%[hi]), %%r14\n\t"
      "movq 56(%[hi]), %%r15\n\t"
      ".p2align 4\n"
      "1:\n\t"
      "movq %%r8, %%rdx\n\t"
      "imulq %[k], %%rdx\n\t"
      "movq %%rdx, (%[t])\n\t"
      "xorl %k[lo], %k[lo]\n\t"
      "mulxq 0(%[a]), %[lo], %[hi]\n\t"
      "adcxq %%r8, %[lo]\n\t"
      "movq %[hi], %%r8\n\t"
      "mulxq 8(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r8\n\t"
      "adoxq %%r9, %%r8\n\t"
      "movq %[hi], %%r9\n\t"
      "mulxq 16(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r9\n\t"
      "adoxq %%r10, %%r9\n\t"
      "movq %[hi], %%r10\n\t"
      "mulxq 24(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r10\n\t"
      "adoxq %%r11, %%r10\n\t"
      "movq %[hi], %%r11\n\t"
      "mulxq 32(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r11\n\t"
      "adoxq %%r12, %%r11\n\t"
      "movq %[hi], %%r12\n\t"
      "mulxq 40(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r12\n\t"
      "adoxq %%r13, %%r12\n\t"
      "movq %[hi], %%r13\n\t"
      "mulxq 48(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r13\n\t"
      "adoxq %%r14, %%r13\n\t"
      "movq %[hi], %%r14\n\t"
      "mulxq 56(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r14\n\t"
      "adoxq %%r15, %%r14\n\t"
      "movl $0, %%r15d\n\t"
      "adcxq %%r15, %[hi]\n\t"
      "adoxq %%r15, %[hi]\n\t"
      "movq %[hi], %%r15\n\t"
      "addq $8, %[t]\n\t"
      "cmpq %[end], %[t]\n\t"
      "jne 1b\n\t"
      "movq %[acc], %[lo]\n\t"
      "movq %%r8, 0(%[lo])\n\t"
      "movq %%r9, 8(%[lo])\n\t"
      "movq %%r10, 16(%[lo])\n\t"
      "movq %%r11, 24(%[lo])\n\t"
      "movq %%r12, 32(%[lo])\n\t"
      "movq %%r13, 40(%[lo])\n\t"
      "movq %%r14, 48(%[lo])\n\t"
      "movq %%r15, 56(%[lo])\n\t"
      : [lo] "=&r"(lo), [hi] "=&r"(hi), [t] "+&r"(t)
      : [acc] "m"(acc), [k] "m"(k), [end] "m"(end), [a] "r"(a)
      : "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
}

/// r = a + b on 4 * quads limbs; the carry.
Limb add_quads(Limb* r, const Limb* a, const Limb* b, std::size_t quads) {
  Limb v;
  Limb carry = 0;
  std::size_t i = 0;
  __asm__ volatile(
      "xorl %k[v], %k[v]\n"
      "1:\n\t"
      "movq 0(%[a],%[i],8), %[v]\n\t"
      "adcq 0(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 0(%[r],%[i],8)\n\t"
      "movq 8(%[a],%[i],8), %[v]\n\t"
      "adcq 8(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 8(%[r],%[i],8)\n\t"
      "movq 16(%[a],%[i],8), %[v]\n\t"
      "adcq 16(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 16(%[r],%[i],8)\n\t"
      "movq 24(%[a],%[i],8), %[v]\n\t"
      "adcq 24(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 24(%[r],%[i],8)\n\t"
      "leaq 4(%[i]), %[i]\n\t"
      "decq %[q]\n\t"
      "jnz 1b\n\t"
      "adcq $0, %[c]\n\t"
      : [v] "=&r"(v), [c] "+&r"(carry), [i] "+&r"(i), [q] "+&r"(quads)
      : [r] "r"(r), [a] "r"(a), [b] "r"(b)
      : "cc", "memory");
  return carry;
}

/// r = a - b on 4 * quads limbs; the borrow.
Limb sub_quads(Limb* r, const Limb* a, const Limb* b, std::size_t quads) {
  Limb v;
  Limb borrow = 0;
  std::size_t i = 0;
  __asm__ volatile(
      "xorl %k[v], %k[v]\n"
      "1:\n\t"
      "movq 0(%[a],%[i],8), %[v]\n\t"
      "sbbq 0(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 0(%[r],%[i],8)\n\t"
      "movq 8(%[a],%[i],8), %[v]\n\t"
      "sbbq 8(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 8(%[r],%[i],8)\n\t"
      "movq 16(%[a],%[i],8), %[v]\n\t"
      "sbbq 16(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 16(%[r],%[i],8)\n\t"
      "movq 24(%[a],%[i],8), %[v]\n\t"
      "sbbq 24(%[b],%[i],8), %[v]\n\t"
      "movq %[v], 24(%[r],%[i],8)\n\t"
      "leaq 4(%[i]), %[i]\n\t"
      "decq %[q]\n\t"
      "jnz 1b\n\t"
      "adcq $0, %[c]\n\t"
      : [v] "=&r"(v), [c] "+&r"(borrow), [i] "+&r"(i), [q] "+&r"(quads)
      : [r] "r"(r), [a] "r"(a), [b] "r"(b)
      : "cc", "memory");
  return borrow;
}

// NOLINTEND(readability-non-const-parameter)

bool blocks_fit(std::size_t n) {
  return n % 8 == 0;
}

void reduce_once(Limb* r, const Limb* a, Limb carry, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> t;
  const Limb borrow = sub_quads(t.data(), a, m.p, m.n / 4);
  select_limbs(r, mask_of_bit(carry | (borrow ^ 1)), t.data(), a, m.n);
}

void mul_wide(Limb* t, const Limb* a, const Limb* b, std::size_t n) {
  if (!blocks_fit(n)) return portable_kernel().mul_wide(t, a, b, n);
  for (std::size_t i = 0; i < n; ++i) t[i] = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) t[n + i + j] = 0;
    block_rows(t + n + i, t + i, a + i, b, n);
  }
}

/// t[n ..] = (t + a multiple of p) / 2^(64 n); the limb above.
Limb divide(Limb* t, const ModulusRef& m) {
  Limb top = 0;
  for (std::size_t i = 0; i < m.n; i += 8) {
    std::array<Limb, 8> acc;
    std::array<Limb, 8> digits;
    for (std::size_t j = 0; j < 8; ++j) acc[j] = t[i + j];
    reduce_rows(acc.data(), digits.data(), m.p, m.neg_inverse);
    for (std::size_t j = 8; j < m.n; j += 8) block_rows(acc.data(), t + i + j, m.p + j, digits.data(), 8);
    // acc belongs at t + i + n; `top` is what the block before carried to the same place.
    std::array<Limb, 8> carried{top};
    top = add_quads(acc.data(), acc.data(), carried.data(), 2);
    top += add_quads(t + i + m.n, t + i + m.n, acc.data(), 2);
  }
  return top;
}

void reduce(Limb* r, Limb* t, const ModulusRef& m) {
  if (!blocks_fit(m.n)) return portable_kernel().reduce(r, t, m);
  const Limb top = divide(t, m);
  reduce_once(r, t + m.n, top, m);
}

/// t += a * b; the carry.
Limb mul_accumulate(Limb* t, const Limb* a, const Limb* b, std::size_t n) {
  Limb carry = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    std::array<Limb, 8> acc{};
    block_rows(acc.data(), t + i, a + i, b, n);
    std::array<Limb, 8> carried{carry};
    carry = add_quads(acc.data(), acc.data(), carried.data(), 2);
    carry += add_quads(t + i + n, t + i + n, acc.data(), 2);
  }
  return carry;
}

/// r = (top, a) modulo p for a value below (count + 1) p; `a` is used up.
void reduce_multiple(Limb* r, Limb* a, Limb top, std::size_t count, const ModulusRef& m) {
  std::array<Limb, kMaxLimbs> multiple;
  std::array<Limb, kMaxLimbs> t;
  for (std::size_t s = std::bit_width(count); --s > 0;) {  // 2^s p is subtracted when it fits
    multiple[0] = m.p[0] << s;
    for (std::size_t i = 1; i < m.n; ++i) multiple[i] = m.p[i] << s | m.p[i - 1] >> (64 - s);
    const Limb borrow = sub_quads(t.data(), a, multiple.data(), m.n / 4);
    const Wide d = Wide{top} - (m.p[m.n - 1] >> (64 - s)) - borrow;
    const Limb fits = mask_of_bit((static_cast<Limb>(d >> 64) & 1) ^ 1);
    select_limbs(a, fits, t.data(), a, m.n);
    top = (static_cast<Limb>(d) & fits) | (top & ~fits);
  }
  reduce_once(r, a, top, m);
}

void dot(Limb* r, const Limb* a, const Limb* b, std::size_t count, const ModulusRef& m) {
  const std::size_t n = m.n;
  if (!blocks_fit(n)) return portable_kernel().dot(r, a, b, count, m);
  std::array<Limb, 2 * kMaxLimbs> t;
  mul_wide(t.data(), a, b, n);
  Limb top = 0;
  for (std::size_t k = 1; k < count; ++k) top += mul_accumulate(t.data(), a + k * n, b + k * n, n);
  top += divide(t.data(), m);
  reduce_multiple(r, &t[n], top, count, m);
}

/// One step of the 4-limb multiplication: t(5) = (t + a * b_i + m * p) / 2^64 with m from the low limb.
/// The five limbs live in r8 .. r12.
void mul4(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  Limb lo;
  Limb hi;
  Limb rows = 4;
  const Limb k = m.neg_inverse;
  std::array<Limb, 5> t;
  __asm__ volatile(
      "xorl %%r8d, %%r8d\n\t"
      "xorl %%r9d, %%r9d\n\t"
      "xorl %%r10d, %%r10d\n\t"
      "xorl %%r11d, %%r11d\n\t"
      "xorl %%r12d, %%r12d\n\t"
      ".p2align 4\n"
      "1:\n\t"
      "movq (%[b]), %%rdx\n\t"
      "xorl %%r13d, %%r13d\n\t"
      "mulxq 0(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r8\n\t"
      "adoxq %[hi], %%r9\n\t"
      "mulxq 8(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r9\n\t"
      "adoxq %[hi], %%r10\n\t"
      "mulxq 16(%[a]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r10\n\t"
      "adoxq %[hi], %%r11\n\t"
      "mulxq 24(%[a]), %[lo], %[hi]\n\t"
      "movq %[k], %%rdx\n\t"
      "adcxq %[lo], %%r11\n\t"
      "adoxq %[hi], %%r12\n\t"
      "movl $0, %k[lo]\n\t"
      "adcxq %[lo], %%r12\n\t"
      "adoxq %[lo], %%r13\n\t"
      "adcxq %[lo], %%r13\n\t"
      "imulq %%r8, %%rdx\n\t"
      "xorl %k[lo], %k[lo]\n\t"
      "mulxq 0(%[p]), %[lo], %[hi]\n\t"
      "adcxq %%r8, %[lo]\n\t"
      "movq %[hi], %%r8\n\t"
      "mulxq 8(%[p]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r8\n\t"
      "adoxq %%r9, %%r8\n\t"
      "movq %[hi], %%r9\n\t"
      "mulxq 16(%[p]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r9\n\t"
      "adoxq %%r10, %%r9\n\t"
      "movq %[hi], %%r10\n\t"
      "mulxq 24(%[p]), %[lo], %[hi]\n\t"
      "adcxq %[lo], %%r10\n\t"
      "adoxq %%r11, %%r10\n\t"
      "movq %[hi], %%r11\n\t"
      "movl $0, %k[lo]\n\t"
      "adcxq %[lo], %%r11\n\t"
      "adoxq %%r12, %%r11\n\t"
      "movl $0, %%r12d\n\t"
      "adcxq %[lo], %%r12\n\t"
      "adoxq %%r13, %%r12\n\t"
      "addq $8, %[b]\n\t"
      "decq %[rows]\n\t"
      "jnz 1b\n\t"
      "movq %%r8, 0(%[t])\n\t"
      "movq %%r9, 8(%[t])\n\t"
      "movq %%r10, 16(%[t])\n\t"
      "movq %%r11, 24(%[t])\n\t"
      "movq %%r12, 32(%[t])\n\t"
      : [lo] "=&r"(lo), [hi] "=&r"(hi), [b] "+&r"(b), [rows] "+&r"(rows)
      : [a] "r"(a), [p] "r"(m.p), [t] "r"(t.data()), [k] "m"(k)
      : "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "cc", "memory");
  reduce_once(r, t.data(), t[4], m);
}

void mul(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  if (m.n == 4) return mul4(r, a, b, m);
  if (!blocks_fit(m.n)) return portable_kernel().mul(r, a, b, m);
  std::array<Limb, 2 * kMaxLimbs> t;
  mul_wide(t.data(), a, b, m.n);
  reduce(r, t.data(), m);
}

void add(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  if (m.n % 4 != 0) return portable_kernel().add(r, a, b, m);
  std::array<Limb, kMaxLimbs> t;
  const Limb carry = add_quads(t.data(), a, b, m.n / 4);
  reduce_once(r, t.data(), carry, m);
}

void sub(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m) {
  if (m.n % 4 != 0) return portable_kernel().sub(r, a, b, m);
  std::array<Limb, kMaxLimbs> t;
  std::array<Limb, kMaxLimbs> u;
  const Limb borrow = sub_quads(t.data(), a, b, m.n / 4);
  add_quads(u.data(), t.data(), m.p, m.n / 4);
  select_limbs(r, mask_of_bit(borrow), u.data(), t.data(), m.n);
}

void add_wide(Limb* t, const Limb* u, const ModulusRef& m) {
  if (!blocks_fit(m.n)) return portable_kernel().add_wide(t, u, m);
  const Limb carry = add_quads(t, t, u, m.n / 2);
  reduce_once(t + m.n, t + m.n, carry, m);
}

void sub_wide(Limb* t, const Limb* u, const ModulusRef& m) {
  if (!blocks_fit(m.n)) return portable_kernel().sub_wide(t, u, m);
  std::array<Limb, kMaxLimbs> v;
  const Limb borrow = sub_quads(t, t, u, m.n / 2);
  add_quads(v.data(), t + m.n, m.p, m.n / 4);
  select_limbs(t + m.n, mask_of_bit(borrow), v.data(), t + m.n, m.n);
}

constexpr Kernel kAdx = {"adx", mul, mul_wide, reduce, dot, add, sub, add_wide, sub_wide};

bool processor_has_adx() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kBmi2 = 1U << 8;
  constexpr unsigned kAdxBit = 1U << 19;
  return (b & kBmi2) != 0 && (b & kAdxBit) != 0;
}

}  // namespace

const Kernel* adx_kernel_unasked() {
  return &kAdx;
}

const Kernel* adx_kernel() {
  static const bool usable = processor_has_adx();
  return usable ? &kAdx : nullptr;
}

}  // namespace mikey::ibc

#else

namespace mikey::ibc {

const Kernel* adx_kernel_unasked() {
  return nullptr;
}

const Kernel* adx_kernel() {
  return nullptr;
}

}  // namespace mikey::ibc

#endif
