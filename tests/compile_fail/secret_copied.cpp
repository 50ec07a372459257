// A secret is copied on purpose or not at all.
// expect: use of deleted function|call to (implicitly-)?deleted
#include "mikey/base/secret.hpp"

using namespace mikey;

Tek attempt(const Tek& key) {
#ifdef FORGE
  return key;
#else
  return key.clone();
#endif
}
