#include "mikey/bind/sdp.hpp"

#include "messages.hpp"

namespace mikey::bind::sdp {
namespace {

const std::string kCall =
    "v=0\r\no=alice 2891092738 2891092738 IN IP4 w-land.example.com\r\ns=Cool "
    "stuff\r\ne=alice@w-land.example.com\r\n"
    "t=0 0\r\nc=IN IP4 w-land.example.com\r\na=recvonly\r\nm=audio 49000 RTP/SAVP 98\r\na=rtpmap:98 "
    "AMR/8000\r\n"
    "m=video 52230/2 RTP/AVP 31 32\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:31 H261/90000\r\na=rtpmap:32 "
    "MPV/90000\r\n";

std::string swapped(std::string s, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = s.find(from, at)) != std::string::npos; at += to.size())
    s.replace(at, from.size(), to);
  return s;
}

TEST(Sdp, KeepsEveryOctet) {
  const std::string lf = swapped(kCall, "\r\n", "\n");
  for (const std::string& s : {kCall, lf, swapped(kCall, "\r\n", "\r"), kCall.substr(0, kCall.size() - 2),
                               swapped(kCall, "s=Cool stuff\r\n", "s=\t odd \n"), std::string("v=0")}) {
    const auto d = SessionDescription::parse(s);
    ASSERT_TRUE(d.ok()) << why(d);
    EXPECT_EQ(d->to_text(), s);
  }
}

TEST(Sdp, Accessors) {
  const auto d = SessionDescription::parse(kCall);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d->media_count(), 2U);
  EXPECT_EQ(d->media_line(0), (MediaLine{"audio", 49000, 1, "RTP/SAVP", {"98"}}));
  EXPECT_EQ(d->media_line(1), (MediaLine{"video", 52230, 2, "RTP/AVP", {"31", "32"}}));
  EXPECT_EQ(d->media(1).attributes("rtpmap"),
            (std::vector<std::string_view>{"31 H261/90000", "32 MPV/90000"}));
  EXPECT_EQ(d->session().attribute("recvonly"), "");
  EXPECT_FALSE(d->session().attribute("rtpmap").has_value());
  EXPECT_FALSE(d->media(0).attribute("rtp").has_value());
  EXPECT_EQ(d->connection(0), (Connection{"IN", "IP4", "w-land.example.com"}));
  EXPECT_EQ(d->connection(1), (Connection{"IN", "IP6", "2001:db8::1"}));
  EXPECT_FALSE(d->connection(2).has_value());
}

TEST(Sdp, ChangesTouchNothingElse) {
  for (const char* end : {"\r\n", "\n"}) {
    auto d = SessionDescription::parse(swapped(kCall, "\r\n", end));
    ASSERT_TRUE(d.ok());
    ASSERT_TRUE(d->session().add_attribute("x-test", "1").ok());
    EXPECT_EQ(d->media(1).remove_attributes("rtpmap"), 2U);
    ASSERT_TRUE(d->set_media_line(1, {"video", 0, 1, "RTP/SAVP", {"31"}}).ok());
    std::string want = swapped(kCall, "a=recvonly\r\n", "a=recvonly\r\na=x-test:1\r\n");
    want = swapped(want, "a=rtpmap:31 H261/90000\r\na=rtpmap:32 MPV/90000\r\n", "");
    want = swapped(want, "m=video 52230/2 RTP/AVP 31 32", "m=video 0 RTP/SAVP 31");
    EXPECT_EQ(d->to_text(), swapped(want, "\r\n", end));
  }
}

TEST(Sdp, WhatFollowsALastLineWithoutEndGetsOne) {
  auto d = SessionDescription::parse("v=0\ns=x");
  ASSERT_TRUE(d.ok());
  ASSERT_TRUE(d->session().add_attribute("a").ok());
  ASSERT_TRUE(d->add_media({"audio", 1, 1, "RTP/AVP", {"0"}}).ok());
  EXPECT_EQ(d->to_text(), "v=0\ns=x\na=a\nm=audio 1 RTP/AVP 0\n");
  d = SessionDescription::parse("v=0\ns=x");
  ASSERT_TRUE(d->add_media({"audio", 1, 1, "RTP/AVP", {"0"}}).ok());
  EXPECT_EQ(d->to_text(), "v=0\ns=x\nm=audio 1 RTP/AVP 0\n");
}

TEST(Sdp, NothingCanBeSmuggledIntoALine) {
  auto d = SessionDescription::parse(kCall);
  ASSERT_TRUE(d.ok());
  EXPECT_FALSE(d->session().add_attribute("a", "x\r\nm=audio 1 RTP/AVP 0").ok());
  EXPECT_FALSE(d->session().add_attribute("a", "x\n").ok());
  EXPECT_FALSE(d->session().add_attribute("a", std::string_view("x\0y", 3)).ok());
  EXPECT_FALSE(d->session().add_attribute("a:b", "x").ok());
  EXPECT_FALSE(d->session().add_attribute("", "x").ok());
  EXPECT_FALSE(d->add_media({"audio", 1, 1, "RTP/AVP\n", {"0"}}).ok());
  EXPECT_FALSE(d->add_media({"audio", 1, 1, "RTP/AVP", {"0 1"}}).ok());
  EXPECT_FALSE(d->add_media({"audio", 1, 1, "RTP/AVP", {}}).ok());
  EXPECT_FALSE(d->add_media({"", 1, 1, "RTP/AVP", {"0"}}).ok());
  EXPECT_FALSE(d->set_media_line(7, {"audio", 1, 1, "RTP/AVP", {"0"}}).ok());
  EXPECT_EQ(d->to_text(), kCall);
}

TEST(Sdp, BadTextIsRefusedAtItsLine) {
  struct Case {
    std::string text;
    std::size_t offset;
  };
  for (const Case& c : {Case{"", 0}, Case{"\r\nv=0\r\n", 0}, Case{"v=1\r\n", 0}, Case{"s=x\r\nv=0\r\n", 0},
                        Case{"v=0\r\n\r\ns=x\r\n", 5}, Case{"v=0\ns\n", 4}, Case{"v=0\nS=x\n", 4},
                        Case{"v=0\n =x\n", 4}, Case{"v=0\ns x\n", 4}, Case{std::string("v=0\ns=\0\n", 8), 4},
                        Case{"v=0\nm=audio 1 RTP/AVP\n", 4}, Case{"v=0\nm=audio x RTP/AVP 0\n", 4},
                        Case{"v=0\nm=audio 65536 RTP/AVP 0\n", 4}, Case{"v=0\nm=audio -1 RTP/AVP 0\n", 4},
                        Case{"v=0\nm=audio 1/0 RTP/AVP 0\n", 4}, Case{"v=0\nm=audio 1/ RTP/AVP 0\n", 4},
                        Case{"v=0\nm=au:dio 1 RTP/AVP 0\n", 4}, Case{"v=0\nm=audio 1 RTP\tAVP 0\n", 4}}) {
    const auto d = SessionDescription::parse(c.text);
    ASSERT_FALSE(d.ok()) << c.text;
    EXPECT_EQ(d.error().code, ErrorCode::unspecified);
    EXPECT_EQ(d.error().offset, c.offset) << c.text;
  }
}

TEST(Sdp, Limits) {
  std::string big = "v=0\r\n";
  big += "a=" + std::string(kMaxSize - big.size() - 2, 'x');
  EXPECT_TRUE(SessionDescription::parse(big).ok());
  EXPECT_EQ(SessionDescription::parse(big + "x").error().code, ErrorCode::resource);
  std::string lines = "v=0\n";
  for (std::size_t i = 1; i < kMaxLines; ++i) lines += "a=\n";
  EXPECT_TRUE(SessionDescription::parse(lines).ok());
  EXPECT_EQ(SessionDescription::parse(lines + "a=\n").error().code, ErrorCode::resource);
  std::string media = "v=0\n";
  for (std::size_t i = 0; i < kMaxMedia; ++i) media += "m=audio 1 RTP/AVP 0\n";
  auto d = SessionDescription::parse(media);
  ASSERT_TRUE(d.ok());
  EXPECT_FALSE(d->add_media({"audio", 1, 1, "RTP/AVP", {"0"}}).ok());
  EXPECT_EQ(SessionDescription::parse(media + "m=audio 1 RTP/AVP 0\n").error().code, ErrorCode::resource);
}

TEST(Sdp, TolerantTakesBlankLinesAndFoldedKeyMgmt) {
  const std::string s =
      "v=0\r\n\r\ns=x\r\na=key-mgmt:mikey AQAF\r\n   gM0X\r\n   flAB\r\nm=audio 1 RTP/AVP 0\r\n\r\n";
  EXPECT_FALSE(SessionDescription::parse(s).ok());
  auto d = SessionDescription::parse(s, Reading::tolerant);
  ASSERT_TRUE(d.ok()) << why(d);
  EXPECT_EQ(d->to_text(), s);
  EXPECT_EQ(d->session().attribute("key-mgmt"), "mikey AQAF\r\n   gM0X\r\n   flAB");
  ASSERT_TRUE(d->session().add_attribute("b").ok());
  const auto again = SessionDescription::parse(d->to_text(), Reading::tolerant);
  ASSERT_TRUE(again.ok()) << why(again);
  EXPECT_EQ(again->session().attribute("b"), "");
  // Nothing else is folded.
  EXPECT_FALSE(SessionDescription::parse("v=0\r\na=other:x\r\n y\r\n", Reading::tolerant).ok());
  EXPECT_FALSE(SessionDescription::parse("v=0\r\ns=x\r\n y\r\n", Reading::tolerant).ok());
}

TEST(Sdp, EveryTruncationIsReadOrRefused) {
  for (std::size_t n = 0; n <= kCall.size(); ++n) {
    const auto d = SessionDescription::parse(std::string_view(kCall).substr(0, n));
    if (d.ok()) {
      EXPECT_EQ(d->to_text(), kCall.substr(0, n));
    }
  }
}

}  // namespace
}  // namespace mikey::bind::sdp
