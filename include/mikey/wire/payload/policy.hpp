/// \file
/// Security policies.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// One policy parameter (RFC 3830 6.10). The meaning of `type` depends on the payload's protocol; SRTP's are
/// SrtpParam.
struct SpParam {
  static constexpr std::string_view kName = "Policy param";
  static constexpr const char* kRfc = "RFC 3830 6.10";
  std::uint8_t type = 0;
  Octets value;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("Type", s.type);
    v.var8("Value", s.value);
  }
  friend bool operator==(const SpParam&, const SpParam&) = default;
};

/// Security policy, SP (RFC 3830 6.10).
struct Sp {
  static constexpr PayloadType kType = PayloadType::sp;
  static constexpr std::string_view kName = "SP";
  static constexpr const char* kRfc = "RFC 3830 6.10";
  std::uint8_t policy_no = 0;
  ProtType prot_type{};
  Octets params;  ///< entries of SpParam

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.num("Policy no", s.policy_no);
    v.code("Prot type", s.prot_type);
    v.var16("Policy param", s.params);
    v.template entries<SpParam>(s.params);
  }
  friend bool operator==(const Sp&, const Sp&) = default;
};

}  // namespace mikey::wire
