/// \file
/// Identities and certificates.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// Identity, ID (RFC 3830 6.7).
struct Id {
  static constexpr PayloadType kType = PayloadType::id;
  static constexpr std::string_view kName = "ID";
  static constexpr const char* kRfc = "RFC 3830 6.7";
  IdType type{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("ID type", s.type);
    v.var16("ID data", s.data);
  }
  friend bool operator==(const Id&, const Id&) = default;
};

/// Identity with role, IDR (RFC 6043 6.6).
struct Idr {
  static constexpr PayloadType kType = PayloadType::idr;
  static constexpr std::string_view kName = "IDR";
  static constexpr const char* kRfc = "RFC 6043 6.6";
  IdRole role{};
  IdType type{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("ID role", s.role);
    v.code("ID type", s.type);
    v.var16("ID data", s.data);
  }
  friend bool operator==(const Idr&, const Idr&) = default;
};

/// Certificate, CERT (RFC 3830 6.7): one certificate in DER, or a URL.
struct Cert {
  static constexpr PayloadType kType = PayloadType::cert;
  static constexpr std::string_view kName = "CERT";
  static constexpr const char* kRfc = "RFC 3830 6.7";
  CertType type{};
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Cert type", s.type);
    v.var16("Certificate data", s.data);
  }
  friend bool operator==(const Cert&, const Cert&) = default;
};

/// Certificate hash, CHASH (RFC 3830 6.8).
struct Chash {
  static constexpr PayloadType kType = PayloadType::chash;
  static constexpr std::string_view kName = "CHASH";
  static constexpr const char* kRfc = "RFC 3830 6.8";
  HashFunc hash_func{};
  Octets hash;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Hash func", s.hash_func);
    v.sized("Hash", s.hash, hash_size(s.hash_func), ErrorCode::invalid_ha);
  }
  friend bool operator==(const Chash&, const Chash&) = default;
};

}  // namespace mikey::wire
