#include "mikey/exchange/policy.hpp"

namespace mikey {

Policy Policy::modern() {
  Policy p;
  p.srtp = {keys::Suite::aead_aes_256_gcm, keys::Suite::aead_aes_128_gcm,
            keys::Suite::aes_256_cm_hmac_sha1_80, keys::Suite::aes_cm_128_hmac_sha1_80};
  p.prf = {PrfFunc::hmac_sha_256};
  p.kemac_encryption = {EncrAlg::aes_cm_256, EncrAlg::aes_cm_128};
  p.kemac_mac = {MacAlg::hmac_sha_256_256};
  p.signatures = crypto::SignaturePolicy::modern();
  p.certificates = crypto::VerifyOptions::modern();
  p.dh_groups = {DhGroup::oakley_5};
  p.ecc_curves = {EccCurve::p256, EccCurve::p384, EccCurve::p521};
  return p;
}

}  // namespace mikey
