#include "mikey/crypto/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>
#include <ctime>

#include "crypto/openssl/public_key_impl.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto {
namespace {

using detail::ErrorMark;
using detail::Handle;
using detail::X509Handle;
using Impl = Certificate::Impl;

Error malformed(std::string what) {
  return bad_message(ErrorCode::invalid_cert, "RFC 5280 4", std::move(what));
}

std::string text_of(const ASN1_STRING* s) {
  return std::string(as_text({ASN1_STRING_get0_data(s), static_cast<std::size_t>(ASN1_STRING_length(s))}));
}

Status read_alt_names(X509* x, Impl& to) {
  int critical = 0;
  const Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, &critical, nullptr)));
  to.has_alt_name = critical != -1;
  if (!names) return critical == -1 ? Status{} : malformed("the subjectAltName does not parse");
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type == GEN_URI) to.uris.push_back(text_of(value));
    if (type == GEN_EMAIL) to.emails.push_back(text_of(value));
  }
  return {};
}

void read_common_name(X509* x, Impl& to) {
  const X509_NAME* name = X509_get_subject_name(x);
  int last = -1;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;) last = i;
  if (last < 0) return;
  unsigned char* utf8 = nullptr;
  const int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
  if (n < 0) return;
  to.common_name = as_text({utf8, static_cast<std::size_t>(n)});
  OPENSSL_free(utf8);
}

Status read_fields(X509* x, Impl& to) {
  // The flags are worked out once here, under the library's lock, and read often later.
  const std::uint32_t flags = X509_get_extension_flags(x);
  if ((flags & EXFLAG_INVALID) != 0) return malformed("an extension of the certificate does not parse");
  to.key_usage = X509_get_key_usage(x);
  to.ca = (flags & (EXFLAG_BCONS | EXFLAG_CA)) == (EXFLAG_BCONS | EXFLAG_CA);
  const auto from = detail::unix_time(X509_get0_notBefore(x));
  const auto to_time = detail::unix_time(X509_get0_notAfter(x));
  if (!from || !to_time) return malformed("the dates of the certificate do not parse");
  to.not_before = *from;
  to.not_after = *to_time;
  read_common_name(x, to);
  return read_alt_names(x, to);
}

std::string name_text(const X509_NAME* name) {
  const Handle<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(n)};
}

/// Calls `each` with the content of every PEM object called `name`.
template <class F>
Status for_each_pem(std::string_view pem, std::string_view name, F each) {
  const ErrorMark mark;
  if (pem.size() > INT_MAX) return bad_request("the PEM text is too long");
  const Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return detail::library_error("reading PEM");
  for (;;) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &data, &size) != 1) {
      if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) return {};
      return malformed("the PEM text is broken: " + detail::last_reason());
    }
    const Bytes der(data, data + size);
    const bool wanted = label == name;
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
    if (!wanted) continue;
    if (Status s = each(der); !s) return s;
  }
}

template <class T>
Result<std::vector<T>> all_of_pem(std::string_view pem, std::string_view name) {
  std::vector<T> all;
  auto s = for_each_pem(pem, name, [&](const Bytes& der) -> Status {
    auto one = T::from_der(der);
    if (!one) return std::move(one).error();
    all.push_back(std::move(*one));
    return {};
  });
  if (!s) return std::move(s).error();
  if (all.empty()) return malformed("there is no " + std::string(name) + " in the PEM text");
  return all;
}

bool contains(const std::vector<std::string>& names, std::string_view wanted) {
  return std::ranges::find(names, wanted) != names.end();
}

}  // namespace

namespace detail {

std::optional<std::int64_t> unix_time(const ASN1_TIME* t) {
  std::tm tm{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &tm) != 1) return std::nullopt;
  return static_cast<std::int64_t>(timegm(&tm));
}

Result<Certificate> adopt_certificate(X509Handle x, Bytes der) {
  auto impl = std::make_shared<Impl>();
  if (auto s = read_fields(x.get(), *impl); !s) return std::move(s).error();
  if (EVP_PKEY* key = X509_get0_pubkey(x.get()); key != nullptr) {
    EVP_PKEY_up_ref(key);
    if (auto k = wrap_public_key(Pkey(key)); k.ok()) impl->key = std::move(*k);
  }
  auto sha256 = digest(Hash::sha256, der);
  if (!sha256) return std::move(sha256).error();
  impl->sha256 = std::move(*sha256);
  impl->x509 = std::move(x);
  impl->der = std::move(der);
  return Certificate(std::move(impl));
}

}  // namespace detail

Result<Certificate> Certificate::from_der(ByteView der) {
  const ErrorMark mark;
  if (der.empty() || der.size() > kMaxCertificateSize)
    return malformed("the certificate has an unacceptable size");
  const unsigned char* p = der.data();
  X509Handle x(d2i_X509(nullptr, &p, static_cast<long>(der.size())));
  if (!x) return malformed("the certificate does not parse");
  if (p != der.data() + der.size()) return malformed("octets follow the certificate");
  return detail::adopt_certificate(std::move(x), to_bytes(der));
}

Result<std::vector<Certificate>> Certificate::from_pem(std::string_view pem) {
  return all_of_pem<Certificate>(pem, PEM_STRING_X509);
}

ByteView Certificate::der() const {
  return impl_->der;
}
std::string Certificate::to_pem() const {
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  const std::string text = to_base64(impl_->der);
  for (std::size_t i = 0; i < text.size(); i += 64) out += text.substr(i, 64) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}
const std::vector<std::string>& Certificate::subject_uris() const {
  return impl_->uris;
}
const std::vector<std::string>& Certificate::subject_emails() const {
  return impl_->emails;
}
bool Certificate::has_subject_alt_name() const {
  return impl_->has_alt_name;
}
const std::string& Certificate::common_name() const {
  return impl_->common_name;
}
std::string Certificate::subject() const {
  return name_text(X509_get_subject_name(impl_->x509.get()));
}
std::string Certificate::issuer() const {
  return name_text(X509_get_issuer_name(impl_->x509.get()));
}
Bytes Certificate::serial() const {
  const ASN1_INTEGER* n = X509_get0_serialNumber(impl_->x509.get());
  return to_bytes({ASN1_STRING_get0_data(n), static_cast<std::size_t>(ASN1_STRING_length(n))});
}
std::int64_t Certificate::not_before() const {
  return impl_->not_before;
}
std::int64_t Certificate::not_after() const {
  return impl_->not_after;
}

Result<PublicKey> Certificate::public_key() const {
  if (!impl_->key) return malformed("the certificate's key is not RSA of an acceptable size");
  return *impl_->key;
}

bool Certificate::allows_digital_signature() const {
  return (impl_->key_usage & KU_DIGITAL_SIGNATURE) != 0;
}
bool Certificate::allows_key_encipherment() const {
  return (impl_->key_usage & KU_KEY_ENCIPHERMENT) != 0;
}
bool Certificate::is_ca() const {
  return impl_->ca;
}

Bytes Certificate::fingerprint(Hash h) const {
  if (h == Hash::sha256) return impl_->sha256;
  auto d = detail::digest(h, impl_->der);
  return d.ok() ? std::move(*d) : Bytes{};
}

Result<Bytes> Certificate::chash(HashFunc f) const {
  switch (f) {
    case HashFunc::sha_1:
      return fingerprint(Hash::sha1);
    case HashFunc::sha_256:
      return fingerprint(Hash::sha256);
    case HashFunc::md5:
      break;
  }
  return bad_message(
      ErrorCode::invalid_ha, "RFC 3830 6.8",
      "hash function " + std::to_string(static_cast<unsigned>(f)) + " is not accepted for certificates");
}

bool Certificate::matches(IdType type, ByteView identity) const {
  if (type != IdType::uri && type != IdType::nai) return false;
  const std::string_view id = as_text(identity);
  if (id.empty()) return false;
  if (!impl_->has_alt_name) return impl_->common_name == id;
  return contains(type == IdType::uri ? impl_->uris : impl_->emails, id);
}

bool operator==(const Certificate& a, const Certificate& b) {
  return a.impl_ == b.impl_ || a.impl_->der == b.impl_->der;
}

Result<Crl> Crl::from_der(ByteView der) {
  const ErrorMark mark;
  if (der.empty() || der.size() > INT_MAX) return malformed("the revocation list has an unacceptable size");
  const unsigned char* p = der.data();
  auto impl = std::make_shared<Crl::Impl>();
  impl->crl.reset(d2i_X509_CRL(nullptr, &p, static_cast<long>(der.size())));
  if (!impl->crl || p != der.data() + der.size()) return malformed("the revocation list does not parse");
  for (const int nid : {NID_delta_crl, NID_issuing_distribution_point})
    if (X509_CRL_get_ext_by_NID(impl->crl.get(), nid, -1) >= 0)
      return malformed("delta and partial revocation lists are not supported");
  const auto issued = detail::unix_time(X509_CRL_get0_lastUpdate(impl->crl.get()));
  if (!issued) return malformed("the dates of the revocation list do not parse");
  impl->this_update = *issued;
  impl->next_update = detail::unix_time(X509_CRL_get0_nextUpdate(impl->crl.get()));
  return Crl(std::move(impl));
}

Result<std::vector<Crl>> Crl::from_pem(std::string_view pem) {
  return all_of_pem<Crl>(pem, PEM_STRING_X509_CRL);
}

}  // namespace mikey::crypto
