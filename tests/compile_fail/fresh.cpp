// Only the ReplayGate can say that a message is fresh.
#include "exchange/psk/psk.hpp"

using namespace mikey;

void attempt() {
#ifdef FORGE
  engine::Fresh forged;
#endif
}
