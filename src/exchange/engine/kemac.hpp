/// \file
/// Which algorithms a KEMAC may use, and the keys inside it.
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/keys/message_keys.hpp"

namespace mikey::engine {

/// How the message that holds the KEMAC is protected.
enum class Protection : std::uint8_t {
  mac,     ///< by the KEMAC's MAC alone (PSK)
  sign,    ///< by a signature: a key wrap needs no MAC of its own (RFC 3830 4.2.4)
  cached,  ///< by a MAC under a cached envelope key: never NULL (RFC 3830 3.2)
};

/// Whether the pair may be sent at all.
bool legal_pair(EncrAlg encr, MacAlg mac, Protection by, bool allow_null);

/// Whether this party takes a KEMAC with these algorithms.
Status accept_algorithms(const Policy& policy, EncrAlg encr, MacAlg mac, Protection by, std::size_t offset);

/// The keys of a decrypted KEMAC: an ID first when `id` is given, which must be that one (public-key modes),
/// then TGKs and TEKs; at least one unless `may_be_empty`.
Result<std::vector<keys::KeyEntry>> open_keys(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                              std::size_t offset, ByteView t, const Identity* id,
                                              bool may_be_empty);

/// The sub-payloads of a decrypted KEMAC, the first of type `first`; zeros that a key wrap has added are left
/// out.
Result<wire::PayloadChain> sub_payloads(EncrAlg alg, ByteView plain, PayloadType first);

/// Decrypts a KEMAC of MIKEY-TICKET or of an answer with private keys (RFC 6267 4.2.1.3). It uses the NULL
/// MAC, as the message or ticket ends with V, and an encryption that goes with `prf` (RFC 6043 12.1).
Result<SecretBytes> open_kemac_6043(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                    std::size_t offset, PrfFunc prf, ByteView t);

/// The keys of a KEMAC of MIKEY-TICKET, of any type that RFC 6043 6.2.1 knows (an MPK too).
Result<std::vector<keys::KeyEntry>> open_ticket_kemac(const keys::MessageKeys& keys, const wire::Kemac& kemac,
                                                      std::size_t offset, PrfFunc prf, ByteView t);

}  // namespace mikey::engine
