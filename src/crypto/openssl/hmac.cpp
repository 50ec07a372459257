// The low-level functions are deprecated in OpenSSL 3 in favour of EVP, which looks up and allocates at every
// call: 460 to 1050 ns a short MAC instead of 180. A MIKEY exchange computes about twenty. They are part of
// the ABI of all of OpenSSL 3, use the same assembly and take the context from us, so that it can be wiped.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/openssl/hmac.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstring>

namespace mikey::crypto::detail {
namespace {

struct Sha1 {
  using Context = SHA_CTX;
  static constexpr std::size_t kSize = 20, kBlock = 64;
  static void init(Context& c) { SHA1_Init(&c); }
  static void update(Context& c, ByteView v) { SHA1_Update(&c, v.data(), v.size()); }
  static void final(Context& c, std::uint8_t* out) { SHA1_Final(out, &c); }
};
struct Sha256 {
  using Context = SHA256_CTX;
  static constexpr std::size_t kSize = 32, kBlock = 64;
  static void init(Context& c) { SHA256_Init(&c); }
  static void update(Context& c, ByteView v) { SHA256_Update(&c, v.data(), v.size()); }
  static void final(Context& c, std::uint8_t* out) { SHA256_Final(out, &c); }
};
struct Sha224 : Sha256 {
  static constexpr std::size_t kSize = 28;
  static void init(Context& c) { SHA224_Init(&c); }
};
struct Sha512 {
  using Context = SHA512_CTX;
  static constexpr std::size_t kSize = 64, kBlock = 128;
  static void init(Context& c) { SHA512_Init(&c); }
  static void update(Context& c, ByteView v) { SHA512_Update(&c, v.data(), v.size()); }
  static void final(Context& c, std::uint8_t* out) { SHA512_Final(out, &c); }
};
struct Sha384 : Sha512 {
  static constexpr std::size_t kSize = 48;
  static void init(Context& c) { SHA384_Init(&c); }
};

template <class T>
void wipe_object(T& t) {
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(&t)), sizeof t});
}

/// An octet array on the stack that is wiped when it goes.
template <std::size_t N>
struct WipedArray : std::array<std::uint8_t, N> {
  // Left uninitialised: every octet is written before it is read. NOLINTNEXTLINE
  WipedArray() {}
  ~WipedArray() { wipe(*this); }
  WipedArray(const WipedArray&) = delete;
  WipedArray& operator=(const WipedArray&) = delete;
};

/// HMAC (RFC 2104) under one key, ready for any number of messages.
template <class H>
class KeyedHmac {
 public:
  // The contexts are filled by absorb(). NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  explicit KeyedHmac(ByteView key) {
    WipedArray<H::kBlock> block;
    block.fill(0);
    if (key.size() > H::kBlock) {
      H::init(inner_);
      H::update(inner_, key);
      H::final(inner_, block.data());
    } else if (!key.empty()) {
      std::memcpy(block.data(), key.data(), key.size());
    }
    absorb(inner_, block, 0x36);
    absorb(outer_, block, 0x36 ^ 0x5C);  // takes the inner pad off and puts the outer one on
  }
  ~KeyedHmac() {
    wipe_object(inner_);
    wipe_object(outer_);
    wipe_object(running_);
  }
  KeyedHmac(const KeyedHmac&) = delete;
  KeyedHmac& operator=(const KeyedHmac&) = delete;

  /// `out` of H::kSize octets.
  void mac(std::span<const ByteView> parts, std::uint8_t* out) {
    running_ = inner_;
    for (const ByteView p : parts)
      if (!p.empty()) H::update(running_, p);
    H::final(running_, out);
    running_ = outer_;
    H::update(running_, {out, H::kSize});
    H::final(running_, out);
  }

 private:
  using Context = typename H::Context;

  static void absorb(Context& c, WipedArray<H::kBlock>& block, unsigned pad) {
    for (std::uint8_t& b : block) b = static_cast<std::uint8_t>(b ^ pad);
    H::init(c);
    H::update(c, block);
  }

  Context inner_;
  Context outer_;
  Context running_;
};

template <class H>
void hash_parts(std::span<const ByteView> parts, std::uint8_t* out) {
  typename H::Context c;
  H::init(c);
  for (const ByteView p : parts)
    if (!p.empty()) H::update(c, p);
  H::final(c, out);
  wipe_object(c);
}

template <class H>
void hmac_parts(ByteView key, std::span<const ByteView> parts, MutableBytes out) {
  KeyedHmac<H> hmac(key);
  if (out.size() == H::kSize) return hmac.mac(parts, out.data());
  WipedArray<H::kSize> full;
  hmac.mac(parts, full.data());
  std::memcpy(out.data(), full.data(), out.size());
}

template <class H>
void p_function(ByteView key, ByteView label, MutableBytes out) {
  KeyedHmac<H> hmac(key);
  WipedArray<H::kSize> a;
  WipedArray<H::kSize> full;
  hmac.mac(std::array{label}, a.data());
  while (!out.empty()) {
    const std::array<ByteView, 2> block{ByteView(a), label};
    const std::size_t n = std::min(out.size(), H::kSize);
    hmac.mac(block, n == H::kSize ? out.data() : full.data());
    if (n < H::kSize) std::memcpy(out.data(), full.data(), n);
    out = out.subspan(n);
    if (!out.empty()) hmac.mac(std::array{ByteView(a)}, a.data());
  }
}

/// Calls `f` with the implementation of `h`.
template <class F>
Status with_hash(Hash h, F f) {
  switch (h) {
    case Hash::sha1:
      f(Sha1{});
      return {};
    case Hash::sha256:
      f(Sha256{});
      return {};
    case Hash::sha384:
      f(Sha384{});
      return {};
    case Hash::sha512:
      f(Sha512{});
      return {};
    case Hash::sha224:
      f(Sha224{});
      return {};
  }
  return bad_request("no such hash");
}

}  // namespace

Status low_level_hash(Hash h, std::span<const ByteView> parts, MutableBytes out) {
  if (out.size() != hash_size(h)) return bad_request("the output of a hash has the hash's size");
  return with_hash(h, [&]<class H>(H) { hash_parts<H>(parts, out.data()); });
}

Status low_level_hmac(Hash h, ByteView key, std::span<const ByteView> parts, MutableBytes out) {
  if (out.empty() || out.size() > hash_size(h)) return bad_request("an HMAC has 1 octet to the hash's size");
  return with_hash(h, [&]<class H>(H) { hmac_parts<H>(key, parts, out); });
}

Status low_level_p_hash(Hash h, ByteView key, ByteView label, MutableBytes out) {
  return with_hash(h, [&]<class H>(H) { p_function<H>(key, label, out); });
}

}  // namespace mikey::crypto::detail
