/// \file
/// What the benchmarks of the identity-based schemes share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "row.hpp"

namespace mikey::bench {

/// The value, or the end of the program.
template <class T>
T need(const char* row, Result<T> r) {
  if (!r) fail(row, r.error().to_string());
  return std::move(*r);
}
template <class T>
T need(const char* row, std::optional<T> r) {
  if (!r) fail(row, "the peer refuses");
  return std::move(*r);
}
inline void need(const char* row, bool ok) {
  if (!ok) fail(row, "the peer and we do not agree");
}

/// Counts on from one round to the next. wolfSSL keeps tables of the points it has met more than twice among
/// the last 15, so a new identifier must be one it has not met.
class Counter {
 public:
  std::size_t next() const { return (*at_)++; }

 private:
  std::shared_ptr<std::size_t> at_ = std::make_shared<std::size_t>(0);
};

/// Identifier number `i`, as long as RFC 6509 3.2 makes them of a month and a telephone number.
inline Bytes identifier(std::size_t i) {
  std::string text = "2026-11tel:+447700900000";
  text[7] = '\0';
  text += std::to_string(100000 + i % 900000);
  return {text.begin(), text.end()};
}

}  // namespace mikey::bench
