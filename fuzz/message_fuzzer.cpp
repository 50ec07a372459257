/// \file
/// Any octets as a message: it is refused, or it is well formed and encodes to the very octets it came from.
#include <cstdint>
#include <cstdlib>

#include "mikey/wire/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mikey::ByteView input(data, size);
  const auto message = mikey::wire::Message::parse(input);
  if (!message) {
    const mikey::wire::Remains remains = mikey::wire::examine_broken(input);
    if (message.error().offset && *message.error().offset > size) std::abort();
    if (remains.error.to_string().empty()) std::abort();
    return 0;
  }
  const auto again = mikey::wire::reencode(*message);
  if (!again || mikey::Octets(*again) != mikey::Octets(input)) std::abort();
  return 0;
}
