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

/// RFC 6043 5.5, initial messages: V covers the message and the data of both identities; TRANSFER_INIT
/// without the Initiator Data and their length. V is the last payload, and the only one; its algorithm must
/// go with `prf`.
Status check_initial_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m, ByteView id_1,
                          ByteView id_2);
/// RFC 6043 5.5, responses: V covers the message and all of the initial message.
Status check_response_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                           ByteView initial);
/// RFC 6043 5.5, error messages: V covers the message.
Status check_error_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m);

/// Ends a message with V; covered are the message and `after`.
Result<Bytes> finish_6043(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                          std::initializer_list<ByteView> after);
/// The same for a TRANSFER_INIT in which zeros stand for Initiator Data. `data_end`: where they end.
Result<Bytes> finish_transfer_6043(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                                   std::size_t data_end, std::size_t data_size, ByteView id_i, ByteView id_r);

/// RFC 6267 5.4: V covers the message without its ESK payloads, and the ID data of the parties. It is the
/// only V, the last payload, and its algorithm goes with `prf` (doc/readings.md, 6043-5).
Status check_verification_6267(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                               ByteView id_1, ByteView id_2);
/// Ends a message that has no ESK payload with such a V.
Result<Bytes> finish_6267(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b, ByteView id_1,
                          ByteView id_2);

/// RFC 6267 4.2.2.6, 7.2: whoever returns the value that was encrypted to the Initiator is the Initiator.
Status check_returned_value_6267(ByteView sent, ByteView returned);

}  // namespace mikey::engine
