// One kind of key does not pass for another.
// expect: invalid initialization of reference|no matching function
#include "mikey/base/secret.hpp"

using namespace mikey;

void use(const Tek&) {}

void attempt(const Tgk& tgk, const Tek& tek) {
#ifdef FORGE
  use(tgk);
#else
  use(tek);
#endif
}
