// RTSP and SIP messages with their headers and bodies: writing what was read gives text that reads the same.
#include <cstdlib>

#include "mikey/bind/mime.hpp"
#include "mikey/bind/rtsp.hpp"

namespace {

using mikey::bind::Reading;
using mikey::bind::TextMessage;
namespace rtsp = mikey::bind::rtsp;
namespace mime = mikey::bind::mime;

void require(bool held) {
  if (!held) std::abort();
}

std::vector<mikey::Bytes> rtsp_messages(const TextMessage& m, Reading reading) {
  std::vector<mikey::Bytes> out;
  const auto carried = rtsp::mikey_messages(m, reading);
  if (!carried) return out;
  for (const auto& c : *carried) out.push_back(c.message);
  return out;
}

std::vector<mikey::Bytes> parts(const TextMessage& m, Reading reading) {
  std::vector<mikey::Bytes> out;
  const auto all = mime::parse_body(m, reading);
  if (!all) return out;
  for (const mime::Part& p : *all) {
    require(static_cast<bool>(mime::mikey_of(p)) || p.type.type == "application/mikey");
    out.push_back(p.content);
  }
  return out;
}

void check_headers(const TextMessage& m, Reading reading) {
  for (const std::string_view value : m.header_values("KeyMgmt")) {
    const auto specs = rtsp::parse_key_mgmt(value, reading);
    if (!specs) continue;
    const auto text = rtsp::format_key_mgmt(*specs);
    if (!text) continue;  // a URI with a quote, which is read but not written
    const auto again = rtsp::parse_key_mgmt(*text);
    require(again.ok() && again->size() == specs->size());
    for (std::size_t i = 0; i < specs->size(); ++i)
      require((*again)[i].message == (*specs)[i].message && (*again)[i].uri == (*specs)[i].uri);
  }
  for (const std::string_view value : m.header_values("Transport")) {
    const auto specs = rtsp::parse_transport(value);
    if (!specs) continue;
    const auto text = rtsp::format_transport(*specs);
    if (!text) continue;
    const auto again = rtsp::parse_transport(*text);
    require(again.ok() && *again == *specs);
  }
}

void check(std::string_view text, Reading reading) {
  const auto read = mikey::bind::read_text_message(text, reading);
  if (!read) return;
  require(read->consumed <= text.size());
  const TextMessage& m = read->message;
  const std::string written = m.to_text();
  const auto again = mikey::bind::read_text_message(written);
  require(again.ok() && again->consumed == written.size());
  require(again->message.body == m.body);
  require(again->message.to_text() == written);
  require(rtsp_messages(again->message, reading) == rtsp_messages(m, reading));
  require(parts(again->message, reading) == parts(m, reading));
  check_headers(m, reading);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = mikey::as_text({data, size});
  check(text, Reading::strict);
  check(text, Reading::tolerant);
  return 0;
}
