/// \file
/// The other end of a GStreamer pipeline with srtpdec or srtpenc. Keys are made of the suite's name and known
/// to this program alone; GStreamer gets them in the form in which this project exports them.
///
///     srtp_streams list                             the suites that GStreamer and this libsrtp2 have
///     srtp_streams export SUITE MKI ROC             a line of caps for srtpdec, one of properties for
///     srtpenc srtp_streams protect SUITE MKI ROC PCAP PLAIN SRTP packets in a capture, and what is in them
///     srtp_streams unprotect SUITE MKI ROC IN OUT   packets of srtpenc, and what was in them
///
/// MKI: hex, "-" for none. PLAIN, IN, OUT: packets behind their lengths (RFC 4571).
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mikey/bind/gst_caps.hpp"
#include "mikey/bind/pcap.hpp"
#include "mikey/bind/srtp.hpp"
#include "mikey/crypto/provider.hpp"

namespace {

using namespace mikey;
using bind::SrtpDirection;
using bind::SrtpSession;
using keys::Suite;

constexpr std::uint32_t kSsrc = 0x11223344;
constexpr std::size_t kPackets = 50;

constexpr Suite kSuites[] = {Suite::aes_cm_128_hmac_sha1_80, Suite::aes_cm_128_hmac_sha1_32,
                             Suite::aes_256_cm_hmac_sha1_80, Suite::aes_256_cm_hmac_sha1_32,
                             Suite::aead_aes_128_gcm,        Suite::aead_aes_256_gcm};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "srtp_streams: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> r) {
  if (!r) fail(r.error().to_string());
  return std::move(*r);
}

keys::Bundle bundle_of(const std::string& name, const std::string& mki, const std::string& roc) {
  keys::CryptoSession s;
  s.cs_id = 1;
  s.ssrc = kSsrc;
  s.roc = static_cast<std::uint32_t>(std::stoul(roc));
  bool known = false;
  for (const Suite suite : kSuites) {
    if (keys::info(suite).name != name) continue;
    s.suite = suite;
    known = true;
  }
  if (!known) fail("no suite " + name);
  const keys::SuiteInfo& info = keys::info(s.suite);
  s.tek = Tek(info.key_len);
  s.salt = Salt(info.salt_len);
  const auto key = s.tek.reveal_mutable();
  const auto salt = s.salt.reveal_mutable();
  if (!crypto::openssl().p_hash(crypto::Hash::sha256, as_bytes(name), as_bytes("key"), key) ||
      !crypto::openssl().p_hash(crypto::Hash::sha256, as_bytes(name), as_bytes("salt"), salt))
    fail("no key");
  if (mki != "-") {
    s.validity.type = KvType::spi;
    s.validity.spi = from_hex(mki).value_or(Bytes{});
  }
  keys::Bundle b;
  b.sessions.push_back(std::move(s));
  return b;
}

Bytes packet(std::size_t number) {
  Bytes p(12);
  p[0] = 0x80;
  store_be(p.data() + 2, static_cast<std::uint16_t>(1000 + number));
  store_be(p.data() + 4, static_cast<std::uint32_t>(160 * number));
  store_be(p.data() + 8, kSsrc);
  for (std::size_t i = 0; i < 160; ++i) p.push_back(static_cast<std::uint8_t>(i * 7 + number));
  return p;
}

void add_framed(Bytes& out, ByteView packet) {
  out.push_back(static_cast<std::uint8_t>(packet.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(packet.size()));
  append(out, packet);
}

void write(const std::string& path, ByteView octets) {
  std::ofstream out(path, std::ios::binary);
  out << as_text(octets);
  if (!out.flush()) fail("cannot write " + path);
}

Bytes read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("cannot read " + path);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return to_bytes(as_bytes(text));
}

void protect(const keys::Bundle& b, const std::string& capture, const std::string& plain) {
  SrtpSession session = must(SrtpSession::create(b, SrtpDirection::send));
  bind::pcap::Writer out;
  Bytes framed;
  for (std::size_t i = 0; i < kPackets; ++i) {
    Bytes p = packet(i);
    add_framed(framed, p);
    const std::size_t n = p.size();
    p.resize(n + SrtpSession::kMaxTrailer);
    p.resize(must(session.protect_rtp(p, n)));
    const auto to = bind::pcap::Endpoint::v4({127, 0, 0, 1}, 5004);
    if (auto s = out.add_udp(to, to, 1'790'000'000'000'000'000 + i * 20'000'000, p); !s)
      fail(s.error().to_string());
  }
  write(capture, out.file());
  write(plain, framed);
}

void unprotect(const keys::Bundle& b, const std::string& from, const std::string& to) {
  SrtpSession session = must(SrtpSession::create(b, SrtpDirection::receive));
  const Bytes in = read(from);
  Bytes out;
  for (std::size_t at = 0; at < in.size();) {
    if (in.size() - at < 2) fail("cut within a length");
    const std::size_t n = load_be<std::uint16_t>(in.data() + at);
    at += 2;
    if (in.size() - at < n) fail("cut within a packet");
    Bytes p = to_bytes(ByteView(in).subspan(at, n));
    at += n;
    p.resize(must(session.unprotect_rtp(p)));
    add_framed(out, p);
  }
  write(to, out);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> a(argv + 1, argv + argc);
  if (a.size() == 1 && a[0] == "list") {
    for (const Suite s : kSuites)
      if (bind::srtp_supports(s)) std::printf("%s\n", std::string(keys::info(s).name).c_str());
    return 0;
  }
  if (a.size() < 4) fail("usage: see the source");
  const keys::Bundle b = bundle_of(a[1], a[2], a[3]);
  if (a[0] == "export") {
    std::printf("%s\n", must(bind::reveal_gst_caps(b.sessions[0])).c_str());
    const auto properties = bind::reveal_gst_enc_properties(b.sessions[0]);
    if (!properties) return 0;  // srtpenc begins with ROC 0 only
    for (const auto& [name, value] : *properties) std::printf("%s=%s ", name.c_str(), value.c_str());
    std::printf("\n");
  } else if (a.size() == 6 && a[0] == "protect") {
    protect(b, a[4], a[5]);
  } else if (a.size() == 6 && a[0] == "unprotect") {
    unprotect(b, a[4], a[5]);
  } else {
    fail("usage: see the source");
  }
  return 0;
}
