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
    payload,  ///< a payload or sub-payload; its fields are the children, `value` is its number if it has one
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
  bool secret = false;      ///< `value` shows keys or salts that stand in clear
  std::vector<Node> children;
};

struct Dissection {
  std::vector<Node> payloads;  ///< HDR first; up to where the message broke
  std::optional<Error> error;  ///< why it did
  std::size_t trailing = 0;    ///< zero octets tolerated after the end
  bool cut = false;            ///< nodes were left out, since there are too many (more than kMaxNodes)
};

/// Most nodes a dissection has: what keeps a hostile message from using up the memory.
inline constexpr std::size_t kMaxNodes = 1 << 16;

/// Takes apart as much of `octets` as can be. Agrees with Message::parse about what is well formed.
Dissection dissect(ByteView octets, const ParseOptions& options = {});

/// Takes apart the plaintext of a KEMAC, IBAKE or ESK; offsets count from its start.
Dissection dissect_chain(PayloadType first, ByteView plain);

/// Replaces the values of all nodes that show keys in clear by "(N octets)".
void mask_secrets(Dissection& d);

/// The JSON text that `mikey inspect --json` and the agent's `inspect` give for a dissection: one line, no
/// spaces between tokens. A public format; members may be added, but none changes its meaning:
///
///     {"payloads": [PAYLOAD...],      HDR first
///      "trailing": N,                 zero octets tolerated after the end
///      "cut": true,                   only when nodes were left out
///      "error": null | {"number": N,  RFC 3830's error number, 12 where none fits
///                       "name": "...", "detail": "...", "offset": N | null, "rfc": "RFC 3830 6.2"}}
///
///     PAYLOAD  {"name", "type": N (not in HDR and THDR), "meaning", "rfc", "offset", "length", "fields":
///     [..]} FIELD    {"name", "value", "meaning", "offset", "length", "bit": N, "bits": N, "secret": true,
///               "fields": [..], "payloads": [..]}
///
/// `value` is a number, or a string: "0x..." for identifiers, lower-case hex for octet strings, "(N octets)"
/// where it was masked. Entries of lists have no value, only "fields". `offset` and `length` are octets of
/// the message; `bit` counts from the most significant bit of those octets, and comes with `bits` for bit
/// fields only. What stands inside an octet string is in its "fields" (entries, parts) and "payloads".
/// "meaning", "rfc", "secret", "fields" and "payloads" are left out when they are empty or false.
std::string to_json(const Dissection& d);

}  // namespace mikey::wire
