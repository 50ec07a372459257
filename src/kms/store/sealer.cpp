#include "kms/store/sealer.hpp"

#include <array>
#include <limits>

namespace mikey::kms::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kHead = 1 + 4;

Bytes dek_context(std::uint32_t id) {
  Bytes out = to_bytes(as_bytes("mikey-kms data-encryption key "));
  std::array<std::uint8_t, 4> n{};
  store_be(n.data(), id);
  append(out, n);
  return out;
}

/// What is authenticated beside the ciphertext: the head, and the place, each part with its length.
Bytes associated(ByteView head, const Place& place) {
  Bytes out = to_bytes(head);
  for (const ByteView part : {as_bytes(place.table), place.row}) {
    std::array<std::uint8_t, 4> n{};
    store_be(n.data(), static_cast<std::uint32_t>(part.size()));
    append(out, n);
    append(out, part);
  }
  return out;
}

Error damaged(const Place& place) {
  return crypto_error("a secret in the store's table " + std::string(place.table) +
                      " does not open: it was changed, or belongs elsewhere");
}

}  // namespace

Status Sealer::load(Database& db) {
  auto r = db.run("SELECT id, master, wrapped FROM deks ORDER BY id");
  if (!r) return std::move(r).error();
  std::map<std::uint32_t, SecretBytes> keys;
  for (const Row& row : r->rows) {
    const std::int64_t id = row.number(0);
    if (id <= 0 || id > std::numeric_limits<std::uint32_t>::max())
      return crypto_error("the store's deks are damaged");
    const auto number = static_cast<std::uint32_t>(id);
    if (row.text(1) != master_->id())
      return bad_request("the store is sealed under the master key " + row.text(1) + ", the one given is " +
                         master_->id());
    auto key = master_->unwrap(row.bytes(2), dek_context(number));
    if (!key) {
      Error e = std::move(key).error();
      e.detail = "the key " + std::to_string(number) + " of the store does not open: " + e.detail;
      return e;
    }
    if (key->size() != kKeySize) return crypto_error("a key of the store has a wrong length");
    keys.emplace(number, std::move(*key));
  }
  keys_ = std::move(keys);
  return {};
}

Status Sealer::add_key(Database& db, std::int64_t now) {
  const std::uint32_t id = keys_.empty() ? 1 : keys_.rbegin()->first + 1;
  auto key = rng_.secret(kKeySize, "data-encryption key");
  if (!key) return std::move(key).error();
  auto wrapped = master_->wrap(key->reveal(), dek_context(id), rng_);
  if (!wrapped) return std::move(wrapped).error();
  auto r = db.run("INSERT INTO deks (id, master, wrapped, made) VALUES ($1, $2, $3, $4)",
                  {std::int64_t{id}, std::string_view(master_->id()), ByteView(*wrapped), now});
  if (!r) return std::move(r).error();
  keys_.emplace(id, std::move(*key));
  return {};
}

Status Sealer::drop_old_keys(Database& db) {
  if (keys_.empty()) return {};
  const std::uint32_t newest = keys_.rbegin()->first;
  auto r = db.run("DELETE FROM deks WHERE id < $1", {std::int64_t{newest}});
  if (!r) return std::move(r).error();
  std::erase_if(keys_, [&](const auto& k) { return k.first != newest; });
  return {};
}

Status Sealer::rewrap(Database& db, const MasterKey& master) {
  for (const auto& [id, key] : keys_) {
    auto wrapped = master.wrap(key.reveal(), dek_context(id), rng_);
    if (!wrapped) return std::move(wrapped).error();
    auto r = db.run("UPDATE deks SET master = $1, wrapped = $2 WHERE id = $3",
                    {std::string_view(master.id()), ByteView(*wrapped), std::int64_t{id}});
    if (!r) return std::move(r).error();
  }
  return {};
}

Result<Bytes> Sealer::seal(const Place& place, ByteView plain) {
  if (keys_.empty()) return crypto_error("the store has no key to seal with");
  const auto& [id, key] = *keys_.rbegin();
  Bytes out(kHead);
  out[0] = kVersion;
  store_be(out.data() + 1, id);
  const Bytes aad = associated(out, place);
  auto nonce = rng_.bytes(kNonce, "nonce of a sealed value");
  if (!nonce) return nonce;
  auto sealed = provider_.aes_gcm_seal(key.reveal(), *nonce, aad, plain);
  if (!sealed) return sealed;
  append(out, *nonce);
  append(out, *sealed);
  return out;
}

Result<SecretBytes> Sealer::open(Database& db, const Place& place, ByteView sealed) {
  if (sealed.size() < kHead + kNonce || sealed[0] != kVersion) return damaged(place);
  const auto id = load_be<std::uint32_t>(sealed.data() + 1);
  auto key = keys_.find(id);
  if (key == keys_.end()) {  // another process has made it since
    if (auto s = load(db); !s) return std::move(s).error();
    key = keys_.find(id);
    if (key == keys_.end()) return damaged(place);
  }
  auto plain = provider_.aes_gcm_open(key->second.reveal(), sealed.subspan(kHead, kNonce),
                                      associated(sealed.first(kHead), place), sealed.subspan(kHead + kNonce));
  if (!plain && plain.error().code == ErrorCode::auth_failure) return damaged(place);
  return plain;
}

}  // namespace mikey::kms::store
