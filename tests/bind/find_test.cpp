#include "mikey/bind/find.hpp"

#include "capture.hpp"
#include "mikey/bind/mime.hpp"

namespace mikey::bind {
namespace {

const char* const kName = "onvif-setup-keymgmt-genetec";

Findings find(std::string_view text) {
  Result<Findings> f = find_mikey(as_bytes(text));
  EXPECT_TRUE(f.ok()) << why(f) << text.substr(0, 80);
  return f.ok() ? std::move(*f) : Findings{};
}

void expect_one(std::string_view text, InputKind kind, std::string_view source,
                std::string_view name = kName) {
  const Findings f = find(text);
  EXPECT_EQ(input_kind_name(f.kind), input_kind_name(kind)) << text.substr(0, 80);
  ASSERT_EQ(f.messages.size(), 1U) << text.substr(0, 80);
  EXPECT_EQ(f.messages[0].message, golden(name));
  EXPECT_NE(f.messages[0].source.find(source), std::string::npos) << f.messages[0].source;
}

const std::string kB64 = golden64(kName);
const std::string kSdp = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=x\r\nt=0 0\r\na=key-mgmt:mikey " + kB64 +
                         "\r\nm=audio 0 RTP/SAVP 0\r\n";

std::string rtsp_describe() {
  return "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: " +
         std::to_string(kSdp.size()) + "\r\n\r\n" + kSdp;
}

std::string sip_invite() {
  return "INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: 1\r\nContent-Type: "
         "application/sdp\r\nContent-Length: " +
         std::to_string(kSdp.size()) + "\r\n\r\n" + kSdp;
}

const std::string kSetup =
    "SETUP rtsp://x/y RTSP/1.0\r\nCSeq: 2\r\nkeymgmt: prot=mikey; data=\"" + kB64 + "\"\r\n\r\n";

TEST(Find, SingleMessages) {
  const Bytes m = golden(kName);
  expect_one(as_text(m), InputKind::binary, "binary");
  expect_one(to_hex(m), InputKind::hex, "hex");
  expect_one("0x" + to_hex(m) + "\n", InputKind::hex, "hex");
  expect_one(kB64, InputKind::base64, "base64");
  expect_one("\n " + kB64.substr(0, 20) + "\n" + kB64.substr(20) + "\n", InputKind::base64, "base64");
}

TEST(Find, DescriptionsAndLines) {
  expect_one(kSdp, InputKind::sdp, "the session");
  expect_one("\xEF\xBB\xBF\r\n" + kSdp, InputKind::sdp, "the session");
  expect_one("a=key-mgmt:mikey " + kB64, InputKind::sdp, "a=key-mgmt");
  expect_one("m=audio 0 RTP/SAVP 0\na=key-mgmt:mikey " + kB64 + "\n", InputKind::sdp, "a=key-mgmt");
  std::string indented = "   " + kSdp;
  for (std::size_t at = 0; (at = indented.find('\n', at)) != std::string::npos; ++at)
    indented.insert(at + 1, "   ");
  expect_one(indented, InputKind::sdp, "the session");
  const std::string media = "v=0\nm=audio 0 RTP/SAVP 0\nm=video 0 RTP/SAVP 0\na=key-mgmt:mikey " + kB64;
  expect_one(media, InputKind::sdp, "media line 2 (video)");
}

TEST(Find, OneBrokenAttributeDoesNotHideTheOthers) {
  const Findings f =
      find(kSdp + "a=key-mgmt:mikey ***\r\nm=video 0 RTP/SAVP 0\r\na=key-mgmt:mikey " + kB64 + "\r\n");
  EXPECT_EQ(f.messages.size(), 2U);
  EXPECT_FALSE(f.diagnostics.empty());
}

TEST(Find, HeadersAlone) {
  const std::string value = "prot=mikey;uri=\"\";data=\"" + kB64 + "\"";
  expect_one("KeyMgmt: " + value, InputKind::fragment, "KeyMgmt");
  expect_one("keymgmt:" + value + "\r\n", InputKind::fragment, "KeyMgmt");
  expect_one(value, InputKind::fragment, "KeyMgmt");
  expect_one("Transport: RTP/SAVP;unicast;MIKEY=" + kB64, InputKind::fragment, "Transport");
  expect_one("RTP/SAVP;unicast;MIKEY=" + kB64, InputKind::fragment, "Transport");
  expect_one("mikey: " + kB64 + "\r\n", InputKind::fragment, "parameter");
}

TEST(Find, RtspAndSip) {
  expect_one(rtsp_describe(), InputKind::rtsp, "the session");
  expect_one(kSetup, InputKind::rtsp, "KeyMgmt header for rtsp://x/y");
  expect_one(sip_invite(), InputKind::sip, "SIP INVITE");
  EXPECT_EQ(find(rtsp_describe() + kSetup + "\r\n" + kSetup).messages.size(), 3U);
  // Media between the messages of one connection, which may look like anything.
  std::string mixed = kSetup + std::string("$\0\0\x09", 4) + "SETUP\r\n\r\n" + kSetup;
  EXPECT_EQ(find(mixed).messages.size(), 2U);
  TextMessage m = read_text_message(sip_invite())->message;
  const std::vector<mime::OutPart> parts{
      {"application/sdp", {}, kSdp}, *mime::mikey_part(golden("rfc4567-psk-init"), mime::Encoding::binary)};
  ASSERT_TRUE(mime::set_multipart(m, parts, "xyz").ok());
  const Findings f = find(m.to_text());
  ASSERT_EQ(f.messages.size(), 2U);
  EXPECT_EQ(f.messages[1].message, golden("rfc4567-psk-init"));
  EXPECT_NE(f.messages[1].source.find("application/mikey"), std::string::npos);
}

TEST(Find, MimeAlone) {
  expect_one("Content-Type: application/mikey; version=1\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                 kB64 + "\r\n",
             InputKind::mime, "application/mikey");
}

TEST(Find, NothingKnownIsAnError) {
  for (const std::string& s : {std::string(), std::string(" \n"), std::string("hello, world"),
                               std::string("\0\0", 2), std::string("%PDF-1.4")})
    EXPECT_FALSE(find_mikey(as_bytes(s)).ok()) << s;
  EXPECT_TRUE(find("v=0\r\n").messages.empty());
  EXPECT_TRUE(find("OPTIONS * RTSP/1.0\r\n\r\n").messages.empty());
  EXPECT_FALSE(find_mikey(Bytes(kMaxMessage + 1, 1)).ok());
}

TEST(Find, ImplausibleMessagesAreReportedAsSuch) {
  EXPECT_TRUE(looks_like_mikey(golden(kName)));
  for (const char* name : {"rfc4567-psk-resp", "gst122-sdp-savp_udp-0"})
    EXPECT_TRUE(looks_like_mikey(golden(name)));
  Bytes m = golden(kName);
  for (const auto& [at, value] : {std::pair(0, 2), {1, 27}, {2, 18}, {2, 27}, {3, 2}, {9, 3}}) {
    Bytes bad = m;
    bad[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(looks_like_mikey(bad)) << at;
  }
  m.resize(9);
  EXPECT_FALSE(looks_like_mikey(m));
  const Findings f = find(as_text(m));
  ASSERT_EQ(f.messages.size(), 1U);
  EXPECT_EQ(f.messages[0].diagnostics.size(), 1U);
}

TEST(Find, Captures) {
  using pcap::Endpoint;
  const Endpoint mikey = Endpoint::v4({10, 0, 0, 1}, kMikeyPort);
  pcap::Writer w;
  ASSERT_TRUE(w.add_udp(pcap::kAlice, pcap::kBob, 1000, as_bytes(sip_invite())).ok());
  ASSERT_TRUE(w.add_udp(pcap::kAlice, mikey, 2000, golden("rfc4567-psk-init")).ok());
  ASSERT_TRUE(
      w.add_udp(pcap::kAlice, pcap::kBob, 3000, golden("rfc4567-psk-init")).ok());  // not MIKEY's port
  ASSERT_TRUE(w.add_udp(pcap::kAlice, mikey, 4000, as_bytes("not it")).ok());
  Bytes sap{0x20, 0, 0, 1, 10, 0, 0, 1};
  append(sap, as_bytes(std::string_view("application/sdp\0", 16)));
  append(sap, as_bytes(kSdp));
  ASSERT_TRUE(w.add_udp(pcap::kAlice, Endpoint::v4({224, 2, 127, 254}, 9875), 5000, sap).ok());
  const Findings f = find(as_text(w.file()));
  EXPECT_EQ(f.kind, InputKind::pcap);
  ASSERT_EQ(f.messages.size(), 3U);
  EXPECT_EQ(f.messages[0].packet, 1U);
  EXPECT_EQ(f.messages[0].from, pcap::kAlice);
  EXPECT_EQ(f.messages[1].packet, 2U);
  EXPECT_EQ(f.messages[1].time_ns, 2000U);
  EXPECT_EQ(f.messages[1].to, mikey);
  EXPECT_EQ(f.messages[1].message, golden("rfc4567-psk-init"));
  EXPECT_EQ(f.messages[2].packet, 5U);
}

TEST(Find, StreamsOfCaptures) {
  const std::string all = rtsp_describe() + kSetup + kSetup;
  const std::size_t half = rtsp_describe().size() + 10;
  const std::vector<pcap::Frame> frames{
      {pcap::ipv4(6, pcap::tcp(100, "", true)), 1, 0},
      {pcap::ipv4(6, pcap::tcp(101, all.substr(0, half))), 2, 0},
      {pcap::ipv4(6, pcap::tcp(101 + static_cast<std::uint32_t>(half), all.substr(half))), 3, 0}};
  Bytes ng;
  pcap::section(ng, {});
  pcap::interface(ng, {}, 101);
  for (const auto& frame : frames) pcap::enhanced(ng, {}, 0, frame.seconds, frame.octets);
  for (const Bytes& file : {pcap::classic(frames, 101), ng}) {
    const Findings f = find(as_text(file));
    ASSERT_EQ(f.messages.size(), 3U);
    EXPECT_EQ(f.messages[0].packet, 2U);
    EXPECT_EQ(f.messages[1].packet, 2U);  // where the message begins
    EXPECT_EQ(f.messages[2].packet, 3U);
    EXPECT_EQ(f.messages[2].from, pcap::kAlice);
  }
  const pcap::Endpoint to = pcap::Endpoint::v4({10, 0, 0, 1}, kMikeyPort);
  const Bytes segment = pcap::tcp(1, as_text(golden(kName)), false, pcap::kAlice, to);
  const Findings f = find(as_text(pcap::classic({{pcap::ipv4(6, segment, pcap::kAlice, to)}}, 101)));
  ASSERT_EQ(f.messages.size(), 1U);
  EXPECT_EQ(f.messages[0].message, golden(kName));
}

TEST(Find, HostileStreamsTakeLinearTime) {
  // Every line is a start line and a header at once; what was read is not read again.
  std::string s;
  while (s.size() < (std::size_t{2} << 20)) s += "A :b RTSP/1.0\n";
  EXPECT_TRUE(find(s).messages.empty());
  std::string blocks;
  while (blocks.size() < (std::size_t{2} << 20)) {
    for (int i = 0; i < 1000; ++i) blocks += "A :b RTSP/1.0\n";
    blocks += "Content-Length: x\n\n";
  }
  EXPECT_TRUE(find(blocks).messages.empty());
  std::string dollars(std::size_t{2} << 20, '$');
  EXPECT_TRUE(find("OPTIONS * RTSP/1.0\r\n\r\n" + dollars).messages.empty());
}

}  // namespace
}  // namespace mikey::bind
