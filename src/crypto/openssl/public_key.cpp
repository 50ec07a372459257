#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <climits>

#include "crypto/openssl/public_key_impl.hpp"
#include "crypto/rsa_padding.hpp"

namespace mikey::crypto {
namespace detail {

Result<PkeyContext> raw_rsa_context(EVP_PKEY* key, InitFunction init) {
  PkeyContext c(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!c || init(c.get()) <= 0 || EVP_PKEY_CTX_set_rsa_padding(c.get(), RSA_NO_PADDING) <= 0)
    return library_error("setting up RSA");
  return c;
}

Status raw_rsa(const EVP_PKEY_CTX* context, RsaFunction operation, ByteView in, MutableBytes out) {
  const PkeyContext c(EVP_PKEY_CTX_dup(context));
  std::size_t n = out.size();
  if (!c || operation(c.get(), out.data(), &n, in.data(), in.size()) <= 0 || n != out.size())
    return library_error("RSA");
  return {};
}

namespace {

Bytes modulus_of(const EVP_PKEY* key, std::size_t octets) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &raw) != 1) return {};
  const Handle<BIGNUM, BN_free> n(raw);
  Bytes out(octets);
  if (BN_bn2binpad(n.get(), out.data(), static_cast<int>(octets)) < 0) return {};
  return out;
}

}  // namespace

Result<PublicKey> wrap_public_key(Pkey key) {
  const ErrorMark mark;
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return bad_message(ErrorCode::invalid_cert, "RFC 3830 4.2.5", "the key is not an RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return bad_message(ErrorCode::invalid_cert, "",
                       "an RSA key of " + std::to_string(bits) + " bits is not acceptable");
  auto impl = std::make_shared<PublicKey::Impl>();
  auto recover = raw_rsa_context(key.get(), EVP_PKEY_verify_recover_init);
  if (!recover) return std::move(recover).error();
  auto encrypt = raw_rsa_context(key.get(), EVP_PKEY_encrypt_init);
  if (!encrypt) return std::move(encrypt).error();
  impl->recover = std::move(*recover);
  impl->encrypt = std::move(*encrypt);
  impl->bits = static_cast<std::size_t>(bits);
  impl->der = to_der(i2d_PUBKEY, key.get());
  impl->modulus = modulus_of(key.get(), (impl->bits + 7) / 8);
  if (impl->der.empty() || impl->modulus.empty()) return library_error("encoding a public key");
  impl->key = std::move(key);
  return PublicKey(std::move(impl));
}

}  // namespace detail

using detail::ErrorMark;

Result<PublicKey> PublicKey::from_der(ByteView spki) {
  const ErrorMark mark;
  const unsigned char* p = spki.data();
  detail::Pkey key(
      spki.size() > kMaxCertificateSize ? nullptr : d2i_PUBKEY(nullptr, &p, static_cast<long>(spki.size())));
  if (!key || p != spki.data() + spki.size())
    return bad_message(ErrorCode::invalid_cert, "RFC 5280 4.1.2.7", "the public key does not parse");
  return detail::wrap_public_key(std::move(key));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const ErrorMark mark;
  if (pem.size() > INT_MAX) return bad_request("the PEM text is too long");
  const detail::Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return detail::library_error("reading PEM");
  detail::Pkey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key)
    return bad_message(ErrorCode::invalid_cert, "RFC 7468 13", "there is no public key in the PEM text");
  return detail::wrap_public_key(std::move(key));
}

std::size_t PublicKey::size() const {
  return (impl_->bits + 7) / 8;
}
std::size_t PublicKey::bits() const {
  return impl_->bits;
}
ByteView PublicKey::der() const {
  return impl_->der;
}
bool operator==(const PublicKey& a, const PublicKey& b) {
  return a.impl_ == b.impl_ || a.impl_->der == b.impl_->der;
}

Result<Hash> PublicKey::verify(SignType type, ByteView message, ByteView signature,
                               const SignaturePolicy& policy) const {
  constexpr const char* kRule = "RFC 3830 4.2.6";
  if (type != SignType::rsa_pkcs1_15 && type != SignType::rsa_pss)
    return bad_message(ErrorCode::invalid_dt, "RFC 3830 6.5",
                       "S type " + std::to_string(static_cast<unsigned>(type)) + " is not an RSA signature");
  if (bits() < policy.min_rsa_bits)
    return bad_message(ErrorCode::invalid_cert, kRule,
                       "an RSA key of " + std::to_string(bits()) + " bits is too weak");
  if (signature.size() != size())
    return bad_message(ErrorCode::auth_failure, kRule, "the signature is not as long as the key");

  const ErrorMark mark;
  Bytes em(size());
  std::optional<Hash> h;
  if (detail::raw_rsa(impl_->recover.get(), EVP_PKEY_verify_recover, signature, em)) {
    h = type == SignType::rsa_pss ? detail::check_pss(em, message, bits())
                                  : detail::check_pkcs1_signature(em, message);
  }
  if (!h) return bad_message(ErrorCode::auth_failure, kRule, "the signature does not match");
  if (*h == Hash::sha1 && !policy.allow_sha1)
    return bad_message(ErrorCode::invalid_ha, kRule, "signatures with SHA-1 are not accepted");
  return *h;
}

Result<Bytes> PublicKey::encrypt(PkePadding padding, ByteView plain, Rng& rng) const {
  const auto em = padding == PkePadding::oaep ? detail::pad_oaep(plain, size(), rng)
                                              : detail::pad_pkcs1_encryption(plain, size(), rng);
  if (!em) return em.error();
  const ErrorMark mark;
  Bytes out(size());
  if (auto s = detail::raw_rsa(impl_->encrypt.get(), EVP_PKEY_encrypt, em->reveal(), out); !s)
    return std::move(s).error();
  return out;
}

}  // namespace mikey::crypto
