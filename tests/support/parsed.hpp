/// \file
/// Messages that tests expect to be well formed.
#pragma once

#include <gtest/gtest.h>

#include "mikey/wire/message.hpp"

namespace mikey::test {

/// What is taken from it must not outlive it.
inline wire::Message parsed(ByteView octets) {
  auto m = wire::Message::parse(octets);
  if (!m) {
    ADD_FAILURE() << m.error().to_string();
    std::abort();  // there is nothing to look at
  }
  return std::move(*m);
}

}  // namespace mikey::test
