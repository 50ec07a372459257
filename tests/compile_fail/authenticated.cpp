// Only the Verifier can say that a message is authentic.
// expect: is private within this context|calling a private constructor
#include "exchange/psk/psk.hpp"

using namespace mikey;

void attempt(wire::Message m) {
  engine::Received<psk::Init> received(std::move(m));
#ifdef FORGE
  engine::Authenticated<psk::Init> forged(received);
#endif
}
