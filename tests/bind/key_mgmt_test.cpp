#include "mikey/bind/key_mgmt.hpp"

#include "messages.hpp"

namespace mikey::bind::sdp {
namespace {

// RFC 4567 5.1, with attributes at the three levels.
std::string call(const std::string& session, const std::string& audio, const std::string& video,
                 const std::string& video_proto = "RTP/SAVP") {
  return "v=0\r\no=alice 2891092738 2891092738 IN IP4 w-land.example.com\r\ns=Cool stuff\r\n"
         "e=alice@w-land.example.com\r\nt=0 0\r\nc=IN IP4 w-land.example.com\r\n" +
         session + "m=audio 49000 RTP/SAVP 98\r\na=rtpmap:98 AMR/8000\r\n" + audio + "m=video 52230 " +
         video_proto + " 31\r\na=rtpmap:31 H261/90000\r\n" + video;
}

std::string attribute(std::string_view name) {
  return "a=key-mgmt:mikey " + golden64(name) + "\r\n";
}

SessionDescription read(const std::string& s, Reading reading = Reading::strict) {
  auto d = SessionDescription::parse(s, reading);
  EXPECT_TRUE(d.ok()) << why(d);
  return d.ok() ? std::move(*d) : SessionDescription();
}

TEST(KeyMgmt, AttributeSyntax) {
  const auto a = KeyMgmtAttribute::parse("mikey AQAF");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->protocol, "mikey");
  EXPECT_EQ(a->data, "AQAF");
  EXPECT_EQ(KeyMgmtAttribute::parse(" mikey AQAF")->data, "AQAF");  // 0*1SP, as GStreamer and RFC 4567 allow
  for (const char* s :
       {"", " ", "mikey", "mikey ", "mi-key AQAF", "  mikey AQAF", "\tmikey AQAF", "mikey\tAQAF", "other  "})
    EXPECT_FALSE(KeyMgmtAttribute::parse(s).ok()) << s;
  EXPECT_EQ(KeyMgmtAttribute::parse("\t mikey   AQAF ", Reading::tolerant)->data, "AQAF");
  EXPECT_FALSE(KeyMgmtAttribute::parse("mikey  ", Reading::tolerant).ok());
}

TEST(KeyMgmt, Rfc4567Example1OfferAndAnswer) {
  const SessionDescription offer = read(call(attribute("rfc4567-psk-init"), "", ""));
  const auto found = mikey_messages(offer);
  ASSERT_TRUE(found.ok()) << why(found);
  ASSERT_EQ(found->size(), 1U);
  const CarriedMessage& m = found->front();
  EXPECT_EQ(m.level, std::nullopt);
  EXPECT_EQ(m.message, golden("rfc4567-psk-init"));
  ASSERT_EQ(m.keys.size(), 2U);
  EXPECT_EQ(m.keys[0].line.type, "audio");
  EXPECT_EQ(m.keys[0].first_cs, 1);
  EXPECT_EQ(m.keys[1].line.type, "video");
  EXPECT_EQ(m.keys[1].first_cs, 3);

  // The answer, from a description without key management.
  SessionDescription made = read(call("", "", ""));
  const std::vector<Placement> place{{std::nullopt, {{"mikey", golden("rfc4567-psk-resp")}}}};
  const Status s = answer(made, offer, place);
  ASSERT_TRUE(s.ok()) << why(s);
  EXPECT_EQ(made.to_text(), call(attribute("rfc4567-psk-resp"), "", ""));
}

TEST(KeyMgmt, Rfc4567Example1AsPrinted) {
  std::string folded = attribute("rfc4567-psk-init");
  folded.insert(72, "\r\n   ");
  folded.insert(150, "\r\n   ");
  const auto found = mikey_messages(read(call(folded, "", ""), Reading::tolerant), Reading::tolerant);
  ASSERT_TRUE(found.ok()) << why(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().message, golden("rfc4567-psk-init"));
  EXPECT_EQ(found->front().diagnostics.size(), 1U);
}

TEST(KeyMgmt, Rfc4567Example2OnlyAudio) {
  const auto found = mikey_messages(read(call("", attribute("rfc4567-psk-init"), "", "RTP/AVP")));
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().level, Level(0));
  ASSERT_EQ(found->front().keys.size(), 1U);
  EXPECT_EQ(found->front().keys[0].index, 0U);
  EXPECT_EQ(found->front().keys[0].first_cs, 1);
  // A line that is not of an SRTP profile is not affected by the session level either.
  const auto session = mikey_messages(read(call(attribute("rfc4567-psk-init"), "", "", "RTP/AVP")));
  ASSERT_EQ(session->front().keys.size(), 1U);
  EXPECT_EQ(session->front().keys[0].line.type, "audio");
}

TEST(KeyMgmt, MediaLevelOverridesSessionLevel) {
  const auto found = mikey_messages(
      read(call(attribute("gst122-sdp-savp_udp-0"), "", attribute("gst122-keymgmt-savp_udp-0"))));
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2U);
  ASSERT_EQ((*found)[0].keys.size(), 1U);
  EXPECT_EQ((*found)[0].keys[0].index, 0U);
  ASSERT_EQ((*found)[1].keys.size(), 1U);
  EXPECT_EQ((*found)[1].keys[0].index, 1U);
  EXPECT_EQ((*found)[1].keys[0].first_cs, 1);
  EXPECT_EQ((*found)[1].message, golden("gst122-keymgmt-savp_udp-0"));
  // Another protocol at media level takes the line away from the session's MIKEY, too.
  const auto other =
      mikey_messages(read(call(attribute("gst122-sdp-savp_udp-0"), "", "a=key-mgmt:keyp1 xyz\r\n")));
  ASSERT_EQ(other->size(), 1U);
  EXPECT_EQ(other->front().keys.size(), 1U);
}

TEST(KeyMgmt, SeveralProtocolsStayInOrder) {
  const SessionDescription d = read(
      call("a=key-mgmt:keyp1 727g*?\r\n" + attribute("gst122-sdp-savp_udp-0") + "a=key-mgmt:keyp2 DF sn\r\n",
           "", ""));
  const auto list = key_mgmt_of(d.session());
  ASSERT_TRUE(list.ok()) << why(list);
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[0].protocol, "keyp1");
  EXPECT_EQ((*list)[0].data, "727g*?");  // not ours to judge
  EXPECT_EQ((*list)[2].data, "DF sn");
  EXPECT_EQ(*sdp_ids(d), "keyp1;mikey;keyp2");
  EXPECT_EQ(mikey_messages(d)->size(), 1U);
}

TEST(KeyMgmt, BadMikeyIsAnError) {
  for (const char* bad : {"a=key-mgmt:mikey AQA\r\n", "a=key-mgmt:mikey A*AF\r\n", "a=key-mgmt:mikey\r\n",
                          "a=key-mgmt:mikey AQ AF\r\n", "a=key-mgmt\r\n", "a=key-mgmt:\r\n"}) {
    EXPECT_FALSE(mikey_messages(read(call(bad, "", ""))).ok()) << bad;
    EXPECT_FALSE(mikey_messages(read(call("", "", bad))).ok()) << bad;
  }
  EXPECT_FALSE(mikey_messages(read(call("a=key-mgmt:mikey AQAF\r\na=key-mgmt:mikey AQAF\r\n", "", ""))).ok());
  const auto loose = mikey_messages(read(call("a=key-mgmt:mikey  AQ AFgA\r\n", "", "")), Reading::tolerant);
  ASSERT_TRUE(loose.ok()) << why(loose);
  EXPECT_EQ(loose->front().diagnostics.size(), 2U);
}

TEST(KeyMgmt, OfferPlacesAndSwitchesProfiles) {
  std::string plain = call("", "", "", "RTP/AVPF");
  plain.replace(plain.find("RTP/SAVP 98"), 11, "RTP/AVP 98");
  SessionDescription d = read(plain);
  const Bytes m = golden("rfc4567-psk-init");
  const std::vector<Placement> audio{{Level(0), {{"mikey", m}}}};
  ASSERT_TRUE(offer(d, audio).ok());
  EXPECT_EQ(d.media_line(0).proto, "RTP/SAVP");
  EXPECT_EQ(d.media_line(1).proto, "RTP/AVPF");
  EXPECT_EQ(d.media(0).attribute("key-mgmt"), "mikey " + golden64("rfc4567-psk-init"));
  const std::vector<Placement> both{{std::nullopt, {{"mikey", m}, {"keyp1", {1, 2, 3}}}}};
  ASSERT_TRUE(offer(d, both).ok());
  EXPECT_EQ(d.media_line(1).proto, "RTP/SAVPF");
  EXPECT_EQ(*sdp_ids(d), "mikey;keyp1");
  // Placing again replaces.
  ASSERT_TRUE(offer(d, both).ok());
  EXPECT_EQ(d.session().attributes("key-mgmt").size(), 2U);
}

TEST(KeyMgmt, BadPlacementsChangeNothing) {
  SessionDescription d = read(call("", "", "", "UDP/TLS/RTP/SAVP"));
  const std::string before = d.to_text();
  const Bytes m = golden("rfc4567-psk-init");
  const std::vector<std::vector<Placement>> bad{{{Level(2), {{"mikey", m}}}},
                                                {{std::nullopt, {{"mi key", m}}}},
                                                {{std::nullopt, {{"mikey", {}}}}},
                                                {{std::nullopt, {{"mikey", Bytes(kMaxMessage + 1)}}}},
                                                {{Level(0), {{"mikey", m}}}, {Level(1), {{"mikey", m}}}}};
  for (const auto& p : bad) EXPECT_FALSE(offer(d, p).ok());
  EXPECT_EQ(d.to_text(), before);
}

TEST(KeyMgmt, AnswersMustAnswer) {
  const SessionDescription offered = read(call(attribute("rfc4567-psk-init"), "", ""));
  const Bytes m = golden("rfc4567-psk-resp");
  SessionDescription d = read(call("", "", ""));
  EXPECT_FALSE(answer(d, offered, std::vector<Placement>{{Level(0), {{"mikey", m}}}}).ok());
  EXPECT_FALSE(answer(d, offered, std::vector<Placement>{{std::nullopt, {{"keyp1", m}}}}).ok());
  EXPECT_FALSE(answer(d, offered, std::vector<Placement>{{Level(5), {{"mikey", m}}}}).ok());
  SessionDescription shorter = read("v=0\r\nm=audio 1 RTP/SAVP 0\r\n");
  EXPECT_FALSE(answer(shorter, offered, std::vector<Placement>{{std::nullopt, {{"mikey", m}}}}).ok());
  EXPECT_EQ(d.to_text(), call("", "", ""));
}

TEST(KeyMgmt, BiddingDown) {
  const std::string three = "a=key-mgmt:mikey AQAF\r\na=key-mgmt:keyp1 aa\r\na=key-mgmt:keyp2 bb\r\n";
  const SessionDescription d = read(call(three, "", "a=key-mgmt:mikey AQAF\r\n"));
  EXPECT_EQ(*sdp_ids(d), "mikey;keyp1;keyp2");
  const auto check = [](const SessionDescription& sdp, std::string_view list) {
    return check_bidding_down(sdp, as_bytes(list), true).ok();
  };
  EXPECT_TRUE(check(d, "mikey;keyp1;keyp2"));
  EXPECT_TRUE(check(d, "mikey;keyp1;keyp2;mikey"));
  for (const char* bad : {"", "mikey", "keyp1;mikey;keyp2", "mikey;keyp1", "mikey;keyp1;keyp2;",
                          "MIKEY;keyp1;keyp2", "mikey;keyp1;keyp2;keyp3", "mikey,keyp1,keyp2"})
    EXPECT_FALSE(check(d, bad)) << bad;
  // Somebody peeled the strong ones off.
  EXPECT_FALSE(check(read(call("a=key-mgmt:mikey AQAF\r\n", "", "")), "mikey;keyp1;keyp2"));

  EXPECT_TRUE(check_bidding_down(d, std::nullopt, false).ok());
  EXPECT_FALSE(check_bidding_down(d, std::nullopt, true).ok());
  keys::Bundle b;
  EXPECT_FALSE(check_bidding_down(d, b, true).ok());
  b.extensions.push_back({GeneralExtType::vendor_id, octets("x")});
  b.extensions.push_back({GeneralExtType::sdp_ids, octets("mikey;keyp1;keyp2")});
  EXPECT_TRUE(check_bidding_down(d, b, true).ok());
  b.extensions.back().data = octets("mikey");
  EXPECT_FALSE(check_bidding_down(d, b, false).ok());
}

TEST(KeyMgmt, Refusal) {
  const auto parameter =
      refuse_offer(bad_message(ErrorCode::invalid_sppar, "", "no \"such\"\r\nsuite"), "bob.example.com");
  ASSERT_TRUE(parameter.ok());
  EXPECT_EQ(parameter->status, 488);
  EXPECT_EQ(parameter->reason, "Not Acceptable Here");
  ASSERT_EQ(parameter->warnings.size(), 2U);
  EXPECT_EQ(parameter->warnings[0], "306 bob.example.com \"Attribute not understood: key-mgmt\"");
  EXPECT_TRUE(parameter->warnings[1].starts_with("399 bob.example.com \""));
  EXPECT_NE(parameter->warnings[1].find("no \\\"such\\\"  suite\""), std::string::npos);
  const auto auth = refuse_offer(bad_message(ErrorCode::auth_failure, "", "MAC"), "[2001:db8::1]:5060");
  ASSERT_TRUE(auth.ok());
  EXPECT_EQ(auth->warnings.size(), 1U);
  EXPECT_FALSE(refuse_offer(bad_message(ErrorCode::auth_failure, "", "MAC"), "a b").ok());
  EXPECT_FALSE(refuse_offer(bad_message(ErrorCode::auth_failure, "", "MAC"), "").ok());
}

TEST(KeyMgmt, Profiles) {
  EXPECT_EQ(srtp_profile("RTP/AVP"), "RTP/SAVP");
  EXPECT_EQ(srtp_profile("RTP/AVPF"), "RTP/SAVPF");
  EXPECT_EQ(srtp_profile("TCP/RTP/AVP"), "TCP/RTP/SAVP");
  EXPECT_EQ(srtp_profile("RTP/SAVP"), "RTP/SAVP");
  EXPECT_EQ(rtp_profile("RTP/SAVPF"), "RTP/AVPF");
  EXPECT_EQ(rtp_profile("RTP/AVP"), "RTP/AVP");
  for (const char* p : {"udp", "UDP/TLS/RTP/SAVP", "TCP/MSRP", "rtp/avp", ""}) {
    EXPECT_EQ(srtp_profile(p), std::nullopt) << p;
    EXPECT_EQ(rtp_profile(p), std::nullopt) << p;
    EXPECT_FALSE(is_srtp_profile(p)) << p;
  }
  SessionDescription d = read(call("", "", "", "udp"));
  EXPECT_TRUE(switch_profile(d, std::nullopt, false).ok());
  EXPECT_EQ(d.media_line(0).proto, "RTP/AVP");
  EXPECT_EQ(d.media_line(1).proto, "udp");
  EXPECT_FALSE(switch_profile(d, 1, true).ok());
  EXPECT_FALSE(switch_profile(d, 2, true).ok());
}

TEST(KeyMgmt, CsIdsRunOutQuietly) {
  std::string s = "v=0\r\na=key-mgmt:mikey AQAF\r\n";
  for (int i = 0; i < 130; ++i) s += "m=audio 1 RTP/SAVP 0\r\n";
  const auto found = mikey_messages(read(s));
  ASSERT_EQ(found->front().keys.size(), 130U);
  EXPECT_EQ(found->front().keys[126].first_cs, 253);
  EXPECT_EQ(found->front().keys[127].first_cs, 0);
}

}  // namespace
}  // namespace mikey::bind::sdp
