/// \file
/// What one party offers and accepts.
#pragma once

#include <algorithm>
#include <chrono>

#include "mikey/crypto/dh.hpp"
#include "mikey/crypto/trust.hpp"
#include "mikey/exchange/sakke.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey {

/// Choices of one party. Of each list the first entry is what is sent, all entries are accepted. The defaults
/// are those of RFC 3830: 4.2 (mandatory algorithms) and 6.10.1 (SRTP policy).
struct Policy {
  std::vector<keys::Suite> srtp{keys::Suite::aes_cm_128_hmac_sha1_80};  ///< in order of preference
  std::vector<PrfFunc> prf{PrfFunc::mikey_1};
  std::vector<EncrAlg> kemac_encryption{EncrAlg::aes_cm_128};
  std::vector<MacAlg> kemac_mac{MacAlg::hmac_sha_1_160};
  /// NULL encryption with NULL MAC may be sent and is accepted: keys in clear, for transports that protect
  /// them.
  bool allow_null = false;
  bool request_verification = true;      ///< the V flag of messages sent
  std::chrono::seconds clock_skew{300};  ///< how far a peer's timestamp may be off (RFC 3830 5.4)
  std::chrono::seconds patience{120};    ///< how long an exchange waits for an answer before it gives up

  // Modes with certificates (RFC 3830 4.2.5, 4.2.6, 4.3)
  SignType sign_type = SignType::rsa_pkcs1_15;  ///< of signatures sent; both RSA types are accepted
  crypto::SignaturePolicy signatures;           ///< the hash sent, and what is accepted
  crypto::VerifyOptions certificates;           ///< how certificate paths are judged
  /// Paddings of PKE: no field names them, so each is tried in turn.
  std::vector<crypto::PkePadding> pke_padding{crypto::PkePadding::pkcs1_v15, crypto::PkePadding::oaep};
  EnvelopeCache pke_cache = EnvelopeCache::cache_for_csb;  ///< the C flag of PKE payloads sent

  // Diffie-Hellman (RFC 3830 4.2.7)
  std::vector<DhGroup> dh_groups{DhGroup::oakley_5, DhGroup::oakley_1, DhGroup::oakley_2};  ///< accepted
  crypto::DhExponentLength dh_exponent = crypto::DhExponentLength::full;

  SakkePolicy sakke;  ///< MIKEY-SAKKE (RFC 6509)

  /// Elliptic curves of MIKEY-IBAKE (RFC 6267 6.1.4): the first is sent, all are accepted. The curves of 163
  /// bits are left out, as they are weaker than anything else here.
  std::vector<EccCurve> ecc_curves{EccCurve::p256, EccCurve::p384, EccCurve::p521, EccCurve::p224,
                                   EccCurve::b233, EccCurve::k233, EccCurve::b283, EccCurve::k283,
                                   EccCurve::b409, EccCurve::k409, EccCurve::b571, EccCurve::k571,
                                   EccCurve::p192};

  /// Nothing that has gone out of favour: no SHA-1 in signatures or MACs, no DH group below 1536 bits, no
  /// elliptic curve below 256 bits or over a binary field, no tag of 32 bits.
  static Policy modern();

  template <class T>
  static bool has(const std::vector<T>& list, T x) {
    return std::ranges::find(list, x) != list.end();
  }
  bool accepts(keys::Suite s) const { return has(srtp, s); }
};

}  // namespace mikey
