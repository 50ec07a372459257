#include "kernel.hpp"

#include <vector>

namespace mikey::ibc {

std::span<const Kernel* const> usable_kernels() {
  static const std::vector<const Kernel*> all = [] {
    std::vector<const Kernel*> k;
    if (const Kernel* adx = adx_kernel(); adx != nullptr) k.push_back(adx);
    k.push_back(&portable_kernel());
    return k;
  }();
  return all;
}

const Kernel& best_kernel() {
  static const Kernel& best = *usable_kernels().front();
  return best;
}

}  // namespace mikey::ibc
