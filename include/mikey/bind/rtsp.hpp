/// \file
/// MIKEY in RTSP: the KeyMgmt header of RFC 4567, the MIKEY parameter of RTSP 2.0's Transport header
/// (RFC 7826 C.1.4.1), and the "mikey" parameter of ONVIF's re-keying.
#pragma once

#include <span>

#include "mikey/bind/key_mgmt.hpp"
#include "mikey/bind/text_message.hpp"

namespace mikey::bind::rtsp {

/// RFC 4567 3.2; in RTSP 1.0.
inline constexpr unsigned kKeyManagementFailure = 463;
/// RFC 7826 17.4.30; in RTSP 2.0.
inline constexpr unsigned kKeyManagementError = 466;

inline constexpr std::size_t kMaxSpecs = 64;  ///< entries of a KeyMgmt or Transport header

/// One key-mgmt-spec of a KeyMgmt header.
struct KeyMgmtSpec {
  std::string protocol{sdp::kMikey};
  /// The context (RFC 4567 4.2): the aggregate's or a stream's control URI. Left out: the request's URI. Some
  /// clients send an empty one and mean the same.
  std::optional<std::string> uri;
  Bytes message;
  std::vector<std::string> diagnostics;
};

/// Reads the value of a KeyMgmt header: `prot=mikey;uri="...";data="..."`, parameters in any order, with or
/// without blanks, several specs with commas between. Parameters not known are passed over. Tolerant reading
/// also takes data that stands without quotes and loose base64, and reports both.
Result<std::vector<KeyMgmtSpec>> parse_key_mgmt(std::string_view value, Reading reading = Reading::strict);

/// The value of a KeyMgmt header. Errors: a protocol that is no KMPID, a URI that does not fit a quoted
/// string, an empty message.
Result<std::string> format_key_mgmt(std::span<const KeyMgmtSpec> specs);

/// A parameter of a transport specification; no value for a flag. Quoted values keep their quotes.
struct TransportParam {
  std::string name;
  std::optional<std::string> value;
  friend bool operator==(const TransportParam&, const TransportParam&) = default;
};

/// One transport specification of a Transport header.
struct TransportSpec {
  std::string protocol;  ///< "RTP/SAVP", "RTP/SAVP/UDP", ...
  std::vector<TransportParam> params;

  std::optional<std::string_view> param(std::string_view name) const;
  /// Whether it is SRTP: profile SAVP or SAVPF.
  bool secure() const;
  friend bool operator==(const TransportSpec&, const TransportSpec&) = default;
};

/// Reads and writes the value of a Transport header (RFC 2326 12.39, RFC 7826 18.54).
Result<std::vector<TransportSpec>> parse_transport(std::string_view value);
Result<std::string> format_transport(std::span<const TransportSpec> specs);

/// The MIKEY message of a transport specification; nothing when it has none. Strict reading refuses one at a
/// profile other than SAVP and SAVPF.
Result<std::optional<DecodedBase64>> transport_mikey(const TransportSpec& spec,
                                                     Reading reading = Reading::strict);
/// Puts a message there, in the place of one that is there already.
Status set_transport_mikey(TransportSpec& spec, ByteView message);

/// The MIKEY message in a body of parameters, "mikey: AQAF...": GET_PARAMETER's response, and SET_PARAMETER's
/// request (ONVIF Streaming Specification, "MIKEY"). Nothing when the parameter is not there or, as in
/// GET_PARAMETER's request, has no value.
Result<std::optional<DecodedBase64>> parameter_mikey(std::string_view body,
                                                     Reading reading = Reading::strict);
/// Such a body, with CRLF.
std::string parameter_body(ByteView message);

/// Where in an RTSP message a MIKEY message stood.
enum class Carrier : std::uint8_t { key_mgmt_header, transport_header, parameter, sdp };

struct CarriedMessage {
  Carrier carrier = Carrier::key_mgmt_header;
  Bytes message;
  std::string uri;   ///< context: the uri parameter, else the request URI (empty in a response)
  sdp::Level level;  ///< in a description: the level
  std::vector<std::string> diagnostics;
};

/// All MIKEY messages of an RTSP message: its KeyMgmt and Transport headers, its parameters or description.
Result<std::vector<CarriedMessage>> mikey_messages(const TextMessage& message,
                                                   Reading reading = Reading::strict);

/// A response that refuses a request because key management failed: 463, or 466 for RTSP 2.0. `error_message`
/// is MIKEY's own error message, if there is one; RTSP 1.0 carries it in KeyMgmt (with the context it
/// answers), RTSP 2.0 in the Transport header, which needs the specification it answers.
Result<TextMessage> failure_response(const TextMessage& request, std::optional<ByteView> error_message,
                                     const std::optional<TransportSpec>& spec = std::nullopt);

}  // namespace mikey::bind::rtsp
