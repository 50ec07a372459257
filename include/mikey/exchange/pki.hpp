/// \file
/// What modes with certificates need: one's own certificate and key, and whom to trust.
#pragma once

#include "mikey/crypto/trust.hpp"

namespace mikey {

struct Pki {
  std::vector<crypto::Certificate> chain;         ///< own certificates, leaf first; empty: none
  std::shared_ptr<const crypto::PrivateKey> key;  ///< of the leaf; may live in an HSM
  std::string certificate_url;                    ///< where the leaf can be fetched; empty: it is sent itself
  std::shared_ptr<const crypto::TrustStore> trust;
  std::vector<Bytes> ocsp;  ///< OCSP responses in DER that the owner has
};

}  // namespace mikey
