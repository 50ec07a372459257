#include <openssl/evp.h>

#include <climits>

#include "crypto/openssl/handles.hpp"
#include "crypto/openssl/hmac.hpp"

namespace mikey::crypto {
namespace {

constexpr int kGcmTag = 16;
constexpr std::size_t kMaxGcmIv = 1024;

using detail::ErrorMark;
using detail::library_error;
using CipherContext = detail::Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

/// AES by key length. Fetching an algorithm by name takes about a microsecond, so it is done once.
class AesFamily {
 public:
  AesFamily(const char* name128, const char* name192, const char* name256)
      : c128_(EVP_CIPHER_fetch(nullptr, name128, nullptr)),
        c192_(EVP_CIPHER_fetch(nullptr, name192, nullptr)),
        c256_(EVP_CIPHER_fetch(nullptr, name256, nullptr)) {}

  const EVP_CIPHER* by_key_length(std::size_t n) const {
    switch (n) {
      case 16:
        return c128_.get();
      case 24:
        return c192_.get();
      case 32:
        return c256_.get();
      default:
        return nullptr;
    }
  }

 private:
  using Cipher = detail::Handle<EVP_CIPHER, EVP_CIPHER_free>;
  Cipher c128_;
  Cipher c192_;
  Cipher c256_;
};

class OpensslProvider final : public Provider {
 public:
  Status hash(Hash h, std::span<const ByteView> parts, MutableBytes out) const override {
    return detail::low_level_hash(h, parts, out);
  }
  Status hmac(Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) const override {
    return detail::low_level_hmac(h, key, parts, out);
  }
  Status p_hash(Hash h, ByteView key, ByteView label, MutableBytes out) const override {
    return detail::low_level_p_hash(h, key, label, out);
  }
  Status aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const override;
  Result<Bytes> aes_gcm_seal(ByteView key, ByteView iv, ByteView aad, ByteView plain) const override;
  Result<SecretBytes> aes_gcm_open(ByteView key, ByteView iv, ByteView aad, ByteView sealed) const override;
  Result<Bytes> aes_wrap(ByteView kek, ByteView iv, ByteView plain) const override;
  Result<SecretBytes> aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const override;
  Result<Bytes> aes_wrap_padded(ByteView kek, ByteView plain) const override;
  Result<SecretBytes> aes_unwrap_padded(ByteView kek, ByteView wrapped) const override;

 private:
  Result<CipherContext> begin_gcm(ByteView key, ByteView iv, ByteView aad, bool encrypt) const;
  static Result<CipherContext> begin(const AesFamily& family, ByteView key, ByteView iv, bool encrypt);

  AesFamily ctr_{"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"};
  AesFamily gcm_{"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"};
  AesFamily wrap_{"AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"};
  AesFamily wrap_padded_{"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"};
};

Result<CipherContext> OpensslProvider::begin(const AesFamily& family, ByteView key, ByteView iv,
                                             bool encrypt) {
  const EVP_CIPHER* cipher = family.by_key_length(key.size());
  if (cipher == nullptr) return bad_request("an AES key has 16, 24 or 32 octets");
  CipherContext c(EVP_CIPHER_CTX_new());
  if (!c) return library_error("allocating a cipher context");
  EVP_CIPHER_CTX_set_flags(c.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  // No initial value means the algorithm's own one.
  const std::uint8_t* initial = iv.empty() ? nullptr : iv.data();
  if (EVP_CipherInit_ex2(c.get(), cipher, key.data(), initial, encrypt ? 1 : 0, nullptr) != 1)
    return library_error("setting up AES");
  return c;
}

Status OpensslProvider::aes_ctr(ByteView key, ByteView iv, ByteView in, MutableBytes out) const {
  if (iv.size() != 16) return bad_request("the counter block of AES-CTR has 16 octets");
  if (out.size() != in.size()) return bad_request("the output of AES-CTR is as long as its input");
  if (in.size() > INT_MAX) return bad_request("too many octets for AES-CTR");
  const ErrorMark mark;
  auto c = begin(ctr_, key, iv, true);
  if (!c) return std::move(c).error();
  if (in.empty()) return {};
  int n = 0;
  if (EVP_CipherUpdate(c->get(), out.data(), &n, in.data(), static_cast<int>(in.size())) != 1 ||
      static_cast<std::size_t>(n) != in.size())
    return library_error("AES-CTR");
  return {};
}

Result<CipherContext> OpensslProvider::begin_gcm(ByteView key, ByteView iv, ByteView aad,
                                                 bool encrypt) const {
  const EVP_CIPHER* cipher = gcm_.by_key_length(key.size());
  if (cipher == nullptr) return bad_request("an AES key has 16, 24 or 32 octets");
  if (iv.empty() || iv.size() > kMaxGcmIv) return bad_request("the IV of AES-GCM has 1 to 1024 octets");
  if (aad.size() > INT_MAX) return bad_request("too many octets for AES-GCM");
  CipherContext c(EVP_CIPHER_CTX_new());
  if (!c) return library_error("allocating a cipher context");
  int n = 0;
  const bool ready =
      EVP_CipherInit_ex2(c.get(), cipher, nullptr, nullptr, encrypt ? 1 : 0, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()), nullptr) == 1 &&
      EVP_CipherInit_ex2(c.get(), nullptr, key.data(), iv.data(), encrypt ? 1 : 0, nullptr) == 1 &&
      (aad.empty() || EVP_CipherUpdate(c.get(), nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
  if (!ready) return library_error("setting up AES-GCM");
  return c;
}

Result<Bytes> OpensslProvider::aes_gcm_seal(ByteView key, ByteView iv, ByteView aad, ByteView plain) const {
  if (plain.size() > INT_MAX - kGcmTag) return bad_request("too many octets for AES-GCM");
  const ErrorMark mark;
  auto c = begin_gcm(key, iv, aad, true);
  if (!c) return std::move(c).error();
  Bytes out(plain.size() + kGcmTag);
  int n = 0;
  int last = 0;
  const bool done =
      (plain.empty() ||
       EVP_CipherUpdate(c->get(), out.data(), &n, plain.data(), static_cast<int>(plain.size())) == 1) &&
      EVP_CipherFinal_ex(c->get(), out.data() + n, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(c->get(), EVP_CTRL_AEAD_GET_TAG, kGcmTag, out.data() + plain.size()) == 1;
  if (!done || static_cast<std::size_t>(n) + static_cast<std::size_t>(last) != plain.size())
    return library_error("AES-GCM");
  return out;
}

Result<SecretBytes> OpensslProvider::aes_gcm_open(ByteView key, ByteView iv, ByteView aad,
                                                  ByteView sealed) const {
  const Error forged =
      bad_message(ErrorCode::auth_failure, "SP 800-38D 7.2", "the AES-GCM tag does not match");
  if (sealed.size() < kGcmTag) return forged;
  if (sealed.size() > INT_MAX) return bad_request("too many octets for AES-GCM");
  const ErrorMark mark;
  auto c = begin_gcm(key, iv, aad, false);
  if (!c) return std::move(c).error();
  const ByteView in = sealed.first(sealed.size() - kGcmTag);
  Bytes tag = to_bytes(sealed.last(kGcmTag));
  SecretBytes out(in.size());
  int n = 0;
  int last = 0;
  if (!in.empty() && EVP_CipherUpdate(c->get(), out.reveal_mutable().data(), &n, in.data(),
                                      static_cast<int>(in.size())) != 1)
    return library_error("AES-GCM");
  if (EVP_CIPHER_CTX_ctrl(c->get(), EVP_CTRL_AEAD_SET_TAG, kGcmTag, tag.data()) != 1)
    return library_error("AES-GCM");
  std::uint8_t none = 0;  // GCM has nothing left to write at the end
  if (EVP_CipherFinal_ex(c->get(), &none, &last) != 1) return forged;
  return out;
}

Result<Bytes> OpensslProvider::aes_wrap(ByteView kek, ByteView iv, ByteView plain) const {
  if (iv.size() != 8) return bad_request("the initial value of AES key wrap has 8 octets", "RFC 3394 2.2.3");
  if (plain.size() < 16 || plain.size() % 8 != 0 || plain.size() > INT_MAX - 8)
    return bad_request("AES key wrap takes two or more blocks of 8 octets", "RFC 3394 2");
  const ErrorMark mark;
  auto c = begin(wrap_, kek, iv, true);
  if (!c) return std::move(c).error();
  Bytes out(plain.size() + 8);
  int n = 0;
  if (EVP_CipherUpdate(c->get(), out.data(), &n, plain.data(), static_cast<int>(plain.size())) != 1 ||
      static_cast<std::size_t>(n) != out.size())
    return library_error("AES key wrap");
  return out;
}

Result<SecretBytes> OpensslProvider::aes_unwrap(ByteView kek, ByteView iv, ByteView wrapped) const {
  if (iv.size() != 8) return bad_request("the initial value of AES key wrap has 8 octets", "RFC 3394 2.2.3");
  if (wrapped.size() < 24 || wrapped.size() % 8 != 0 || wrapped.size() > INT_MAX)
    return bad_message(ErrorCode::auth_failure, "RFC 3394 2",
                       "wrapped keys are three or more blocks of 8 octets");
  const ErrorMark mark;
  auto c = begin(wrap_, kek, iv, false);
  if (!c) return std::move(c).error();
  SecretBytes out(wrapped.size());  // the library works in place and needs room for the integrity block too
  int n = 0;
  if (EVP_CipherUpdate(c->get(), out.reveal_mutable().data(), &n, wrapped.data(),
                       static_cast<int>(wrapped.size())) != 1 ||
      static_cast<std::size_t>(n) != wrapped.size() - 8)
    return bad_message(ErrorCode::auth_failure, "RFC 3394 2.2.3", "the key wrap's integrity check failed");
  out.truncate(wrapped.size() - 8);
  return out;
}

Result<Bytes> OpensslProvider::aes_wrap_padded(ByteView kek, ByteView plain) const {
  if (plain.empty() || plain.size() > INT_MAX - 16)
    return bad_request("AES key wrap with padding takes one octet or more", "RFC 5649 3");
  const ErrorMark mark;
  auto c = begin(wrap_padded_, kek, {}, true);
  if (!c) return std::move(c).error();
  Bytes out((plain.size() + 7) / 8 * 8 + 8);
  int n = 0;
  if (EVP_CipherUpdate(c->get(), out.data(), &n, plain.data(), static_cast<int>(plain.size())) != 1 ||
      static_cast<std::size_t>(n) != out.size())
    return library_error("AES key wrap with padding");
  return out;
}

Result<SecretBytes> OpensslProvider::aes_unwrap_padded(ByteView kek, ByteView wrapped) const {
  if (wrapped.size() < 16 || wrapped.size() % 8 != 0 || wrapped.size() > INT_MAX)
    return bad_message(ErrorCode::auth_failure, "RFC 5649 4.2",
                       "wrapped keys are two or more blocks of 8 octets");
  const ErrorMark mark;
  auto c = begin(wrap_padded_, kek, {}, false);
  if (!c) return std::move(c).error();
  SecretBytes out(wrapped.size());
  int n = 0;
  if (EVP_CipherUpdate(c->get(), out.reveal_mutable().data(), &n, wrapped.data(),
                       static_cast<int>(wrapped.size())) != 1 ||
      n <= 0 || static_cast<std::size_t>(n) > wrapped.size() - 8)
    return bad_message(ErrorCode::auth_failure, "RFC 5649 3", "the key wrap's integrity check failed");
  out.truncate(static_cast<std::size_t>(n));
  return out;
}

}  // namespace

const Provider& openssl() {
  static const OpensslProvider provider;
  return provider;
}

}  // namespace mikey::crypto
