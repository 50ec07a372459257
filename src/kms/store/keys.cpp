// The ring of ticket keys, secrets of other services, and the rotation of what seals them.

#include <algorithm>

#include "kms/store/impl.hpp"

namespace mikey::kms {

using store::Param;
using store::Row;

namespace {

constexpr std::size_t kLeastTicketKey = 16;  // RFC 6043 12.1
constexpr std::size_t kMostTicketKey = 255;  // a RAND as long must fit
constexpr std::size_t kTicketKey = 32;
constexpr std::size_t kMostName = 100;

constexpr auto kCurrent = static_cast<std::int64_t>(TicketKey::State::current);
constexpr auto kOld = static_cast<std::int64_t>(TicketKey::State::old);
constexpr auto kRetired = static_cast<std::int64_t>(TicketKey::State::retired);

/// Where a ticket key stands: rows have numbers, which the place holds as text.
Bytes row_of(std::int64_t id) {
  return store::octets(std::to_string(id));
}

Status check_ticket_key(ByteView key) {
  if (key.size() >= kLeastTicketKey && key.size() <= kMostTicketKey) return {};
  return bad_request("a key that protects tickets has 16 to 255 octets", "RFC 6043 12.1");
}

Status check_name(std::string_view name) {
  if (name.empty()) return bad_request("the name of a secret is empty");
  return store::check_text("name of a secret", name, kMostName);
}

/// Adds a row for a key, and seals the key for that row.
Status add_ticket_key(Store::Impl& in, ByteView key, std::int64_t state, std::int64_t now, Param open_until) {
  auto row = in.run("INSERT INTO tpks (state, made, open_until) VALUES ($1, $2, $3) RETURNING id",
                    {state, now, open_until});
  if (!row) return std::move(row).error();
  if (row->rows.empty()) return store::database_error("the store gave no number to a key");
  const std::int64_t id = row->rows.front().number(0);
  auto sealed = in.sealer.seal({"tpks", row_of(id)}, key);
  if (!sealed) return std::move(sealed).error();
  return in.change("UPDATE tpks SET sealed = $1 WHERE id = $2", {ByteView(*sealed), id}, "");
}

/// Opens what a query has found, (row of the table, sealed), and seals it under the newest key.
Status reseal(Store::Impl& in, std::string_view table, std::string_view query, std::string_view update,
              const std::function<Bytes(const Row&)>& place, const std::function<Param(const Row&)>& key) {
  auto all = in.run(query);
  if (!all) return std::move(all).error();
  for (const Row& row : all->rows) {
    const Bytes where = place(row);
    auto plain = in.sealer.open(*in.db, {table, where}, row.bytes(1));
    if (!plain) return std::move(plain).error();
    auto sealed = in.sealer.seal({table, where}, plain->reveal());
    if (!sealed) return std::move(sealed).error();
    if (auto r = in.run(update, {ByteView(*sealed), key(row)}); !r) return std::move(r).error();
  }
  return {};
}

}  // namespace

// ------------------------------------------------------------------ ticket keys

Result<std::vector<TicketKey>> Store::ticket_key_list() {
  auto r = impl_->ask("SELECT id, state, made, open_until FROM tpks ORDER BY id");
  if (!r) return std::move(r).error();
  std::vector<TicketKey> out;
  for (const Row& row : r->rows) {
    TicketKey k{row.number(0), static_cast<TicketKey::State>(row.number(1)), row.number(2), std::nullopt};
    if (!row.null(3)) k.open_until = row.number(3);
    out.push_back(k);
  }
  return out;
}

Result<std::vector<SecretBytes>> Store::ticket_keys(std::int64_t now) {
  auto r = impl_->ask(
      "SELECT id, sealed FROM tpks WHERE state = $1 OR (state = $2 AND open_until >= $3) "
      "ORDER BY state, id DESC",
      {kCurrent, kOld, now});
  if (!r) return std::move(r).error();
  std::vector<SecretBytes> out;
  for (const Row& row : r->rows) {
    auto key = impl_->noted(impl_->sealer.open(*impl_->db, {"tpks", row_of(row.number(0))}, row.bytes(1)));
    if (!key) return std::move(key).error();
    out.push_back(std::move(*key));
  }
  return out;
}

Status Store::rotate_ticket_key(std::int64_t now, std::optional<std::int64_t> keep_for, ByteView given) {
  if (!given.empty()) {
    if (auto s = check_ticket_key(given); !s) return s;
  }
  if (keep_for && *keep_for < 0) return bad_request("a key cannot be kept for less than no time");
  return impl_->write([&]() -> Status {
    std::int64_t keep = keep_for.value_or(kDefaultLifetime);
    if (!keep_for) {  // the longest life that any ticket of the old key may have
      auto list = policies();
      if (!list) return std::move(list).error();
      for (const DomainPolicy& p : *list) keep = std::max(keep, p.max_lifetime.value_or(0));
    }
    auto old = impl_->run("UPDATE tpks SET state = $1, open_until = $2 WHERE state = $3",
                          {kOld, now + keep, kCurrent});
    if (!old) return std::move(old).error();
    SecretBytes fresh(given);
    if (given.empty()) {
      auto drawn = impl_->rng.secret(kTicketKey, "ticket-protecting key");
      if (!drawn) return std::move(drawn).error();
      fresh = std::move(*drawn);
    }
    if (auto s = add_ticket_key(*impl_, fresh.reveal(), kCurrent, now, Param()); !s) return s;
    return retire_ticket_keys(now);
  });
}

Status Store::add_old_ticket_key(ByteView key, std::int64_t now, std::int64_t open_until) {
  if (auto s = check_ticket_key(key); !s) return s;
  return impl_->write([&] { return add_ticket_key(*impl_, key, kOld, now, open_until); });
}

Status Store::retire_ticket_keys(std::int64_t now) {
  return impl_->change("UPDATE tpks SET state = $1, sealed = NULL WHERE state = $2 AND open_until < $3",
                       {kRetired, kOld, now}, "");
}

// ------------------------------------------------------------------ what seals

const std::string& Store::master_key_id() const {
  return impl_->sealer.master_id();
}

Status Store::rotate_master_key(std::shared_ptr<const MasterKey> master) {
  if (!master) return bad_request("a store needs a master key");
  if (master->id() == master_key_id()) return bad_request("that is the master key the store has already");
  auto done = impl_->write([&]() -> Status {
    if (auto s = impl_->sealer.load(*impl_->db); !s) return s;  // nobody else has changed it meanwhile
    return impl_->sealer.rewrap(*impl_->db, *master);
  });
  if (done) impl_->sealer.use(std::move(master));
  return done;
}

Status Store::rotate_data_key(std::int64_t now) {
  return impl_->write([&]() -> Status {
    Impl& in = *impl_;
    if (auto s = in.sealer.load(*in.db); !s) return s;
    if (auto s = in.sealer.add_key(*in.db, now); !s) return s;
    const auto octets_key = [](const Row& row) { return row.bytes(0); };
    const auto name_key = [](const Row& row) { return store::octets(row.text(0)); };
    const auto number_key = [](const Row& row) { return row_of(row.number(0)); };
    if (auto s = reseal(in, "psks", "SELECT owner, sealed FROM psks",
                        "UPDATE psks SET sealed = $1 WHERE owner = $2", octets_key,
                        [](const Row& row) { return Param(ByteView(std::get<Bytes>(row.columns.at(0)))); });
        !s)
      return s;
    if (auto s = reseal(in, "tpks", "SELECT id, sealed FROM tpks WHERE sealed IS NOT NULL",
                        "UPDATE tpks SET sealed = $1 WHERE id = $2", number_key,
                        [](const Row& row) { return Param(row.number(0)); });
        !s)
      return s;
    if (auto s = reseal(
            in, "secrets", "SELECT name, sealed FROM secrets",
            "UPDATE secrets SET sealed = $1 WHERE name = $2", name_key,
            [](const Row& row) { return Param(std::string_view(std::get<std::string>(row.columns.at(0)))); });
        !s)
      return s;
    return in.sealer.drop_old_keys(*in.db);
  });
}

// ------------------------------------------------------------------ secrets of other services

Status Store::set_secret(std::string_view name, ByteView secret, std::int64_t now) {
  if (auto s = check_name(name); !s) return s;
  return impl_->write([&]() -> Status {
    auto sealed = impl_->sealer.seal({"secrets", as_bytes(name)}, secret);
    if (!sealed) return std::move(sealed).error();
    return impl_->change(
        "INSERT INTO secrets (name, sealed, made) VALUES ($1, $2, $3) ON CONFLICT (name) "
        "DO UPDATE SET sealed = excluded.sealed, made = excluded.made",
        {name, ByteView(*sealed), now}, "");
  });
}

Result<std::optional<SecretBytes>> Store::secret(std::string_view name) {
  auto r = impl_->ask("SELECT sealed FROM secrets WHERE name = $1", {name});
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return std::optional<SecretBytes>();
  auto plain =
      impl_->noted(impl_->sealer.open(*impl_->db, {"secrets", as_bytes(name)}, r->rows.front().bytes(0)));
  if (!plain) return std::move(plain).error();
  return std::optional(std::move(*plain));
}

Status Store::remove_secret(std::string_view name) {
  return impl_->change("DELETE FROM secrets WHERE name = $1", {name},
                       "there is no secret " + std::string(name));
}

Result<std::vector<std::string>> Store::secret_names() {
  auto r = impl_->ask("SELECT name FROM secrets ORDER BY name");
  if (!r) return std::move(r).error();
  std::vector<std::string> out;
  for (const Row& row : r->rows) out.push_back(row.text(0));
  return out;
}

}  // namespace mikey::kms
