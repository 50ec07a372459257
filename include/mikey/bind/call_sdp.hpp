/// \file
/// Small offers and answers of a call with audio, video and application streams, for tools and tests.
#pragma once

#include "mikey/bind/sdp.hpp"

namespace mikey::bind::sdp {

/// A payload format of a stream.
struct PayloadFormat {
  std::uint8_t payload_type = 0;  ///< 0 to 127
  std::string rtpmap;             ///< "PCMU/8000"
  std::string fmtp;               ///< parameters, empty for none
};

/// One stream of a call.
struct CallStream {
  std::string type;        ///< "audio", "video", "application"
  std::uint16_t port = 0;  ///< RTP port at which it is received; RTCP is on the next
  std::string proto = "RTP/SAVP";
  std::vector<PayloadFormat> formats;
  std::string direction = "sendrecv";  ///< or "sendonly", "recvonly", "inactive"
};

/// Audio: PCMU and PCMA. Video: H.264. Application: H.224, RFC 4573's far-end camera control.
CallStream audio_stream(std::uint16_t port);
CallStream video_stream(std::uint16_t port);
CallStream application_stream(std::uint16_t port);

/// One party's half of a call.
struct CallParty {
  std::string user = "-";
  std::uint64_t session_id = 0;  ///< unique for the user; RFC 8866 5.2 recommends an NTP time
  std::uint64_t session_version = 0;
  std::string address;  ///< IPv4 or IPv6 address, or a host name
  std::string name = "-";
  std::vector<CallStream> streams;
};

/// The offer. Errors: no stream, a text that does not fit its place.
Result<SessionDescription> make_offer(const CallParty& offerer);

/// The answer: for every media line of the offer the answerer's first free stream of its type, of the
/// profile offered, with the formats both have (compared by rtpmap, or by number where the offer has none)
/// under the offer's numbers; a line nobody answers gets port 0 (RFC 3264 6). Directions are turned round
/// where the offer restricts them.
Result<SessionDescription> make_answer(const SessionDescription& offer, const CallParty& answerer);

}  // namespace mikey::bind::sdp
