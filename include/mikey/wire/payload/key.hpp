/// \file
/// Payloads that carry keys: KEMAC and its Key data sub-payloads, PKE, DH.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// Key validity data (RFC 3830 6.14); its type stands in a bit field of the payload that holds it.
struct Kv {
  KvType type{};
  Octets spi;  ///< SPI or MKI
  Octets valid_from;
  Octets valid_to;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    switch (s.type) {
      case KvType::null:
        break;
      case KvType::spi:
        v.var8("SPI", s.spi);
        break;
      case KvType::interval:
        v.var8("Valid From", s.valid_from);
        v.var8("Valid To", s.valid_to);
        break;
      default:
        v.require(false, ErrorCode::unspecified, "unknown key validity type");
    }
  }
  friend bool operator==(const Kv&, const Kv&) = default;
};

constexpr bool carries_salt(KeyDataType t) {
  return t == KeyDataType::tgk_salt || t == KeyDataType::tek_salt || t == KeyDataType::gtgk_salt;
}

/// Key data sub-payload (RFC 3830 6.13, RFC 6043 6.2.1, RFC 6267 6.1.3).
struct KeyData {
  static constexpr PayloadType kType = PayloadType::key_data;
  static constexpr std::string_view kName = "Key data";
  static constexpr const char* kRfc = "RFC 3830 6.13";
  KeyDataType type{};
  Octets key;
  Octets salt;  ///< only in the types that carry one
  Kv kv;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.template packed<1>(bits("Type", 4, s.type), bits("KV", 4, s.kv.type));
    v.require(to_number(s.type) <= 7, ErrorCode::unspecified, "unknown key data type");
    v.var16("Key data", s.key);
    if (carries_salt(s.type)) v.var16("Salt data", s.salt);
    Kv::describe(s.kv, v);
  }
  friend bool operator==(const KeyData&, const KeyData&) = default;
};

/// Key data transport, KEMAC (RFC 3830 6.2).
struct Kemac {
  static constexpr PayloadType kType = PayloadType::kemac;
  static constexpr std::string_view kName = "KEMAC";
  static constexpr const char* kRfc = "RFC 3830 6.2";
  EncrAlg encr_alg{};
  Octets encr_data;
  MacAlg mac_alg{};
  Octets mac;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Encr alg", s.encr_alg);
    v.var16("Encr data", s.encr_data);
    if (s.encr_alg == EncrAlg::null && !s.encr_data.empty()) v.chain(s.encr_data, Chain::kemac);
    v.code("Mac alg", s.mac_alg);
    v.sized("MAC", s.mac, mac_size(s.mac_alg), ErrorCode::invalid_mac);
  }
  friend bool operator==(const Kemac&, const Kemac&) = default;
};

/// Envelope data, PKE (RFC 3830 6.3): the envelope key encrypted to the receiver's public key.
struct Pke {
  static constexpr PayloadType kType = PayloadType::pke;
  static constexpr std::string_view kName = "PKE";
  static constexpr const char* kRfc = "RFC 3830 6.3";
  EnvelopeCache cache{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    auto n = s.data.size();
    v.template packed<2>(bits("C", 2, s.cache), bits("Data len", 14, n));
    v.require(to_number(s.cache) <= 2, ErrorCode::unspecified, "unassigned envelope key cache type");
    v.octets("Data", s.data, n);
  }
  friend bool operator==(const Pke&, const Pke&) = default;
};

/// DH data (RFC 3830 6.4).
struct Dh {
  static constexpr PayloadType kType = PayloadType::dh;
  static constexpr std::string_view kName = "DH";
  static constexpr const char* kRfc = "RFC 3830 6.4";
  DhGroup group{};
  Octets value;  ///< as long as the group's prime, with leading zeros
  std::uint8_t reserved = 0;
  Kv kv;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("DH-Group", s.group);
    v.sized("DH-value", s.value, dh_size(s.group), ErrorCode::invalid_dh);
    v.template packed<1>(bits("Reserv", 4, s.reserved), bits("KV", 4, s.kv.type));
    Kv::describe(s.kv, v);
  }
  friend bool operator==(const Dh&, const Dh&) = default;
};

}  // namespace mikey::wire
