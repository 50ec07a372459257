/// \file
/// Error messages (RFC 3830 5.1.2): building and judging.
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/keys/message_keys.hpp"

namespace mikey::engine {

/// What an error message answers.
struct Offence {
  std::uint32_t csb_id = 0;
  PrfFunc prf{};
  TsType t_type{};
  Bytes t;        ///< TS value of the message that failed; no error message can be built without one
  Identity peer;  ///< to whom it goes, as far as known
};
Offence offence(const wire::Message& m);

/// HDR, T, ERR, and the suites of `policy` when it is they that did not fit. Unprotected.
Result<wire::ChainBuilder> error_message(const Offence& o, const Error& e, const Policy& policy);

/// The unprotected message as an action, or nothing when none can be sent: no timestamp, or an error that is
/// no matter of the message.
std::optional<Send> plain_error(const Offence& o, const Error& e, const Policy& policy);

/// The same, ended by a V payload (RFC 3830 5.1.2, 6.9).
std::optional<Send> verified_error(const Offence& o, const Error& e, const Policy& policy,
                                   const keys::MessageKeys& keys, MacAlg alg, ByteView id_i, ByteView id_r);

/// What an error message says.
struct Complaint {
  ErrorCode code = ErrorCode::unspecified;
  std::string detail;
  std::vector<keys::Suite> supported;
};
/// Nothing when the message is not about the exchange whose timestamp is `own_t`.
std::optional<Complaint> read_error(const wire::Message& m, ByteView own_t);

/// The Reject of an error message about something else.
Reject foreign_error();

/// The Reject of an error message received: over only when it is authentic, since anybody can send a plain
/// one.
Reject peer_error(Complaint c, bool authentic);

}  // namespace mikey::engine
