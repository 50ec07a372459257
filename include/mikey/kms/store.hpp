/// \file
/// Where a KMS keeps what it knows: SQLite or PostgreSQL. Part of the library mikey_kms_store.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>

#include "mikey/base/clock.hpp"
#include "mikey/exchange/exchange.hpp"
#include "mikey/kms/master_key.hpp"
#include "mikey/kms/store_records.hpp"

namespace mikey::kms {

struct StoreOptions {
  std::shared_ptr<const MasterKey> master;
  /// Make what is missing: the file, the tables, the first data-encryption key and ticket key.
  bool create = false;
};

/// One connection to a store, used by one thread; each thread of a server opens its own. Any number of them,
/// in any number of processes, may work on one database: nothing that another needs is kept here.
///
/// What a function has reported as done is in the database, and stays there when the process is killed or the
/// machine loses its power. Errors are of severity system when the database is away, hangs, or is too busy
/// (the same may succeed later; a connection that was lost is made anew), and of severity request when what
/// was asked for cannot be.
class Store {
 public:
  struct Impl;

  /// `url`: `sqlite:PATH`, `postgresql://...`, or PostgreSQL's "host=... dbname=...". An older schema is
  /// migrated; a newer one, a database without a store (unless `create`), and a master key that does not fit
  /// are errors. `provider` and `rng` must outlive the store; `now`: seconds since 1970, of keys that are
  /// made.
  static Result<Store> open(const std::string& url, const crypto::Provider& provider, Rng& rng,
                            StoreOptions options, std::int64_t now);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Does all of what `work` does, or nothing of it. The function may be called again when others were in the
  /// way. A transaction inside of another is part of it.
  Status transaction(const std::function<Status()>& work);
  /// A number that every change of users, rules, policies, groups and keys moves on, by whatever process.
  Result<std::int64_t> changes();
  /// The error of the last function that failed because of the database, since it was last asked.
  std::optional<Error> take_failure();

  // ---- users. Unknown ones are errors of severity request.
  /// An error when there is such a user.
  Status add_user(const User& user);
  Status change_user(const User& user);
  Status remove_user(const Identity& id);
  /// Names begin with `prefix`.
  Result<std::vector<UserLine>> users(std::string_view prefix = {});
  Result<std::optional<User>> user(const Identity& id);
  /// `name`: what IDRpsk calls the key, unlike that of any other. Keys have 16 to 255 octets (RFC 6043 12.1).
  Status set_psk(const Identity& owner, ByteView psk, const std::optional<Bytes>& name = std::nullopt);
  Status remove_psk(const Identity& owner);
  /// Empty when there is none.
  Result<Psk> psk(const Identity& owner);
  /// Whose key IDRpsk names; without a name, of the only user there is with a key.
  Result<std::optional<Identity>> owner_of_psk(const std::optional<Identity>& name);
  Status add_certificate(const Identity& owner, ByteView der);
  Status remove_certificate(ByteView fingerprint);
  Result<std::vector<UserCertificate>> certificates(const Identity& owner);
  Result<std::optional<Identity>> owner_of_certificate(ByteView fingerprint);

  // ---- groups
  Status add_group(const Identity& group);
  Status remove_group(const Identity& group);
  Result<std::vector<Identity>> groups();
  Status add_member(const Identity& group, const Identity& member);
  Status remove_member(const Identity& group, const Identity& member);
  Result<std::vector<Identity>> members(const Identity& group);
  Result<bool> is_member(const Identity& group, const Identity& member);

  // ---- rules and policies
  /// Nothing new when there is such a rule. The number of the rule.
  Result<std::int64_t> add_rule(const Rule& rule);
  Status remove_rule(std::int64_t id);
  Result<std::vector<Rule>> rules();
  /// In place of one with that pattern.
  Status set_policy(const DomainPolicy& policy);
  Status remove_policy(std::string_view pattern);
  Result<std::vector<DomainPolicy>> policies();

  // ---- keys
  Result<std::vector<TicketKey>> ticket_key_list();
  /// Those that seal and open at `now`, the current one first.
  Result<std::vector<SecretBytes>> ticket_keys(std::int64_t now);
  /// A new key seals from now on; the one before opens for `keep_for` seconds more: by default as long as any
  /// ticket may be valid. Keys whose time is over are deleted. `given`: 16 to 255 octets, in place of a
  /// random one.
  Status rotate_ticket_key(std::int64_t now, std::optional<std::int64_t> keep_for = std::nullopt,
                           ByteView given = {});
  /// Adds one that only opens, e.g. of another store.
  Status add_old_ticket_key(ByteView key, std::int64_t now, std::int64_t open_until);
  /// Deletes keys whose time is over.
  Status retire_ticket_keys(std::int64_t now);
  /// Wraps the data-encryption keys by another master key. Processes that run go on; those that start need
  /// it.
  Status rotate_master_key(std::shared_ptr<const MasterKey> master);
  /// Seals all secrets anew under a new data-encryption key, and forgets those before.
  Status rotate_data_key(std::int64_t now);
  const std::string& master_key_id() const;

  // ---- secrets of other services, by name: printable ASCII, 100 characters at most
  Status set_secret(std::string_view name, ByteView secret, std::int64_t now);
  /// Nothing when there is none.
  Result<std::optional<SecretBytes>> secret(std::string_view name);
  Status remove_secret(std::string_view name);
  Result<std::vector<std::string>> secret_names();

  // ---- replays
  /// Whether an authenticated message is new to all processes; remembers it. Timestamps that differ from
  /// `now` by more than `skew` are stale. Entries are deleted when no process can accept their timestamps any
  /// more. The entry is on the disk at the latest when the next line of the audit trail is, or with sync().
  Result<Verdict> admit(const NeedReplayVerdict& question, NtpTime now, std::chrono::seconds skew);

  // ---- the disk
  /// From now on `admit` and `record` do not wait for the disk: `sync` does, for all of them at once. So a
  /// server may answer many messages for the price of one, once it has returned. In SQLite other writers wait
  /// from the first of them until then, so it is not to be put off.
  void defer_syncs();
  /// An error: what was admitted and recorded since the last call may be lost, and nothing that rests on it
  /// may be told to anybody. Nothing to do without defer_syncs().
  Status sync();
  /// The same in between, e.g. before something that takes long. What is lost then sync() tells again.
  Status flush();

  // ---- audit trail and revocation
  /// Says whether the ticket is not revoked; when it is, a line with Event::refused is written in its place.
  Result<bool> record(const AuditEntry& entry);
  Result<std::vector<AuditEntry>> audit(const AuditFilter& filter);
  /// Deletes lines from before `t`. How many.
  Result<std::int64_t> prune_audit(std::int64_t t);
  Status revoke(const Revocation& revocation);
  Status unrevoke(ByteView fingerprint);
  Result<std::vector<Revocation>> revocations();

 private:
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mikey::kms
