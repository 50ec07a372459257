#include "mikey/crypto/make_pki.hpp"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <climits>

#include "crypto/openssl/public_key_impl.hpp"

namespace mikey::crypto {
namespace {

using detail::ErrorMark;
using detail::Handle;
using detail::library_error;
using detail::Pkey;
using detail::X509Handle;
using Bio = Handle<BIO, BIO_free_all>;
using Time = Handle<ASN1_TIME, ASN1_STRING_free>;

const EVP_MD* digest_of(Hash h) {
  switch (h) {
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      return EVP_sha512();
    case Hash::sha224:
      return EVP_sha224();
  }
  return nullptr;
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const long n = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(n)};
}

bool set_time(ASN1_TIME* to, NtpTime t) {
  return ASN1_TIME_set(to, t.unix_seconds()) != nullptr;
}

bool add_extension(X509* x, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, x, nullptr, nullptr, 0);
  const Handle<X509_EXTENSION, X509_EXTENSION_free> e(X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str()));
  return e && X509_add_ext(x, e.get(), -1) == 1;
}

bool push_name(GENERAL_NAMES* names, int type, const std::string& value) {
  Handle<GENERAL_NAME, GENERAL_NAME_free> name(GENERAL_NAME_new());
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  if (!name || text == nullptr) return false;
  GENERAL_NAME_set0_value(name.get(), type, text);
  if (ASN1_STRING_set(text, value.data(), static_cast<int>(value.size())) != 1) return false;
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  static_cast<void>(name.release());
  return true;
}

/// Written as a structure: the library's text form would give commas and colons of a URI a meaning.
bool add_alt_names(X509* x, const CertificateSpec& spec) {
  if (spec.uris.empty() && spec.emails.empty()) return true;
  const Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(GENERAL_NAMES_new());
  if (!names) return false;
  for (const auto& uri : spec.uris)
    if (!push_name(names.get(), GEN_URI, uri)) return false;
  for (const auto& email : spec.emails)
    if (!push_name(names.get(), GEN_EMAIL, email)) return false;
  return X509_add1_ext_i2d(x, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

std::string basic_constraints(const CertificateSpec& spec) {
  if (!spec.ca) return "critical,CA:FALSE";
  return spec.path_length ? "critical,CA:TRUE,pathlen:" + std::to_string(*spec.path_length)
                          : "critical,CA:TRUE";
}

std::string key_usage(const CertificateSpec& spec) {
  if (spec.ca) return "critical,keyCertSign,cRLSign";
  std::string s = "critical";
  if (spec.digital_signature) s += ",digitalSignature";
  if (spec.key_encipherment) s += ",keyEncipherment";
  if (!spec.digital_signature && !spec.key_encipherment) s += ",keyAgreement";  // an empty one is not allowed
  return s;
}

bool add_extensions(X509* x, X509* issuer, const CertificateSpec& spec) {
  return add_extension(x, issuer, NID_basic_constraints, basic_constraints(spec)) &&
         add_extension(x, issuer, NID_key_usage, key_usage(spec)) &&
         (!spec.ocsp_signing || add_extension(x, issuer, NID_ext_key_usage, "OCSPSigning")) &&
         add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
         // "keyid" is an error when the issuer's certificate has none, which is no reason to fail
         (X509_get0_subject_key_id(issuer) == nullptr ||
          add_extension(x, issuer, NID_authority_key_identifier, "keyid")) &&
         add_alt_names(x, spec);
}

bool set_serial(X509* x, Bytes serial) {
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7F) | 0x40);  // positive, always of 16 octets
  const Handle<BIGNUM, BN_free> n(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  return n && BN_to_ASN1_INTEGER(n.get(), X509_get_serialNumber(x)) != nullptr;
}

bool set_subject(X509* x, const std::string& common_name) {
  const std::string_view cn = common_name;
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_commonName, MBSTRING_UTF8,
                                    as_bytes(cn).data(), static_cast<int>(cn.size()), -1, 0) == 1;
}

Status check_spec(const CertificateSpec& spec) {
  if (spec.common_name.empty() || spec.common_name.size() > 64)
    return bad_request("a common name has 1 to 64 octets", "RFC 5280 A.1");
  if (spec.not_after.unix_seconds() < spec.not_before.unix_seconds())
    return bad_request("a certificate cannot end before it begins");
  for (const auto* list : {&spec.uris, &spec.emails})
    for (const auto& name : *list)
      if (name.empty() || std::ranges::any_of(name, [](char c) { return c <= ' ' || c > '~'; }))
        return bad_request("alternative names are visible ASCII", "RFC 5280 4.2.1.6");
  return {};
}

/// `issuer`: nullptr for a certificate that signs itself.
Result<Certificate> build(const CertificateSpec& spec, EVP_PKEY* subject_key, X509* issuer,
                          EVP_PKEY* signing_key, Rng& rng) {
  if (auto s = check_spec(spec); !s) return std::move(s).error();
  auto serial = rng.bytes(16, "certificate serial");
  if (!serial) return std::move(serial).error();
  const X509Handle x(X509_new());
  if (!x) return library_error("allocating a certificate");
  X509* by = issuer != nullptr ? issuer : x.get();
  const bool made = X509_set_version(x.get(), X509_VERSION_3) == 1 &&
                    set_serial(x.get(), std::move(*serial)) && set_subject(x.get(), spec.common_name) &&
                    X509_set_issuer_name(x.get(), X509_get_subject_name(by)) == 1 &&
                    set_time(X509_getm_notBefore(x.get()), spec.not_before) &&
                    set_time(X509_getm_notAfter(x.get()), spec.not_after) &&
                    X509_set_pubkey(x.get(), subject_key) == 1 && add_extensions(x.get(), by, spec) &&
                    X509_sign(x.get(), signing_key, digest_of(spec.hash)) > 0;
  if (!made) return library_error("making a certificate");
  return Certificate::from_der(detail::to_der(i2d_X509, x.get()));
}

}  // namespace

Result<std::string> generate_rsa_key(unsigned bits, std::string_view passphrase, bool allow_weak) {
  if (bits > detail::kMaxRsaBits || bits % 8 != 0 || bits < (allow_weak ? 1024U : 2048U))
    return bad_request("RSA keys are made of 2048 to 8192 bits");
  const ErrorMark mark;
  const Pkey key(EVP_RSA_gen(bits));
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio) return library_error("making an RSA key");
  const bool encrypt = !passphrase.empty();
  if (passphrase.size() > INT_MAX) return bad_request("the passphrase is too long");
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), encrypt ? EVP_aes_256_cbc() : nullptr,
                                    encrypt ? passphrase.data() : nullptr,
                                    static_cast<int>(passphrase.size()), nullptr, nullptr) != 1)
    return library_error("writing an RSA key");
  return text_of(bio.get());
}

Result<PublicKey> public_key_of(std::string_view key_pem, std::string_view passphrase) {
  auto key = detail::read_private_key(key_pem, passphrase);
  if (!key) return std::move(key).error();
  return PublicKey::from_der(detail::to_der(i2d_PUBKEY, key->get()));
}

Result<Certificate> make_self_signed(const CertificateSpec& spec, std::string_view key_pem,
                                     std::string_view passphrase, Rng& rng) {
  const ErrorMark mark;
  auto key = detail::read_private_key(key_pem, passphrase);
  if (!key) return std::move(key).error();
  return build(spec, key->get(), nullptr, key->get(), rng);
}

Result<Certificate> make_certificate(const CertificateSpec& spec, const PublicKey& subject_key,
                                     const Issuer& issuer, Rng& rng) {
  const ErrorMark mark;
  auto key = detail::read_private_key(issuer.key_pem, issuer.passphrase);
  if (!key) return std::move(key).error();
  return build(spec, subject_key.impl().key.get(), issuer.certificate.impl().x509.get(), key->get(), rng);
}

namespace {

bool add_revoked(X509_CRL* crl, const Certificate& c, const ASN1_TIME* when) {
  Handle<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
  if (!entry ||
      X509_REVOKED_set_serialNumber(
          entry.get(), const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(c.impl().x509.get()))) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), const_cast<ASN1_TIME*>(when)) != 1 ||
      X509_CRL_add0_revoked(crl, entry.get()) != 1)
    return false;
  static_cast<void>(entry.release());
  return true;
}

bool add_crl_number(X509_CRL* crl, unsigned number) {
  const Handle<ASN1_INTEGER, ASN1_STRING_free> n(ASN1_INTEGER_new());
  return n && ASN1_INTEGER_set_uint64(n.get(), number) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, n.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

}  // namespace

Result<std::string> make_crl(const Issuer& issuer, std::span<const Certificate> revoked, NtpTime this_update,
                             NtpTime next_update, unsigned number, Hash hash) {
  const ErrorMark mark;
  auto key = detail::read_private_key(issuer.key_pem, issuer.passphrase);
  if (!key) return std::move(key).error();
  const detail::CrlHandle crl(X509_CRL_new());
  const Time from(ASN1_TIME_set(nullptr, this_update.unix_seconds()));
  const Time until(ASN1_TIME_set(nullptr, next_update.unix_seconds()));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!crl || !from || !until || !bio) return library_error("making a revocation list");
  bool made =
      X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
      X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.impl().x509.get())) == 1 &&
      X509_CRL_set1_lastUpdate(crl.get(), from.get()) == 1 &&
      X509_CRL_set1_nextUpdate(crl.get(), until.get()) == 1 && add_crl_number(crl.get(), number);
  for (const Certificate& c : revoked) made = made && add_revoked(crl.get(), c, from.get());
  if (!made || X509_CRL_sort(crl.get()) != 1 || X509_CRL_sign(crl.get(), key->get(), digest_of(hash)) <= 0 ||
      PEM_write_bio_X509_CRL(bio.get(), crl.get()) != 1)
    return library_error("making a revocation list");
  return text_of(bio.get());
}

Result<Bytes> make_ocsp_response(const Certificate& ca, const Issuer& signer, const Certificate& subject,
                                 OcspStatus status, NtpTime this_update, NtpTime next_update) {
  const ErrorMark mark;
  auto key = detail::read_private_key(signer.key_pem, signer.passphrase);
  if (!key) return std::move(key).error();
  const Handle<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
  const Handle<OCSP_CERTID, OCSP_CERTID_free> id(
      OCSP_cert_to_id(EVP_sha256(), subject.impl().x509.get(), ca.impl().x509.get()));
  const Time from(ASN1_TIME_set(nullptr, this_update.unix_seconds()));
  const Time until(ASN1_TIME_set(nullptr, next_update.unix_seconds()));
  if (!basic || !id || !from || !until) return library_error("making an OCSP response");
  const int value = status == OcspStatus::good      ? V_OCSP_CERTSTATUS_GOOD
                    : status == OcspStatus::revoked ? V_OCSP_CERTSTATUS_REVOKED
                                                    : V_OCSP_CERTSTATUS_UNKNOWN;
  if (OCSP_basic_add1_status(basic.get(), id.get(), value, OCSP_REVOKED_STATUS_NOSTATUS,
                             value == V_OCSP_CERTSTATUS_REVOKED ? from.get() : nullptr, from.get(),
                             until.get()) == nullptr ||
      OCSP_basic_sign(basic.get(), signer.certificate.impl().x509.get(), key->get(), EVP_sha256(), nullptr,
                      0) != 1)
    return library_error("making an OCSP response");
  const Handle<OCSP_RESPONSE, OCSP_RESPONSE_free> response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  if (!response) return library_error("making an OCSP response");
  return detail::to_der(i2d_OCSP_RESPONSE, response.get());
}

}  // namespace mikey::crypto
