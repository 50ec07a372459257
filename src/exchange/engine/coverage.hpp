/// \file
/// What MACs cover: one function per rule, named after its RFC section. Everything is computed over octets
/// received or about to be sent, never over a re-encoding.
#pragma once

#include "mikey/keys/message_keys.hpp"
#include "mikey/wire/message.hpp"

namespace mikey::engine {

/// RFC 3830 5.2: fills the MAC field at the end of a message whose last payload is a KEMAC.
Status fill_kemac_mac(const keys::MessageKeys& keys, MacAlg alg, wire::ChainBuilder& message);
Status check_kemac_mac(const keys::MessageKeys& keys, const wire::Message& m);

/// RFC 3830 5.2: fills the Ver data of a message that ends with V; covered are the message, the data of both
/// identities and the timestamp value. `alg` must be the one expected (doc/readings.md,
/// 3830-1 and 3830-5).
Status fill_verification(const keys::MessageKeys& keys, MacAlg alg, wire::ChainBuilder& message,
                         ByteView id_i, ByteView id_r, ByteView t);
Status check_verification(const keys::MessageKeys& keys, MacAlg alg, const wire::Message& m, ByteView id_i,
                          ByteView id_r, ByteView t);

/// The MAC algorithm of a V that answers a KEMAC: the KEMAC's own, HMAC-SHA-1-160 when a key wrap had none,
/// NULL after NULL with NULL.
MacAlg verification_alg(EncrAlg encr, MacAlg mac);

}  // namespace mikey::engine
