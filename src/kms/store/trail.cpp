// What is written for every message: replays, the audit trail, and revocations.

#include <array>

#include "kms/store/impl.hpp"

namespace mikey::kms {

using store::identity_of;
using store::key_of;
using store::Kind;
using store::Row;

namespace {

constexpr std::size_t kReplayId = 16;     // octets of the hash that a message is known by
constexpr std::int64_t kPurgeEvery = 10;  // seconds
constexpr std::size_t kMostSummary = 1000;
constexpr std::size_t kMostReason = 200;
constexpr std::size_t kFingerprint = 32;
constexpr std::int64_t kMostLines = 1000000;

/// What a message is known by: its sender, CSB ID and timestamp (RFC 3830 5.4). Whoever finds two messages of
/// his own with one hash has the second one refused.
Result<Bytes> replay_id(const crypto::Provider& provider, const NeedReplayVerdict& q) {
  const Bytes peer = key_of(q.peer);
  std::array<std::uint8_t, 12> rest{};
  store_be(rest.data(), q.csb_id);
  store_be(rest.data() + 4, q.t.value);
  const std::array<ByteView, 2> parts{rest, peer};
  Bytes out(hash_size(crypto::Hash::sha256));
  if (auto s = provider.hash(crypto::Hash::sha256, parts, out); !s) return std::move(s).error();
  out.resize(kReplayId);
  return out;
}

// With PostgreSQL, synchronous_commit is off for this statement alone: its record in the log goes to the disk
// with the next commit that waits for the disk, before anything is answered: that of the audit trail's line,
// or of sync().
constexpr std::string_view kAdmitLazyPostgresql =
    "WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true)) "
    "INSERT INTO replay (id, t) SELECT $1, $2 FROM lazy "
    "WHERE $2 > (SELECT value FROM meta WHERE name = 'replay_floor') ON CONFLICT DO NOTHING";
constexpr std::string_view kAdmit =
    "INSERT INTO replay (id, t) SELECT $1, $2 "
    "WHERE $2 > (SELECT value FROM meta WHERE name = 'replay_floor') ON CONFLICT DO NOTHING";

constexpr std::string_view kRecord =
    "INSERT INTO audit (t, event, client, fingerprint, summary) SELECT $1, $2, $3, $4, $5 "
    "WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE fingerprint = $4)";
constexpr std::string_view kRecordLazyPostgresql =
    "WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true)) "
    "INSERT INTO audit (t, event, client, fingerprint, summary) SELECT $1, $2, $3, $4, $5 FROM lazy "
    "WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE fingerprint = $4)";

bool within(NtpTime t, NtpTime now, std::chrono::seconds skew) {
  const std::int64_t limit = skew.count() << 32;
  const std::int64_t d = ntp_difference(t, now);
  return d >= -limit && d <= limit;
}

Status check_fingerprint(ByteView fingerprint) {
  if (fingerprint.size() == kFingerprint) return {};
  return bad_request("the fingerprint of a ticket has 32 octets");
}

}  // namespace

// ------------------------------------------------------------------ replays

Result<Verdict> Store::admit(const NeedReplayVerdict& q, NtpTime now, std::chrono::seconds skew) {
  if (!within(q.t, now, skew)) return Verdict::stale;
  auto id = replay_id(impl_->provider, q);
  if (!id) return std::move(id).error();
  const std::int64_t t = q.t.unix_seconds();
  auto r = impl_->lazily(kAdmit, kAdmitLazyPostgresql, {ByteView(*id), t});
  if (!r) return std::move(r).error();
  impl_->purge(now, skew);
  if (r->changed > 0) return Verdict::fresh;
  auto known = impl_->ask("SELECT 1 FROM replay WHERE id = $1", {ByteView(*id)});
  if (!known) return std::move(known).error();
  return known->rows.empty() ? Verdict::stale : Verdict::replayed;
}

Result<store::Rows> Store::Impl::lazily(std::string_view plain, std::string_view lazy_postgresql,
                                        Params params) {
  if (in_transaction) return run(plain, params);
  const std::string_view sql = db->kind() == Kind::sqlite ? plain : lazy_postgresql;
  if (deferred) {
    if (auto s = db->begin_deferred(); !s) return noted(Result<store::Rows>(std::move(s).error()));
    unsynced = true;
    return once(sql, params);
  }
  if (auto s = db->lazy(true); !s) return noted(Result<store::Rows>(std::move(s).error()));
  auto r = once(sql, params);
  if (auto s = db->lazy(false); !s) return noted(Result<store::Rows>(std::move(s).error()));
  return r;
}

Status Store::Impl::flush() {
  if (!std::exchange(unsynced, false)) return {};
  auto s = db->sync();
  if (!s) lost = failure = s.error();
  return s;
}

void Store::defer_syncs() {
  impl_->deferred = true;
}

Status Store::flush() {
  return impl_->flush();
}

Status Store::sync() {
  auto s = impl_->flush();
  if (auto lost = std::exchange(impl_->lost, std::nullopt)) return std::move(*lost);
  return s;
}

// Entries go when their timestamps lie twice the skew back, by this process's clock and by the database's:
// one clock that is wrong does not delete what another process still needs. What was deleted is below the
// floor, and is not accepted again.
void Store::Impl::purge(NtpTime now, std::chrono::seconds skew) {
  const std::int64_t here = now.unix_seconds();
  if (here >= purged && here < purged + kPurgeEvery) return;
  purged = here;
  auto there = db->run(db->kind() == Kind::sqlite ? "SELECT CAST(strftime('%s', 'now') AS INTEGER)"
                                                  : "SELECT CAST(extract(epoch FROM now()) AS BIGINT)",
                       {});
  if (!there || there->rows.empty()) return;  // the next message that has time for it tries again
  const std::int64_t floor = std::min(here, there->rows.front().number(0)) - 2 * skew.count() - 1;
  auto moved = db->run("UPDATE meta SET value = $1 WHERE name = 'replay_floor' AND value < $1", {floor});
  if (!moved || moved->changed == 0) return;  // another one is at it
  (void)db->run("DELETE FROM replay WHERE t <= $1", {floor});
}

// ------------------------------------------------------------------ the audit trail

Result<bool> Store::record(const AuditEntry& e) {
  if (e.event != AuditEntry::Event::keys || !e.fingerprint.empty())
    if (auto s = check_fingerprint(e.fingerprint); !s) return std::move(s).error();
  if (auto s = store::check_text("summary", e.summary, kMostSummary); !s) return std::move(s).error();
  const Bytes client = key_of(e.client);
  const auto event = static_cast<std::int64_t>(e.event);
  const Impl::Params params = {e.t, event, ByteView(client), ByteView(e.fingerprint),
                               std::string_view(e.summary)};
  auto r =
      impl_->deferred ? impl_->lazily(kRecord, kRecordLazyPostgresql, params) : impl_->once(kRecord, params);
  if (!r) return std::move(r).error();
  if (r->changed > 0) return true;
  const auto refused = static_cast<std::int64_t>(AuditEntry::Event::refused);
  auto kept =
      impl_->once("INSERT INTO audit (t, event, client, fingerprint, summary) VALUES ($1, $2, $3, $4, $5)",
                  {e.t, refused, ByteView(client), ByteView(e.fingerprint), std::string_view(e.summary)});
  if (!kept) return std::move(kept).error();
  return false;
}

Result<std::vector<AuditEntry>> Store::audit(const AuditFilter& f) {
  const Bytes client = f.client ? key_of(*f.client) : Bytes();
  const Bytes fingerprint = f.fingerprint.value_or(Bytes());
  auto r = impl_->ask(
      "SELECT id, t, event, client, fingerprint, summary FROM audit WHERE ($1 = 0 OR client = $2) "
      "AND ($3 = 0 OR fingerprint = $4) AND t >= $5 AND t <= $6 ORDER BY id DESC LIMIT $7",
      {std::int64_t{f.client ? 1 : 0}, ByteView(client), std::int64_t{f.fingerprint ? 1 : 0},
       ByteView(fingerprint), f.since.value_or(0), f.until.value_or(std::numeric_limits<std::int64_t>::max()),
       std::clamp<std::int64_t>(f.most, 0, kMostLines)});
  if (!r) return std::move(r).error();
  std::vector<AuditEntry> out;
  for (auto row = r->rows.rbegin(); row != r->rows.rend(); ++row)
    out.push_back({row->number(0), row->number(1), static_cast<AuditEntry::Event>(row->number(2)),
                   identity_of(row->bytes(3)), row->bytes(4), row->text(5)});
  return out;
}

Result<std::int64_t> Store::prune_audit(std::int64_t t) {
  auto r = impl_->once("DELETE FROM audit WHERE t < $1", {t});
  if (!r) return std::move(r).error();
  return r->changed;
}

// ------------------------------------------------------------------ revocation

Status Store::revoke(const Revocation& v) {
  if (auto s = check_fingerprint(v.fingerprint); !s) return s;
  if (auto s = store::check_text("reason", v.reason, kMostReason); !s) return s;
  return impl_->change(
      "INSERT INTO revoked (fingerprint, t, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      {ByteView(v.fingerprint), v.t, std::string_view(v.reason)}, "the ticket is revoked already");
}

Status Store::unrevoke(ByteView fingerprint) {
  return impl_->change("DELETE FROM revoked WHERE fingerprint = $1", {fingerprint},
                       "no such ticket is revoked");
}

Result<std::vector<Revocation>> Store::revocations() {
  auto r = impl_->ask("SELECT fingerprint, t, reason FROM revoked ORDER BY t, fingerprint");
  if (!r) return std::move(r).error();
  std::vector<Revocation> out;
  for (const Row& row : r->rows) out.push_back({row.bytes(0), row.number(1), row.text(2)});
  return out;
}

}  // namespace mikey::kms
