// Secrets are compared in constant time or not at all.
// expect: no match for|invalid operands to binary expression
#include "mikey/base/secret.hpp"

bool f(const mikey::SecretBytes& a, const mikey::SecretBytes& b) {
#ifdef FORGE
  return a == b;
#else
  return mikey::ct_equal(a.reveal(), b.reveal());
#endif
}
