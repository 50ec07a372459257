#include "openssl_operations.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <utility>

#include "row.hpp"

namespace mikey::bench {
namespace {

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* p) const noexcept { free(p); }
};
template <class T, void (*free)(T*)>
using Handle = std::unique_ptr<T, Free<T, free>>;

/// An HMAC with one hash.
class Hmac {
 public:
  explicit Hmac(const char* digest) : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {
    context_.reset(EVP_MAC_CTX_new(mac_.get()));
    std::string name = digest;
    const std::array<OSSL_PARAM, 2> params{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0), OSSL_PARAM_construct_end()};
    EVP_MAC_CTX_set_params(context_.get(), params.data());
  }
  void key(const Bytes& k) { EVP_MAC_init(context_.get(), k.data(), k.size(), nullptr); }
  void again() { EVP_MAC_init(context_.get(), nullptr, 0, nullptr); }
  void add(ByteView v) { EVP_MAC_update(context_.get(), v.data(), v.size()); }
  void end(MutableBytes out) {
    std::size_t n = 0;
    EVP_MAC_final(context_.get(), out.data(), &n, out.size());
  }

 private:
  Handle<EVP_MAC, EVP_MAC_free> mac_;
  Handle<EVP_MAC_CTX, EVP_MAC_CTX_free> context_;
};

}  // namespace

struct OpensslOperations::Contexts {
  Hmac sha1{"SHA1"};
  Hmac sha256{"SHA256"};
  Handle<EVP_MD, EVP_MD_free> md{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> md_context{EVP_MD_CTX_new()};
  Handle<EVP_CIPHER, EVP_CIPHER_free> aes{EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr)};
  Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> aes_context{EVP_CIPHER_CTX_new()};
  std::array<std::uint8_t, 1024> out{};

  Hmac& hmac(crypto::Hash h) { return h == crypto::Hash::sha1 ? sha1 : sha256; }

  /// RFC 3830 4.1.2.
  void p_hash(const Operation& o) {
    Hmac& h = hmac(o.hash);
    const std::size_t n = hash_size(o.hash);
    std::array<std::uint8_t, 64> a{};
    h.key(o.key);
    h.add(o.text);
    h.end(MutableBytes(a).first(n));
    for (std::size_t done = 0; done < o.size; done += n) {
      h.again();
      h.add(ByteView(a).first(n));
      h.add(o.text);
      h.end(MutableBytes(out).subspan(done, n));
      if (done + n >= o.size) break;
      h.again();
      h.add(ByteView(a).first(n));
      h.end(MutableBytes(a).first(n));
    }
  }

  /// The first o.size octets of `out` are the result.
  void perform(const Operation& o) {
    switch (o.kind) {
      case Operation::Kind::hash:
        EVP_DigestInit_ex2(md_context.get(), md.get(), nullptr);
        EVP_DigestUpdate(md_context.get(), o.text.data(), o.text.size());
        EVP_DigestFinal_ex(md_context.get(), out.data(), nullptr);
        return;
      case Operation::Kind::hmac: {
        Hmac& h = hmac(o.hash);
        h.key(o.key);
        h.add(o.text);
        return h.end(out);
      }
      case Operation::Kind::p_hash:
        return p_hash(o);
      case Operation::Kind::aes_ctr: {
        int n = 0;
        EVP_EncryptInit_ex2(aes_context.get(), aes.get(), o.key.data(), o.iv.data(), nullptr);
        EVP_EncryptUpdate(aes_context.get(), out.data(), &n, o.text.data(), static_cast<int>(o.text.size()));
        return;
      }
    }
  }
};

OpensslOperations::OpensslOperations(Operations list)
    : contexts_(std::make_shared<Contexts>()), list_(std::make_shared<const Operations>(std::move(list))) {}

bool OpensslOperations::agrees() const {
  const auto agree = [this](const Operation& o) {
    if (o.size > contexts_->out.size()) return false;
    Bytes ours(o.size);
    const std::array<ByteView, 1> text{o.text};
    Status s;
    switch (o.kind) {
      case Operation::Kind::hash:
        s = crypto::openssl().hash(o.hash, text, ours);
        break;
      case Operation::Kind::hmac:
        s = crypto::openssl().hmac(o.hash, o.key, text, ours);
        break;
      case Operation::Kind::p_hash:
        s = crypto::openssl().p_hash(o.hash, o.key, o.text, ours);
        break;
      case Operation::Kind::aes_ctr:
        s = crypto::openssl().aes_ctr(o.key, o.iv, o.text, ours);
        break;
    }
    contexts_->perform(o);
    return s.ok() && std::ranges::equal(ours, ByteView(contexts_->out).first(o.size));
  };
  return !list_->empty() && std::ranges::all_of(*list_, agree);
}

void OpensslOperations::run(std::size_t n) const {
  for (std::size_t i = 0; i < n; ++i)
    for (const Operation& o : *list_) contexts_->perform(o);
  keep(contexts_->out);
}

}  // namespace mikey::bench
