#include "mikey/bind/key_mgmt.hpp"

#include "bind/text.hpp"

namespace mikey::bind::sdp {
namespace {

constexpr const char* kSyntax = "RFC 4567 3.1";

bool is_kmpid(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, text::is_alnum);
}

Section* section_at(SessionDescription& sdp, Level level) {
  if (!level) return &sdp.session();
  return *level < sdp.media_count() ? &sdp.media(*level) : nullptr;
}

const Section* section_at(const SessionDescription& sdp, Level level) {
  if (!level) return &sdp.session();
  return *level < sdp.media_count() ? &sdp.media(*level) : nullptr;
}

bool has_key_mgmt(const SessionDescription& sdp, std::size_t media) {
  return sdp.media(media).attribute(kKeyMgmt).has_value();
}

// The media lines of an SRTP profile that messages at `level` key.
std::vector<KeyedLine> keyed_lines(const SessionDescription& sdp, Level level) {
  std::vector<KeyedLine> out;
  for (std::size_t i = 0; i < sdp.media_count(); ++i) {
    const bool applies = level ? *level == i : !has_key_mgmt(sdp, i);
    if (!applies || !is_srtp_profile(sdp.media_line(i).proto)) continue;
    const std::size_t cs = 2 * out.size() + 1;
    out.push_back({i, sdp.media_line(i), static_cast<std::uint8_t>(cs < 255 ? cs : 0)});
  }
  return out;
}

Status carried_at(const SessionDescription& sdp, Level level, Reading reading,
                  std::vector<CarriedMessage>& out) {
  const Result<std::vector<KeyMgmtAttribute>> attributes = key_mgmt_of(*section_at(sdp, level), reading);
  if (!attributes) return attributes.error();
  bool seen = false;
  for (const KeyMgmtAttribute& a : *attributes) {
    if (a.protocol != kMikey) continue;
    if (seen) {
      return bad_message(ErrorCode::unspecified, "RFC 4567 4.1.2",
                         "MIKEY is offered more than once at the same level");
    }
    seen = true;
    Result<DecodedBase64> data = decode_base64(a.data, reading);
    if (!data) return std::move(data).error();
    out.push_back({level, std::move(data->octets), std::move(data->diagnostics), keyed_lines(sdp, level)});
  }
  return {};
}

// The protocol identifiers in order of appearance, repeated as they are.
Result<std::vector<std::string>> all_ids(const SessionDescription& sdp, Reading reading) {
  std::vector<std::string> ids;
  const auto add = [&](const Section& section) -> Status {
    const Result<std::vector<KeyMgmtAttribute>> attributes = key_mgmt_of(section, reading);
    if (!attributes) return attributes.error();
    for (const KeyMgmtAttribute& a : *attributes) ids.push_back(a.protocol);
    return {};
  };
  if (Status s = add(sdp.session()); !s) return std::move(s).error();
  for (std::size_t i = 0; i < sdp.media_count(); ++i)
    if (Status s = add(sdp.media(i)); !s) return std::move(s).error();
  return ids;
}

std::string join(const std::vector<std::string>& ids, bool once) {
  std::string out;
  for (auto it = ids.begin(); it != ids.end(); ++it) {
    if (once && std::find(ids.begin(), it, *it) != it) continue;
    if (!out.empty()) out += ';';
    out += *it;
  }
  return out;
}

Status check_answers(const SessionDescription& offer, const Placement& p) {
  const Section* offered = section_at(offer, p.level);
  if (offered == nullptr) return bad_request("the offer has no such media line", "RFC 3264 6");
  const Result<std::vector<KeyMgmtAttribute>> attributes = key_mgmt_of(*offered, Reading::tolerant);
  if (!attributes) return attributes.error();
  for (const KeyMgmt& m : p.messages) {
    const auto same = [&m](const KeyMgmtAttribute& a) { return a.protocol == m.protocol; };
    if (std::ranges::none_of(*attributes, same))
      return bad_request("the offer does not have this key management protocol at this level",
                         "RFC 4567 4.1.1");
  }
  return {};
}

}  // namespace

Result<KeyMgmtAttribute> KeyMgmtAttribute::parse(std::string_view value, Reading reading) {
  std::string_view s = value;
  std::size_t blanks = 0;
  while (!s.empty() && text::is_blank(s.front())) {
    s.remove_prefix(1);
    ++blanks;
  }
  const std::size_t n = std::min(s.find_first_of(" \t"), s.size());
  const std::string_view protocol = s.substr(0, n);
  std::string_view data = s.substr(n);
  if (!data.empty()) data.remove_prefix(1);
  if (reading == Reading::tolerant) data = text::trim(data);
  const bool shape = blanks <= 1 && value.find('\t') == std::string_view::npos;
  if (reading == Reading::strict && !shape)
    return bad_message(ErrorCode::unspecified, kSyntax, "the key-mgmt attribute has more blanks than it may");
  if (!is_kmpid(protocol) || text::trim(data).empty())
    return bad_message(ErrorCode::unspecified, kSyntax,
                       "the key-mgmt attribute lacks a protocol or its data");
  return KeyMgmtAttribute{std::string(protocol), std::string(data)};
}

std::string key_mgmt_value(const KeyMgmt& what) {
  return what.protocol + ' ' + to_base64(what.message);
}

Result<std::vector<KeyMgmtAttribute>> key_mgmt_of(const Section& section, Reading reading) {
  std::vector<KeyMgmtAttribute> out;
  for (const std::string_view value : section.attributes(kKeyMgmt)) {
    Result<KeyMgmtAttribute> a = KeyMgmtAttribute::parse(value, reading);
    if (!a) return std::move(a).error();
    out.push_back(std::move(*a));
  }
  return out;
}

Status put_key_mgmt(SessionDescription& sdp, Level level, std::span<const KeyMgmt> messages) {
  Section* section = section_at(sdp, level);
  if (section == nullptr) return bad_request("there is no such media line");
  for (const KeyMgmt& m : messages) {
    if (!is_kmpid(m.protocol)) return bad_request("a key management protocol is letters and digits", kSyntax);
    if (m.message.empty() || m.message.size() > kMaxMessage)
      return bad_request("a key management message has 1 octet to 1 MiB", kSyntax);
  }
  section->remove_attributes(kKeyMgmt);
  for (const KeyMgmt& m : messages)
    if (Status s = section->add_attribute(kKeyMgmt, key_mgmt_value(m)); !s) return s;
  return {};
}

Status offer(SessionDescription& sdp, std::span<const Placement> placements) {
  SessionDescription made = sdp;
  for (const Placement& p : placements) {
    if (Status s = put_key_mgmt(made, p.level, p.messages); !s) return s;
    if (Status s = switch_profile(made, p.level, true); !s) return s;
  }
  sdp = std::move(made);
  return {};
}

Status answer(SessionDescription& sdp, const SessionDescription& offer,
              std::span<const Placement> placements) {
  if (sdp.media_count() != offer.media_count())
    return bad_request("an answer has as many media lines as its offer", "RFC 3264 6");
  SessionDescription made = sdp;
  for (const Placement& p : placements) {
    if (Status s = check_answers(offer, p); !s) return s;
    if (Status s = put_key_mgmt(made, p.level, p.messages); !s) return s;
  }
  sdp = std::move(made);
  return {};
}

Result<std::vector<CarriedMessage>> mikey_messages(const SessionDescription& sdp, Reading reading) {
  std::vector<CarriedMessage> out;
  if (Status s = carried_at(sdp, std::nullopt, reading, out); !s) return std::move(s).error();
  for (std::size_t i = 0; i < sdp.media_count(); ++i)
    if (Status s = carried_at(sdp, i, reading, out); !s) return std::move(s).error();
  return out;
}

Result<std::string> sdp_ids(const SessionDescription& sdp, Reading reading) {
  const Result<std::vector<std::string>> ids = all_ids(sdp, reading);
  if (!ids) return ids.error();
  return join(*ids, true);
}

Status check_bidding_down(const SessionDescription& offer, std::optional<ByteView> authenticated_ids,
                          bool required) {
  constexpr const char* kRfc = "RFC 4567 4.1.4";
  if (!authenticated_ids) {
    if (!required) return {};
    return bad_message(ErrorCode::unspecified, kRfc, "the message has no list of key management protocols");
  }
  const Result<std::vector<std::string>> ids = all_ids(offer, Reading::tolerant);
  if (!ids) return ids.error();
  const std::string_view list = as_text(*authenticated_ids);
  if (list == join(*ids, true) || list == join(*ids, false)) return {};
  return bad_message(ErrorCode::unspecified, kRfc,
                     "the key management protocols of the offer are not those its author listed");
}

Status check_bidding_down(const SessionDescription& offer, const keys::Bundle& bundle, bool required) {
  for (const keys::Extension& e : bundle.extensions)
    if (e.type == GeneralExtType::sdp_ids) return check_bidding_down(offer, ByteView(e.data), required);
  return check_bidding_down(offer, std::nullopt, required);
}

Result<SipRefusal> refuse_offer(const Error& why, std::string_view agent) {
  const auto host_char = [](char c) { return text::is_token_char(c) || c == ':' || c == '[' || c == ']'; };
  if (agent.empty() || !std::ranges::all_of(agent, host_char))
    return bad_request("the agent of a Warning header is a host or a token", "RFC 3261 20.43");
  std::string said = std::string(error_name(why.code)) + ": " + why.detail;
  for (char& c : said)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';  // one line, whatever a library said
  SipRefusal r;
  const auto warn = [&](std::string_view code, std::string_view text) {
    r.warnings.push_back(std::string(code) + ' ' + std::string(agent) + ' ' + text::quote(text));
  };
  const bool not_supported = (why.code >= ErrorCode::invalid_prf && why.code <= ErrorCode::invalid_dh) ||
                             (why.code >= ErrorCode::invalid_sp && why.code <= ErrorCode::invalid_dt) ||
                             why.code == ErrorCode::unsupported_message;
  if (not_supported) warn("306", "Attribute not understood: key-mgmt");
  warn("399", said);
  return r;
}

bool is_srtp_profile(std::string_view proto) {
  return proto == "RTP/SAVP" || proto == "RTP/SAVPF" || proto == "TCP/RTP/SAVP" || proto == "TCP/RTP/SAVPF";
}

std::optional<std::string> srtp_profile(std::string_view proto) {
  if (is_srtp_profile(proto)) return std::string(proto);
  if (proto == "RTP/AVP" || proto == "RTP/AVPF" || proto == "TCP/RTP/AVP" || proto == "TCP/RTP/AVPF") {
    std::string out(proto);
    out.insert(out.rfind("AVP"), "S");
    return out;
  }
  return std::nullopt;
}

std::optional<std::string> rtp_profile(std::string_view proto) {
  std::string out(proto);
  if (is_srtp_profile(proto)) {
    out.erase(out.rfind("SAVP"), 1);
    return out;
  }
  return srtp_profile(proto) ? std::optional(out) : std::nullopt;
}

Status switch_profile(SessionDescription& sdp, Level media, bool secure) {
  if (media && *media >= sdp.media_count()) return bad_request("there is no such media line");
  for (std::size_t i = media.value_or(0); i < (media ? *media + 1 : sdp.media_count()); ++i) {
    MediaLine line = sdp.media_line(i);
    const std::optional<std::string> proto = secure ? srtp_profile(line.proto) : rtp_profile(line.proto);
    if (!proto && media)
      return bad_request("a media line of protocol " + line.proto + " has no such profile");
    if (!proto || *proto == line.proto) continue;
    line.proto = *proto;
    if (Status s = sdp.set_media_line(i, line); !s) return s;
  }
  return {};
}

}  // namespace mikey::bind::sdp
