/// \file
/// Runs a fuzz target over stored inputs without libFuzzer: every file as it is, then cut short at every
/// octet and with single octets changed. The order is fixed, so a failure can be repeated; only where the
/// mutations stop depends on the time they take.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kMutationTime{5};  // of one corpus

void run(std::span<const std::uint8_t> input) {
  const Input exact(input.begin(), input.end());  // so that the sanitizer sees the first octet beyond the end
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::size_t mutate(const Input& input, Clock::time_point until) {
  std::size_t runs = 0;
  for (std::size_t length = 0; length < input.size() && Clock::now() < until; ++length, ++runs)
    run(std::span(input).first(length));
  for (std::size_t at = 0; at < input.size() && Clock::now() < until; ++at) {
    for (const unsigned change : {0x01U, 0x80U, 0xFFU}) {
      Input changed = input;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      run(changed);
      ++runs;
    }
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Input> inputs;
  for (const std::string folder : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      std::ifstream file(path, std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  if (inputs.empty()) {
    std::fprintf(stderr, "no inputs\n");
    return 1;
  }
  for (const Input& input : inputs) run(input);
  std::size_t mutated = 0;
  const auto until = Clock::now() + kMutationTime;
  for (const Input& input : inputs) mutated += mutate(input, until);
  std::printf("%zu inputs, %zu mutations\n", inputs.size(), mutated);
  return 0;
}
