/// \file
/// What both halves of a key request have in common (RFC 6267 4.2.1, 5.4).
#pragma once

#include "exchange/engine/token.hpp"
#include "mikey/exchange/exchange.hpp"

namespace mikey::ibake {

/// The identities of IDRi and IDRr payloads, in order. Those inside a KEMAC are not among them.
std::vector<Identity> requested_identities(const wire::Message& m);

/// RFC 6267 5.4: the ID data of all of them, as they follow the message in the calculation of the MAC.
Bytes joined_data(std::span<const Identity> ids);

/// RFC 3830 5.1.2: HDR, T as received, ERR, and V when there are keys of the message in error. `ids`: those
/// of joined_data(). Nothing when the error is no matter of the message.
std::optional<Bytes> error_message(const wire::Hdr& about, const wire::T& t, const Error& e,
                                   const keys::MessageKeys* protection, ByteView ids, ByteView kms);

}  // namespace mikey::ibake
