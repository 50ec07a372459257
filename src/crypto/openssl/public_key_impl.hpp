/// \file
/// What stands behind PublicKey, Certificate and Crl.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/openssl/handles.hpp"
#include "mikey/crypto/certificate.hpp"

namespace mikey::crypto {

namespace detail {
using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using PkeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using X509Handle = Handle<X509, X509_free>;
/// Frees a stack but not the certificates it borrows; the library's own is a macro.
inline void free_borrowed(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}
using BorrowedStack = Handle<STACK_OF(X509), free_borrowed>;
using CrlHandle = Handle<X509_CRL, X509_CRL_free>;

inline constexpr int kMinRsaBits = 512;   // any policy refuses more; below there is no room for a padding
inline constexpr int kMaxRsaBits = 8192;  // what a stranger's certificate may cost us

/// A context for the bare RSA operation, to be copied for every use: setting one up costs five times a copy.
using InitFunction = int (*)(EVP_PKEY_CTX*);
Result<PkeyContext> raw_rsa_context(EVP_PKEY* key, InitFunction init);

/// Runs `operation` on a copy of `context`; exactly as many octets out as in.
using RsaFunction = int (*)(EVP_PKEY_CTX*, unsigned char*, std::size_t*, const unsigned char*, std::size_t);
Status raw_rsa(const EVP_PKEY_CTX* context, RsaFunction operation, ByteView in, MutableBytes out);

/// Takes the reference `key` is. ErrorCode::invalid_cert when it is not RSA of an acceptable size.
Result<PublicKey> wrap_public_key(Pkey key);

/// A private key from PEM, asking nobody for a passphrase.
Result<Pkey> read_private_key(std::string_view pem, std::string_view passphrase);

/// Seconds since 1970. Nothing when the time is malformed.
std::optional<std::int64_t> unix_time(const ASN1_TIME* t);

/// The octets `i2d` writes for `object`.
template <class T, class F>
Bytes to_der(F i2d, T* object) {
  const int n = i2d(object, nullptr);
  if (n <= 0) return {};
  Bytes out(static_cast<std::size_t>(n));
  unsigned char* p = out.data();
  i2d(object, &p);
  return out;
}

Result<Certificate> adopt_certificate(X509Handle x, Bytes der);
}  // namespace detail

struct PublicKey::Impl {
  detail::Pkey key;
  detail::PkeyContext recover;  ///< RSAVP1
  detail::PkeyContext encrypt;  ///< RSAEP
  std::size_t bits = 0;
  Bytes der;
  Bytes modulus;
};

struct Certificate::Impl {
  detail::X509Handle x509;
  Bytes der;
  Bytes sha256;  ///< of der
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  bool has_alt_name = false;
  std::string common_name;
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  std::optional<PublicKey> key;
  std::uint32_t key_usage = 0;  ///< all ones without the extension
  bool ca = false;
};

struct Crl::Impl {
  detail::CrlHandle crl;
  std::int64_t this_update = 0;
  std::optional<std::int64_t> next_update;
};

}  // namespace mikey::crypto
