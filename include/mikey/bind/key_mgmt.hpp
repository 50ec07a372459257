/// \file
/// Key management in session descriptions: the key-mgmt attribute of RFC 4567.
#pragma once

#include <span>

#include "mikey/bind/sdp.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::bind::sdp {

/// MIKEY's key management protocol identifier (RFC 4567 7).
inline constexpr std::string_view kMikey = "mikey";
/// The attribute (RFC 4567 3.1).
inline constexpr std::string_view kKeyMgmt = "key-mgmt";

/// The session level, or a media section by its index.
using Level = std::optional<std::size_t>;

/// A key management message and the protocol it belongs to.
struct KeyMgmt {
  std::string protocol{kMikey};
  Bytes message;
  friend bool operator==(const KeyMgmt&, const KeyMgmt&) = default;
};

/// A key-mgmt attribute as it stands in a description. The data of protocols other than MIKEY is not judged.
struct KeyMgmtAttribute {
  std::string protocol;
  std::string data;  ///< base64 text, for MIKEY at least

  /// Reads the attribute's value (RFC 4567 3.1). Tolerant reading takes any number of blanks.
  static Result<KeyMgmtAttribute> parse(std::string_view value, Reading reading = Reading::strict);
};

/// The value of a key-mgmt attribute: "mikey AQAF...".
std::string key_mgmt_value(const KeyMgmt& what);

/// All key-mgmt attributes of one level, in order of preference. An attribute that cannot be read is an
/// error.
Result<std::vector<KeyMgmtAttribute>> key_mgmt_of(const Section& section, Reading reading = Reading::strict);

/// Puts messages, in order of preference, at a level; what key management stood there goes. A protocol
/// identifier must be letters and digits, a message not empty.
Status put_key_mgmt(SessionDescription& sdp, Level level, std::span<const KeyMgmt> messages);

/// A message and where it goes.
struct Placement {
  Level level;
  std::vector<KeyMgmt> messages;
};

/// Makes an offer of a description: places the messages and switches the media they key to the secure
/// profile (RTP/AVP to RTP/SAVP). `sdp` is not changed on failure. Errors: no such media line; a media line
/// at which a message is placed cannot run SRTP.
Status offer(SessionDescription& sdp, std::span<const Placement> placements);

/// Makes an answer of a description: places the answering messages. RFC 3264 6 and RFC 4567 4.1.1 want the
/// same number of media lines, and an answer for no more than was offered: every message's protocol must
/// stand in the offer at the same level. `sdp` is not changed on failure. A message that says why an offer
/// is refused (RFC 4567 4.1.2) is placed in the same way.
Status answer(SessionDescription& sdp, const SessionDescription& offer,
              std::span<const Placement> placements);

/// A media line that a message keys.
struct KeyedLine {
  std::size_t index = 0;  ///< of the media section
  MediaLine line;
  /// The first of the two consecutive CS IDs the line has (RFC 4567 7.1): 1 and 2 for the first line the
  /// message keys, 3 and 4 for the second, ... . 0 where the numbers of CS IDs do not suffice.
  std::uint8_t first_cs = 0;
};

/// A MIKEY message in a description.
struct CarriedMessage {
  Level level;
  Bytes message;
  std::vector<std::string> diagnostics;
  /// What it keys: the media lines of an SRTP profile to which it applies, which for a session-level message
  /// are those without key management of their own (RFC 4567 3.1). Refused lines (port 0) are no exception,
  /// as RTSP has port 0 throughout.
  std::vector<KeyedLine> keys;
};

/// All MIKEY messages of a description, session level first. Each has to be processed, and one that fails
/// fails the session (RFC 4567 4.1.2). More than one MIKEY attribute at a level is an error.
Result<std::vector<CarriedMessage>> mikey_messages(const SessionDescription& sdp,
                                                   Reading reading = Reading::strict);

/// The list of protocol identifiers of an offer, "mikey;keyp1" (RFC 4567 4.1.4), which every offered protocol
/// authenticates; MIKEY does so in a general extension of type "SDP IDs" (RFC 3830 6.15), whose data is this
/// text. An identifier that stands at several levels is listed once, where it first appears; the RFC leaves
/// that open.
Result<std::string> sdp_ids(const SessionDescription& sdp, Reading reading = Reading::strict);

/// Compares the authenticated list of a received message with the offer it came in (RFC 4567 4.1.4, 7). A
/// list that repeats an identifier for every level at which it stands is accepted as well. An absent list is
/// a mismatch if `required`; else it is let pass, as nearly no peer sends one. Error: ErrorCode::unspecified.
Status check_bidding_down(const SessionDescription& offer, std::optional<ByteView> authenticated_ids,
                          bool required);
/// The same with the list taken from the extensions of the bundle the message made.
Status check_bidding_down(const SessionDescription& offer, const keys::Bundle& bundle, bool required);

/// How a SIP user agent refuses an offer whose key management failed (RFC 4567 4.1.2): a status line and
/// Warning headers (RFC 3261 20.43).
struct SipRefusal {
  int status = 488;
  std::string reason = "Not Acceptable Here";
  std::vector<std::string> warnings;  ///< values of Warning headers: 306 for a parameter not supported, 399
};
/// `agent` is the host name or pseudonym that stands in the Warning headers.
Result<SipRefusal> refuse_offer(const Error& why, std::string_view agent);

/// Whether a protocol field names SRTP keyed by the session description: RTP/SAVP, RTP/SAVPF, also over TCP.
/// DTLS-SRTP's UDP/TLS/RTP/SAVP is not that.
bool is_srtp_profile(std::string_view proto);
/// The SRTP profile beside an RTP profile (RTP/AVP to RTP/SAVP, RTP/AVPF to RTP/SAVPF); an SRTP profile is
/// its own. Nothing for other protocols.
std::optional<std::string> srtp_profile(std::string_view proto);
/// The way back: the profile without SRTP.
std::optional<std::string> rtp_profile(std::string_view proto);
/// Switches one media line, or all that can be (Level of nothing), to the SRTP profile (`secure`) or away
/// from it. A single line that has no such profile is an error.
Status switch_profile(SessionDescription& sdp, Level media, bool secure);

}  // namespace mikey::bind::sdp
