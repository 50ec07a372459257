// Users, their pre-shared keys and certificates.

#include <array>

#include "kms/store/impl.hpp"

namespace mikey::kms {

using store::check_identity;
using store::identity_of;
using store::key_of;
using store::Row;

namespace {

constexpr std::size_t kMostNote = 200;
constexpr std::size_t kLeastPsk = 16;  // RFC 6043 12.1
constexpr std::size_t kMostPsk = 255;
constexpr std::size_t kMostCertificate = 65535;

std::string unknown(const Identity& id) {
  return "there is no user " + id.name();
}

User read_user(const Row& row) {
  return {identity_of(row.bytes(0)), row.flag(1), row.flag(2), row.flag(3), row.text(4)};
}

std::int64_t flag(bool b) {
  return b ? 1 : 0;
}

}  // namespace

Status Store::Impl::require_user(const Identity& id) {
  auto r = ask("SELECT 1 FROM users WHERE id = $1", {ByteView(key_of(id))});
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return bad_request(unknown(id));
  return {};
}

Status Store::add_user(const User& u) {
  if (auto s = check_identity(u.id); !s) return s;
  if (auto s = store::check_text("note", u.note, kMostNote); !s) return s;
  return impl_->change(
      "INSERT INTO users (id, enabled, trusted_kms, other_kms, note) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT DO NOTHING",
      {ByteView(key_of(u.id)), flag(u.enabled), flag(u.trusted_kms), flag(u.other_kms),
       std::string_view(u.note)},
      "there is a user " + u.id.name() + " already");
}

Status Store::change_user(const User& u) {
  if (auto s = store::check_text("note", u.note, kMostNote); !s) return s;
  return impl_->change(
      "UPDATE users SET enabled = $2, trusted_kms = $3, other_kms = $4, note = $5 WHERE id = $1",
      {ByteView(key_of(u.id)), flag(u.enabled), flag(u.trusted_kms), flag(u.other_kms),
       std::string_view(u.note)},
      unknown(u.id));
}

Status Store::remove_user(const Identity& id) {
  const Bytes key = key_of(id);
  return impl_->write([&]() -> Status {
    if (auto s = impl_->change("DELETE FROM members WHERE member = $1", {ByteView(key)}, ""); !s) return s;
    return impl_->change("DELETE FROM users WHERE id = $1", {ByteView(key)}, unknown(id));
  });
}

Result<std::vector<UserLine>> Store::users(std::string_view prefix) {
  auto r = impl_->ask(
      "SELECT users.id, enabled, trusted_kms, other_kms, note, psks.owner IS NOT NULL, psks.name, "
      "(SELECT COUNT(*) FROM certificates WHERE certificates.owner = users.id) "
      "FROM users LEFT JOIN psks ON psks.owner = users.id ORDER BY users.id");
  if (!r) return std::move(r).error();
  std::vector<UserLine> out;
  for (const Row& row : r->rows) {
    UserLine line{read_user(row), row.flag(5), std::nullopt, row.number(7)};
    if (!line.user.id.name().starts_with(prefix)) continue;
    if (!row.null(6)) line.psk_name = row.bytes(6);
    out.push_back(std::move(line));
  }
  return out;
}

Result<std::optional<User>> Store::user(const Identity& id) {
  auto r = impl_->ask("SELECT id, enabled, trusted_kms, other_kms, note FROM users WHERE id = $1",
                      {ByteView(key_of(id))});
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return std::optional<User>();
  return std::optional(read_user(r->rows.front()));
}

// ------------------------------------------------------------------ keys

Status Store::set_psk(const Identity& owner, ByteView psk, const std::optional<Bytes>& name) {
  if (psk.size() < kLeastPsk || psk.size() > kMostPsk)
    return bad_request("a pre-shared key has 16 to 255 octets, this one has " + std::to_string(psk.size()),
                       "RFC 6043 12.1");
  const Bytes key = key_of(owner);
  return impl_->write([&]() -> Status {
    if (auto s = impl_->require_user(owner); !s) return s;
    if (name) {
      auto other = impl_->run("SELECT owner FROM psks WHERE name = $1 AND owner <> $2",
                              {ByteView(*name), ByteView(key)});
      if (!other) return std::move(other).error();
      if (!other->rows.empty()) return bad_request("that name is the one of another user's key");
    }
    auto sealed = impl_->sealer.seal({"psks", key}, psk);
    if (!sealed) return std::move(sealed).error();
    using store::Param;
    return impl_->change(
        "INSERT INTO psks (owner, name, sealed) VALUES ($1, $2, $3) "
        "ON CONFLICT (owner) DO UPDATE SET name = excluded.name, sealed = excluded.sealed",
        {ByteView(key), name ? Param(ByteView(*name)) : Param(), ByteView(*sealed)}, "");
  });
}

Status Store::remove_psk(const Identity& owner) {
  return impl_->change("DELETE FROM psks WHERE owner = $1", {ByteView(key_of(owner))},
                       owner.name() + " has no pre-shared key");
}

Result<Psk> Store::psk(const Identity& owner) {
  const Bytes key = key_of(owner);
  auto r = impl_->ask("SELECT sealed FROM psks WHERE owner = $1", {ByteView(key)});
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return Psk();
  auto plain = impl_->noted(impl_->sealer.open(*impl_->db, {"psks", key}, r->rows.front().bytes(0)));
  if (!plain) return std::move(plain).error();
  return Psk(std::move(*plain));
}

// A key's name is octets, whatever type of identity IDRpsk carries it in (RFC 6043 6.5). A key without a name
// has that of its owner.
Result<std::optional<Identity>> Store::owner_of_psk(const std::optional<Identity>& name) {
  const auto first = [](const Row& row) { return std::optional(identity_of(row.bytes(0))); };
  if (!name) {
    auto r = impl_->ask("SELECT owner FROM psks LIMIT 2");
    if (!r) return std::move(r).error();
    return r->rows.size() == 1 ? first(r->rows.front()) : std::nullopt;
  }
  auto r = impl_->ask("SELECT owner FROM psks WHERE name = $1", {ByteView(name->data)});
  if (!r) return std::move(r).error();
  if (!r->rows.empty()) return first(r->rows.front());
  const auto typed = [&](IdType type) { return key_of({type, name->data}); };
  r = impl_->ask(
      "SELECT owner FROM psks WHERE owner IN ($1, $2, $3) ORDER BY owner",
      {ByteView(typed(IdType::uri)), ByteView(typed(IdType::nai)), ByteView(typed(IdType::byte_string))});
  if (!r) return std::move(r).error();
  return r->rows.empty() ? std::nullopt : first(r->rows.front());
}

// ------------------------------------------------------------------ certificates

Status Store::add_certificate(const Identity& owner, ByteView der) {
  if (der.empty() || der.size() > kMostCertificate) return bad_request("a certificate has 1 to 65535 octets");
  std::array<std::uint8_t, 32> fingerprint{};
  const std::array<ByteView, 1> parts{der};
  if (auto s = impl_->provider.hash(crypto::Hash::sha256, parts, fingerprint); !s) return s;
  return impl_->write([&]() -> Status {
    if (auto s = impl_->require_user(owner); !s) return s;
    return impl_->change(
        "INSERT INTO certificates (fingerprint, owner, der) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        {ByteView(fingerprint), ByteView(key_of(owner)), der}, "the certificate is in the store already");
  });
}

Status Store::remove_certificate(ByteView fingerprint) {
  return impl_->change("DELETE FROM certificates WHERE fingerprint = $1", {fingerprint},
                       "there is no certificate with this fingerprint");
}

Result<std::vector<UserCertificate>> Store::certificates(const Identity& owner) {
  auto r = impl_->ask("SELECT fingerprint, der FROM certificates WHERE owner = $1 ORDER BY fingerprint",
                      {ByteView(key_of(owner))});
  if (!r) return std::move(r).error();
  std::vector<UserCertificate> out;
  for (const Row& row : r->rows) out.push_back({owner, row.bytes(0), row.bytes(1)});
  return out;
}

Result<std::optional<Identity>> Store::owner_of_certificate(ByteView fingerprint) {
  auto r = impl_->ask("SELECT owner FROM certificates WHERE fingerprint = $1", {fingerprint});
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return std::optional<Identity>();
  return std::optional(identity_of(r->rows.front().bytes(0)));
}

}  // namespace mikey::kms
