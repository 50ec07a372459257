#include "support/paths.hpp"

namespace mikey::test {

std::string source_path(const std::string& path) {
  return std::string(MIKEY_SOURCE_DIR) + "/" + path;
}

}  // namespace mikey::test
