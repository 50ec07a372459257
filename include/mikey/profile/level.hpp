/// \file
/// How much a finding matters.
#pragma once

#include <cstdint>
#include <string_view>

namespace mikey::profile {

enum class Level : std::uint8_t {
  off,      ///< not reported
  note,     ///< worth knowing
  warning,  ///< legal but weak, or known to make trouble
  error,    ///< will be refused, or cannot work
};

/// "off", "note", "warning", "error"
std::string_view level_name(Level level);

}  // namespace mikey::profile
