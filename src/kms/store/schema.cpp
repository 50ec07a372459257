#include "kms/store/schema.hpp"

#include <array>
#include <optional>

namespace mikey::kms::store {
namespace {

// What a version adds to the one before. A text that was released is never changed: what is wrong with it is
// for the next one to mend. {bytes}: octets; {serial}: a number the database gives, the table's key.
//
// Identities are octets: their IdType, and then their data (ID payloads, RFC 3830 6.7). Times are seconds
// since 1970, but for replay.t see replay.cpp.
constexpr std::array<std::string_view, kSchemaVersion> kSteps{
    // 1: all that MIKEY-TICKET needs.
    R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO meta (name, value) VALUES ('changes', 1), ('replay_floor', 0);
CREATE TABLE deks (id BIGINT PRIMARY KEY, master TEXT NOT NULL, wrapped {bytes} NOT NULL, made BIGINT NOT NULL);
CREATE TABLE users (
  id {bytes} PRIMARY KEY,
  enabled BIGINT NOT NULL DEFAULT 1,
  trusted_kms BIGINT NOT NULL DEFAULT 0,
  other_kms BIGINT NOT NULL DEFAULT 0);
CREATE TABLE psks (
  owner {bytes} PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  name {bytes} UNIQUE,
  sealed {bytes} NOT NULL);
CREATE TABLE teams (id {bytes} PRIMARY KEY);
CREATE TABLE members (
  team {bytes} NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  member {bytes} NOT NULL,
  PRIMARY KEY (team, member));
CREATE INDEX members_member ON members (member);
CREATE TABLE rules (
  id {serial},
  kind BIGINT NOT NULL,
  allow BIGINT NOT NULL,
  who {bytes} NOT NULL,
  whom {bytes} NOT NULL,
  UNIQUE (kind, allow, who, whom));
CREATE TABLE policies (pattern {bytes} PRIMARY KEY, max_lifetime BIGINT, refused_flags BIGINT NOT NULL);
CREATE TABLE tpks (
  id {serial},
  state BIGINT NOT NULL,
  made BIGINT NOT NULL,
  open_until BIGINT,
  sealed {bytes});
CREATE TABLE replay (id {bytes} PRIMARY KEY, t BIGINT NOT NULL);
CREATE INDEX replay_t ON replay (t);
CREATE TABLE audit (
  id {serial},
  t BIGINT NOT NULL,
  event BIGINT NOT NULL,
  client {bytes} NOT NULL,
  fingerprint {bytes} NOT NULL,
  summary TEXT NOT NULL);
CREATE INDEX audit_fingerprint ON audit (fingerprint);
CREATE INDEX audit_t ON audit (t);
CREATE TABLE revoked (fingerprint {bytes} PRIMARY KEY, t BIGINT NOT NULL, reason TEXT NOT NULL);
)",
    // 2: secrets of other services (IBAKE, SAKKE), certificates of clients, notes about users.
    R"(
CREATE TABLE secrets (name TEXT PRIMARY KEY, sealed {bytes} NOT NULL, made BIGINT NOT NULL);
CREATE TABLE certificates (
  fingerprint {bytes} PRIMARY KEY,
  owner {bytes} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  der {bytes} NOT NULL);
CREATE INDEX certificates_owner ON certificates (owner);
ALTER TABLE users ADD COLUMN note TEXT NOT NULL DEFAULT '';
)",
};

std::string in_dialect(std::string_view text, Kind kind) {
  const bool lite = kind == Kind::sqlite;
  const auto replaced = [](std::string s, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = s.find(from, at)) != std::string::npos; at += to.size())
      s.replace(at, from.size(), to);
    return s;
  };
  return replaced(
      replaced(std::string(text), "{bytes}", lite ? "BLOB" : "BYTEA"), "{serial}",
      lite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
}

Error newer(std::int64_t found) {
  return Error{ErrorCode::bad_request, Severity::request, "", std::nullopt,
               "the store has schema version " + std::to_string(found) + ", this program knows up to " +
                   std::to_string(kSchemaVersion) + ": a newer mikey-kms made it"};
}

/// One step inside a transaction. Several processes may be at it; the first one does it.
Result<bool> step(Database& db, bool create, std::int64_t to) {
  if (auto s = db.lock_schema(); !s) return std::move(s).error();
  auto found = schema_version(db);
  if (!found) return std::move(found).error();
  if (!*found && !create) return bad_request("the database holds no store; \"mikey-kms init\" makes one");
  const std::int64_t have = found->value_or(0);
  if (have > kSchemaVersion) return newer(have);
  if (have >= to) return false;
  if (!*found) {
    if (auto s = db.script("CREATE TABLE schema_version (version BIGINT NOT NULL);"
                           "INSERT INTO schema_version (version) VALUES (0)");
        !s)
      return std::move(s).error();
  }
  if (auto s = db.script(in_dialect(kSteps.at(static_cast<std::size_t>(have)), db.kind())); !s)
    return std::move(s).error();
  if (auto r = db.run("UPDATE schema_version SET version = $1", {have + 1}); !r) return std::move(r).error();
  return true;
}

}  // namespace

Result<std::optional<std::int64_t>> schema_version(Database& db) {
  auto there = db.has_table("schema_version");
  if (!there) return std::move(there).error();
  if (!*there) return std::optional<std::int64_t>();
  auto r = db.run("SELECT version FROM schema_version");
  if (!r) return std::move(r).error();
  if (r->rows.size() != 1 || r->rows.front().number(0) < 0)
    return bad_request("the store's schema_version has no version in it: this is no store, or a damaged one");
  return std::optional(r->rows.front().number(0));
}

Status migrate(Database& db, bool create, std::int64_t to) {
  auto have = schema_version(db);  // without a lock: mostly there is nothing to do
  if (!have) return std::move(have).error();
  if (*have && **have == to) return {};
  for (;;) {
    if (auto s = db.begin(); !s) return s;
    auto more = step(db, create, to);
    if (!more) {
      db.rollback();
      return std::move(more).error();
    }
    if (auto s = db.commit(); !s) {
      db.rollback();
      return s;
    }
    if (!*more) return {};
  }
}

}  // namespace mikey::kms::store
