// Only the ReplayGate can say that a message is fresh.
// expect: is private within this context|calling a private constructor
#include "exchange/psk/psk.hpp"

using namespace mikey;

void attempt() {
#ifdef FORGE
  engine::Fresh forged;
#endif
}
