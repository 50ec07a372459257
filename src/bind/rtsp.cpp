#include "mikey/bind/rtsp.hpp"

#include "bind/text.hpp"

namespace mikey::bind::rtsp {
namespace {

constexpr const char* kRfc = "RFC 4567 3.2";

Error broken(std::string detail) {
  return bad_message(ErrorCode::unspecified, kRfc, std::move(detail));
}

bool is_kmpid(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, text::is_alnum);
}

bool is_quoted(std::string_view s) {
  return s.size() >= 2 && s.front() == '"' && s.back() == '"';
}

// The parameters of one key-mgmt-spec as they stand.
struct RawSpec {
  std::optional<std::string_view> protocol, uri, data;
};

Result<RawSpec> raw_spec(std::string_view spec) {
  RawSpec raw;
  for (const std::string_view param : text::split(spec, ';')) {
    if (param.empty()) continue;  // peers end the list with a separator
    const std::size_t equals = param.find('=');
    if (equals == std::string_view::npos) return broken("a parameter of KeyMgmt has no value");
    const std::string_view name = text::trim(param.substr(0, equals));
    const std::string_view value = text::trim(param.substr(equals + 1));
    std::optional<std::string_view>* slot = nullptr;
    if (text::iequals(name, "prot")) slot = &raw.protocol;
    if (text::iequals(name, "uri")) slot = &raw.uri;
    if (text::iequals(name, "data")) slot = &raw.data;
    if (!text::is_token(name)) return broken("a parameter of KeyMgmt has no name");
    if (slot == nullptr) continue;
    if (*slot) return broken("a parameter of KeyMgmt stands twice");
    *slot = value;
  }
  return raw;
}

Result<KeyMgmtSpec> read_spec(std::string_view text_of_spec, Reading reading) {
  const Result<RawSpec> raw = raw_spec(text_of_spec);
  if (!raw) return raw.error();
  if (!raw->protocol || !raw->data) return broken("KeyMgmt needs the parameters prot and data");
  KeyMgmtSpec spec;
  const bool loose =
      !is_quoted(*raw->data) || (raw->uri && !is_quoted(*raw->uri)) || is_quoted(*raw->protocol);
  if (loose && reading == Reading::strict) return broken("uri and data of KeyMgmt are quoted, prot is not");
  if (loose)
    spec.diagnostics.emplace_back("KeyMgmt with quotes where there are none, or none where there are");
  spec.protocol = text::unquote(*raw->protocol);
  if (!is_kmpid(spec.protocol)) return broken("the protocol of KeyMgmt is not letters and digits");
  if (raw->uri) spec.uri = text::unquote(*raw->uri);
  Result<DecodedBase64> data = decode_base64(text::unquote(*raw->data), reading);
  if (!data) return std::move(data).error();
  spec.message = std::move(data->octets);
  std::ranges::move(data->diagnostics, std::back_inserter(spec.diagnostics));
  return spec;
}

}  // namespace

Result<std::vector<KeyMgmtSpec>> parse_key_mgmt(std::string_view value, Reading reading) {
  std::vector<KeyMgmtSpec> out;
  for (const std::string_view part : text::split(value, ',')) {
    if (out.size() == kMaxSpecs)
      return Error{ErrorCode::resource, Severity::message, kRfc, std::nullopt,
                   "KeyMgmt has too many entries"};
    Result<KeyMgmtSpec> spec = read_spec(part, reading);
    if (!spec) return std::move(spec).error();
    out.push_back(std::move(*spec));
  }
  return out;
}

Result<std::string> format_key_mgmt(std::span<const KeyMgmtSpec> specs) {
  if (specs.empty()) return bad_request("a KeyMgmt header has at least one entry", kRfc);
  std::string out;
  for (const KeyMgmtSpec& s : specs) {
    if (!is_kmpid(s.protocol)) return bad_request("a key management protocol is letters and digits", kRfc);
    if (s.message.empty()) return bad_request("KeyMgmt needs a message", kRfc);
    if (s.uri && (!text::fits_a_line(*s.uri) || s.uri->find_first_of("\"\\") != std::string::npos))
      return bad_request("a URI of KeyMgmt has no quotes and no line ends", kRfc);
    if (!out.empty()) out += ", ";
    out += "prot=" + s.protocol + ';';
    if (s.uri) out += "uri=\"" + *s.uri + "\";";
    out += "data=\"" + to_base64(s.message) + '"';
  }
  return out;
}

Result<std::optional<DecodedBase64>> parameter_mikey(std::string_view body, Reading reading) {
  std::string_view end;
  while (!body.empty()) {
    const std::string_view line = text::take_line(body, end);
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (!text::iequals(text::trim(line.substr(0, colon)), sdp::kMikey)) continue;
    const std::string_view value = text::trim(line.substr(std::min(colon + 1, line.size())));
    if (value.empty()) continue;
    Result<DecodedBase64> data = decode_base64(value, reading);
    if (!data) return std::move(data).error();
    return std::optional(std::move(*data));
  }
  return std::optional<DecodedBase64>();
}

std::string parameter_body(ByteView message) {
  return "mikey: " + to_base64(message) + "\r\n";
}

}  // namespace mikey::bind::rtsp
