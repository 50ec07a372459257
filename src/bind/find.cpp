#include "bind/find.hpp"

#include <array>

#include "bind/text.hpp"
#include "mikey/base/iana.hpp"

namespace mikey::bind {
namespace {

constexpr std::size_t kHeader = 10;  // of the common header without a CS ID map
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A message given by itself.
Result<Findings> single(InputKind kind, Bytes octets, std::vector<std::string> diagnostics) {
  Findings out;
  out.kind = kind;
  if (octets.size() > kMaxMessage)
    return Error{ErrorCode::resource, Severity::message, "", std::nullopt,
                 "the message is larger than 1 MiB"};
  if (!looks_like_mikey(octets)) diagnostics.emplace_back("this does not begin like a MIKEY message");
  add_found(out, std::move(octets), std::string(input_kind_name(kind)), std::move(diagnostics));
  return out;
}

// Takes away the blanks all lines of pasted text begin with.
std::string dedent(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    std::string_view end;
    std::string_view line = text::take_line(s, end);
    while (!line.empty() && text::is_blank(line.front())) line.remove_prefix(1);
    out.append(line).append(end);
  }
  return out;
}

bool has_session_lines(std::string_view s) {
  return s.starts_with("v=0") || s.starts_with("a=key-mgmt:") ||
         s.find("\na=key-mgmt:") != std::string::npos || s.find("\ra=key-mgmt:") != std::string::npos;
}

Result<Findings> in_text(std::string_view s) {
  Findings out;
  if (starts_text_message(s)) {
    const std::size_t line = s.find_first_of("\r\n");
    out.kind = s.substr(0, line).find("RTSP/") != std::string_view::npos ? InputKind::rtsp : InputKind::sip;
    find_in_messages(s, out, [](std::size_t) {});
    return out;
  }
  const std::string flat = dedent(s);
  if (starts_text_message(flat)) {  // pasted with an indent: folded headers lose theirs, so this comes second
    out.kind = flat.substr(0, flat.find_first_of("\r\n")).find("RTSP/") != std::string::npos ? InputKind::rtsp
                                                                                             : InputKind::sip;
    out.diagnostics.emplace_back("the text is indented; folded headers cannot be told from others");
    find_in_messages(flat, out, [](std::size_t) {});
    return out;
  }
  if (text::istarts_with(s, "Content-Type:") || text::istarts_with(s, "MIME-Version:")) {
    out.kind = InputKind::mime;
    find_in_mime(s, out);
    return out;
  }
  if (has_session_lines(flat)) {
    out.kind = InputKind::sdp;
    find_in_description(flat, "", out);
    return out;
  }
  out.kind = InputKind::fragment;
  if (find_in_fragment(s, out)) return out;
  std::string_view hex = s;
  if (text::istarts_with(hex, "0x")) hex.remove_prefix(2);
  if (std::optional<Bytes> octets = from_hex(hex); octets && !octets->empty())
    return single(InputKind::hex, std::move(*octets), {});
  Result<DecodedBase64> base64 = decode_base64(s, Reading::tolerant);
  if (!base64) {
    return bad_message(ErrorCode::unspecified, "",
                       "the input is not MIKEY, hex, base64, SDP, SIP, RTSP, MIME or a capture");
  }
  return single(InputKind::base64, std::move(base64->octets), std::move(base64->diagnostics));
}

}  // namespace

std::string_view input_kind_name(InputKind kind) {
  static constexpr std::array<std::string_view, 10> kNames{"binary", "hex",    "base64", "SDP",  "RTSP",
                                                           "SIP",    "header", "MIME",   "pcap", "pcapng"};
  const auto i = static_cast<std::size_t>(kind);
  return i < kNames.size() ? kNames[i] : "unknown";
}

bool looks_like_mikey(ByteView m) {
  if (m.size() < kHeader || m[0] != 1) return false;
  const bool known_type = m[1] <= static_cast<std::uint8_t>(DataType::sakke_init);
  const bool known_next = m[2] <= static_cast<std::uint8_t>(PayloadType::ticket) ||
                          (m[2] >= static_cast<std::uint8_t>(PayloadType::key_data) &&
                           m[2] <= static_cast<std::uint8_t>(PayloadType::sakke));
  const bool known_prf = (m[3] & 0x7F) <= static_cast<std::uint8_t>(PrfFunc::hmac_sha_256);
  const bool known_map = m[9] <= static_cast<std::uint8_t>(CsIdMapType::generic_id);
  return known_type && known_next && known_prf && known_map;
}

void add_found(Findings& out, Bytes message, std::string source, std::vector<std::string> diagnostics) {
  if (out.messages.size() == kMaxFound) {
    if (out.diagnostics.empty() || !out.diagnostics.back().starts_with("more than"))
      out.diagnostics.push_back("more than " + std::to_string(kMaxFound) +
                                " messages; the others are left out");
    return;
  }
  FoundMessage f;
  f.message = std::move(message);
  f.source = std::move(source);
  f.diagnostics = std::move(diagnostics);
  out.messages.push_back(std::move(f));
}

void add_note(Findings& out, std::string_view where, const Error& error) {
  static constexpr std::size_t kMaxNotes = 1000;
  if (out.diagnostics.size() >= kMaxNotes) return;
  out.diagnostics.push_back(std::string(where) + error.to_string());
}

Result<Findings> find_mikey(ByteView input) {
  if (input.size() > kMaxInput)
    return Error{ErrorCode::resource, Severity::message, "", std::nullopt, "the input is larger than 1 GiB"};
  if (pcap::is_pcap(input) || pcap::is_pcapng(input)) {
    Result<pcap::Capture> capture = pcap::read_capture(input);
    if (!capture) return std::move(capture).error();
    Findings out;
    out.kind = pcap::is_pcap(input) ? InputKind::pcap : InputKind::pcapng;
    out.diagnostics = std::move(capture->diagnostics);
    find_in_capture(*capture, out);
    return out;
  }
  if (!input.empty() && input[0] == 1) return single(InputKind::binary, to_bytes(input), {});
  std::string_view s = as_text(input);
  if (s.starts_with(kByteOrderMark)) s.remove_prefix(kByteOrderMark.size());
  // Only the line ends before the text: the blanks of its first line tell an indent.
  while (!s.empty() && (s.front() == '\r' || s.front() == '\n')) s.remove_prefix(1);
  if (text::trim(s).empty()) return bad_message(ErrorCode::unspecified, "", "the input is empty");
  return in_text(s);
}

}  // namespace mikey::bind
