/// \file
/// The rows of the benchmark table. A file adds rows by a Rows object at namespace scope; nothing else needs
/// to know of it:
///
///     const Rows kRows([](Table& table) { table.push_back({.name = "parse/psk", .ours = ...}); });
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mikey::bench {

/// Does a piece of work `n` times.
using Work = std::function<void(std::size_t n)>;

/// Something else that is known of a row, e.g. how much memory an entry takes: a member of its own in the
/// JSON.
struct Fact {
  std::string name;  ///< with its unit: "octets_per_entry"
  double value = 0;
};

/// One line of the table: the same work, by this project and by a peer.
struct Row {
  std::string name;  ///< "what/which", e.g. "parse/psk-121"
  Work ours;
  std::string peer = {};  ///< who else does it, with the version; empty when nobody is at hand
  Work theirs = {};
  double goal = 0;  ///< least ratio of our rate to the peer's that is aimed at; 0: none
  std::vector<Fact> facts = {};
};

using Table = std::vector<Row>;

/// Adds rows when the program starts. The function may end the program by `fail` when it cannot set up.
class Rows {
 public:
  explicit Rows(std::function<void(Table&)> add);
};

/// The rows of all files, in the order of their names.
Table all_rows();

/// Ends the program: a row cannot be measured.
[[noreturn]] void fail(const std::string& row, const std::string& why);

/// Makes the compiler believe that `value` is used.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace mikey::bench
