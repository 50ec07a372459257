#include "mikey/bind/call_sdp.hpp"

#include <array>

#include "bind/text.hpp"

namespace mikey::bind::sdp {
namespace {

constexpr std::array<std::string_view, 4> kDirections{"sendrecv", "sendonly", "recvonly", "inactive"};

bool is_address(std::string_view s) {
  const auto good = [](char c) { return text::is_alnum(c) || c == '.' || c == '-' || c == ':' || c == '%'; };
  return !s.empty() && std::ranges::all_of(s, good);
}

bool is_visible(std::string_view s) {
  return !s.empty() && s.find(' ') == std::string_view::npos && text::fits_a_line(s);
}

// The session level of one party's description.
Result<SessionDescription> head(const CallParty& p) {
  if (!is_visible(p.user) || p.name.empty() || !text::fits_a_line(p.name) || !is_address(p.address))
    return bad_request("the user, address or name of a call does not fit a session description",
                       "RFC 8866 5.2");
  const std::string in = p.address.find(':') == std::string::npos ? "IN IP4 " : "IN IP6 ";
  return SessionDescription::parse("v=0\r\no=" + p.user + ' ' + std::to_string(p.session_id) + ' ' +
                                   std::to_string(p.session_version) + ' ' + in + p.address +
                                   "\r\ns=" + p.name + "\r\nc=" + in + p.address + "\r\nt=0 0\r\n");
}

Status add_stream(SessionDescription& sdp, const CallStream& s) {
  if (std::ranges::find(kDirections, s.direction) == kDirections.end())
    return bad_request("a stream's direction is sendrecv, sendonly, recvonly or inactive", "RFC 8866 6.7");
  MediaLine line{s.type, s.port, 1, s.proto, {}};
  for (const PayloadFormat& f : s.formats) line.formats.push_back(std::to_string(f.payload_type));
  if (Status st = sdp.add_media(line); !st) return st;
  Section& media = sdp.media(sdp.media_count() - 1);
  for (const PayloadFormat& f : s.formats) {
    const std::string pt = std::to_string(f.payload_type) + ' ';
    if (f.payload_type > 127) return bad_request("a payload type is at most 127", "RFC 3550 5.1");
    if (!f.rtpmap.empty())
      if (Status st = media.add_attribute("rtpmap", pt + f.rtpmap); !st) return st;
    if (!f.fmtp.empty())
      if (Status st = media.add_attribute("fmtp", pt + f.fmtp); !st) return st;
  }
  return media.add_attribute(s.direction);
}

// The format of the media section under payload type `pt`.
PayloadFormat format_of(const Section& media, std::uint8_t pt) {
  PayloadFormat f{pt, {}, {}};
  const std::string prefix = std::to_string(pt) + ' ';
  for (const std::string_view v : media.attributes("rtpmap"))
    if (v.starts_with(prefix) && f.rtpmap.empty()) f.rtpmap = text::trim(v.substr(prefix.size()));
  for (const std::string_view v : media.attributes("fmtp"))
    if (v.starts_with(prefix) && f.fmtp.empty()) f.fmtp = text::trim(v.substr(prefix.size()));
  return f;
}

std::vector<PayloadFormat> common_formats(const Section& media, const MediaLine& line,
                                          const CallStream& ours) {
  std::vector<PayloadFormat> out;
  for (const std::string& token : line.formats) {
    const auto pt = text::number<std::uint8_t>(token);
    if (!pt || *pt > 127) continue;
    PayloadFormat offered = format_of(media, *pt);
    const auto same = [&](const PayloadFormat& f) {
      return offered.rtpmap.empty() ? f.payload_type == *pt : text::iequals(f.rtpmap, offered.rtpmap);
    };
    if (std::ranges::any_of(ours.formats, same)) out.push_back(std::move(offered));
  }
  return out;
}

// What the answerer may still do, given what the offerer does (RFC 3264 6.1).
std::string answer_direction(const SessionDescription& offer, const Section& media, std::string_view ours) {
  std::string_view theirs = "sendrecv";
  for (const Section* s : {&offer.session(), &media})
    for (const std::string_view d : kDirections)
      if (s->attribute(d)) theirs = d;
  const bool send =
      (theirs == "sendrecv" || theirs == "recvonly") && (ours == "sendrecv" || ours == "sendonly");
  const bool receive =
      (theirs == "sendrecv" || theirs == "sendonly") && (ours == "sendrecv" || ours == "recvonly");
  if (send) return receive ? "sendrecv" : "sendonly";
  return receive ? "recvonly" : "inactive";
}

Status refuse_line(SessionDescription& answer, MediaLine line) {
  line.port = 0;
  line.port_count = 1;
  return answer.add_media(line);
}

}  // namespace

CallStream audio_stream(std::uint16_t port) {
  return {"audio", port, "RTP/SAVP", {{0, "PCMU/8000", ""}, {8, "PCMA/8000", ""}}, "sendrecv"};
}

CallStream video_stream(std::uint16_t port) {
  return {"video", port, "RTP/SAVP", {{96, "H264/90000", "packetization-mode=1"}}, "sendrecv"};
}

CallStream application_stream(std::uint16_t port) {
  return {"application", port, "RTP/SAVP", {{100, "H224/4800", ""}}, "sendrecv"};
}

Result<SessionDescription> make_offer(const CallParty& offerer) {
  if (offerer.streams.empty()) return bad_request("a call needs a stream");
  Result<SessionDescription> sdp = head(offerer);
  if (!sdp) return sdp;
  for (const CallStream& s : offerer.streams)
    if (Status st = add_stream(*sdp, s); !st) return std::move(st).error();
  return sdp;
}

Result<SessionDescription> make_answer(const SessionDescription& offer, const CallParty& answerer) {
  Result<SessionDescription> sdp = head(answerer);
  if (!sdp) return sdp;
  std::vector<bool> used(answerer.streams.size(), false);
  for (std::size_t i = 0; i < offer.media_count(); ++i) {
    const MediaLine& line = offer.media_line(i);
    Status st;
    bool answered = false;
    for (std::size_t j = 0; j < used.size() && !answered && line.port != 0; ++j) {
      CallStream ours = answerer.streams[j];
      if (used[j] || ours.type != line.type || ours.proto != line.proto) continue;
      ours.formats = common_formats(offer.media(i), line, ours);
      if (ours.formats.empty()) continue;
      ours.direction = answer_direction(offer, offer.media(i), ours.direction);
      used[j] = answered = true;
      st = add_stream(*sdp, ours);
    }
    if (!answered) st = refuse_line(*sdp, line);
    if (!st) return std::move(st).error();
  }
  return sdp;
}

}  // namespace mikey::bind::sdp
