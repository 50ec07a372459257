/// \file
/// MIKEY-TICKET's policy, ticket and ticket header.
#pragma once

#include "mikey/wire/field.hpp"

namespace mikey::wire {

/// What TP and TICKET share (RFC 6043 6.10).
struct TicketPolicy {
  TicketType ticket_type = TicketType::mikey_base;
  std::uint8_t subtype = 1;
  std::uint8_t version = 1;
  PrfFunc prf = PrfFunc::hmac_sha_256;  ///< for key forking
  std::uint16_t flags = 0;              ///< D is bit 11, E bit 10, ... O bit 0
  std::uint8_t res = 0;
  Octets tp_data;  ///< an octet that names the first payload, then payloads

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Ticket Type", s.ticket_type);
    v.num("Subtype", s.subtype);
    v.num("Version", s.version);
    v.template packed<3>(bits("PRF Func", 7, s.prf), bits("Flags", 12, s.flags), bits("Res", 5, s.res));
    v.var16("TP Data", s.tp_data);
    v.chain(s.tp_data, Chain::announced);
  }
  friend bool operator==(const TicketPolicy&, const TicketPolicy&) = default;
};

/// Ticket policy, TP (RFC 6043 6.10): what is asked for.
struct Tp {
  static constexpr PayloadType kType = PayloadType::tp;
  static constexpr std::string_view kName = "TP";
  static constexpr const char* kRfc = "RFC 6043 6.10";
  TicketPolicy policy;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    TicketPolicy::describe(s.policy, v);
  }
  friend bool operator==(const Tp&, const Tp&) = default;
};

/// Ticket, TICKET (RFC 6043 6.10): what was granted, with the ticket itself.
struct Ticket {
  static constexpr PayloadType kType = PayloadType::ticket;
  static constexpr std::string_view kName = "TICKET";
  static constexpr const char* kRfc = "RFC 6043 6.10";
  TicketPolicy policy;
  Octets ticket_data;     ///< of the base ticket: THDR, T, RAND, KEMAC, [IDRpsk], V
  Octets initiator_data;  ///< an octet that names the first payload, then payloads; or nothing

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    TicketPolicy::describe(s.policy, v);
    v.var16("Ticket Data", s.ticket_data);
    v.var16("Initiator Data", s.initiator_data);
  }
  friend bool operator==(const Ticket&, const Ticket&) = default;
};

/// Ticket header, THDR (RFC 6043 A.3), the first payload of base ticket data. It has no payload number.
struct Thdr {
  static constexpr std::string_view kName = "THDR";
  static constexpr const char* kRfc = "RFC 6043 A.3";
  PayloadType next = PayloadType::last;
  Octets data;

  template <class Self, class V>
  static constexpr void describe(Self& s, V& v) {
    v.code("Next payload", s.next);
    v.var16("THDR Data", s.data);
  }
  friend bool operator==(const Thdr&, const Thdr&) = default;
};

}  // namespace mikey::wire
