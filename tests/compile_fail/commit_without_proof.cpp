// A bundle needs proof of authenticity, not just a message.
// expect: no matching function|could not convert|invalid initialization|no known conversion
#include "exchange/psk/psk.hpp"

using namespace mikey;

Ready attempt(const engine::Authenticated<psk::Init>& good, const engine::Received<psk::Init>& bad,
              const engine::Fresh& f) {
#ifdef FORGE
  return engine::commit(bad, f, engine::Draft());
#else
  return engine::commit(good, f, engine::Draft());
#endif
}
