/// \file
/// ECCSI signatures of messages (RFC 6509 2.2.1, 4.3).
#pragma once

#include "mikey/exchange/exchange.hpp"

namespace mikey::engine {

/// Whoever claims to have signed a message.
struct EccsiSigner {
  const Env& env;
  const ibc::Kms& kms;  ///< root of trust of the signature
  Bytes id;             ///< the identifier in the period of the message
};

/// RFC 6509 2.2.1: appends SIGN with an ECCSI signature over everything before the signature field itself.
/// Draws "ECCSI j".
Result<Bytes> finish_signed_eccsi(wire::ChainBuilder b, const Env& env, const ibc::KeySet& keys);

}  // namespace mikey::engine
