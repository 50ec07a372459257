#include "public_key_operations.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <vector>

#include "row.hpp"

namespace mikey::bench {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;
using Context = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Number = Handle<BIGNUM, BN_free>;

constexpr const char* kName = "openssl-operations";
constexpr std::array<unsigned char, 20> kHash{1, 2, 3};
constexpr std::array<unsigned char, 16> kEnvelopeKey{4, 5, 6};

void must(bool ok, const char* what) {
  if (!ok) fail(kName, std::string(what) + " failed");
}

}  // namespace

struct PublicKeyOperations::Impl {
  Handle<EVP_PKEY, EVP_PKEY_free> key;
  Context sign, verify, encrypt, decrypt;
  std::vector<unsigned char> signature, sealed;
  Number prime{BN_get_rfc3526_prime_1536(nullptr)};
  Number base{BN_new()};
  Number exponent{BN_new()};
  Number result{BN_new()};
  Handle<BN_CTX, BN_CTX_free> scratch{BN_CTX_secure_new()};
  Handle<BN_MONT_CTX, BN_MONT_CTX_free> montgomery{BN_MONT_CTX_new()};

  explicit Impl(std::string_view pem) {
    const Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    must(key != nullptr, "loading the key");
    sign = context(EVP_PKEY_sign_init);
    verify = context(EVP_PKEY_verify_init);
    for (EVP_PKEY_CTX* c : {sign.get(), verify.get()})
      must(EVP_PKEY_CTX_set_signature_md(c, EVP_sha1()) > 0, "setting the hash");
    encrypt = context(EVP_PKEY_encrypt_init);
    decrypt = context(EVP_PKEY_decrypt_init);
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
    signature.resize(size);
    sealed.resize(size);
    std::size_t n = size;
    must(EVP_PKEY_sign(sign.get(), signature.data(), &n, kHash.data(), kHash.size()) > 0, "signing");
    n = size;
    must(EVP_PKEY_encrypt(encrypt.get(), sealed.data(), &n, kEnvelopeKey.data(), kEnvelopeKey.size()) > 0,
         "encrypting");
    // An exponent and a base of full length; the exponentiation takes the same time for any.
    must(BN_rand(exponent.get(), 1535, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_rand(base.get(), 1535, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_MONT_CTX_set(montgomery.get(), prime.get(), scratch.get()) == 1,
         "setting up DH");
    BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
  }

  Context context(int (*init)(EVP_PKEY_CTX*)) const {
    Context c(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    must(c && init(c.get()) > 0 && EVP_PKEY_CTX_set_rsa_padding(c.get(), RSA_PKCS1_PADDING) > 0,
         "setting up RSA");
    return c;
  }
};

PublicKeyOperations::PublicKeyOperations(std::string_view private_key_pem)
    : impl_(std::make_shared<const Impl>(private_key_pem)) {}

void PublicKeyOperations::sign() const {
  std::array<unsigned char, 1024> out;
  std::size_t n = out.size();
  must(EVP_PKEY_sign(impl_->sign.get(), out.data(), &n, kHash.data(), kHash.size()) > 0, "signing");
  keep(out);
}

void PublicKeyOperations::verify() const {
  must(EVP_PKEY_verify(impl_->verify.get(), impl_->signature.data(), impl_->signature.size(), kHash.data(),
                       kHash.size()) == 1,
       "verifying");
}

void PublicKeyOperations::encrypt() const {
  std::array<unsigned char, 1024> out;
  std::size_t n = out.size();
  must(EVP_PKEY_encrypt(impl_->encrypt.get(), out.data(), &n, kEnvelopeKey.data(), kEnvelopeKey.size()) > 0,
       "encrypting");
  keep(out);
}

void PublicKeyOperations::decrypt() const {
  std::array<unsigned char, 1024> out;
  std::size_t n = out.size();
  must(EVP_PKEY_decrypt(impl_->decrypt.get(), out.data(), &n, impl_->sealed.data(), impl_->sealed.size()) > 0,
       "decrypting");
  keep(out);
}

void PublicKeyOperations::exponentiate() const {
  must(BN_mod_exp_mont_consttime(impl_->result.get(), impl_->base.get(), impl_->exponent.get(),
                                 impl_->prime.get(), impl_->scratch.get(), impl_->montgomery.get()) == 1,
       "exponentiating");
}

std::string PublicKeyOperations::name() {
  return std::string(kName) + " " + OpenSSL_version(OPENSSL_VERSION_STRING);
}

}  // namespace mikey::bench
