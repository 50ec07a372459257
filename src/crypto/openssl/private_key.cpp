#include "crypto/openssl/private_key_base.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <climits>
#include <cstring>

#include "crypto/rsa_padding.hpp"

namespace mikey::crypto {
namespace detail {

Status RsaPrivateKey::pkcs1_sign(Hash hash, ByteView message, MutableBytes out) const {
  const auto em = encode_pkcs1_signature(hash, message, out.size());
  if (!em) return em.error();
  return raw_sign(*em, out);
}

Result<Bytes> RsaPrivateKey::sign(SignType type, Hash hash, ByteView message, Rng& rng) const {
  const ErrorMark mark;
  Bytes out(public_.size());
  if (type == SignType::rsa_pkcs1_15) {
    if (auto s = pkcs1_sign(hash, message, out); !s) return std::move(s).error();
    return out;
  }
  if (type != SignType::rsa_pss) return bad_request("an RSA key makes S types 0 and 1", "RFC 3830 6.5");
  const auto em = encode_pss(hash, message, public_.bits(), rng);
  if (!em) return em.error();
  if (auto s = raw_sign(*em, out); !s) return std::move(s).error();
  return out;
}

Result<SecretBytes> RsaPrivateKey::rejection(ByteView ciphertext, std::size_t size) const {
  SecretBytes out(size);
  if (auto s = openssl().p_hash(Hash::sha256, rejection_secret_.reveal(), ciphertext, out.reveal_mutable());
      !s)
    return std::move(s).error();
  return out;
}

Result<SecretBytes> RsaPrivateKey::decrypt(PkePadding padding, ByteView ciphertext,
                                           EnvelopeKeyLengths lengths) const {
  const std::size_t n = public_.size();
  if (ciphertext.size() != n || !std::ranges::lexicographical_compare(ciphertext, public_.impl().modulus))
    return bad_message(ErrorCode::auth_failure, "RFC 3830 6.3", "PKE does not fit the RSA key");
  lengths.max = std::min(lengths.max, n - 11);
  if (lengths.min == 0 || lengths.min > lengths.max) return bad_request("no such envelope key lengths");

  const ErrorMark mark;
  SecretBytes em(n);
  if (padding == PkePadding::oaep) {
    if (auto s = raw_decrypt(ciphertext, em.reveal_mutable()); !s) return std::move(s).error();
    auto key = unpad_oaep(em.reveal());
    if (key.ok() && (key->size() < lengths.min || key->size() > lengths.max))
      return bad_message(ErrorCode::auth_failure, "RFC 3830 6.3",
                         "the envelope key has an unacceptable length");
    return key;
  }
  const auto rejected = rejection(ciphertext, lengths.max);
  if (!rejected) return rejected.error();
  if (auto s = raw_decrypt(ciphertext, em.reveal_mutable()); !s) return std::move(s).error();
  return unpad_pkcs1_encryption(em.reveal(), lengths, rejected->reveal());
}

Result<SecretBytes> random_secret() {
  SecretBytes out(32);
  if (RAND_priv_bytes(out.reveal_mutable().data(), 32) != 1) return library_error("drawing random octets");
  return out;
}

Result<Pkey> read_private_key(std::string_view pem, std::string_view passphrase) {
  const ErrorMark mark;
  if (pem.size() > INT_MAX) return bad_request("the PEM text is too long");
  const Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return library_error("reading PEM");
  const auto give = [](char* buf, int size, int /*rw*/, void* user) -> int {
    const auto& p = *static_cast<std::string_view*>(user);
    if (p.empty() || p.size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(buf, p.data(), p.size());
    return static_cast<int>(p.size());
  };
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give, &passphrase));
  if (!key) return bad_request("no private key can be read from the PEM text (" + last_reason() + ")");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return bad_request("the private key is not an RSA key");
  return key;
}

namespace {

/// A key in this process's memory.
class SoftwareKey final : public RsaPrivateKey {
 public:
  static Result<std::shared_ptr<const PrivateKey>> make(Pkey key) {
    const Bytes spki = to_der(i2d_PUBKEY, key.get());
    auto pub = PublicKey::from_der(spki);
    if (!pub) return bad_request(std::move(pub).error().detail);
    auto sign = raw_rsa_context(key.get(), EVP_PKEY_sign_init);
    if (!sign) return std::move(sign).error();
    auto decrypt = raw_rsa_context(key.get(), EVP_PKEY_decrypt_init);
    if (!decrypt) return std::move(decrypt).error();
    auto secret = random_secret();
    if (!secret) return std::move(secret).error();
    return std::shared_ptr<const PrivateKey>(
        new SoftwareKey(std::move(*pub), std::move(*secret), std::move(*sign), std::move(*decrypt)));
  }

 private:
  SoftwareKey(PublicKey pub, SecretBytes secret, PkeyContext sign, PkeyContext decrypt)
      : RsaPrivateKey(std::move(pub), std::move(secret)),
        sign_context_(std::move(sign)),
        decrypt_context_(std::move(decrypt)) {}

  Status raw_sign(ByteView em, MutableBytes out) const override {
    return raw_rsa(sign_context_.get(), EVP_PKEY_sign, em, out);
  }
  Status raw_decrypt(ByteView ciphertext, MutableBytes out) const override {
    return raw_rsa(decrypt_context_.get(), EVP_PKEY_decrypt, ciphertext, out);
  }

  PkeyContext sign_context_;  // both hold references of the key
  PkeyContext decrypt_context_;
};

}  // namespace
}  // namespace detail

Result<std::shared_ptr<const PrivateKey>> load_private_key_pem(std::string_view pem,
                                                               std::string_view passphrase) {
  const detail::ErrorMark mark;
  auto key = detail::read_private_key(pem, passphrase);
  if (!key) return std::move(key).error();
  return detail::SoftwareKey::make(std::move(*key));
}

}  // namespace mikey::crypto
