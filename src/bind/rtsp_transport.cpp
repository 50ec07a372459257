// The Transport header, and what makes a whole RTSP message of all its carriers.
#include "bind/text.hpp"
#include "mikey/bind/rtsp.hpp"

namespace mikey::bind::rtsp {
namespace {

constexpr const char* kRfc = "RFC 7826 18.54";
constexpr const char* kKeying = "RFC 7826 C.1.4.1";

bool is_protocol(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, [](char c) { return text::is_token_char(c) || c == '/'; });
}

Result<TransportSpec> read_spec(std::string_view part) {
  TransportSpec spec;
  for (const std::string_view param : text::split(part, ';')) {
    if (spec.protocol.empty()) {
      if (!is_protocol(param))
        return bad_message(ErrorCode::unspecified, kRfc, "a transport has no protocol");
      spec.protocol = param;
      continue;
    }
    if (param.empty()) continue;
    const std::size_t equals = std::min(param.find('='), param.size());
    const std::string_view name = text::trim(param.substr(0, equals));
    if (!text::is_token(name))
      return bad_message(ErrorCode::unspecified, kRfc, "a parameter of a transport has no name");
    std::optional<std::string> value;
    if (equals < param.size()) value = text::trim(param.substr(equals + 1));
    spec.params.push_back({std::string(name), std::move(value)});
  }
  return spec;
}

// Whether a value may be written: one line, quotes balanced, no separator outside them.
bool is_value(std::string_view s) {
  if (!text::fits_a_line(s) || text::trim(s).size() != s.size()) return false;
  if (std::ranges::count(s, '"') % 2 != 0 || s.find('\\') != std::string_view::npos) return false;
  return text::find_unquoted(s, ';') == s.size() && text::find_unquoted(s, ',') == s.size();
}

void add(std::vector<CarriedMessage>& out, Carrier carrier, DecodedBase64&& data, std::string_view uri) {
  out.push_back(
      {carrier, std::move(data.octets), std::string(uri), std::nullopt, std::move(data.diagnostics)});
}

Status from_key_mgmt(const TextMessage& m, Reading reading, std::vector<CarriedMessage>& out) {
  for (const std::string_view value : m.header_values("KeyMgmt")) {
    Result<std::vector<KeyMgmtSpec>> specs = parse_key_mgmt(value, reading);
    if (!specs) return std::move(specs).error();
    for (KeyMgmtSpec& s : *specs) {
      if (s.protocol != sdp::kMikey) continue;
      const std::string& uri = s.uri && !s.uri->empty() ? *s.uri : m.uri;
      out.push_back(
          {Carrier::key_mgmt_header, std::move(s.message), uri, std::nullopt, std::move(s.diagnostics)});
    }
  }
  return {};
}

Status from_transport(const TextMessage& m, Reading reading, std::vector<CarriedMessage>& out) {
  for (const std::string_view value : m.header_values("Transport")) {
    const Result<std::vector<TransportSpec>> specs = parse_transport(value);
    if (!specs) return specs.error();
    for (const TransportSpec& s : *specs) {
      Result<std::optional<DecodedBase64>> data = transport_mikey(s, reading);
      if (!data) return std::move(data).error();
      if (*data) add(out, Carrier::transport_header, std::move(**data), m.uri);
    }
  }
  return {};
}

Status from_description(const TextMessage& m, Reading reading, std::vector<CarriedMessage>& out) {
  const Result<sdp::SessionDescription> d = sdp::SessionDescription::parse(m.body, reading);
  if (!d) return d.error();
  Result<std::vector<sdp::CarriedMessage>> carried = sdp::mikey_messages(*d, reading);
  if (!carried) return std::move(carried).error();
  for (sdp::CarriedMessage& c : *carried) {
    const sdp::Section& section = c.level ? d->media(*c.level) : d->session();
    out.push_back({Carrier::sdp, std::move(c.message), std::string(section.attribute("control").value_or("")),
                   c.level, std::move(c.diagnostics)});
  }
  return {};
}

Status from_body(const TextMessage& m, Reading reading, std::vector<CarriedMessage>& out) {
  if (m.body.empty()) return {};
  const std::string_view type = m.header("Content-Type").value_or("");
  if (text::istarts_with(type, "application/sdp")) return from_description(m, reading, out);
  // GET_PARAMETER's response does not say what it answers; other bodies are somebody else's.
  const bool parameters = text::istarts_with(type, "text/parameters") || type.empty();
  if (!parameters) return {};
  Result<std::optional<DecodedBase64>> data = parameter_mikey(m.body, reading);
  if (!data) return std::move(data).error();
  if (*data) add(out, Carrier::parameter, std::move(**data), m.uri);
  return {};
}

}  // namespace

std::optional<std::string_view> TransportSpec::param(std::string_view name) const {
  for (const TransportParam& p : params)
    if (text::iequals(p.name, name)) return p.value ? std::string_view(*p.value) : std::string_view();
  return std::nullopt;
}

bool TransportSpec::secure() const {
  for (const std::string_view part : text::split(protocol, '/'))
    if (part == "SAVP" || part == "SAVPF") return true;
  return false;
}

Result<std::vector<TransportSpec>> parse_transport(std::string_view value) {
  std::vector<TransportSpec> out;
  for (const std::string_view part : text::split(value, ',')) {
    if (out.size() == kMaxSpecs)
      return Error{ErrorCode::resource, Severity::message, kRfc, std::nullopt,
                   "Transport has too many entries"};
    Result<TransportSpec> spec = read_spec(part);
    if (!spec) return std::move(spec).error();
    out.push_back(std::move(*spec));
  }
  return out;
}

Result<std::string> format_transport(std::span<const TransportSpec> specs) {
  if (specs.empty()) return bad_request("a Transport header has at least one entry", kRfc);
  std::string out;
  for (const TransportSpec& s : specs) {
    if (!is_protocol(s.protocol)) return bad_request("a transport needs a protocol", kRfc);
    if (!out.empty()) out += ',';
    out += s.protocol;
    for (const TransportParam& p : s.params) {
      if (!text::is_token(p.name) || (p.value && !is_value(*p.value)))
        return bad_request("a parameter of a transport does not fit its header", kRfc);
      out += ';' + p.name;
      if (p.value) out += '=' + *p.value;
    }
  }
  return out;
}

Result<std::optional<DecodedBase64>> transport_mikey(const TransportSpec& spec, Reading reading) {
  const std::optional<std::string_view> value = spec.param("MIKEY");
  if (!value) return std::optional<DecodedBase64>();
  if (reading == Reading::strict && !spec.secure())
    return bad_message(ErrorCode::unspecified, kKeying, "a MIKEY message at a transport without SRTP");
  Result<DecodedBase64> data = decode_base64(*value, reading);
  if (!data) return std::move(data).error();
  if (!spec.secure()) data->diagnostics.emplace_back("a MIKEY message at a transport without SRTP");
  return std::optional(std::move(*data));
}

Status set_transport_mikey(TransportSpec& spec, ByteView message) {
  if (!spec.secure()) return bad_request("only SAVP and SAVPF transports carry MIKEY", kKeying);
  if (message.empty() || message.size() > kMaxMessage)
    return bad_request("a key management message has 1 octet to 1 MiB", kKeying);
  std::erase_if(spec.params, [](const TransportParam& p) { return text::iequals(p.name, "MIKEY"); });
  spec.params.push_back({"MIKEY", to_base64(message)});
  return {};
}

Result<std::vector<CarriedMessage>> mikey_messages(const TextMessage& message, Reading reading) {
  std::vector<CarriedMessage> out;
  if (Status s = from_key_mgmt(message, reading, out); !s) return std::move(s).error();
  if (Status s = from_transport(message, reading, out); !s) return std::move(s).error();
  if (Status s = from_body(message, reading, out); !s) return std::move(s).error();
  return out;
}

Result<TextMessage> failure_response(const TextMessage& request, std::optional<ByteView> error_message,
                                     const std::optional<TransportSpec>& spec) {
  if (!request.is_rtsp() || !request.is_request()) return bad_request("only an RTSP request can be refused");
  const bool v2 = request.version == "RTSP/2.0";
  TextMessage r;
  r.version = request.version;
  r.status = v2 ? kKeyManagementError : kKeyManagementFailure;
  r.reason = v2 ? "Key Management Error" : "Key management failure";
  if (const auto cseq = request.header("CSeq")) r.headers.push_back({"CSeq", std::string(*cseq)});
  if (!error_message) return r;
  if (v2) {
    if (!spec) return bad_request("RTSP 2.0 carries an error message in the transport it answers", kKeying);
    TransportSpec t = *spec;
    if (Status s = set_transport_mikey(t, *error_message); !s) return std::move(s).error();
    Result<std::string> value = format_transport(std::span(&t, 1));
    if (!value) return std::move(value).error();
    r.headers.push_back({"Transport", std::move(*value)});
    return r;
  }
  KeyMgmtSpec s{std::string(sdp::kMikey), request.uri, to_bytes(*error_message), {}};
  Result<std::string> value = format_key_mgmt(std::span(&s, 1));
  if (!value) return std::move(value).error();
  r.headers.push_back({"KeyMgmt", std::move(*value)});
  return r;
}

}  // namespace mikey::bind::rtsp
