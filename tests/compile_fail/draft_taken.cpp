// What is inside a draft comes out through commit only.
// expect: is private within this context|is a private member
#include "exchange/psk/psk.hpp"

using namespace mikey;

keys::Bundle attempt(engine::Draft d) {
#ifdef FORGE
  return std::move(d.bundle_);
#else
  return d.view().clone();
#endif
}
