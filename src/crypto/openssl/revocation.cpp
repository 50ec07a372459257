#include "crypto/openssl/revocation.hpp"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <climits>

namespace mikey::crypto::detail {
namespace {

using OcspResponse = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicResponse = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using CertId = Handle<OCSP_CERTID, OCSP_CERTID_free>;

bool digest_of_algorithm_is_acceptable(const X509_ALGOR* algorithm, bool allow_sha1) {
  int digest = NID_undef;
  int key = NID_undef;
  const int nid = OBJ_obj2nid(algorithm->algorithm);
  if (nid == NID_rsassaPss) return true;  // its hash stands in parameters; none weaker than SHA-1 is in use
  return OBJ_find_sigid_algs(nid, &digest, &key) == 1 && acceptable_digest(digest, allow_sha1);
}

BasicResponse parse_basic_response(ByteView der) {
  if (der.empty() || der.size() > kMaxCertificateSize) return nullptr;
  const unsigned char* p = der.data();
  const OcspResponse r(d2i_OCSP_RESPONSE(nullptr, &p, static_cast<long>(der.size())));
  if (!r || p != der.data() + der.size() || OCSP_response_status(r.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return nullptr;
  return BasicResponse(OCSP_response_get1_basic(r.get()));
}

/// Whether the issuer may sign for itself, or made `signer` its delegate (RFC 6960 4.2.2.2), valid now.
bool may_answer_for(X509* signer, X509* issuer, std::int64_t now, bool allow_sha1) {
  if (X509_cmp(signer, issuer) == 0) return true;
  const auto from = unix_time(X509_get0_notBefore(signer));
  const auto until = unix_time(X509_get0_notAfter(signer));
  if (!from || !until || now < *from || now > *until) return false;
  if ((X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) == 0 ||
      (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) == 0)
    return false;
  int digest = NID_undef;
  return X509_get_signature_info(signer, &digest, nullptr, nullptr, nullptr) == 1 &&
         acceptable_digest(digest, allow_sha1) && X509_check_issued(issuer, signer) == X509_V_OK &&
         X509_verify(signer, X509_get0_pubkey(issuer)) == 1;
}

bool is_authentic(OCSP_BASICRESP* r, X509* issuer, std::int64_t now, bool allow_sha1) {
  if (!digest_of_algorithm_is_acceptable(OCSP_resp_get0_tbs_sigalg(r), allow_sha1)) return false;
  const BorrowedStack candidates(sk_X509_new_null());
  if (!candidates || sk_X509_push(candidates.get(), issuer) <= 0) return false;
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(r, &signer, candidates.get()) != 1 || signer == nullptr) return false;
  if (!may_answer_for(signer, issuer, now, allow_sha1)) return false;
  // Only the signature: the library would judge the signer by its own clock.
  return OCSP_basic_verify(r, candidates.get(), nullptr, OCSP_NOVERIFY) == 1;
}

/// Whether a single answer is about `subject`: the identifier names its own hash.
bool is_about(const OCSP_CERTID* id, X509* subject, X509* issuer) {
  ASN1_OBJECT* algorithm = nullptr;
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id)) != 1)
    return false;
  const EVP_MD* md = EVP_get_digestbyobj(algorithm);
  if (md == nullptr) return false;
  const CertId own(OCSP_cert_to_id(md, subject, issuer));
  return own && OCSP_id_cmp(own.get(), id) == 0;
}

Revocation judge(OCSP_SINGLERESP* single, std::int64_t now, std::int64_t skew) {
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked_at = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status = OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update);
  if (status == V_OCSP_CERTSTATUS_REVOKED) return Revocation::revoked;  // however old
  const auto from = unix_time(this_update);
  if (!from || *from > now + skew) return Revocation::not_known;
  if (next_update != nullptr) {
    const auto until = unix_time(next_update);
    if (!until || *until + skew < now) return Revocation::not_known;
  }
  return status == V_OCSP_CERTSTATUS_GOOD ? Revocation::good : Revocation::refused;
}

}  // namespace

bool acceptable_digest(int digest_nid, bool allow_sha1) {
  switch (digest_nid) {
    case NID_sha1:
      return allow_sha1;
    case NID_sha224:
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
    case NID_sha3_256:
    case NID_sha3_384:
    case NID_sha3_512:
    case NID_undef:  // Ed25519 and Ed448 hash by themselves
      return true;
    default:
      return false;
  }
}

Revocation ocsp_status(ByteView response, const Certificate& subject, const Certificate& issuer,
                       std::int64_t now, std::int64_t skew, bool allow_sha1) {
  const ErrorMark mark;
  const BasicResponse r = parse_basic_response(response);
  X509* ca = issuer.impl().x509.get();
  if (!r) return Revocation::not_known;
  Revocation result = Revocation::not_known;
  for (int i = 0; i < OCSP_resp_count(r.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(r.get(), i);
    if (!is_about(OCSP_SINGLERESP_get0_id(single), subject.impl().x509.get(), ca)) continue;
    const Revocation one = judge(single, now, skew);
    if (one == Revocation::not_known) continue;
    result = one;
    if (one != Revocation::good) break;
  }
  if (result == Revocation::not_known || !is_authentic(r.get(), ca, now, allow_sha1))
    return Revocation::not_known;
  return result;
}

bool crl_is_signed_by(const Crl& crl, const Certificate& issuer, bool allow_sha1) {
  const ErrorMark mark;
  X509_CRL* list = crl.impl().crl.get();
  X509* ca = issuer.impl().x509.get();
  if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(ca)) != 0) return false;
  if ((issuer.impl().key_usage & KU_CRL_SIGN) == 0) return false;
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(list, nullptr, &algorithm);
  return digest_of_algorithm_is_acceptable(algorithm, allow_sha1) &&
         X509_CRL_verify(list, X509_get0_pubkey(ca)) == 1;
}

Revocation crl_status(const Crl& crl, const Certificate& subject, std::int64_t now) {
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_cert(crl.impl().crl.get(), &entry, subject.impl().x509.get()) == 1)
    return Revocation::revoked;
  const bool current =
      crl.impl().this_update <= now && crl.impl().next_update.has_value() && now <= *crl.impl().next_update;
  return current ? Revocation::good : Revocation::not_known;
}

}  // namespace mikey::crypto::detail
