// A secret is not printed; its octets, asked to reveal themselves, are.
// expect: no match for|invalid operands to binary expression
#include <ostream>

#include "mikey/base/secret.hpp"

void f(std::ostream& log, const mikey::Psk& psk) {
#ifdef FORGE
  log << psk;
#else
  log << mikey::to_hex(psk.reveal());
#endif
}
