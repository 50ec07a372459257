/// \file
/// Finds MIKEY messages in whatever a user has at hand: a message as octets, hex or base64, a session
/// description, a SIP or RTSP message, a capture file.
#pragma once

#include "mikey/bind/pcap.hpp"
#include "mikey/bind/text_message.hpp"

namespace mikey::bind {

/// What an input was taken for.
enum class InputKind : std::uint8_t {
  binary,    ///< one MIKEY message as it is
  hex,       ///< one in hexadecimal
  base64,    ///< one in base64
  sdp,       ///< a session description, or lines of one
  rtsp,      ///< RTSP messages
  sip,       ///< SIP messages
  fragment,  ///< a single header or parameter: KeyMgmt, Transport, `mikey: ...`
  mime,      ///< MIME headers and a body
  pcap,      ///< a pcap file
  pcapng,    ///< a pcapng file
};

/// "binary", "hex", "SDP", ... for people.
std::string_view input_kind_name(InputKind kind);

/// A message and where it stood.
struct FoundMessage {
  Bytes message;
  std::string source;                   ///< "a=key-mgmt of media line 2 (video)", for people
  std::optional<std::uint64_t> packet;  ///< in a capture: number of the packet, from 1
  std::uint64_t time_ns = 0;            ///< in a capture: since 1970-01-01 00:00 UTC
  std::optional<pcap::Endpoint> from;   ///< in a capture
  std::optional<pcap::Endpoint> to;
  std::vector<std::string> diagnostics;
};

struct Findings {
  InputKind kind = InputKind::binary;
  std::vector<FoundMessage> messages;
  /// What was found but could not be read, and other remarks on the input as a whole.
  std::vector<std::string> diagnostics;
};

/// The UDP and TCP port of MIKEY (IANA).
inline constexpr std::uint16_t kMikeyPort = 2269;
/// Most messages taken from one input; more are reported, not returned.
inline constexpr std::size_t kMaxFound = 100'000;
/// Largest input, in octets.
inline constexpr std::size_t kMaxInput = std::size_t{1} << 30;

/// Whether octets begin like a MIKEY message of version 1: a whole common header (RFC 3830 6.1) whose data
/// type, next payload, PRF function and map type are known numbers.
bool looks_like_mikey(ByteView octets);

/// Says what the input is and yields all MIKEY messages in it, none of them decoded. Reading is tolerant, and
/// what was tolerated stands in the diagnostics. An input of a known kind that has no message in it is no
/// error; one of no known kind is (ErrorCode::unspecified), as is one larger than kMaxInput
/// (ErrorCode::resource).
Result<Findings> find_mikey(ByteView input);

}  // namespace mikey::bind
