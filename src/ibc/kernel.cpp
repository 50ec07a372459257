#include "kernel.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "mikey/ibc/kernel.hpp"

namespace mikey::ibc {
namespace {

/// Set once.
std::atomic<const Kernel*>& chosen() {
  static std::atomic<const Kernel*> kernel{nullptr};
  return kernel;
}

}  // namespace

std::span<const Kernel* const> usable_kernels() {
  static const std::vector<const Kernel*> all = [] {
    std::vector<const Kernel*> k;
    if (const Kernel* adx = adx_kernel(); adx != nullptr) k.push_back(adx);
    k.push_back(&portable_kernel());
    return k;
  }();
  return all;
}

bool adopt_kernel(const Kernel& kernel) {
  const Kernel* before = nullptr;
  return chosen().compare_exchange_strong(before, &kernel) || before == &kernel;
}

const Kernel& best_kernel() {
  const Kernel* kernel = chosen().load();
  if (kernel != nullptr) return *kernel;
  adopt_kernel(*usable_kernels().front());
  return *chosen().load();
}

std::vector<std::string_view> kernel_names() {
  std::vector<std::string_view> names;
  for (const Kernel* kernel : usable_kernels()) names.emplace_back(kernel->name);
  return names;
}

std::string_view kernel_in_use() {
  return best_kernel().name;
}

Status use_kernel(std::string_view name) {
  const auto all = usable_kernels();
  const auto at = std::ranges::find(all, name, [](const Kernel* k) { return std::string_view(k->name); });
  if (at == all.end()) return bad_request("this processor runs no kernel \"" + std::string(name) + "\"");
  if (!adopt_kernel(**at))
    return bad_request("the kernel \"" + std::string(kernel_in_use()) + "\" is in use already");
  return {};
}

}  // namespace mikey::ibc
