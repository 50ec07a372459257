/// \file
/// Where the source tree is.
#pragma once

#include <string>

namespace mikey::test {

/// The full path of a file of the source tree, e.g. of "vectors/rfc3830/prf.json".
std::string source_path(const std::string& path);

}  // namespace mikey::test
