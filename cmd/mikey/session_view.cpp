#include "session_view.hpp"

#include <array>
#include <cstdio>

#include "mikey/bind/gst_caps.hpp"
#include "mikey/bind/sdes.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::cmd {
namespace {

std::string hex8(std::uint32_t n) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", n);
  return text;
}

Result<std::string> gstreamer_text(const keys::CryptoSession& s) {
  auto caps = bind::reveal_gst_caps(s);
  if (!caps) return std::move(caps).error();
  std::string out = "srtpdec caps: " + *caps + "\nsrtpenc:";
  auto properties = bind::reveal_gst_enc_properties(s);
  if (!properties) return std::move(properties).error();
  for (const auto& [name, value] : *properties) {
    out += ' ';
    out += name;
    out += '=';
    out += value;
  }
  return out + '\n';
}

}  // namespace

std::string fingerprint(ByteView key) {
  std::array<std::uint8_t, 32> digest{};
  const std::array<ByteView, 1> parts{key};
  if (!crypto::openssl().hash(crypto::Hash::sha256, parts, digest)) return "?";
  return to_hex(ByteView(digest).first(8));
}

std::string sessions_text(const keys::Bundle& b, const Paint& paint, bool reveal_keys) {
  std::string out = paint(Paint::bold, "CSB " + hex8(b.csb_id)) + ", mode " + std::string(mode_name(b.mode)) +
                    ", peer " + safe_text(b.peer.name()) + "\n";
  const auto shown = [reveal_keys](ByteView key) {
    return reveal_keys ? to_hex(key) : fingerprint(key) + "...";
  };
  for (const keys::CryptoSession& s : b.sessions) {
    char head[96];
    std::snprintf(head, sizeof head, "  crypto session %u  %-24s SSRC %s", s.cs_id,
                  std::string(keys::info(s.suite).name).c_str(), hex8(s.ssrc).c_str());
    out += head;
    out += "  key " + shown(s.tek.reveal()) + "  salt " + shown(s.salt.reveal());
    if (s.validity.type == KvType::spi && !s.validity.spi.empty()) out += "  MKI " + to_hex(s.validity.spi);
    out += '\n';
  }
  if (!reveal_keys) out += "  (key and salt are shown by the first 8 octets of their SHA-256)\n";
  return out;
}

Result<std::string> export_text(const keys::Bundle& b, Export form) {
  std::string out;
  for (const keys::CryptoSession& s : b.sessions) {
    auto text = form == Export::sdes ? bind::reveal_sdes_crypto(s, s.cs_id) : gstreamer_text(s);
    if (!text) {
      Error e = std::move(text).error();
      e.detail = "crypto session " + std::to_string(s.cs_id) + ": " + e.detail;
      return e;
    }
    out += *text;
    if (form == Export::sdes) out += '\n';
  }
  return out;
}

}  // namespace mikey::cmd
