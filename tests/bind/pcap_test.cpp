#include "capture.hpp"

namespace mikey::bind::pcap {
namespace {

constexpr std::uint32_t kRaw = 101;

Capture read(ByteView file, const Limits& limits = {}) {
  Result<Capture> c = read_capture(file, limits);
  EXPECT_TRUE(c.ok()) << why(c);
  return c.ok() ? std::move(*c) : Capture{};
}

TEST(Pcap, ClassicInEveryOrderAndUnit) {
  for (const bool big : {false, true}) {
    for (const bool nano : {false, true}) {
      const Bytes file = classic({{ipv4(17, udp("one")), 7, 500}, {ipv4(17, udp("two"))}}, kRaw, {big}, nano);
      EXPECT_TRUE(is_pcap(file));
      EXPECT_FALSE(is_pcapng(file));
      const Capture c = read(file);
      ASSERT_EQ(c.datagrams.size(), 2U);
      EXPECT_EQ(c.packets, 2U);
      EXPECT_EQ(c.datagrams[0].packet, 1U);
      EXPECT_EQ(c.datagrams[0].time_ns, 7'000'000'000U + (nano ? 500U : 500'000U));
      EXPECT_EQ(c.datagrams[0].from, kAlice);
      EXPECT_EQ(c.datagrams[0].to, kBob);
      EXPECT_EQ(as_text(c.datagrams[1].payload), "two");
      EXPECT_TRUE(c.diagnostics.empty());
    }
  }
}

TEST(Pcap, NgInEveryOrderWithSeveralSections) {
  Bytes file;
  for (const bool big : {false, true}) {
    const Order o{big};
    section(file, o);
    interface(file, o, 1);                // Ethernet, not used
    interface(file, o, kRaw, 9);          // nanoseconds
    interface(file, o, kRaw, 0x80 | 10);  // 1/1024 s
    block(file, o, 5, Bytes(8));          // statistics
    enhanced(file, o, 1, 3'000'000'007, ipv4(17, udp("ng")));
    enhanced(file, o, 2, 1024 + 512, ipv4(17, udp("binary")));
    Bytes old;  // the obsolete packet block
    o.u16(old, 1);
    o.u16(old, 0);
    o.u32(old, 0);
    o.u32(old, 9);
    const Bytes p = ipv4(17, udp("old"));
    o.u32(old, static_cast<std::uint32_t>(p.size()));
    o.u32(old, static_cast<std::uint32_t>(p.size()));
    append(old, p);
    block(file, o, 2, old);
  }
  EXPECT_TRUE(is_pcapng(file));
  const Capture c = read(file);
  ASSERT_EQ(c.datagrams.size(), 6U);
  for (const std::size_t i : {0U, 3U}) {
    EXPECT_EQ(c.datagrams[i].time_ns, 3'000'000'007U);
    EXPECT_EQ(c.datagrams[i + 1].time_ns, 1'500'000'000U);
    EXPECT_EQ(c.datagrams[i + 2].time_ns, 9U);
    EXPECT_EQ(as_text(c.datagrams[i + 2].payload), "old");
  }
  EXPECT_EQ(c.datagrams[5].packet, 6U);
}

TEST(Pcap, NgSimplePackets) {
  Bytes file;
  section(file, {});
  interface(file, {}, kRaw);
  Bytes body;
  const Bytes p = ipv4(17, udp("simple"));
  Order{}.u32(body, static_cast<std::uint32_t>(p.size()));
  append(body, p);
  block(file, {}, 3, body);
  const Capture c = read(file);
  ASSERT_EQ(c.datagrams.size(), 1U);
  EXPECT_EQ(as_text(c.datagrams[0].payload), "simple");
}

TEST(Pcap, EveryLinkType) {
  const Bytes ip = ipv4(17, udp("link"));
  const auto with = [&ip](Bytes header) {
    append(header, ip);
    return header;
  };
  Bytes ethernet(12);
  ethernet.insert(ethernet.end(), {8, 0});
  Bytes vlan(12);
  vlan.insert(vlan.end(), {0x88, 0xA8, 0, 1, 0x81, 0, 0, 2, 8, 0});
  Bytes sll(14);
  sll.insert(sll.end(), {8, 0});
  Bytes sll2{8, 0};
  sll2.resize(20);
  const std::vector<std::pair<std::uint32_t, Bytes>> all{{1, with(ethernet)},
                                                         {1, with(vlan)},
                                                         {0, with({2, 0, 0, 0})},
                                                         {108, with({0, 0, 0, 2})},
                                                         {101, ip},
                                                         {12, ip},
                                                         {14, ip},
                                                         {228, ip},
                                                         {113, with(sll)},
                                                         {276, with(sll2)}};
  for (const auto& [link, octets] : all) {
    const Capture c = read(classic({{octets}}, link));
    ASSERT_EQ(c.datagrams.size(), 1U) << link;
    EXPECT_EQ(as_text(c.datagrams[0].payload), "link");
    // Cut anywhere it is no packet, and no harm.
    for (std::size_t n = 0; n < octets.size(); ++n) {
      const Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(n));
      EXPECT_TRUE(read(classic({{cut}}, link)).datagrams.empty()) << link << " " << n;
    }
  }
  EXPECT_EQ(read(classic({{ip}}, 999)).diagnostics.size(), 1U);
}

Bytes ipv6(ByteView after_header, std::uint8_t next) {
  Bytes b{0x60, 0, 0, 0};
  be16(b, after_header.size());
  b.insert(b.end(), {next, 64});
  b.insert(b.end(), {0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  b.insert(b.end(), {0xFE, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  append(b, after_header);
  return b;
}

TEST(Pcap, Ipv6AndItsExtensions) {
  Bytes extended{60, 0, 1, 4, 0, 0, 0, 0, 17, 1};  // hop-by-hop, then 16 octets of destination options
  extended.resize(24);
  append(extended, udp("six"));
  for (const Bytes& p : {ipv6(udp("six"), 17), ipv6(extended, 0)}) {
    const Capture c = read(classic({{p}}, kRaw));
    ASSERT_EQ(c.datagrams.size(), 1U);
    EXPECT_EQ(as_text(c.datagrams[0].payload), "six");
    EXPECT_EQ(c.datagrams[0].from.to_text(), "[2001:db8::1]:5060");
    EXPECT_EQ(c.datagrams[0].to.to_text(), "[fe80:0:0:1::]:5062");
  }
  Endpoint e;
  e.v6 = true;
  EXPECT_EQ(e.to_text(), "[::]:0");
  e.address[1] = 1;
  e.address[15] = 0xAB;
  EXPECT_EQ(e.to_text(), "[1::ab]:0");
  for (std::size_t i = 1; i < 16; i += 2) e.address[i] = 1;
  e.address[3] = 0;  // a single zero group is not shortened
  EXPECT_EQ(e.to_text(), "[1:0:1:1:1:1:1:1]:0");
  EXPECT_EQ(kAlice.to_text(), "192.0.2.1:5060");
}

TEST(Pcap, FragmentsInAnyOrder) {
  const Bytes whole = udp(std::string(40, 'a') + "end");
  const auto part = [&](std::size_t offset, std::size_t size, std::uint16_t id) {
    const bool last = offset + size == whole.size();
    const auto field = static_cast<std::uint16_t>(offset / 8 | (last ? 0 : 0x2000));
    return Frame{ipv4(17, ByteView(whole).subspan(offset, size), kAlice, kBob, id, field)};
  };
  for (const auto& order :
       std::vector<std::vector<Frame>>{{part(0, 16, 1), part(16, 24, 1), part(40, 11, 1)},
                                       {part(40, 11, 1), part(0, 16, 1), part(0, 16, 1), part(16, 24, 1)}}) {
    const Capture c = read(classic(order, kRaw));
    ASSERT_EQ(c.datagrams.size(), 1U);
    EXPECT_EQ(c.datagrams[0].payload.size(), 43U);
    EXPECT_EQ(c.datagrams[0].packet, order.size());
    EXPECT_TRUE(c.diagnostics.empty());
  }
  // Overlaps, holes and too many at a time come to nothing, and are counted.
  EXPECT_TRUE(read(classic({part(0, 24, 1), part(16, 24, 1), part(40, 11, 1)}, kRaw)).datagrams.empty());
  EXPECT_EQ(read(classic({part(0, 16, 1), part(40, 11, 1)}, kRaw)).diagnostics.size(), 1U);
  std::vector<Frame> many;
  for (std::uint16_t id = 0; id < 100; ++id) many.push_back(part(0, 16, id));
  EXPECT_NE(read(classic(many, kRaw)).diagnostics.at(0).find("100"), std::string::npos);
  Frame huge{ipv4(17, Bytes(100), kAlice, kBob, 1, 0x1FFF)};
  EXPECT_TRUE(read(classic({huge}, kRaw)).datagrams.empty());
}

std::string stream_of(const std::vector<Bytes>& segments, const Limits& limits = {}) {
  std::vector<Frame> frames;
  for (const Bytes& s : segments) frames.push_back({ipv4(6, s)});
  const Capture c = read(classic(frames, kRaw), limits);
  return c.streams.size() == 1 ? std::string(as_text(c.streams[0].octets))
                               : "streams: " + std::to_string(c.streams.size());
}

TEST(Pcap, TcpSegments) {
  EXPECT_EQ(stream_of({tcp(9, "", true), tcp(10, "abc"), tcp(13, "def")}), "abcdef");
  EXPECT_EQ(stream_of({tcp(10, "abc"), tcp(13, "def")}), "abcdef");
  EXPECT_EQ(stream_of({tcp(9, "", true), tcp(13, "def"), tcp(10, "abc")}), "abcdef");     // out of order
  EXPECT_EQ(stream_of({tcp(10, "abc"), tcp(10, "abc"), tcp(12, "cdef")}), "abcdef");      // retransmitted
  EXPECT_EQ(stream_of({tcp(10, "abc"), tcp(16, "ghi"), tcp(11, "bcdef")}), "abcdefghi");  // overlapping
  EXPECT_EQ(stream_of({tcp(0xFFFFFFFE, "abc"), tcp(1, "def")}), "abcdef");                // wrapping
  EXPECT_EQ(stream_of({tcp(10, "abc"), tcp(15, "f"), tcp(16, "gh")}), "abcfgh");          // a hole
  EXPECT_EQ(stream_of({tcp(10, ""), tcp(10, "abc"), tcp(9, "")}), "abc");                 // bare ACKs
  EXPECT_EQ(stream_of({tcp(10, "abcdef")}, {.stream = 4}), "abcd");
  EXPECT_EQ(stream_of({tcp(10, "abc"), tcp(13, "def")}, {.streams_total = 4}), "abcd");
  EXPECT_EQ(stream_of({tcp(9, "", true), tcp(10, "abc"), tcp(99, "", true), tcp(100, "x")}), "streams: 2");
}

TEST(Pcap, StreamsKnowTheirPackets) {
  const Capture c = read(classic(
      {{ipv4(6, tcp(10, "abc")), 1, 0}, {ipv4(17, udp("x")), 2, 0}, {ipv4(6, tcp(20, "def")), 3, 0}}, kRaw));
  ASSERT_EQ(c.streams.size(), 1U);
  const Stream& s = c.streams[0];
  EXPECT_EQ(s.missing, 7U);
  EXPECT_EQ(s.at(0).packet, 1U);
  EXPECT_EQ(s.at(2).packet, 1U);
  EXPECT_EQ(s.at(3).packet, 3U);
  EXPECT_EQ(s.at(5).time_ns, 3'000'000'000U);
  EXPECT_EQ(s.from, kAlice);
  EXPECT_FALSE(s.cut);
}

TEST(Pcap, LimitsAreKeptAndSaid) {
  std::vector<Frame> frames;
  for (std::uint16_t i = 0; i < 20; ++i)
    frames.push_back(
        {ipv4(6, tcp(1, "x", false, Endpoint::v4({1, 1, 1, 1}, i)), Endpoint::v4({1, 1, 1, 1}, i))});
  Capture c = read(classic(frames, kRaw), {.streams = 5});
  EXPECT_EQ(c.streams.size(), 5U);
  EXPECT_EQ(c.diagnostics.size(), 1U);
  c = read(classic(frames, kRaw), {.packets = 7});
  EXPECT_EQ(c.streams.size(), 7U);
  EXPECT_EQ(c.diagnostics.size(), 1U);
  // More segments behind a hole than are worth waiting for.
  frames.assign(1, {ipv4(6, tcp(1, "a"))});
  for (std::uint32_t i = 0; i < 300; ++i) frames.push_back({ipv4(6, tcp(100 + i, "b"))});
  c = read(classic(frames, kRaw));
  EXPECT_EQ(c.streams[0].octets.size(), 301U);
  EXPECT_EQ(c.streams[0].missing, 98U);
}

TEST(Pcap, EveryTruncation) {
  Bytes ng;
  section(ng, {});
  const std::size_t head = ng.size();
  interface(ng, {}, kRaw);
  enhanced(ng, {}, 0, 1, ipv4(17, udp("x")));
  enhanced(ng, {}, 0, 2, ipv4(17, udp("y")));
  const Bytes plain = classic({{ipv4(17, udp("x"))}, {ipv4(17, udp("y"))}}, kRaw);
  for (const auto& [file, header] : {std::pair(ng, head), std::pair(plain, std::size_t{24})}) {
    for (std::size_t n = 0; n < file.size(); ++n) {
      const auto c = read_capture(ByteView(file).first(n));
      EXPECT_EQ(c.ok(), n >= header) << n << " " << why(c);
      if (c.ok()) {
        EXPECT_LT(c->datagrams.size(), 2U);
      }
      if (!c.ok()) {
        EXPECT_EQ(c.error().code, ErrorCode::unspecified);
      }
    }
    EXPECT_EQ(read(file).datagrams.size(), 2U);
  }
  EXPECT_NE(read(ByteView(plain).first(plain.size() - 1)).diagnostics.at(0).find("ends within"),
            std::string::npos);
  EXPECT_NE(read(ByteView(ng).first(ng.size() - 1)).diagnostics.at(0).find("ends within"), std::string::npos);
}

TEST(Pcap, ContradictionsAreErrors) {
  const auto fails = [](Bytes file, std::size_t at, std::uint8_t value) {
    file.at(at) = value;
    const auto c = read_capture(file);
    EXPECT_FALSE(c.ok()) << at;
  };
  const Bytes plain = classic({{ipv4(17, udp("x"))}}, kRaw);
  fails(plain, 0, 0);           // magic
  fails(plain, 4, 3);           // version
  fails(plain, 24 + 11, 0x7F);  // a packet of 2 GiB
  Bytes ng;
  section(ng, {});
  const std::size_t idb = ng.size();
  interface(ng, {}, kRaw);
  const std::size_t epb = ng.size();
  enhanced(ng, {}, 0, 1, ipv4(17, udp("x")));
  fails(ng, 8, 0);         // byte order magic
  fails(ng, 12, 2);        // version
  fails(ng, 4, 29);        // length of no multiple of 4
  fails(ng, 24, 24);       // the two lengths differ
  fails(ng, idb + 4, 8);   // shorter than a block
  fails(ng, epb + 8, 1);   // no such interface
  fails(ng, epb + 22, 1);  // longer than the block
  Bytes orphan;
  section(orphan, {});
  enhanced(orphan, {}, 0, 1, ipv4(17, udp("x")));
  EXPECT_FALSE(read_capture(orphan).ok());
  EXPECT_FALSE(read_capture({}).ok());
}

TEST(Pcap, WriterIsReadBack) {
  Writer w;
  Endpoint six;
  six.v6 = true;
  six.address[15] = 1;
  six.port = 7;
  ASSERT_TRUE(w.add_udp(kAlice, kBob, 1'700'000'000'123'456'789, as_bytes("hello")).ok());
  ASSERT_TRUE(w.add_udp(six, six, 5, as_bytes("odd")).ok());
  ASSERT_TRUE(w.add_udp(kAlice, kBob, 6, Bytes(65507, 9)).ok());
  EXPECT_FALSE(w.add_udp(kAlice, six, 6, {}).ok());
  EXPECT_FALSE(w.add_udp(kAlice, kBob, 6, Bytes(65508)).ok());
  const Capture c = read(w.file());
  ASSERT_EQ(c.datagrams.size(), 3U);
  EXPECT_TRUE(c.diagnostics.empty());
  EXPECT_EQ(c.datagrams[0].time_ns, 1'700'000'000'123'456'000U);
  EXPECT_EQ(as_text(c.datagrams[0].payload), "hello");
  EXPECT_EQ(c.datagrams[1].from, six);
  EXPECT_EQ(c.datagrams[2].payload.size(), 65507U);
}

TEST(Pcap, WriterChecksums) {
  Writer w;
  ASSERT_TRUE(w.add_udp(kAlice, kBob, 0, as_bytes("odd")).ok());
  // Summing what carries a right checksum gives all ones (RFC 1071).
  const auto sum = [](ByteView b, std::uint32_t s) {
    for (std::size_t i = 0; i < b.size(); ++i) s += static_cast<std::uint32_t>(b[i]) << (i % 2 == 0 ? 8 : 0);
    while (s > 0xFFFF) s = (s & 0xFFFF) + (s >> 16);
    return s;
  };
  const ByteView ip = ByteView(w.file()).subspan(24 + 16);
  EXPECT_EQ(sum(ip.first(20), 0), 0xFFFFU);
  EXPECT_EQ(sum(ip.subspan(20), 17 + 11 + sum(ip.subspan(12, 8), 0)), 0xFFFFU);
}

}  // namespace
}  // namespace mikey::bind::pcap
