// A result that is dropped is an error, here as everywhere in the project's own build.
// expect: nodiscard|unused-result
#include "mikey/base/error.hpp"

#pragma GCC diagnostic error "-Wunused-result"

mikey::Status verify();

bool f() {
#ifdef FORGE
  verify();
  return true;
#else
  return verify().ok();
#endif
}
