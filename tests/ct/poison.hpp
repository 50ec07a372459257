/// \file
/// Marking secrets for memcheck.
#pragma once

#include <valgrind/memcheck.h>

#include "mikey/base/bytes.hpp"

namespace mikey::test {

/// Makes `octets` secret: a jump or an address that depends on them is reported from now on.
inline void poison(MutableBytes octets) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(octets.data(), octets.size());
}

/// Makes a result public, so that a test may look at it.
inline void release(ByteView octets) {
  (void)VALGRIND_MAKE_MEM_DEFINED(octets.data(), octets.size());
}

/// The public value of a secret flag.
inline bool released(bool flag) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&flag, sizeof flag);
  return flag;
}

}  // namespace mikey::test
