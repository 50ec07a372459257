/// \file
/// What the exchanges of MIKEY-TICKET have in common (RFC 6043 5.4, 6): payloads with roles, timestamps,
/// error messages.
#pragma once

#include "exchange/engine/checks.hpp"
#include "exchange/engine/token.hpp"
#include "mikey/exchange/ticket.hpp"

namespace mikey::ticket {

/// The identity in the first IDR payload of that role.
std::optional<Identity> identity_in(const wire::Message& m, IdRole role);
/// The data of the first RANDR payload of that role.
std::optional<Bytes> rand_in(const wire::Message& m, RandRole role);

wire::Idr idr_payload(IdRole role, const Identity& id);

/// A new timestamp of one's own, 8 octets.
Bytes stamp(const Env& env);

/// T of a response: NTP, within the skew (RFC 6043 4.2.1.5, 4.2.2.3, 4.2.3.5).
Result<engine::Timestamp> response_time(const Env& env, const wire::Message& m);

/// A header of messages that handle no crypto sessions: an empty map (RFC 6043 4.2.1.1, 4.2.3.1).
wire::Hdr plain_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id);
/// That a message has such a header.
Status check_plain_header(const wire::Message& m);

/// The algorithm of KEMACs sent under `prf`: AES-KW-128 where the policy prefers it and it fits.
EncrAlg kemac_algorithm(const Policy& policy, PrfFunc prf);

/// Adds a KEMAC with these keys and the NULL MAC (RFC 6043 4.2.1.5, 5.2).
Status add_kemac(wire::ChainBuilder& b, const keys::MessageKeys& protection, EncrAlg alg, ByteView t,
                 std::initializer_list<std::span<const keys::KeyEntry>> keys);

/// RFC 6043 5.4: HDR, T (fresh), ERR, {SP}, and V when there are keys of the message in error. Nothing when
/// the error is no matter of the message.
std::optional<Bytes> error_message(const Env& env, std::uint32_t csb_id, PrfFunc prf, const Error& e,
                                   const keys::MessageKeys* keys);

/// What an error message says; `keys`: of the message of this party that it may be about. A message without
/// ERR is no complaint.
Reject read_error(const wire::Message& m, const keys::MessageKeys& keys, PrfFunc prf, const char* who);

}  // namespace mikey::ticket
