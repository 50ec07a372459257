#include "mikey/kms/master_key.hpp"

#include <array>

namespace mikey::kms {
namespace {

constexpr std::size_t kMostMasterKey = 1024;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kIdOctets = 8;

Error not_this_key() {
  return {ErrorCode::auth_failure, Severity::request, "", std::nullopt,
          "the master key does not open a key of the store"};
}

class Symmetric final : public MasterKey {
 public:
  Symmetric(const crypto::Provider& provider, SecretBytes kek, std::string id)
      : provider_(provider), kek_(std::move(kek)), id_(std::move(id)) {}

  const std::string& id() const override { return id_; }

  Result<Bytes> wrap(ByteView key, ByteView context, Rng& rng) const override {
    auto out = rng.bytes(kNonce, "nonce of a wrapped key");
    if (!out) return out;
    auto sealed = provider_.aes_gcm_seal(kek_.reveal(), *out, context, key);
    if (!sealed) return sealed;
    append(*out, *sealed);
    return out;
  }

  Result<SecretBytes> unwrap(ByteView wrapped, ByteView context) const override {
    if (wrapped.size() < kNonce) return not_this_key();
    auto key = provider_.aes_gcm_open(kek_.reveal(), wrapped.first(kNonce), context, wrapped.subspan(kNonce));
    if (!key) return key.error().code == ErrorCode::auth_failure ? not_this_key() : std::move(key).error();
    return key;
  }

 private:
  const crypto::Provider& provider_;
  SecretBytes kek_;
  std::string id_;
};

/// RSA has no room for a context beside the key: a hash of it goes along, and is compared.
class Rsa final : public MasterKey {
 public:
  Rsa(const crypto::Provider& provider, std::shared_ptr<const crypto::PrivateKey> key, std::string id)
      : provider_(provider), key_(std::move(key)), id_(std::move(id)) {}

  const std::string& id() const override { return id_; }

  Result<Bytes> wrap(ByteView key, ByteView context, Rng& rng) const override {
    auto tag = tag_of(context);
    if (!tag) return std::move(tag).error();
    SecretBytes both(key.size() + tag->size());
    std::ranges::copy(key, both.reveal_mutable().begin());
    std::ranges::copy(*tag, both.reveal_mutable().subspan(key.size()).begin());
    return key_->public_key().encrypt(crypto::PkePadding::oaep, both.reveal(), rng);
  }

  Result<SecretBytes> unwrap(ByteView wrapped, ByteView context) const override {
    auto tag = tag_of(context);
    if (!tag) return std::move(tag).error();
    auto both = key_->decrypt(crypto::PkePadding::oaep, wrapped, {1, 1024});
    if (!both) return both.error().code == ErrorCode::auth_failure ? not_this_key() : std::move(both).error();
    if (both->size() < tag->size()) return not_this_key();
    const std::size_t n = both->size() - tag->size();
    if (!ct_equal(both->reveal().subspan(n), *tag)) return not_this_key();
    both->truncate(n);
    return both;
  }

 private:
  using Tag = std::array<std::uint8_t, 16>;
  Result<Tag> tag_of(ByteView context) const {
    std::array<std::uint8_t, 32> hash{};
    const std::array<ByteView, 1> parts{context};
    if (auto s = provider_.hash(crypto::Hash::sha256, parts, hash); !s) return std::move(s).error();
    Tag out{};
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
  }

  const crypto::Provider& provider_;
  std::shared_ptr<const crypto::PrivateKey> key_;
  std::string id_;
};

}  // namespace

Result<std::shared_ptr<const MasterKey>> symmetric_master_key(const crypto::Provider& provider,
                                                              ByteView secret) {
  if (secret.size() < kLeastMasterKey || secret.size() > kMostMasterKey)
    return bad_request("a master key has 32 to 1024 octets, this one has " + std::to_string(secret.size()));
  const auto derived = [&](std::string_view label, MutableBytes out) {
    const std::array<ByteView, 1> parts{as_bytes(label)};
    return provider.hmac(crypto::Hash::sha256, secret, parts, out);
  };
  SecretBytes kek(kKeySize);
  std::array<std::uint8_t, kIdOctets> id{};
  if (auto s = derived("mikey-kms master key: wrapping of keys, 1", kek.reveal_mutable()); !s)
    return std::move(s).error();
  if (auto s = derived("mikey-kms master key: its name, 1", id); !s) return std::move(s).error();
  return std::shared_ptr<const MasterKey>(
      std::make_shared<Symmetric>(provider, std::move(kek), "aes-" + to_hex(id)));
}

Result<std::shared_ptr<const MasterKey>> rsa_master_key(const crypto::Provider& provider,
                                                        std::shared_ptr<const crypto::PrivateKey> key) {
  if (key->public_key().bits() < 2048)
    return bad_request("a master key of RSA has at least 2048 bits, this one has " +
                       std::to_string(key->public_key().bits()));
  std::array<std::uint8_t, 32> hash{};
  const std::array<ByteView, 1> parts{key->public_key().der()};
  if (auto s = provider.hash(crypto::Hash::sha256, parts, hash); !s) return std::move(s).error();
  std::string id = "rsa-" + to_hex(ByteView(hash).first(kIdOctets));
  return std::shared_ptr<const MasterKey>(std::make_shared<Rsa>(provider, std::move(key), std::move(id)));
}

}  // namespace mikey::kms
