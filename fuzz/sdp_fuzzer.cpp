// Session descriptions: what is read is written back octet for octet, what is changed can be read again, and
// the key management found in the two is the same.
#include <cstdlib>

#include "mikey/bind/call_sdp.hpp"
#include "mikey/bind/key_mgmt.hpp"

namespace {

using mikey::bind::Reading;
using mikey::bind::sdp::SessionDescription;

void require(bool held) {
  if (!held) std::abort();
}

// The messages of a description; nothing when they cannot be read.
std::vector<mikey::Bytes> messages(const SessionDescription& d, Reading reading) {
  std::vector<mikey::Bytes> out;
  const auto carried = mikey::bind::sdp::mikey_messages(d, reading);
  if (!carried) return out;
  for (const auto& c : *carried) out.push_back(c.message);
  return out;
}

void check_change(SessionDescription d, Reading reading) {
  const mikey::bind::sdp::KeyMgmt put{"mikey", {1, 0, 5}};
  require(put_key_mgmt(d, std::nullopt, std::span(&put, 1)).ok());
  require(switch_profile(d, std::nullopt, true).ok());
  const auto again = SessionDescription::parse(d.to_text(), reading);
  require(again.ok());
  require(again->media_count() == d.media_count());
  require(again->session().attributes("key-mgmt").size() == 1);
  for (std::size_t i = 0; i < d.media_count(); ++i) require(again->media_line(i) == d.media_line(i));
}

void check(std::string_view text, Reading reading) {
  const auto d = SessionDescription::parse(text, reading);
  if (!d) return;
  require(d->to_text() == text);
  const auto again = SessionDescription::parse(d->to_text(), reading);
  require(again.ok() && messages(*again, reading) == messages(*d, reading));
  if (const auto ids = mikey::bind::sdp::sdp_ids(*d, reading))
    require(check_bidding_down(*d, mikey::as_bytes(*ids), true).ok());
  check_change(*d, reading);
  mikey::bind::sdp::CallParty us;
  us.address = "192.0.2.1";
  us.streams = {mikey::bind::sdp::audio_stream(4000), mikey::bind::sdp::video_stream(4002)};
  if (const auto answer = make_answer(*d, us)) {
    require(answer->media_count() == d->media_count());
    require(SessionDescription::parse(answer->to_text()).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = mikey::as_text({data, size});
  check(text, Reading::strict);
  check(text, Reading::tolerant);
  return 0;
}
