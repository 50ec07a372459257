/// \file
/// Which payloads each kind of message has, as the figures of the RFCs show it.
#pragma once

#include <span>

#include "mikey/base/iana.hpp"

namespace mikey::profile {

inline constexpr std::uint8_t kAny = 255;

/// How often a payload may stand in a message.
struct Expected {
  PayloadType type;
  std::uint8_t least;         ///< in a first message
  std::uint8_t update_least;  ///< in an update, which is told by the absence of RAND
  std::uint8_t most;
};

/// One data type. General extensions may stand in all of them and are not listed.
struct MessageKind {
  DataType type;
  const char* rfc;
  PayloadType closes;  ///< authenticates the message and is the last one; `last` when none does
  PayloadType rand;    ///< RAND or RANDR where its absence means an update; `last` elsewhere
  bool ordered;        ///< the figure's order is the one on the wire
  bool response;       ///< answers another message
  std::span<const Expected> expected;  ///< in the order of the figure
};

/// The row of a data type, or nullptr for an unknown one.
const MessageKind* kind_of(DataType type);

}  // namespace mikey::profile
