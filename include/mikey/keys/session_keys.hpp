/// \file
/// From the keys of a bundle to the SRTP master keys and salts of its crypto sessions.
#pragma once

#include "mikey/crypto/provider.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::keys {

/// Fills in `tek` and `salt` of every session from the first key of the bundle, in MIKEY-TICKET
/// from the key with its SPI (RFC 3830 4.1.3, 6.13, RFC 6043 6.1.1):
///  - a TGK gives every session a TEK of its own, and a salt unless it came with one;
///  - a TEK serves all sessions; it must have the length of the suite's key, or of key and salt together,
///    which is how cameras send both. Without a salt the master salt is zeros (RFC 3711 3.2.1).
///
/// Labels take `derive_csb_id` and `rand` of the bundle; for RFC 6043 `rand` holds the tag octet and the
/// RANDs with their lengths (5.1.3). ErrorCode::invalid_sppar when lengths do not fit, unspecified when the
/// key is of a kind that keys no sessions; the sessions are then not to be used.
Status derive_session_keys(const crypto::Provider& provider, Bundle& bundle);

}  // namespace mikey::keys
