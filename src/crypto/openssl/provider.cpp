/// \file
/// Symmetric primitives on OpenSSL's libcrypto.
///
/// HMAC is built on the low-level SHA functions although OpenSSL 3 calls them deprecated: EVP costs 460 to
/// 1050 ns for a MAC of a MIKEY message where these cost 180, and one exchange computes twenty.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "mikey/crypto/provider.hpp"

#include <openssl/aes.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <memory>

namespace mikey::crypto {
namespace {

/// One hash function of OpenSSL's low-level kind.
template <Hash>
struct Sha;

template <>
struct Sha<Hash::sha1> {
  using Context = SHA_CTX;
  static constexpr std::size_t kBlock = 64;
  static int init(Context* c) { return SHA1_Init(c); }
  static int update(Context* c, const void* p, std::size_t n) { return SHA1_Update(c, p, n); }
  static int final(std::uint8_t* out, Context* c) { return SHA1_Final(out, c); }
};
template <>
struct Sha<Hash::sha256> {
  using Context = SHA256_CTX;
  static constexpr std::size_t kBlock = 64;
  static int init(Context* c) { return SHA256_Init(c); }
  static int update(Context* c, const void* p, std::size_t n) { return SHA256_Update(c, p, n); }
  static int final(std::uint8_t* out, Context* c) { return SHA256_Final(out, c); }
};
template <>
struct Sha<Hash::sha384> {
  using Context = SHA512_CTX;
  static constexpr std::size_t kBlock = 128;
  static int init(Context* c) { return SHA384_Init(c); }
  static int update(Context* c, const void* p, std::size_t n) { return SHA384_Update(c, p, n); }
  static int final(std::uint8_t* out, Context* c) { return SHA384_Final(out, c); }
};
template <>
struct Sha<Hash::sha512> {
  using Context = SHA512_CTX;
  static constexpr std::size_t kBlock = 128;
  static int init(Context* c) { return SHA512_Init(c); }
  static int update(Context* c, const void* p, std::size_t n) { return SHA512_Update(c, p, n); }
  static int final(std::uint8_t* out, Context* c) { return SHA512_Final(out, c); }
};

template <class T>
void wipe_object(T& object) {
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(&object)), sizeof object});
}

template <Hash H>
bool digest(std::span<const ByteView> parts, std::uint8_t* out) {
  typename Sha<H>::Context c;
  int ok = Sha<H>::init(&c);
  for (const ByteView p : parts) ok &= Sha<H>::update(&c, p.data(), p.size());
  ok &= Sha<H>::final(out, &c);
  wipe_object(c);
  return ok == 1;
}

/// RFC 2104.
template <Hash H>
bool keyed_digest(ByteView key, std::span<const ByteView> parts, std::uint8_t* out) {
  std::array<std::uint8_t, Sha<H>::kBlock> pad{};
  bool ok = true;
  if (key.size() > pad.size()) {
    const std::array<ByteView, 1> whole{key};
    ok = digest<H>(whole, pad.data());
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  for (std::uint8_t& b : pad) b ^= 0x36;
  typename Sha<H>::Context c;
  int good = Sha<H>::init(&c) & Sha<H>::update(&c, pad.data(), pad.size());
  for (const ByteView p : parts) good &= Sha<H>::update(&c, p.data(), p.size());
  good &= Sha<H>::final(out, &c);
  for (std::uint8_t& b : pad) b ^= 0x36 ^ 0x5c;
  good &= Sha<H>::init(&c) & Sha<H>::update(&c, pad.data(), pad.size()) &
          Sha<H>::update(&c, out, hash_size(H)) & Sha<H>::final(out, &c);
  wipe_object(c);
  wipe(pad);
  return ok && good == 1;
}

template <class F>
auto with_hash(Hash h, F&& f) {
  switch (h) {
    case Hash::sha1:
      return f.template operator()<Hash::sha1>();
    case Hash::sha256:
      return f.template operator()<Hash::sha256>();
    case Hash::sha384:
      return f.template operator()<Hash::sha384>();
    case Hash::sha512:
      break;
  }
  return f.template operator()<Hash::sha512>();
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER* c) const { EVP_CIPHER_free(c); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;
using Cipher = std::unique_ptr<EVP_CIPHER, FreeCipher>;

class OpenSsl final : public Provider {
 public:
  OpenSsl()
      : ctr_{Cipher(EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr)),
             Cipher(EVP_CIPHER_fetch(nullptr, "AES-192-CTR", nullptr)),
             Cipher(EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr))} {}

  Status hash(Hash h, std::span<const ByteView> parts, MutableBytes out) const override {
    if (out.size() != hash_size(h)) return bad_request("hash: the output has another size than the hash");
    if (!with_hash(h, [&]<Hash H>() { return digest<H>(parts, out.data()); }))
      return crypto_error("the hash failed");
    return {};
  }

  Status hmac(Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) const override {
    if (out.size() > hash_size(h)) return bad_request("hmac: the output is longer than the hash");
    std::array<std::uint8_t, 64> full;
    const bool ok = with_hash(h, [&]<Hash H>() { return keyed_digest<H>(key, parts, full.data()); });
    if (ok) std::copy_n(full.begin(), out.size(), out.begin());
    wipe(full);
    if (!ok) return crypto_error("the HMAC failed");
    return {};
  }

  Status aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const override {
    if (key.size() != 16 && key.size() != 24 && key.size() != 32)
      return bad_request("AES: no such key length");
    if (iv.size() != 16 || in.size() != out.size())
      return bad_request("AES-CTR: wrong length of counter or output");
    if (in.size() > 0x7FFFFFFF) return bad_request("AES-CTR: the input is too long");
    thread_local const CipherContext context(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX* c = context.get();
    int n = 0;
    const bool ok =
        c != nullptr &&
        EVP_EncryptInit_ex2(c, ctr_[key.size() / 8 - 2].get(), key.data(), iv.data(), nullptr) == 1 &&
        (in.empty() || EVP_EncryptUpdate(c, out.data(), &n, in.data(), static_cast<int>(in.size())) == 1);
    if (c != nullptr) EVP_CIPHER_CTX_reset(c);  // forgets the key
    if (!ok) return crypto_error("AES-CTR failed");
    return {};
  }

  Result<Bytes> aes_wrap(ByteView kek, ByteView iv, ByteView plain) const override {
    if (iv.size() != 8 || plain.size() < 16 || plain.size() % 8 != 0 || plain.size() > 0x100000)
      return bad_request("AES key wrap: wrong length of initial value or key data", "RFC 3394 2");
    AES_KEY key;
    Bytes out(plain.size() + 8);
    int n = -1;
    if (AES_set_encrypt_key(kek.data(), static_cast<int>(kek.size() * 8), &key) == 0)
      n = AES_wrap_key(&key, iv.data(), out.data(), plain.data(), static_cast<unsigned>(plain.size()));
    wipe_object(key);
    if (n != static_cast<int>(out.size())) return crypto_error("AES key wrap failed");
    return out;
  }

  Result<SecretBytes> aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const override {
    if (iv.size() != 8) return bad_request("AES key unwrap: wrong length of the initial value", "RFC 3394 2");
    if (wrapped.size() < 24 || wrapped.size() % 8 != 0 || wrapped.size() > 0x100000)
      return bad_message(ErrorCode::auth_failure, "RFC 3394 2.2.2",
                         "wrapped key data has an impossible length");
    AES_KEY key;
    if (AES_set_decrypt_key(kek.data(), static_cast<int>(kek.size() * 8), &key) != 0)
      return bad_request("AES: no such key length");
    SecretBytes out(wrapped.size() - 8);
    const int n = AES_unwrap_key(&key, iv.data(), out.reveal_mutable().data(), wrapped.data(),
                                 static_cast<unsigned>(wrapped.size()));
    wipe_object(key);
    if (n != static_cast<int>(out.size()))
      return bad_message(ErrorCode::auth_failure, "RFC 3394 2.2.3",
                         "the wrapped keys do not pass the integrity check");
    return out;
  }

 private:
  std::array<Cipher, 3> ctr_;
};

}  // namespace

const Provider& openssl() {
  static const OpenSsl provider;
  return provider;
}

}  // namespace mikey::crypto
