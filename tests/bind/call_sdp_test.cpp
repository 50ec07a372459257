#include "mikey/bind/call_sdp.hpp"

#include "messages.hpp"
#include "mikey/bind/key_mgmt.hpp"

namespace mikey::bind::sdp {
namespace {

CallParty alice() {
  return {"alice",     1,      2,
          "192.0.2.1", "call", {audio_stream(40000), video_stream(40002), application_stream(40004)}};
}

TEST(CallSdp, OfferOfThreeStreams) {
  const auto d = make_offer(alice());
  ASSERT_TRUE(d.ok()) << why(d);
  EXPECT_EQ(d->to_text(),
            "v=0\r\no=alice 1 2 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=audio 40000 RTP/SAVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
            "m=video 40002 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 "
            "packetization-mode=1\r\na=sendrecv\r\n"
            "m=application 40004 RTP/SAVP 100\r\na=rtpmap:100 H224/4800\r\na=sendrecv\r\n");
}

TEST(CallSdp, AnswerTakesWhatItCan) {
  auto offered = make_offer(alice());
  ASSERT_TRUE(offered.ok());
  CallParty bob{"bob", 3, 3, "2001:db8::2", "-", {video_stream(50002), audio_stream(50000)}};
  bob.streams[1].formats = {{8, "PCMA/8000", ""}};
  bob.streams[0].formats[0].payload_type = 120;  // the offer's number counts
  const auto d = make_answer(*offered, bob);
  ASSERT_TRUE(d.ok()) << why(d);
  EXPECT_EQ(d->to_text(),
            "v=0\r\no=bob 3 3 IN IP6 2001:db8::2\r\ns=-\r\nc=IN IP6 2001:db8::2\r\nt=0 0\r\n"
            "m=audio 50000 RTP/SAVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
            "m=video 50002 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 "
            "packetization-mode=1\r\na=sendrecv\r\n"
            "m=application 0 RTP/SAVP 100\r\n");
}

TEST(CallSdp, ProfileAndDirectionCount) {
  CallParty a = alice();
  a.streams.resize(2);
  a.streams[0].direction = "sendonly";
  a.streams[1].direction = "recvonly";
  const auto offered = make_offer(a);
  CallParty b = alice();
  b.streams[1].direction = "recvonly";
  auto d = make_answer(*offered, b);
  ASSERT_TRUE(d.ok());
  EXPECT_TRUE(d->media(0).attribute("recvonly"));
  EXPECT_TRUE(d->media(1).attribute("inactive"));
  b.streams[0].proto = "RTP/AVP";
  d = make_answer(*offered, b);
  EXPECT_EQ(d->media_line(0).port, 0);
}

TEST(CallSdp, StaticFormatsNeedNoRtpmap) {
  const auto offered =
      SessionDescription::parse("v=0\r\nm=audio 4000 RTP/SAVP 0 99 x\r\na=rtpmap:99 foo/8000\r\n");
  const auto d = make_answer(*offered, alice());
  ASSERT_TRUE(d.ok()) << why(d);
  EXPECT_EQ(d->media_line(0).formats, std::vector<std::string>{"0"});
}

TEST(CallSdp, BadPartiesAreRefused) {
  const auto bad = [](auto change) {
    CallParty p = alice();
    change(p);
    EXPECT_FALSE(make_offer(p).ok());
  };
  bad([](CallParty& p) { p.streams.clear(); });
  bad([](CallParty& p) { p.user = "a b"; });
  bad([](CallParty& p) { p.user = ""; });
  bad([](CallParty& p) { p.address = "1.2.3.4\r\na=x"; });
  bad([](CallParty& p) { p.name = "x\ny"; });
  bad([](CallParty& p) { p.streams[0].direction = "both"; });
  bad([](CallParty& p) { p.streams[0].formats.clear(); });
  bad([](CallParty& p) { p.streams[0].formats[0].payload_type = 128; });
  bad([](CallParty& p) { p.streams[0].formats[0].rtpmap = "a\nb"; });
  bad([](CallParty& p) { p.streams[0].type = "au dio"; });
}

TEST(CallSdp, WithMikeyBothWays) {
  auto offered = make_offer(alice());
  ASSERT_TRUE(
      offer(*offered, std::vector<Placement>{{std::nullopt, {{"mikey", golden("rfc4567-psk-init")}}}}).ok());
  const auto found = mikey_messages(*SessionDescription::parse(offered->to_text()));
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->front().keys.size(), 3U);
  EXPECT_EQ(found->front().keys[2].line.type, "application");
  EXPECT_EQ(found->front().keys[2].first_cs, 5);
  auto answered = make_answer(*offered, alice());
  ASSERT_TRUE(answered.ok());
  const std::vector<Placement> p{{std::nullopt, {{"mikey", golden("rfc4567-psk-resp")}}}};
  ASSERT_TRUE(answer(*answered, *offered, p).ok());
  EXPECT_EQ(mikey_messages(*answered)->front().message, golden("rfc4567-psk-resp"));
}

}  // namespace
}  // namespace mikey::bind::sdp
