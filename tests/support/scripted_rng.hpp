/// \file
/// Randomness of tests: known values in a known order, and an end.
#pragma once

#include <deque>
#include <string>

#include "mikey/base/rng.hpp"

namespace mikey::test {

/// Gives out scripted values. A request whose name or length is not the next one's fails, and so does one
/// after the end.
class ScriptedRng final : public Rng {
 public:
  struct Draw {
    std::string what;
    Bytes value;
  };
  ScriptedRng() = default;
  explicit ScriptedRng(std::deque<Draw> draws) : draws_(std::move(draws)) {}
  void add(std::string what, Bytes value) { draws_.push_back({std::move(what), std::move(value)}); }
  bool exhausted() const { return draws_.empty(); }
  Status fill(MutableBytes out, std::string_view what) override;

 private:
  std::deque<Draw> draws_;
};

/// A counter stretched over the output: different at every call, the same in every run.
class CountingRng final : public Rng {
 public:
  explicit CountingRng(std::uint64_t seed = 1) : state_(seed) {}
  Status fill(MutableBytes out, std::string_view what) override;

 private:
  std::uint64_t state_;
};

/// Octets from hexadecimal; fails the test on anything else.
Bytes hex(std::string_view text);

/// The text of a file of the source tree, e.g. "vectors/rfc3830/prf.json".
std::string read_source_file(const std::string& path);

}  // namespace mikey::test
