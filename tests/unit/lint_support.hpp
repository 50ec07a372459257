/// \file
/// Messages for the tests of lint: a draft to bend, and those of products in the field.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "mikey/profile/lint.hpp"
#include "mikey/wire/chain.hpp"
#include "support/paths.hpp"

namespace mikey::profile {

using wire::ChainBuilder;

// 2026-11-24T00:00:00Z
inline constexpr NtpTime kNow = NtpTime::from_unix(1795478400);

// ------------------------------------------------------------------ helpers

inline std::multiset<std::string_view> ids(const std::vector<Finding>& findings) {
  std::multiset<std::string_view> out;
  for (const Finding& f : findings) out.insert(f.id);
  return out;
}

inline wire::Message parse(ByteView octets) {
  auto m = wire::Message::parse(octets, {.max_trailing_zeros = 1});
  EXPECT_TRUE(m.ok()) << (m.ok() ? "" : m.error().to_string());
  return m.ok() ? std::move(*m) : wire::Message::parse(*from_hex("01000000000000000000")).operator*().clone();
}

inline wire::Message finish(ChainBuilder& b) {
  auto octets = std::move(b).finish();
  EXPECT_TRUE(octets.ok()) << (octets.ok() ? "" : octets.error().to_string());
  return parse(octets.ok() ? *octets : Bytes{});
}

inline std::vector<Finding> found(const wire::Message& m, Peer peer = Peer::strict,
                                  std::optional<NtpTime> now = {}) {
  return lint(m, profile_of(peer), now);
}

inline bool has(const wire::Message& m, std::string_view id, Peer peer = Peer::strict,
                std::optional<NtpTime> now = {}) {
  const auto all = ids(found(m, peer, now));
  return all.contains(id);
}

inline std::optional<Finding> find(const wire::Message& m, std::string_view id, Peer peer = Peer::strict) {
  for (const Finding& f : found(m, peer))
    if (f.id == id) return f;
  return std::nullopt;
}

inline wire::Hdr header(DataType type, std::uint8_t n_cs) {
  wire::Hdr h;
  h.data_type = type;
  h.v = type == DataType::psk_init ? 1 : 0;
  h.csb_id = 0x12345678;
  h.n_cs = n_cs;
  return h;
}

// A message that can be bent: every part is a member, so that a test changes only what it is about.
struct Draft {
  wire::Hdr hdr = header(DataType::psk_init, 1);
  Bytes map = *from_hex("001122334400000000");
  TsType ts_type = TsType::ntp_utc;
  Bytes t = *from_hex("eeb0000000000001");
  Bytes rand = *from_hex("000102030405060708090a0b0c0d0e0f");
  std::vector<std::pair<IdType, std::string>> ids{{IdType::uri, "sip:alice@example.com"}};
  struct Policy {
    std::uint8_t no;
    ProtType prot;
    std::string params;
  };
  std::vector<Policy> policies{
      {0, ProtType::srtp, "00010101011002010103011404010e0501000701010801010a01010b010a"}};
  EncrAlg encr = EncrAlg::aes_cm_128;
  MacAlg mac = MacAlg::hmac_sha_1_160;
  Bytes data = Bytes(36, 0x5a);
  bool with_t = true;
  bool with_rand = true;
  bool with_kemac = true;

  // Key data in clear.
  void key(KeyDataType type, std::size_t size, std::size_t salt = 0, std::string_view mki = "") {
    encr = EncrAlg::null;
    mac = MacAlg::null;
    ChainBuilder keys;
    Bytes octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i);
    const Bytes salt_octets(salt, 7);
    const Bytes spi = *from_hex(mki);
    wire::KeyData k;
    k.type = type;
    k.key = octets;
    k.salt = salt_octets;
    if (!mki.empty()) k.kv = {KvType::spi, spi, {}, {}};
    keys.add(k);
    data = *std::move(keys).finish();
  }

  ChainBuilder begin() const {
    wire::Hdr h = hdr;
    h.map = map;
    ChainBuilder b(h);
    if (with_t) b.add(wire::T{ts_type, t});
    if (with_rand) b.add(wire::Rand{rand});
    for (const auto& [type, name] : ids) b.add(wire::Id{type, as_bytes(name)});
    for (const Policy& p : policies) {
      const Bytes params = *from_hex(p.params);
      b.add(wire::Sp{p.no, p.prot, params});
    }
    return b;
  }
  void end(ChainBuilder& b) const {
    const Bytes tag(*wire::mac_size(mac), 0x33);
    if (with_kemac) b.add(wire::Kemac{encr, data, mac, tag});
  }
  wire::Message message() const {
    ChainBuilder b = begin();
    end(b);
    return finish(b);
  }
};

// What cameras send, which each of their products takes.
inline Draft camera() {
  Draft d;
  d.hdr.v = 0;
  d.ids.clear();
  d.key(KeyDataType::tek, 30, 0, "00000001");
  return d;
}

inline const std::map<std::string, Bytes>& field_messages() {
  static const auto messages = [] {
    std::map<std::string, Bytes> out;
    std::ifstream in(test::source_path("vectors/field/messages.json"));
    for (const auto& m : nlohmann::json::parse(in))
      out[m.at("name")] = *from_base64(m.at("base64").get<std::string>());
    return out;
  }();
  return messages;
}

inline wire::Message field(const std::string& name) {
  return parse(field_messages().at(name));
}

}  // namespace mikey::profile
