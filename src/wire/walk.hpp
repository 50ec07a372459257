/// \file
/// The one walk along a chain of payloads, for those who only check it and those who take it apart.
#pragma once

#include "mikey/wire/message.hpp"

namespace mikey::wire {

/// Walks a chain. `read(type, next)` reads the payload at the decoder's position, its Next payload octet
/// included, and answers whether the type is known; `accept(slot)` is told of every payload that was good.
/// `count` counts those. True when the chain came to its end.
template <class Read, class Accept>
bool walk(Decoder& d, PayloadType first, bool encrypted, std::size_t& count, Read&& read, Accept&& accept) {
  PayloadType type = first;
  while (type != PayloadType::last && d.ok()) {
    const std::size_t at = d.offset();
    if (encrypted_only(type) && !encrypted) {
      d.fail(ErrorCode::unspecified, "a payload that is only allowed inside encrypted data", at);
    } else if (count == kMaxPayloads) {
      d.fail(ErrorCode::unspecified, "more than 255 payloads", at);
    }
    if (!d.ok()) return false;
    PayloadType next = PayloadType::last;
    if (!read(type, next)) d.fail(ErrorCode::unspecified, "a payload of unknown type", at);
    if (!d.ok()) return false;
    ++count;
    accept(Slot{type, next, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(d.offset() - at)});
    type = next;
  }
  if (!d.ok()) return false;
  d.describe_as(Hdr::kRfc);
  if (d.left() > 0) d.fail(ErrorCode::unspecified, "octets after the last payload", d.offset());
  return true;
}

/// Refuses a message that is longer than the options allow.
Status check_size(ByteView octets, const ParseOptions& options);

/// Octets from `end` on, where a complete chain ended, that need not count as part of the message: all of
/// them when they are zeros and few enough, else none.
std::size_t trailing_zeros(ByteView octets, std::size_t end, const ParseOptions& options);

}  // namespace mikey::wire
