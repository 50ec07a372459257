#include "support/scripted_rng.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/paths.hpp"

namespace mikey::test {

Status ScriptedRng::fill(MutableBytes out, std::string_view what) {
  if (draws_.empty()) return crypto_error("the scripted generator has run dry at " + std::string(what));
  const Draw& d = draws_.front();
  if (d.what != what || d.value.size() != out.size())
    return crypto_error("scripted " + d.what + " of " + std::to_string(d.value.size()) +
                        " octets, asked for " + std::string(what) + " of " + std::to_string(out.size()));
  std::ranges::copy(d.value, out.begin());
  draws_.pop_front();
  return {};
}

Status CountingRng::fill(MutableBytes out, std::string_view /*what*/) {
  for (std::uint8_t& b : out) {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    b = static_cast<std::uint8_t>((z ^ (z >> 31)) >> 56);
  }
  return {};
}

Bytes hex(std::string_view text) {
  auto v = from_hex(text);
  EXPECT_TRUE(v.has_value()) << "not hex: " << text;
  return v.value_or(Bytes{});
}

std::string read_source_file(const std::string& path) {
  std::ifstream in(source_path(path), std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}

}  // namespace mikey::test
