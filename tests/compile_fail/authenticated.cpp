// Only the Verifier can say that a message is authentic.
#include "exchange/psk/psk.hpp"

using namespace mikey;

void attempt(wire::Message m) {
  engine::Received<psk::Init> received(std::move(m));
#ifdef FORGE
  engine::Authenticated<psk::Init> forged(received);
#endif
}
