#include "public_key_operations.hpp"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <vector>

namespace mikey::bench {
namespace {

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* p) const noexcept { free(p); }
};
template <class T, void (*free)(T*)>
using Handle = std::unique_ptr<T, Free<T, free>>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Context = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Number = Handle<BIGNUM, BN_free>;

void require(bool good) {
  if (!good) fail("openssl-operations", "OpenSSL refuses an operation");
}

Key read(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Key key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  require(key != nullptr);
  return key;
}

Context begin(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*), bool hashed) {
  Context c(EVP_PKEY_CTX_new(key, nullptr));
  require(c && init(c.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(c.get(), RSA_PKCS1_PADDING) == 1);
  if (hashed) require(EVP_PKEY_CTX_set_signature_md(c.get(), EVP_sha1()) == 1);
  return c;
}

}  // namespace

struct PublicKeyOperations::Impl {
  PublicKeyCounts counts;
  Key key;
  Context signer, verifier, encrypter, decrypter;
  std::array<std::uint8_t, 20> hash{1, 2, 3};
  std::array<std::uint8_t, 16> secret{4, 5, 6};
  std::vector<std::uint8_t> signature, sealed, opened;
  Number prime{BN_get_rfc3526_prime_1536(nullptr)};
  Number base{BN_new()}, exponent{BN_new()}, result{BN_new()};
  Handle<BN_CTX, BN_CTX_free> scratch{BN_CTX_new()};
  Handle<BN_MONT_CTX, BN_MONT_CTX_free> montgomery{BN_MONT_CTX_new()};

  void set_up_powers() {
    require(BN_MONT_CTX_set(montgomery.get(), prime.get(), scratch.get()) == 1);
    require(BN_rand_range(base.get(), prime.get()) == 1 && BN_rand_range(exponent.get(), prime.get()) == 1);
    BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
  }

  void set_up_rsa(const std::string& pem) {
    key = read(pem);
    signer = begin(key.get(), EVP_PKEY_sign_init, true);
    verifier = begin(key.get(), EVP_PKEY_verify_init, true);
    encrypter = begin(key.get(), EVP_PKEY_encrypt_init, false);
    decrypter = begin(key.get(), EVP_PKEY_decrypt_init, false);
    signature.resize(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
    sealed.resize(signature.size());
    opened.resize(signature.size());
    sign();
    encrypt();
  }

  void sign() {
    std::size_t n = signature.size();
    require(EVP_PKEY_sign(signer.get(), signature.data(), &n, hash.data(), hash.size()) == 1);
  }
  void verify() {
    require(EVP_PKEY_verify(verifier.get(), signature.data(), signature.size(), hash.data(), hash.size()) ==
            1);
  }
  void encrypt() {
    std::size_t n = sealed.size();
    require(EVP_PKEY_encrypt(encrypter.get(), sealed.data(), &n, secret.data(), secret.size()) == 1);
  }
  void decrypt() {
    std::size_t n = opened.size();
    require(EVP_PKEY_decrypt(decrypter.get(), opened.data(), &n, sealed.data(), sealed.size()) == 1);
  }
  void power() {
    require(BN_mod_exp_mont_consttime(result.get(), base.get(), exponent.get(), prime.get(), scratch.get(),
                                      montgomery.get()) == 1);
  }
};

PublicKeyOperations::PublicKeyOperations(const PublicKeyCounts& counts, const std::string& key_pem)
    : impl_(std::make_shared<Impl>()) {
  impl_->counts = counts;
  impl_->set_up_powers();
  if (!key_pem.empty()) impl_->set_up_rsa(key_pem);
}

void PublicKeyOperations::run(std::size_t n) const {
  for (std::size_t i = 0; i < n; ++i) {
    for (unsigned k = 0; k < impl_->counts.sign; ++k) impl_->sign();
    for (unsigned k = 0; k < impl_->counts.verify; ++k) impl_->verify();
    for (unsigned k = 0; k < impl_->counts.encrypt; ++k) impl_->encrypt();
    for (unsigned k = 0; k < impl_->counts.decrypt; ++k) impl_->decrypt();
    for (unsigned k = 0; k < impl_->counts.power; ++k) impl_->power();
  }
}

}  // namespace mikey::bench
