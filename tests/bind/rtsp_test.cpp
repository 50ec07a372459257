#include "mikey/bind/rtsp.hpp"

#include "messages.hpp"

namespace mikey::bind::rtsp {
namespace {

KeyMgmtSpec one(std::string_view value, Reading reading = Reading::strict) {
  auto v = parse_key_mgmt(value, reading);
  EXPECT_TRUE(v.ok()) << why(v) << value;
  if (!v.ok() || v->size() != 1) {
    ADD_FAILURE() << value;
    return {};
  }
  return std::move(v->front());
}

TEST(KeyMgmtHeader, EveryFormSeen) {
  const std::string b64 = golden64("onvif-setup-keymgmt-genetec");
  const Bytes m = golden("onvif-setup-keymgmt-genetec");
  const std::string d = "data=\"" + b64 + "\"";
  struct Case {
    std::string value;
    std::optional<std::string> uri;
  };
  for (const Case& c :
       {Case{"prot=mikey;uri=\"rtsp://movie.example.com/action\";" + d, "rtsp://movie.example.com/action"},
        Case{"prot=mikey;uri=\"\";" + d, ""}, Case{"prot=mikey; uri=\"rtsp://a/b\"; " + d, "rtsp://a/b"},
        Case{"prot=mikey;" + d, std::nullopt}, Case{d + ";prot=mikey", std::nullopt},
        Case{"uri=\"rtsp://a,b;c\";" + d + " ; prot=mikey;", "rtsp://a,b;c"},
        Case{"prot = mikey ; data = \"" + b64 + "\"", std::nullopt},
        Case{"prot=mikey;x=y;" + d, std::nullopt}}) {
    const KeyMgmtSpec s = one(c.value);
    EXPECT_EQ(s.protocol, "mikey");
    EXPECT_EQ(s.uri, c.uri) << c.value;
    EXPECT_EQ(s.message, m) << c.value;
    EXPECT_TRUE(s.diagnostics.empty());
  }
}

TEST(KeyMgmtHeader, SeveralEntries) {
  const auto v = parse_key_mgmt(
      "prot=mikey;data=\"AQAF\", prot=keyp1;uri=\"a,b\";data=\"AgID\" ,prot=mikey;data=\"AQAG\"");
  ASSERT_TRUE(v.ok()) << why(v);
  ASSERT_EQ(v->size(), 3U);
  EXPECT_EQ((*v)[1].protocol, "keyp1");
  EXPECT_EQ((*v)[1].uri, "a,b");
  EXPECT_EQ((*v)[2].message, (Bytes{1, 0, 6}));
}

TEST(KeyMgmtHeader, MalformedIsRefused) {
  for (const char* s :
       {"", ",", "prot=mikey", "data=\"AQAF\"", "prot=mikey;data=\"\"", "prot=;data=\"AQAF\"",
        "prot=mi-key;data=\"AQAF\"", "prot=mikey;data=\"AQA\"", "prot=mikey;data=\"A*AF\"",
        "prot=mikey;data=\"AQAF", "prot=mikey;data=AQAF", "prot=\"mikey\";data=\"AQAF\"",
        "prot=mikey;uri=x;data=\"AQAF\"", "prot=mikey;data=\"AQAF\";data=\"AQAF\"",
        "prot=mikey;prot=mikey;data=\"AQAF\"", "prot=mikey;=x;data=\"AQAF\"", "prot=mikey;flag;data=\"AQAF\"",
        "prot=mikey;data=\"AQAF\",", "prot=mikey;data=\"AQ AF\""})
    EXPECT_FALSE(parse_key_mgmt(s).ok()) << s;
  std::string many = "prot=mikey;data=\"AQAF\"";
  for (std::size_t i = 0; i < kMaxSpecs; ++i) many += ",prot=mikey;data=\"AQAF\"";
  EXPECT_EQ(parse_key_mgmt(many).error().code, ErrorCode::resource);
}

TEST(KeyMgmtHeader, TolerantReports) {
  EXPECT_EQ(one("prot=mikey;data=AQAF", Reading::tolerant).diagnostics.size(), 1U);
  EXPECT_EQ(one("prot=\"mikey\";uri=x;data=\"AQ AFgA\"", Reading::tolerant).diagnostics.size(), 3U);
  EXPECT_FALSE(parse_key_mgmt("prot=mikey;data=\"AQ*F\"", Reading::tolerant).ok());
}

TEST(KeyMgmtHeader, WritesWhatItReads) {
  const std::vector<KeyMgmtSpec> specs{{"mikey", "rtsp://a/b", golden("gortsplib-keymgmt"), {}},
                                       {"keyp1", std::nullopt, {1, 2}, {}}};
  const auto text = format_key_mgmt(specs);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "prot=mikey;uri=\"rtsp://a/b\";data=\"" + golden64("gortsplib-keymgmt") +
                       "\", prot=keyp1;data=\"AQI=\"");
  const auto back = parse_key_mgmt(*text);
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ((*back)[0].message, specs[0].message);
  for (const KeyMgmtSpec& bad : {KeyMgmtSpec{"mi key", {}, {1}, {}}, KeyMgmtSpec{"mikey", "a\"b", {1}, {}},
                                 KeyMgmtSpec{"mikey", "a\r\nb", {1}, {}}, KeyMgmtSpec{"mikey", {}, {}, {}}})
    EXPECT_FALSE(format_key_mgmt(std::span(&bad, 1)).ok());
  EXPECT_FALSE(format_key_mgmt({}).ok());
}

// RFC 7826 A.4: the values are text in base64, not MIKEY.
constexpr std::string_view kTransport =
    "RTP/SAVP;unicast;dest_addr=\":8000\"/"
    "\":8001\";MIKEY=VGhpcyBpcyB0aGUgZmlyc3Qgc3RyZWFtcyBNSUtFWSBtZXNzYWdl";

TEST(TransportHeader, Rfc7826Example) {
  const auto t = parse_transport(kTransport);
  ASSERT_TRUE(t.ok()) << why(t);
  ASSERT_EQ(t->size(), 1U);
  EXPECT_EQ(t->front().protocol, "RTP/SAVP");
  EXPECT_EQ(t->front().param("dest_addr"), "\":8000\"/\":8001\"");
  EXPECT_EQ(t->front().param("unicast"), "");
  EXPECT_FALSE(t->front().param("multicast"));
  const auto m = transport_mikey(t->front());
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(as_text((*m)->octets), "This is the first streams MIKEY message");
  EXPECT_EQ(*format_transport(*t), kTransport);
}

TEST(TransportHeader, SeveralAndPadding) {
  const auto t =
      parse_transport("RTP/SAVPF/TCP;interleaved=0-1; mikey=AQAFgA== , RTP/AVP;unicast;mode=\"PLAY,RECORD\"");
  ASSERT_TRUE(t.ok()) << why(t);
  ASSERT_EQ(t->size(), 2U);
  EXPECT_EQ((*transport_mikey((*t)[0]))->octets, (Bytes{1, 0, 5, 0x80}));
  EXPECT_FALSE(transport_mikey((*t)[1])->has_value());
  EXPECT_EQ((*t)[1].param("mode"), "\"PLAY,RECORD\"");
}

TEST(TransportHeader, MikeyNeedsSrtp) {
  auto t = parse_transport("RTP/AVP/UDP;unicast;MIKEY=AQAF");
  ASSERT_TRUE(t.ok());
  EXPECT_FALSE(transport_mikey(t->front()).ok());
  const auto loose = transport_mikey(t->front(), Reading::tolerant);
  ASSERT_TRUE(loose.ok());
  EXPECT_EQ((*loose)->diagnostics.size(), 1U);
  EXPECT_FALSE(set_transport_mikey(t->front(), Bytes{1}).ok());
  t->front().protocol = "RTP/SAVP";
  EXPECT_FALSE(set_transport_mikey(t->front(), {}).ok());
  ASSERT_TRUE(set_transport_mikey(t->front(), golden("rfc4567-psk-init")).ok());
  EXPECT_EQ(*format_transport(*t), "RTP/SAVP;unicast;MIKEY=" + golden64("rfc4567-psk-init"));
}

TEST(TransportHeader, MalformedIsRefused) {
  for (const char* s : {"", ",", ";unicast", "RTP AVP", "RTP/AVP;=1", "RTP/AVP;a b=1", "RTP/AVP;unicast,"})
    EXPECT_FALSE(parse_transport(s).ok()) << s;
  for (const char* s : {"RTP/SAVP;MIKEY", "RTP/SAVP;MIKEY=", "RTP/SAVP;MIKEY=AQA", "RTP/SAVP;MIKEY=A*AF"})
    EXPECT_FALSE(transport_mikey(parse_transport(s)->front()).ok()) << s;
  const TransportSpec bad{"RTP/SAVP", {{"a", "x;y"}}};
  EXPECT_FALSE(format_transport(std::span(&bad, 1)).ok());
  const TransportSpec line{"RTP/SAVP", {{"a", "x\r\ny"}}};
  EXPECT_FALSE(format_transport(std::span(&line, 1)).ok());
}

TEST(Parameter, GenetecForm) {
  const std::string body = "mikey: " + golden64("onvif-set_parameter-rekey-genetec") + "\r\n";
  EXPECT_EQ(body.size(), 145U);  // the Content-Length the ONVIF specification's example has
  const auto m = parameter_mikey(body);
  ASSERT_TRUE(m.ok()) << why(m);
  EXPECT_EQ((*m)->octets, golden("onvif-set_parameter-rekey-genetec"));
  EXPECT_EQ(parameter_body((*m)->octets), body);
  EXPECT_FALSE(parameter_mikey("mikey\r\n")->has_value());
  EXPECT_FALSE(parameter_mikey("")->has_value());
  EXPECT_EQ((*parameter_mikey("other: 1\r\nMIKEY:AQAF"))->octets, (Bytes{1, 0, 5}));
  EXPECT_FALSE(parameter_mikey("mikey: A*AF").ok());
}

const std::string kSetup =
    "SETUP rtsp://movie.example.com/action/audio RTSP/1.0\r\nCSeq: 313\r\n"
    "Transport: RTP/SAVP/UDP;unicast;client_port=3056-3057\r\n"
    "keymgmt: prot=mikey; uri=\"rtsp://movie.example.com/action\";\r\n         data=\"";

TEST(RtspMessage, Rfc4567Example3Setup) {
  const auto r = read_text_message(kSetup + golden64("rfc4567-psk-resp") + "\"\r\n\r\nSETUP next");
  ASSERT_TRUE(r.ok()) << why(r);
  EXPECT_EQ(r->message.method, "SETUP");
  EXPECT_EQ(r->message.uri, "rtsp://movie.example.com/action/audio");
  EXPECT_EQ(r->message.header("cseq"), "313");
  EXPECT_EQ(r->message.body, "");
  EXPECT_EQ(r->consumed, kSetup.size() + golden64("rfc4567-psk-resp").size() + 5);
  const auto m = mikey_messages(r->message);
  ASSERT_TRUE(m.ok()) << why(m);
  ASSERT_EQ(m->size(), 1U);
  EXPECT_EQ(m->front().carrier, Carrier::key_mgmt_header);
  EXPECT_EQ(m->front().uri, "rtsp://movie.example.com/action");
  EXPECT_EQ(m->front().message, golden("rfc4567-psk-resp"));
}

TEST(RtspMessage, Rfc4567Example4Describe) {
  const std::string sdp =
      "v=0\r\no=actionmovie 2891092738 2891092738 IN IP4 movie.example.com\r\ns=Action Movie\r\nt=0 0\r\n"
      "c=IN IP4 movie.example.com\r\na=control:rtsp://movie.example.com/action\r\nm=audio 0 RTP/SAVP 98\r\n"
      "a=rtpmap:98 AMR/8000\r\na=key-mgmt:mikey " +
      golden64("gst122-sdp-savp_udp-0") +
      "\r\na=control:rtsp://movie.example.com/action/audio\r\nm=video 0 RTP/SAVP 31\r\na=key-mgmt:mikey " +
      golden64("rfc4567-psk-init") + "\r\na=control:rtsp://movie.example.com/action/video\r\n";
  const std::string text =
      "RTSP/1.0 200 OK\r\nCSeq: 312\r\nContent-Type: application/sdp;charset=utf-8\r\nContent-Length: " +
      std::to_string(sdp.size()) + "\r\n\r\n" + sdp;
  const auto r = read_text_message(text + "RTSP/1.0 200 OK\r\n");
  ASSERT_TRUE(r.ok()) << why(r);
  EXPECT_EQ(r->message.status, 200U);
  EXPECT_EQ(r->message.body, sdp);
  EXPECT_EQ(r->message.to_text(), text);
  const auto m = mikey_messages(r->message);
  ASSERT_TRUE(m.ok()) << why(m);
  ASSERT_EQ(m->size(), 2U);
  EXPECT_EQ((*m)[0].carrier, Carrier::sdp);
  EXPECT_EQ((*m)[0].level, sdp::Level(0));
  EXPECT_EQ((*m)[0].uri, "rtsp://movie.example.com/action/audio");
  EXPECT_EQ((*m)[1].message, golden("rfc4567-psk-init"));
}

TEST(RtspMessage, EveryCarrier) {
  TextMessage t;
  t.version = "RTSP/2.0";
  t.method = "SETUP";
  t.uri = "rtsp://x/y";
  t.headers = {{"Transport", std::string(kTransport)}, {"KEYMGMT", "prot=mikey;uri=\"\";data=\"AQAF\""}};
  t.body = "mikey: AQAG\r\n";
  const auto m = mikey_messages(t);
  ASSERT_TRUE(m.ok()) << why(m);
  ASSERT_EQ(m->size(), 3U);
  EXPECT_EQ((*m)[0].uri, "rtsp://x/y");  // an empty uri means the request's
  EXPECT_EQ((*m)[1].carrier, Carrier::transport_header);
  EXPECT_EQ((*m)[2].carrier, Carrier::parameter);
  EXPECT_EQ((*m)[2].message, (Bytes{1, 0, 6}));
  t.headers.push_back({"Content-Type", "image/png"});  // not ours
  EXPECT_EQ(mikey_messages(t)->size(), 2U);
}

TEST(RtspMessage, Refusals) {
  TextMessage request = read_text_message(kSetup + "AQAF\"\r\n\r\n")->message;
  const Bytes error = golden("rfc4567-psk-resp");
  auto r = failure_response(request, ByteView(error));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->to_text(),
            "RTSP/1.0 463 Key management failure\r\nCSeq: 313\r\nKeyMgmt: prot=mikey;uri=\""
            "rtsp://movie.example.com/action/audio\";data=\"" +
                golden64("rfc4567-psk-resp") + "\"\r\n\r\n");
  EXPECT_EQ(failure_response(request, std::nullopt)->to_text(),
            "RTSP/1.0 463 Key management failure\r\nCSeq: 313\r\n\r\n");
  request.version = "RTSP/2.0";
  EXPECT_FALSE(failure_response(request, ByteView(error)).ok());
  const TransportSpec spec{"RTP/SAVP", {{"unicast", std::nullopt}}};
  r = failure_response(request, ByteView(error), spec);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->status, 466U);
  EXPECT_EQ(mikey_messages(*r)->front().message, error);
  request.version = "SIP/2.0";
  EXPECT_FALSE(failure_response(request, std::nullopt).ok());
}

TEST(TextMessage, LineEndsAndFolds) {
  const auto r = read_text_message("OPTIONS * RTSP/1.0\nCSeq : 1\nX: a\n\t b\n  \n c\nY:\n\nrest");
  ASSERT_TRUE(r.ok()) << why(r);
  EXPECT_EQ(r->message.headers, (std::vector<Header>{{"CSeq", "1"}, {"X", "a b c"}, {"Y", ""}}));
  EXPECT_EQ(r->consumed, std::string("OPTIONS * RTSP/1.0\nCSeq : 1\nX: a\n\t b\n  \n c\nY:\n\n").size());
}

TEST(TextMessage, MalformedIsRefused) {
  for (const char* s : {"",
                        "\r\n",
                        "SETUP",
                        "SETUP x",
                        "SETUP x HTTP/1.1\r\n\r\n",
                        "SETUP  RTSP/1.0\r\n\r\n",
                        "SE TUP x y RTSP/1.0\r\n\r\n",
                        "RTSP/1.0 99 x\r\n\r\n",
                        "RTSP/1.0 2000 x\r\n\r\n",
                        "RTSP/1.0 OK\r\n\r\n",
                        "RTSP/1 200 OK\r\n\r\n",
                        "A x RTSP/1.0\r\nnocolon\r\n\r\n",
                        "A x RTSP/1.0\r\n folded: 1\r\n\r\n",
                        "A x RTSP/1.0\r\na b: 1\r\n\r\n",
                        "A x RTSP/1.0\r\n: 1\r\n\r\n",
                        "A x RTSP/1.0\r\nX: 1\r\n",
                        "A x RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
                        "A x RTSP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
                        "A x RTSP/1.0\r\nContent-Length: 3\r\n\r\nab",
                        "A x RTSP/1.0\r\nContent-Length: 5000000\r\n\r\nab"})
    EXPECT_FALSE(read_text_message(s).ok()) << s;
  std::string many = "A x RTSP/1.0\r\n";
  for (std::size_t i = 0; i <= kMaxHeaders; ++i) many += "X: 1\r\n";
  EXPECT_EQ(read_text_message(many + "\r\n").error().code, ErrorCode::resource);
}

TEST(TextMessage, EveryTruncation) {
  const std::string text =
      kSetup + golden64("rfc4567-psk-resp") + "\"\r\nContent-Length: 13\r\n\r\nmikey: AQAG\r\n";
  ASSERT_TRUE(read_text_message(text).ok());
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(read_text_message(text.substr(0, n)).ok()) << n;
    const auto loose = read_text_message(text.substr(0, n), Reading::tolerant);
    if (loose.ok()) {
      EXPECT_FALSE(loose->diagnostics.empty()) << n;
      EXPECT_EQ(loose->consumed, n);
    }
  }
}

TEST(TextMessage, SipWithoutLengthHasTheRest) {
  EXPECT_EQ(read_text_message("INVITE sip:b SIP/2.0\r\n\r\nbody")->message.body, "body");
  EXPECT_EQ(read_text_message("INVITE sip:b SIP/2.0\r\nl: 2\r\n\r\nbody")->message.body, "bo");
  EXPECT_EQ(read_text_message("INVITE sip:b SIP/2.0\r\nl: 2\r\n\r\nbody")->message.to_text(),
            "INVITE sip:b SIP/2.0\r\nl: 2\r\n\r\nbo");
  EXPECT_EQ(read_text_message("RTSP/1.0 200 OK\r\n\r\nbody")->message.body, "");
}

}  // namespace
}  // namespace mikey::bind::rtsp
