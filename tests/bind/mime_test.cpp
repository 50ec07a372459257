#include "mikey/bind/mime.hpp"

#include "messages.hpp"

namespace mikey::bind::mime {
namespace {

TextMessage sip_message() {
  TextMessage m;
  m.version = "SIP/2.0";
  m.method = "MESSAGE";
  m.uri = "sip:bob@example.com";
  m.headers = {{"Call-ID", "1"}};
  return m;
}

std::vector<Bytes> mikey_in(const TextMessage& m, Reading reading = Reading::strict) {
  const auto parts = parse_body(m, reading);
  EXPECT_TRUE(parts.ok()) << why(parts);
  std::vector<Bytes> out;
  if (!parts.ok()) return out;
  for (const Part& p : *parts) {
    const auto found = mikey_of(p);
    EXPECT_TRUE(found.ok()) << why(found);
    if (found.ok() && *found) out.push_back(**found);
  }
  return out;
}

TEST(Mime, ContentTypes) {
  const auto t = ContentType::parse("Multipart/Mixed ; Boundary=\"a;b\\\"c\";x=1;");
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->type, "multipart/mixed");
  EXPECT_EQ(t->param("boundary"), "a;b\"c");
  EXPECT_EQ(t->param("x"), "1");
  EXPECT_FALSE(t->param("y"));
  for (const char* s : {"", "text", "/", "text/", "/plain", "a b/c", "text/plain;x"})
    EXPECT_FALSE(ContentType::parse(s).ok()) << s;
}

TEST(Mime, AloneInBothEncodings) {
  const Bytes m = golden("rfc4567-psk-init");
  for (const Encoding e : {Encoding::binary, Encoding::base64}) {
    TextMessage t = sip_message();
    t.headers.push_back({"Content-Type", "text/plain"});
    t.headers.push_back({"c", "text/html"});
    const auto part = mikey_part(m, e);
    ASSERT_TRUE(part.ok());
    ASSERT_TRUE(set_body(t, *part).ok());
    EXPECT_EQ(t.header("Content-Type"), "application/mikey;version=1");
    EXPECT_FALSE(t.header("c"));
    const auto back = read_text_message(t.to_text());
    ASSERT_TRUE(back.ok()) << why(back);
    EXPECT_EQ(mikey_in(back->message), std::vector<Bytes>{m});
  }
}

TEST(Mime, Base64LinesAreShort) {
  const auto part = mikey_part(Bytes(1000, 7), Encoding::base64);
  std::size_t line = 0;
  for (const char c : part->content) {
    line = c == '\n' ? 0 : line + 1;
    EXPECT_LE(line, 77U);
  }
  EXPECT_FALSE(mikey_part({}, Encoding::base64).ok());
  EXPECT_FALSE(mikey_part(Bytes(kMaxMessage + 1), Encoding::binary).ok());
}

TEST(Mime, Multipart) {
  const Bytes a = golden("rfc4567-psk-init");
  const Bytes b = golden("gst122-sdp-savp_udp-0");
  const std::vector<OutPart> parts{
      {"application/sdp", {}, "v=0\r\n"},
      *mikey_part(a, Encoding::base64),
      *mikey_part(b, Encoding::binary),
      {"application/resource-lists+xml", {{"Content-Disposition", "recipient-list"}}, ""}};
  TextMessage t = sip_message();
  ASSERT_TRUE(set_multipart(t, parts, "b0 und'ary").ok());
  const auto back = read_text_message(t.to_text());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(mikey_in(back->message), (std::vector<Bytes>{a, b}));
  const auto all = parse_body(back->message);
  ASSERT_EQ(all->size(), 4U);
  EXPECT_EQ(as_text((*all)[0].content), "v=0\r\n");
  EXPECT_EQ((*all)[3].headers[1].value, "recipient-list");
  EXPECT_TRUE((*all)[3].content.empty());
}

TEST(Mime, WritersRefuse) {
  TextMessage t = sip_message();
  const std::vector<OutPart> parts{{"text/plain", {}, "x--B"}};
  EXPECT_FALSE(set_multipart(t, parts, "B").ok());
  EXPECT_TRUE(set_multipart(t, parts, "C").ok());
  EXPECT_FALSE(set_multipart(t, {}, "B").ok());
  for (const char* b : {"", "a b ", "a\r\nb", "a\"b"}) EXPECT_FALSE(set_multipart(t, parts, b).ok()) << b;
  EXPECT_FALSE(set_multipart(t, parts, std::string(71, 'a')).ok());
  EXPECT_FALSE(set_body(t, {"nonsense", {}, ""}).ok());
  EXPECT_FALSE(set_body(t, {"text/plain", {{"X", "a\r\nb"}}, ""}).ok());
}

TEST(Mime, Nested) {
  TextMessage t = sip_message();
  t.headers.push_back({"c", "multipart/mixed;boundary=outer"});
  t.body =
      "preamble\r\n--outer\r\nContent-Type: multipart/related; boundary=\"outer-in\"\r\n\r\n--outer-in\r\n"
      "content-type: APPLICATION/MIKEY\r\nContent-Transfer-Encoding: "
      "Base64\r\n\r\nAQ\r\nAF\r\n--outer-in--\r\n"
      "--outer  \r\n\r\nno type\r\n--outer--\r\nepilogue";
  EXPECT_EQ(mikey_in(t), std::vector<Bytes>({{1, 0, 5}}));
  const auto all = parse_body(t);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[1].type.type, "text/plain");
  EXPECT_EQ(as_text((*all)[1].content), "no type");
}

TEST(Mime, MalformedIsRefused) {
  const std::string part = "--b\r\nContent-Type: application/mikey\r\n";
  struct Case {
    const char* type;
    std::string body;
  };
  for (const Case& c :
       {Case{"multipart/mixed", part + "\r\nx\r\n--b--"}, Case{"multipart/mixed;boundary=", part},
        Case{"multipart/mixed;boundary=b", "nothing"}, Case{"multipart/mixed;boundary=b", part + "\r\nx"},
        Case{"multipart/mixed;boundary=b",
             part + "Content-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n--b--"},
        Case{"multipart/mixed;boundary=b", part + "Content-Transfer-Encoding: base64\r\n\r\n?\r\n--b--"},
        Case{"multipart/mixed;boundary=b", "--b\r\nno header\r\n\r\nx\r\n--b--"},
        Case{"multipart/mixed;boundary=b", "--b\r\nContent-Type: x\r\n\r\nx\r\n--b--"}})
    EXPECT_FALSE(parse_body(c.type, "", c.body).ok()) << c.body;
  const auto open = parse_body("multipart/mixed;boundary=b", "", part + "\r\nx", Reading::tolerant);
  ASSERT_TRUE(open.ok()) << why(open);
  ASSERT_EQ(open->size(), 1U);
  EXPECT_EQ(open->front().diagnostics.size(), 1U);
}

TEST(Mime, MikeyPartsAreChecked) {
  Part p{{"application/mikey", {}}, {}, {1, 2}, {}};
  EXPECT_EQ(**mikey_of(p), (Bytes{1, 2}));
  p.type.params = {{"version", "2"}};
  EXPECT_FALSE(mikey_of(p).ok());
  p.type.params.clear();
  p.content.clear();
  EXPECT_FALSE(mikey_of(p).ok());
  p.type.type = "text/plain";
  EXPECT_FALSE(mikey_of(p)->has_value());
}

TEST(Mime, Limits) {
  std::string deep = "x";
  for (int i = 0; i < 6; ++i) deep = "--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n" + deep;
  EXPECT_FALSE(parse_body("multipart/mixed;boundary=b", "", deep, Reading::tolerant).ok());
  std::string wide;
  for (std::size_t i = 0; i <= kMaxParts; ++i) wide += "--b\r\n\r\nx\r\n";
  EXPECT_EQ(parse_body("multipart/mixed;boundary=b", "", wide + "--b--").error().code, ErrorCode::resource);
  EXPECT_EQ(parse_body("text/plain", "", std::string(kMaxTextMessage + 1, 'x')).error().code,
            ErrorCode::resource);
}

TEST(Mime, EveryTruncationIsReadOrRefused) {
  TextMessage t = sip_message();
  const std::vector<OutPart> parts{*mikey_part(golden("rfc4567-psk-init"), Encoding::base64),
                                   {"a/b", {}, "x"}};
  ASSERT_TRUE(set_multipart(t, parts, "bnd").ok());
  const std::string type(*t.header("Content-Type"));
  for (std::size_t n = 0; n + 2 < t.body.size(); ++n)
    EXPECT_FALSE(parse_body(type, "", std::string_view(t.body).substr(0, n)).ok()) << n;
}

}  // namespace
}  // namespace mikey::bind::mime
