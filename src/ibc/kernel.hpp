/// \file
/// The arithmetic that is worth writing for a processor: one table of functions a kernel, chosen at start-up.
#pragma once

#include <span>

#include "limbs.hpp"

namespace mikey::ibc {

/// What a reduction needs of an odd modulus of n limbs.
struct ModulusRef {
  const Limb* p;
  Limb neg_inverse;  ///< -1/p modulo 2^64
  std::size_t n;
};

/// Constant-time functions on `m.n` limbs. Operands of the modular ones are below the modulus, and so are
/// results. Outputs may be inputs.
struct Kernel {
  const char* name;
  /// r = a * b / 2^(64 n) modulo p. One of a, b may be any number of n limbs.
  void (*mul)(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m);
  /// t = a * b, 2n limbs; t overlaps neither.
  void (*mul_wide)(Limb* t, const Limb* a, const Limb* b, std::size_t n);
  /// r = t / 2^(64 n) modulo p, for t < 2^(64 n) * p of 2n limbs; t is used up.
  void (*reduce)(Limb* r, Limb* t, const ModulusRef& m);
  /// r = (a[0] b[0] + a[1] b[1] + ...) / 2^(64 n) modulo p, for `count` pairs of operands one after another,
  /// 0 < count <= kMaxTerms. r overlaps neither.
  void (*dot)(Limb* r, const Limb* a, const Limb* b, std::size_t count, const ModulusRef& m);
  /// r = a + b, a - b modulo p.
  void (*add)(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m);
  void (*sub)(Limb* r, const Limb* a, const Limb* b, const ModulusRef& m);
  /// t = t + u, t - u modulo 2^(64 n) * p, both of 2n limbs and below it.
  void (*add_wide)(Limb* t, const Limb* u, const ModulusRef& m);
  void (*sub_wide)(Limb* t, const Limb* u, const ModulusRef& m);
};

/// Standard C++; any number of limbs.
const Kernel& portable_kernel();

/// mulx, adcx and adox (Broadwell, Zen and later): 4 limbs or a multiple of 8, otherwise as the portable one.
/// Null where the processor or the compiler has not got them.
const Kernel* adx_kernel();

/// The same without asking the processor: for a valgrind that runs the instructions but does not announce
/// them.
const Kernel* adx_kernel_unasked();

/// All kernels this processor can run, the fastest first.
std::span<const Kernel* const> usable_kernels();

/// What the schemes run on: the fastest of them, unless adopt_kernel() came before the first call.
const Kernel& best_kernel();

/// Makes `kernel` the best one; false when another is in use already. Asks nobody whether the processor has
/// it.
bool adopt_kernel(const Kernel& kernel);

/// The most products that are added before they are reduced.
inline constexpr std::size_t kMaxTerms = 15;

/// The most limbs a kernel is asked for: 7680 bits.
inline constexpr std::size_t kMaxLimbs = 120;

}  // namespace mikey::ibc
