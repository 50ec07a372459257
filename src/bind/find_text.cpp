#include "bind/find.hpp"
#include "bind/text.hpp"
#include "mikey/bind/mime.hpp"
#include "mikey/bind/rtsp.hpp"

namespace mikey::bind {
namespace {

std::string level_name(const sdp::SessionDescription& d, const sdp::Level& level) {
  if (!level) return "the session";
  return "media line " + std::to_string(*level + 1) + " (" + d.media_line(*level).type + ')';
}

std::string carrier_name(const rtsp::CarriedMessage& m) {
  std::string at = m.uri.empty() ? "" : " for " + m.uri;
  switch (m.carrier) {
    case rtsp::Carrier::key_mgmt_header:
      return "RTSP KeyMgmt header" + at;
    case rtsp::Carrier::transport_header:
      return "RTSP Transport header" + at;
    case rtsp::Carrier::parameter:
      return "RTSP parameter mikey" + at;
    case rtsp::Carrier::sdp:
      break;
  }
  return "a=key-mgmt of " +
         (m.level ? "media line " + std::to_string(*m.level + 1) : std::string("the session"));
}

// Lines of a description without one around them.
void find_in_lines(std::string_view s, const std::string& prefix, Findings& out) {
  static constexpr std::string_view kAttribute = "a=key-mgmt:";
  std::string_view end;
  while (!s.empty()) {
    const std::string_view line = text::take_line(s, end);
    if (!line.starts_with(kAttribute)) continue;
    const Result<sdp::KeyMgmtAttribute> a =
        sdp::KeyMgmtAttribute::parse(line.substr(kAttribute.size()), Reading::tolerant);
    if (!a) {
      add_note(out, prefix, a.error());
      continue;
    }
    if (a->protocol != sdp::kMikey) continue;
    Result<DecodedBase64> data = decode_base64(a->data, Reading::tolerant);
    if (!data) {
      add_note(out, prefix, data.error());
      continue;
    }
    add_found(out, std::move(data->octets), prefix + "a=key-mgmt", std::move(data->diagnostics));
  }
}

void find_in_parts(std::vector<mime::Part>&& parts, const std::string& prefix, Findings& out) {
  for (mime::Part& p : parts) {
    Result<std::optional<Bytes>> mikey = mime::mikey_of(p);
    if (!mikey) {
      add_note(out, prefix, mikey.error());
    } else if (*mikey) {
      add_found(out, std::move(**mikey), prefix + "application/mikey body", std::move(p.diagnostics));
    } else if (p.type.type == "application/sdp") {
      find_in_description(as_text(p.content), prefix, out);
    }
  }
}

// The next place where a message may begin: behind a line end, or where interleaved media does.
std::size_t next_line(std::string_view s, std::size_t from) {
  const std::size_t at = s.find('\n', from);
  return at == std::string_view::npos ? s.size() : at + 1;
}

// The size of an interleaved frame (RFC 2326 10.12) at the beginning of `s`; 0 when there is none.
std::size_t interleaved(std::string_view s) {
  if (s.size() < 4 || s[0] != '$') return 0;
  const std::size_t n = 4 + load_be<std::uint16_t>(as_bytes(s).data() + 2);
  return n <= s.size() ? n : 0;
}

}  // namespace

void find_in_description(std::string_view s, const std::string& prefix, Findings& out) {
  const Result<sdp::SessionDescription> d = sdp::SessionDescription::parse(s, Reading::tolerant);
  if (!d) {
    if (s.starts_with("v=0")) add_note(out, prefix, d.error());
    find_in_lines(s, prefix, out);
    return;
  }
  Result<std::vector<sdp::CarriedMessage>> carried = sdp::mikey_messages(*d, Reading::tolerant);
  if (!carried) {  // one attribute that is broken must not hide the others
    add_note(out, prefix, carried.error());
    find_in_lines(s, prefix, out);
    return;
  }
  for (sdp::CarriedMessage& c : *carried)
    add_found(out, std::move(c.message), prefix + "a=key-mgmt of " + level_name(*d, c.level),
              std::move(c.diagnostics));
}

void find_in_rtsp(const TextMessage& message, Findings& out) {
  Result<std::vector<rtsp::CarriedMessage>> carried = rtsp::mikey_messages(message, Reading::tolerant);
  if (!carried) {
    add_note(out, "RTSP: ", carried.error());
    return;
  }
  for (rtsp::CarriedMessage& c : *carried) {
    std::string source = carrier_name(c);
    add_found(out, std::move(c.message), std::move(source), std::move(c.diagnostics));
  }
}

void find_in_sip(const TextMessage& message, Findings& out) {
  const std::string prefix =
      "SIP " + (message.is_request() ? message.method : std::to_string(message.status)) + ' ';
  Result<std::vector<mime::Part>> parts = mime::parse_body(message, Reading::tolerant);
  if (!parts) {
    add_note(out, prefix, parts.error());
    return;
  }
  find_in_parts(std::move(*parts), prefix, out);
}

void find_in_mime(std::string_view s, Findings& out) {
  // The headers of a message without its start line: lend it one.
  const std::string lent = "MESSAGE sip:mime SIP/2.0\r\n" + std::string(s);
  const Result<ReadMessage> m = read_text_message(lent, Reading::tolerant);
  if (!m) {
    add_note(out, "MIME: ", m.error());
    return;
  }
  Result<std::vector<mime::Part>> parts = mime::parse_body(m->message, Reading::tolerant);
  if (!parts) {
    add_note(out, "MIME: ", parts.error());
    return;
  }
  find_in_parts(std::move(*parts), "MIME ", out);
}

void find_in_messages(std::string_view s, Findings& out, const std::function<void(std::size_t)>& at) {
  std::size_t i = 0;
  while (i < s.size()) {
    if (const std::size_t n = interleaved(s.substr(i)); n != 0) {
      i += n;
      continue;
    }
    if (!starts_text_message(s.substr(i))) {
      i = next_line(s, i);
      continue;
    }
    at(i);
    const Result<ReadMessage> m = read_text_message(s.substr(i), Reading::tolerant);
    if (!m) {
      add_note(out, "", m.error());
      // Behind what was read already, so that no text makes this quadratic.
      const std::size_t read = m.error().offset.value_or(0);
      i = read != 0 ? i + read : next_line(s, i);
      continue;
    }
    if (m->message.is_rtsp()) {
      find_in_rtsp(m->message, out);
    } else {
      find_in_sip(m->message, out);
    }
    i += m->consumed;
  }
}

bool find_in_fragment(std::string_view s, Findings& out) {
  // A folded header is one line, and a header needs a name.
  std::string header(text::trim(s));
  if (text::istarts_with(header, "prot=")) header.insert(0, "KeyMgmt: ");
  if (text::istarts_with(header, "RTP/")) header.insert(0, "Transport: ");
  if (text::istarts_with(header, "mikey:")) header.insert(0, "\r\n");  // a body, not a header
  const bool known = text::istarts_with(header, "KeyMgmt") || text::istarts_with(header, "Transport") ||
                     text::istarts_with(header, "\r\n");
  if (!known) return false;
  const std::string lent = "OPTIONS * RTSP/1.0\r\n" + header;
  const Result<ReadMessage> m = read_text_message(lent, Reading::tolerant);
  if (!m) return false;
  TextMessage message = m->message;
  message.uri.clear();
  message.body = std::string_view(lent).substr(m->consumed);
  find_in_rtsp(message, out);
  return true;
}

}  // namespace mikey::bind
