/// \file
/// The key derivations of MIKEY-IBAKE (RFC 6267 5.1, 5.2).
#pragma once

#include "mikey/keys/message_keys.hpp"

namespace mikey::keys {

/// What both parties derive from the point they agreed on. RFC 6267 fixes no lengths: 16 octets each with
/// MIKEY-1, 32 with PRF-HMAC-SHA-256 (doc/readings.md, 6267-7).
struct IbakeSecrets {
  SecretBytes mpk;  ///< protects MIKEY messages
  SecretBytes tgk;
};

/// Octets of MPK and TGK.
constexpr std::size_t ibake_key_size(PrfFunc prf) {
  return prf == PrfFunc::hmac_sha_256 ? 32 : 16;
}

/// RFC 6267 5.1. `k_session`: the agreed point as octets; `rand`: RAND of the first exchange of the CSB.
Result<IbakeSecrets> ibake_secrets(const crypto::Provider& provider, PrfFunc prf, ByteView k_session,
                                   ByteView rand);

/// RFC 6267 5.2: the keys of messages that are protected under an MPK.
MessageKeys ibake_message_keys(const crypto::Provider& provider, PrfFunc prf, ByteView mpk,
                               std::uint32_t csb_id, ByteView rand);

}  // namespace mikey::keys
