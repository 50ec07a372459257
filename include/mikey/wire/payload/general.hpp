/// \file
/// Timestamps, randomness, verification, signatures, errors and general extensions.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// Timestamp, T (RFC 3830 6.6).
struct T {
  static constexpr PayloadType kType = PayloadType::t;
  static constexpr std::string_view kName = "T";
  static constexpr const char* kRfc = "RFC 3830 6.6";
  TsType type{};
  Octets value;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("TS type", s.type);
    v.sized("TS value", s.value, ts_size(s.type), ErrorCode::invalid_ts);
  }
  friend bool operator==(const T&, const T&) = default;
};

/// Timestamp with role, TR (RFC 6043 6.4).
struct Tr {
  static constexpr PayloadType kType = PayloadType::tr;
  static constexpr std::string_view kName = "TR";
  static constexpr const char* kRfc = "RFC 6043 6.4";
  TsRole role{};
  TsType type{};
  Octets value;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("TS role", s.role);
    v.code("TS type", s.type);
    v.sized("TS value", s.value, ts_size(s.type), ErrorCode::invalid_ts);
  }
  friend bool operator==(const Tr&, const Tr&) = default;
};

/// RAND (RFC 3830 6.11); at least 16 octets are asked for.
struct Rand {
  static constexpr PayloadType kType = PayloadType::rand;
  static constexpr std::string_view kName = "RAND";
  static constexpr const char* kRfc = "RFC 3830 6.11";
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.var8("RAND", s.data);
  }
  friend bool operator==(const Rand&, const Rand&) = default;
};

/// RAND with role, RANDR (RFC 6043 6.8).
struct Randr {
  static constexpr PayloadType kType = PayloadType::randr;
  static constexpr std::string_view kName = "RANDR";
  static constexpr const char* kRfc = "RFC 6043 6.8";
  RandRole role{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("RAND role", s.role);
    v.var8("RAND", s.data);
  }
  friend bool operator==(const Randr&, const Randr&) = default;
};

/// Verification, V (RFC 3830 6.9).
struct Ver {
  static constexpr PayloadType kType = PayloadType::v;
  static constexpr std::string_view kName = "V";
  static constexpr const char* kRfc = "RFC 3830 6.9";
  MacAlg auth_alg{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Auth alg", s.auth_alg);
    v.sized("Ver data", s.data, mac_size(s.auth_alg), ErrorCode::invalid_mac);
  }
  friend bool operator==(const Ver&, const Ver&) = default;
};

/// Signature, SIGN (RFC 3830 6.5, RFC 6509 4.3). The only payload without a Next payload octet: it is the
/// last one.
struct Sign {
  static constexpr PayloadType kType = PayloadType::sign;
  static constexpr std::string_view kName = "SIGN";
  static constexpr const char* kRfc = "RFC 3830 6.5";
  SignType type{};
  Octets signature;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    auto n = s.signature.size();
    v.template packed<2>(bits("S type", 4, s.type), bits("Signature len", 12, n));
    v.octets("Signature", s.signature, n);
  }
  friend bool operator==(const Sign&, const Sign&) = default;
};

/// Error, ERR (RFC 3830 6.12).
struct Err {
  static constexpr PayloadType kType = PayloadType::err;
  static constexpr std::string_view kName = "ERR";
  static constexpr const char* kRfc = "RFC 3830 6.12";
  ErrorNo number{};
  std::uint16_t reserved = 0;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Error no", s.number);
    v.num("Reserved", s.reserved);
  }
  friend bool operator==(const Err&, const Err&) = default;
};

/// General extension (RFC 3830 6.15). Data of unknown types is kept as it is.
struct GeneralExt {
  static constexpr PayloadType kType = PayloadType::general_ext;
  static constexpr std::string_view kName = "General Ext.";
  static constexpr const char* kRfc = "RFC 3830 6.15";
  GeneralExtType type{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v);  // extension.hpp: the known types are checked inside
  friend bool operator==(const GeneralExt&, const GeneralExt&) = default;
};

/// One Key ID of a Key ID extension (RFC 4563).
struct KeyId {
  static constexpr std::string_view kName = "Key ID";
  static constexpr const char* kRfc = "RFC 4563 4";
  KeyIdType type{};
  Octets id;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Key ID type", s.type);
    v.var8("Key ID", s.id);
  }
  friend bool operator==(const KeyId&, const KeyId&) = default;
};

template <class Self, class V>
constexpr void GeneralExt::describe(Self& s, V& v) {
  v.code("Type", s.type);
  v.var16("Data", s.data);
  switch (s.type) {
    case GeneralExtType::key_id:
      v.template entries<KeyId>(s.data);
      break;
    case GeneralExtType::csb_id:  // RFC 4738 3.2
      v.require(s.data.size() == 4, ErrorCode::unspecified, "a CSB_ID extension has 4 octets");
      break;
    case GeneralExtType::oma_bcast:  // RFC 5410 3
      v.require(!s.data.empty(), ErrorCode::unspecified, "an OMA BCAST extension begins with a subtype");
      break;
    default:
      break;
  }
}

}  // namespace mikey::wire
