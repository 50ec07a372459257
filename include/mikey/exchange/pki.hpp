/// \file
/// What modes with certificates need: one's own certificate and key, and whom to trust.
#pragma once

#include "mikey/crypto/trust.hpp"

namespace mikey {

/// A certificate of one's own.
struct OwnCertificate {
  std::vector<crypto::Certificate> chain;         ///< leaf first, each certified by the next; not empty
  std::shared_ptr<const crypto::PrivateKey> key;  ///< of the leaf; may live in an HSM
  std::string url;  ///< where the leaf can be fetched; empty: the chain itself is sent
};

struct Pki {
  std::vector<OwnCertificate> own;  ///< the first one signs; envelope keys may come for any of them
  std::shared_ptr<const crypto::TrustStore> trust;
  std::vector<Bytes> ocsp;  ///< OCSP responses in DER that the owner has
};

/// A group key that a Responder hands out in RSA-R (RFC 4738 3.6). All members must get the same RAND.
struct RsarGroup {
  std::uint32_t csb_id = 0;
  SecretBytes tgk;
  SecretBytes salt;
  Bytes rand;
  std::vector<std::uint32_t> ssrcs =
      {};  ///< of the group's streams, for those whose SSRC the member leaves open
};

}  // namespace mikey
