/// \file
/// Keys that protect an exchange with a KMS: a PSK, or an envelope key (RFC 6043 4.2.1.2, 4.2.1.3, RFC 6267
/// 4.2.1.1).
#pragma once

#include "exchange/engine/signer.hpp"
#include "mikey/exchange/ticket.hpp"

namespace mikey::engine {

/// The key, and to whom an envelope key goes.
struct LinkKey {
  SecretBytes key;
  std::optional<crypto::Certificate> certificate;
};

/// The link's PSK, of at least so many octets, or a new envelope key as long as `prf` wants keys. Draws
/// "envelope key". ErrorCode::bad_request when there is no PSK, certificate or private key.
Result<LinkKey> choose_link_key(const Env& env, const KmsLink& link, PrfFunc prf, std::size_t least_psk);

/// Ends a client's message with CHASH, PKE and SIGN, which covers it and the data of both identities.
Result<Bytes> finish_with_envelope(wire::ChainBuilder b, const Env& env, const LinkKey& key, ByteView id,
                                   ByteView kms);

/// The envelope key of a client's message to this KMS.
Result<SecretBytes> open_envelope_key(const Env& env, const wire::Message& m, const char* rfc);

}  // namespace mikey::engine
