/// \file
/// A message taken apart octet by octet, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "mikey/wire/message.hpp"

namespace mikey::wire {

/// A payload, a field of one, or something found inside a field.
struct Node {
  enum class Kind : std::uint8_t {
    payload,  ///< a payload or sub-payload; its fields are the children
    number,   ///< an unsigned integer or enumerated value; `value` is decimal, or "0x..." for identifiers
    octets,   ///< an octet string; `value` is lower-case hex
    entry,    ///< one of a list, e.g. a policy parameter; its fields are the children
  };
  Kind kind = Kind::number;
  std::string name;  ///< as the RFC names it: "KEMAC", "Encr alg"
  std::string value;
  std::string meaning;      ///< "AES-CM-128", "2006-10-20T13:43:06.000Z", "sip:bob@example.com"; may be empty
  std::string rfc;          ///< payloads: the section that defines it
  std::size_t offset = 0;   ///< of the first octet in the message
  std::size_t length = 0;   ///< octets covered; of a bit field, of the octets that hold it
  unsigned bit_offset = 0;  ///< of a bit field, from the most significant bit of those octets
  unsigned bits = 0;        ///< width of a bit field; 0 for whole octets
  std::vector<Node> children;
};

struct Dissection {
  std::vector<Node> payloads;  ///< HDR first; up to where the message broke
  std::optional<Error> error;  ///< why it did
  std::size_t trailing = 0;    ///< zero octets tolerated after the end
};

/// Takes apart as much of `octets` as can be. Agrees with Message::parse about what is well formed.
Dissection dissect(ByteView octets, const ParseOptions& options = {});

/// Takes apart the plaintext of a KEMAC, IBAKE or ESK; offsets count from its start.
Dissection dissect_chain(PayloadType first, ByteView plain);

/// The JSON text that `mikey inspect --json` and the agent's `inspect` give for a dissection.
std::string to_json(const Dissection& d);

}  // namespace mikey::wire
