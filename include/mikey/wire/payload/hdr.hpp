/// \file
/// The common header and its CS ID maps.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// One entry of an SRTP-ID map (RFC 3830 6.1.1). Its CS ID is its position, from 1.
struct SrtpId {
  static constexpr std::string_view kName = "SRTP-ID";
  static constexpr const char* kRfc = "RFC 3830 6.1.1";
  std::uint8_t policy_no = 0;
  std::uint32_t ssrc = 0;  ///< 0: the Responder chooses
  std::uint32_t roc = 0;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("Policy_no", s.policy_no);
    v.num("SSRC", s.ssrc);
    v.num("ROC", s.roc);
  }
  friend bool operator==(const SrtpId&, const SrtpId&) = default;
};

/// One entry of a GENERIC-ID map (RFC 6043 6.1.1).
struct GenericId {
  static constexpr std::string_view kName = "GENERIC-ID";
  static constexpr const char* kRfc = "RFC 6043 6.1.1";
  std::uint8_t cs_id = 0;
  ProtType prot_type{};
  std::uint8_t s = 0;  ///< session data carries ROC and SEQ
  std::uint8_t n_policies = 0;
  Octets policies;      ///< policy numbers, one octet each
  Octets session_data;  ///< SRTP: SSRC, and with S also ROC and SEQ
  Octets spi;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("CS ID", s.cs_id);
    v.code("Prot type", s.prot_type);
    v.template packed<1>(bits("S", 1, s.s), bits("#P", 7, s.n_policies));
    v.octets("Ps", s.policies, s.n_policies);
    v.var16("Session Data", s.session_data);
    const std::size_t n = s.session_data.size();
    v.require(s.prot_type != ProtType::srtp || n == 0 || n == (s.s != 0 ? 10U : 4U), ErrorCode::unspecified,
              "SRTP Session Data does not agree with the S flag");
    v.var8("SPI", s.spi);
  }
  friend bool operator==(const GenericId&, const GenericId&) = default;
};

/// The common header, HDR (RFC 3830 6.1). `next` is filled in by who builds the message.
struct Hdr {
  static constexpr std::string_view kName = "HDR";
  static constexpr const char* kRfc = "RFC 3830 6.1";
  std::uint8_t version = 1;
  DataType data_type{};
  PayloadType next = PayloadType::last;
  std::uint8_t v = 0;  ///< a response is expected
  PrfFunc prf{};
  std::uint32_t csb_id = 0;
  std::uint8_t n_cs = 0;  ///< #CS
  CsIdMapType map_type{};
  Octets map;  ///< CS ID map info: n_cs entries of SrtpId or GenericId; none in the empty map

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("Version", s.version);
    v.require(s.version == 1, ErrorCode::unspecified, "unknown version");
    v.code("Data type", s.data_type);
    v.code("Next payload", s.next);
    v.template packed<1>(bits("V", 1, s.v), bits("PRF func", 7, s.prf));
    v.num("CSB ID", s.csb_id);
    v.num("#CS", s.n_cs);
    v.code("CS ID map type", s.map_type);
    switch (s.map_type) {
      case CsIdMapType::srtp_id:
        v.template list<SrtpId>("CS ID map info", s.map, s.n_cs);
        break;
      case CsIdMapType::generic_id:
        v.template list<GenericId>("CS ID map info", s.map, s.n_cs);
        break;
      case CsIdMapType::empty:
        v.require(s.map.empty(), ErrorCode::unspecified, "the empty map has no CS ID map info");
        break;
      default:
        v.require(false, ErrorCode::unspecified, "unknown CS ID map type: its length cannot be known");
    }
  }
  friend bool operator==(const Hdr&, const Hdr&) = default;
};

}  // namespace mikey::wire
