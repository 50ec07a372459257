// Real messages of vectors/key-mgmt, and how tests spell things.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "support/paths.hpp"

namespace mikey::bind {

inline std::string golden64(std::string_view name) {
  static const nlohmann::json all =
      nlohmann::json::parse(std::ifstream(test::source_path("vectors/key-mgmt/messages.json")));
  for (const auto& v : all)
    if (v.at("name") == name) return v.at("base64").get<std::string>();
  ADD_FAILURE() << "no vector " << name;
  return {};
}

inline Bytes golden(std::string_view name) {
  return from_base64(golden64(name)).value();
}

template <class T>
std::string why(const Result<T>& r) {
  return r.ok() ? "ok" : r.error().to_string();
}

inline Bytes octets(std::string_view s) {
  return to_bytes(as_bytes(s));
}

}  // namespace mikey::bind
