/// \file
/// Reading vectors of the identity-based schemes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support/scripted_rng.hpp"

namespace mikey::ibc::test {

inline const nlohmann::json& vectors(const std::string& path) {
  static std::map<std::string, nlohmann::json> read;
  const auto [at, fresh] = read.try_emplace(path);
  if (fresh) at->second = nlohmann::json::parse(mikey::test::read_source_file(path));
  return at->second;
}

/// Hexadecimal as big integers are written: an odd number of digits is fine.
inline Bytes number(const nlohmann::json& v) {
  std::string text = v.get<std::string>();
  if (text.size() % 2 != 0) text.insert(text.begin(), '0');
  return mikey::test::hex(text);
}

/// The same on exactly `size` octets.
inline Bytes number(const nlohmann::json& v, std::size_t size) {
  Bytes b = number(v);
  EXPECT_LE(b.size(), size);
  b.insert(b.begin(), size - b.size(), 0);
  return b;
}

/// 04 || x || y of a pair of numbers.
inline Bytes point(const nlohmann::json& xy, std::size_t size) {
  Bytes p{4};
  append(p, number(xy.at(0), size));
  append(p, number(xy.at(1), size));
  return p;
}

}  // namespace mikey::ibc::test
