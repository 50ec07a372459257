/// \file
/// The Ticket Policy of MIKEY-TICKET (RFC 6043 6.10): what a ticket allows, and to whom.
#pragma once

#include "mikey/keys/bundle.hpp"
#include "mikey/wire/chain.hpp"

namespace mikey {

/// The flags by their letters; values are those of wire::TicketPolicy::flags.
enum class TicketFlag : std::uint16_t {
  d = 1 << 11,  ///< made by the KMS, not by the Initiator
  e = 1 << 10,  ///< the Ticket Resolve exchange is mandatory
  f = 1 << 9,   ///< TRANSFER_RESP is sent
  g = 1 << 8,   ///< the Responder makes RANDRr
  h = 1 << 7,   ///< RANDRi goes into session keys
  i = 1 << 6,   ///< key forking
  j = 1 << 5,   ///< the ticket may be reused
  k = 1 << 4,   ///< the KMS changed what was asked for
  l = 1 << 3,   ///< the Initiator may supply session keys
  m = 1 << 2,   ///< the Responder may supply session keys
  n = 1 << 1,   ///< an Initiator needs no processing beyond RFC 6043
  o = 1,        ///< a Responder needs none
};

/// A set of flags.
class TicketFlags {
 public:
  constexpr TicketFlags() = default;
  constexpr explicit TicketFlags(std::uint16_t bits) : bits_(bits) {}
  /// From letters D to O in any order; nothing for others, or for one that comes twice.
  static std::optional<TicketFlags> parse(std::string_view letters);

  constexpr bool has(TicketFlag f) const { return (bits_ & static_cast<std::uint16_t>(f)) != 0; }
  constexpr TicketFlags with(TicketFlag f) const {
    return TicketFlags(static_cast<std::uint16_t>(bits_ | static_cast<std::uint16_t>(f)));
  }
  constexpr TicketFlags without(TicketFlags other) const {
    return TicketFlags(static_cast<std::uint16_t>(bits_ & ~other.bits_));
  }
  constexpr TicketFlags without(TicketFlag f) const {
    return without(TicketFlags(static_cast<std::uint16_t>(f)));
  }
  constexpr std::uint16_t bits() const { return bits_; }
  std::string letters() const;
  friend constexpr bool operator==(TicketFlags, TicketFlags) = default;

 private:
  std::uint16_t bits_ = 0;
};

/// Which kind of Ticket Data a ticket holds.
struct TicketKind {
  TicketType type = TicketType::mikey_base;
  std::uint8_t subtype = 1;
  std::uint8_t version = 1;
  friend bool operator==(const TicketKind&, const TicketKind&) = default;
  friend auto operator<=>(const TicketKind&, const TicketKind&) = default;
};

/// A key that is asked for: what the KEMAC of a desired policy says of it.
struct KeyWish {
  KeyDataType type = KeyDataType::tgk;
  std::size_t length = 16;
  std::optional<std::size_t> salt;  ///< octets, in the types that carry one
  keys::Validity validity;
  bool is_tek() const { return type == KeyDataType::tek || type == KeyDataType::tek_salt; }
};

/// A desired policy (TP payload) or a granted one (TICKET).
struct TicketPolicy {
  TicketKind kind;
  PrfFunc prf = PrfFunc::mikey_1;  ///< for forking, and for Vr
  TicketFlags flags;
  std::optional<Identity> kms;               ///< who can resolve the ticket
  std::optional<Identity> initiator;         ///< who asked for it, or made it
  std::optional<std::int64_t> start;         ///< seconds since 1970
  std::optional<std::int64_t> end;           ///< the last second in which it is valid
  std::optional<std::uint32_t> rekey;        ///< seconds between two rekeyings, at most
  std::optional<std::vector<KeyWish>> keys;  ///< only in a desired policy
  std::vector<Identity> applications;        ///< none: all
  std::vector<Identity> responders;          ///< users or groups that may resolve it

  bool has(TicketFlag f) const { return flags.has(f); }

  /// Reads TP or TICKET. Payloads that are not expected are ignored, one that is expected once and comes
  /// twice is not. ErrorCode::invalid_tppar. `offset`: where the payload stands, for errors.
  static Result<TicketPolicy> parse(const wire::TicketPolicy& p, std::size_t offset = 0);
  /// TP Data. ErrorCode::bad_request when it does not fit.
  Result<Bytes> data() const;
  /// The payload's fields around `tp_data`, which must outlive them.
  wire::TicketPolicy fields(ByteView tp_data) const;
};

/// RFC 6043 6.10, "the flags are not independent". `encodes_tgk`: a TGK is known to be in the ticket.
/// ErrorCode::invalid_tppar with the implication that does not hold.
Status check_flags(TicketFlags flags, bool encodes_tgk);

/// Whether the ticket is valid at `now`. ErrorCode::invalid_tppar.
Status check_validity(const TicketPolicy& policy, NtpTime now);

/// What holds for every policy: a known PRF function, flags that go together, somebody who may resolve; in a
/// granted one no KEMAC.
Status check_policy(const TicketPolicy& policy, bool granted, bool encodes_tgk = false);

}  // namespace mikey
