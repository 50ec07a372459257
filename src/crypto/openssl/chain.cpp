#include "crypto/openssl/chain.hpp"

#include <openssl/x509_vfy.h>

#include "crypto/openssl/revocation.hpp"

namespace mikey::crypto::detail {
namespace {

using StoreContext = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

constexpr int kMinEcBits = 224;  // about as strong as RSA of 2048 bits

/// The certificates' handles, without references of their own.
BorrowedStack borrow(std::span<const Certificate> certificates) {
  BorrowedStack s(sk_X509_new_null());
  if (!s) return s;
  for (const Certificate& c : certificates)
    if (sk_X509_push(s.get(), c.impl().x509.get()) <= 0) return nullptr;
  return s;
}

const Certificate* find(std::span<const Certificate> in, const X509* x) {
  for (const Certificate& c : in)
    if (c.impl().x509.get() == x) return &c;
  return nullptr;
}

Status set_up(X509_STORE_CTX* c, const Certificate& leaf, STACK_OF(X509) * untrusted,
              STACK_OF(X509) * trusted) {
  if (X509_STORE_CTX_init(c, nullptr, leaf.impl().x509.get(), untrusted) != 1)
    return library_error("setting up path validation");
  X509_STORE_CTX_set0_trusted_stack(c, trusted);
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(c);
  // Time is judged by check_path, against the caller's clock. An anchor need not be a root.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_auth_level(param, 0);  // digests and key sizes are check_path's as well
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(TrustStore::kMaxPath));
  return {};
}

Result<std::vector<Certificate>> path_of(X509_STORE_CTX* c, std::span<const Certificate> chain,
                                         std::span<const Certificate> anchors) {
  std::vector<Certificate> path;
  STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(c);
  for (int i = 0; i < sk_X509_num(found); ++i) {
    const X509* x = sk_X509_value(found, i);
    const Certificate* known = find(chain, x);
    if (known == nullptr) known = find(anchors, x);
    if (known == nullptr) return crypto_error("path validation made up a certificate");
    path.push_back(*known);
  }
  return path;
}

Status check_strength(const Certificate& c, const VerifyOptions& options) {
  const EVP_PKEY* key = X509_get0_pubkey(c.impl().x509.get());
  if (key == nullptr) return refuse_certificate("the key of " + c.subject() + " is not usable");
  const int bits = EVP_PKEY_get_bits(key);
  const int type = EVP_PKEY_get_base_id(key);
  const bool rsa = type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS;
  if (!rsa && type != EVP_PKEY_EC && type != EVP_PKEY_ED25519 && type != EVP_PKEY_ED448)
    return refuse_certificate("the key of " + c.subject() + " is of an unknown kind");
  if (bits < (rsa ? static_cast<int>(options.min_rsa_bits) : kMinEcBits) || bits > kMaxRsaBits)
    return refuse_certificate("the key of " + c.subject() + " is weak or oversized: " + std::to_string(bits) +
                              " bits");
  return {};
}

Status check_dates(const Certificate& c, std::int64_t now) {
  if (now < c.not_before())
    return refuse_certificate("the certificate of " + c.subject() + " is not valid yet");
  if (now > c.not_after()) return refuse_certificate("the certificate of " + c.subject() + " has expired");
  return {};
}

Status check_digest(const Certificate& c, const VerifyOptions& options) {
  int digest = NID_undef;
  int key = NID_undef;
  X509_get_signature_info(c.impl().x509.get(), &digest, &key, nullptr, nullptr);
  if (key == NID_undef || !acceptable_digest(digest, options.allow_sha1_certificates))
    return refuse_certificate("the certificate of " + c.subject() + " is signed with a weak hash");
  return {};
}

Status check_usage(const Certificate& leaf, Purpose purpose) {
  if (purpose == Purpose::digital_signature && !leaf.allows_digital_signature())
    return refuse_certificate("keyUsage does not allow digitalSignature", "RFC 5280 4.2.1.3");
  if (purpose == Purpose::key_encipherment && !leaf.allows_key_encipherment())
    return refuse_certificate("keyUsage does not allow keyEncipherment", "RFC 5280 4.2.1.3");
  return {};
}

}  // namespace

Error refuse_certificate(std::string why, const char* rfc) {
  return bad_message(ErrorCode::invalid_cert, rfc, std::move(why));
}

Result<std::vector<Certificate>> build_path(std::span<const Certificate> chain,
                                            std::span<const Certificate> anchors) {
  const ErrorMark mark;
  const StoreContext c(X509_STORE_CTX_new());
  const BorrowedStack untrusted = borrow(chain.subspan(1));
  const BorrowedStack trusted = borrow(anchors);
  if (!c || !untrusted || !trusted) return library_error("setting up path validation");
  if (auto s = set_up(c.get(), chain[0], untrusted.get(), trusted.get()); !s) return std::move(s).error();
  if (X509_verify_cert(c.get()) != 1) {
    const int why = X509_STORE_CTX_get_error(c.get());
    return refuse_certificate(std::string("no path to a trust anchor: ") + X509_verify_cert_error_string(why),
                              "RFC 5280 6.1");
  }
  auto path = path_of(c.get(), chain, anchors);
  if (!path) return path;
  // The library also takes version 1 certificates and bare key usages for CAs.
  for (std::size_t i = 1; i < path->size(); ++i)
    if (!(*path)[i].is_ca())
      return refuse_certificate((*path)[i].subject() + " is not a CA", "RFC 5280 4.2.1.9");
  return path;
}

Status check_path(std::span<const Certificate> path, std::int64_t now, Purpose purpose,
                  const VerifyOptions& options) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (auto s = check_dates(path[i], now); !s) return s;
    if (auto s = check_strength(path[i], options); !s) return s;
    if (i + 1 == path.size()) break;  // nobody relies on the anchor's signature
    if (auto s = check_digest(path[i], options); !s) return s;
  }
  return check_usage(path[0], purpose);
}

}  // namespace mikey::crypto::detail
