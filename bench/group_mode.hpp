/// \file
/// Re-keying a group, measured as a whole.
#pragma once

#include <cstddef>

namespace mikey::bench {

/// Encapsulates one SSV to each of `members` receivers that were never written to before and signs each
/// result, on `threads` threads; shows progress on standard error and the rate on standard output. The exit
/// status.
int rekey_group(std::size_t members, std::size_t threads);

}  // namespace mikey::bench
