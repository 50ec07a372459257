// Bundles and packets for the SRTP tests.
#pragma once

#include "messages.hpp"
#include "mikey/bind/srtp.hpp"

namespace mikey::bind {

// A crypto session with keys that depend on `seed`.
inline keys::CryptoSession session(keys::Suite suite, std::uint8_t cs_id, std::uint32_t ssrc,
                                   std::uint8_t seed, Bytes mki = {}) {
  keys::CryptoSession s;
  const keys::SuiteInfo& info = keys::info(suite);
  s.cs_id = cs_id;
  s.ssrc = ssrc;
  s.suite = suite;
  s.tek = Tek(info.key_len);
  s.salt = Salt(info.salt_len);
  for (std::size_t i = 0; i < info.key_len; ++i)
    s.tek.reveal_mutable()[i] = static_cast<std::uint8_t>(seed + i);
  for (std::size_t i = 0; i < info.salt_len; ++i)
    s.salt.reveal_mutable()[i] = static_cast<std::uint8_t>(seed * 3U + i);
  if (!mki.empty()) {
    s.validity.type = KvType::spi;
    s.validity.spi = std::move(mki);
  }
  return s;
}

inline keys::Bundle bundle(keys::CryptoSession s) {
  keys::Bundle b;
  b.sessions.push_back(std::move(s));
  return b;
}

// Old releases of libsrtp2 do AES-192 in a way of their own, and are told to.
inline SrtpSession open(const keys::Bundle& b, SrtpDirection d, SrtpOptions o = {}) {
  o.nonstandard_aes_192 = true;
  Result<SrtpSession> s = SrtpSession::create(b, d, o);
  EXPECT_TRUE(s.ok()) << why(s);
  if (!s.ok()) std::abort();  // nothing can be tested without
  return std::move(*s);
}

inline Bytes rtp(std::uint32_t ssrc, std::uint16_t seq, std::string_view payload = "media") {
  Bytes p(12);
  p[0] = 0x80;
  p[1] = 96;
  store_be(p.data() + 2, seq);
  store_be(p.data() + 8, ssrc);
  append(p, as_bytes(payload));
  return p;
}

inline Bytes rtcp(std::uint32_t ssrc, std::string_view payload = "abcdefghijklmnopqrst") {
  Bytes p{0x80, 200, 0, 6};
  p.resize(8);
  store_be(p.data() + 4, ssrc);
  append(p, as_bytes(payload));
  return p;
}

using Op = Result<std::size_t> (SrtpSession::*)(MutableBytes, std::size_t);
using Undo = Result<std::size_t> (SrtpSession::*)(MutableBytes);

inline Result<Bytes> protect(SrtpSession& s, Bytes packet, bool is_rtcp = false) {
  const std::size_t n = packet.size();
  packet.resize(n + SrtpSession::kMaxTrailer);
  const Op op = is_rtcp ? &SrtpSession::protect_rtcp : &SrtpSession::protect_rtp;
  const Result<std::size_t> r = (s.*op)(packet, n);
  if (!r) return r.error();
  packet.resize(*r);
  return packet;
}

inline Result<Bytes> unprotect(SrtpSession& s, Bytes packet, bool is_rtcp = false) {
  const Undo op = is_rtcp ? &SrtpSession::unprotect_rtcp : &SrtpSession::unprotect_rtp;
  const Result<std::size_t> r = (s.*op)(packet);
  if (!r) return r.error();
  packet.resize(*r);
  return packet;
}

}  // namespace mikey::bind
