/// \file
/// Measuring rows.
#pragma once

#include <chrono>
#include <optional>

#include "row.hpp"

namespace mikey::bench {

struct Measured {
  std::string name;
  double ours = 0;  ///< times a second, median of the rounds
  std::string peer;
  std::optional<double> theirs;
  double goal = 0;
  std::vector<Fact> facts;

  std::optional<double> ratio() const { return theirs ? std::optional(ours / *theirs) : std::nullopt; }
};

/// Measures both sides of a row in turns, so that whatever else the machine does disturbs both alike.
Measured measure(const Row& row, std::size_t rounds, std::chrono::nanoseconds round_time);

/// "12,345", "123.4", or a dash for nothing.
std::string rate_text(std::optional<double> per_second);

void print_table(const std::vector<Measured>& rows);

/// The list of {name, ours_per_s, peer, peer_per_s, ratio} as JSON; null where there is no peer. Facts follow
/// as members of their own.
std::string to_json(const std::vector<Measured>& rows);

}  // namespace mikey::bench
