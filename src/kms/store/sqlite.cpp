// SQLite: one file, write-ahead log, every commit on the disk before it is reported (synchronous=FULL).

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>
#include <unordered_map>

#include "kms/store/database.hpp"

namespace mikey::kms::store {
namespace {

constexpr int kBusyMilliseconds = 5000;  // how long a writer waits for another
constexpr int kConfigureAttempts = 200;
constexpr std::chrono::milliseconds kConfigurePause{10};

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Trouble trouble_of(int code) {
  if (code == SQLITE_BUSY_SNAPSHOT) return Trouble::busy;
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return Trouble::taken;
    case SQLITE_BUSY:  // after the whole of kBusyMilliseconds
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_READONLY:
      return Trouble::away;
    default:
      return Trouble::other;
  }
}

// SQLite takes lengths as int. No value here comes near that: messages are bounded long before.
bool fits(std::size_t n) {
  return n <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

int bind(sqlite3_stmt* s, int at, const Param& p) {
  if (const auto* n = std::get_if<std::int64_t>(&p)) return sqlite3_bind_int64(s, at, *n);
  if (const auto* t = std::get_if<std::string_view>(&p)) {
    if (!fits(t->size())) return SQLITE_TOOBIG;
    return sqlite3_bind_text(s, at, t->data(), static_cast<int>(t->size()), SQLITE_STATIC);
  }
  if (const auto* b = std::get_if<ByteView>(&p)) {
    if (!fits(b->size())) return SQLITE_TOOBIG;
    if (b->empty()) return sqlite3_bind_zeroblob(s, at, 0);
    return sqlite3_bind_blob(s, at, b->data(), static_cast<int>(b->size()), SQLITE_STATIC);
  }
  return sqlite3_bind_null(s, at);
}

Value column(sqlite3_stmt* s, int i) {
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(s, i)); };
  switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(s, i)};
    case SQLITE_TEXT: {
      const void* p = sqlite3_column_text(s, i);
      return p == nullptr ? Value(std::string()) : Value(std::string(static_cast<const char*>(p), size()));
    }
    case SQLITE_BLOB: {
      const void* p = sqlite3_column_blob(s, i);
      if (p == nullptr) return Bytes();
      const auto* octets = static_cast<const std::uint8_t*>(p);
      return Bytes(octets, octets + size());
    }
    default:
      return {};
  }
}

class Sqlite final : public Database {
 public:
  explicit Sqlite(std::string path) : path_(std::move(path)) {}

  Status open(bool create) {
    if (create) {
      if (auto s = make_file(); !s) return s;
    }
    sqlite3* db = nullptr;
    const int code =
        sqlite3_open_v2(path_.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    db_.reset(db);
    if (db == nullptr) return database_error("SQLite: out of memory");
    if (code != SQLITE_OK) {
      if (!create && ::access(path_.c_str(), F_OK) != 0)
        return fail(code, "there is no store at " + path_ + "; \"mikey-kms init\" makes one");
      return failure();
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, kBusyMilliseconds);
    if (auto s = configure(); !s) return s;
    auto mode = Database::run("PRAGMA journal_mode");
    if (!mode) return std::move(mode).error();
    if (mode->rows.empty() || mode->rows.front().text(0) != "wal")
      return fail(SQLITE_CANTOPEN, path_ + ": the file system has no write-ahead log (is it a network's?)");
    return {};
  }

  Kind kind() const override { return Kind::sqlite; }

  Result<Rows> run(std::string_view sql, std::span<const Param> params) override {
    auto kept = statements_.find(sql);
    if (kept == statements_.end()) {
      sqlite3_stmt* made = nullptr;
      if (!fits(sql.size()) || sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                                  SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
        return failure();
      kept = statements_.emplace(sql, Statement(made)).first;
    }
    sqlite3_stmt* s = kept->second.get();
    auto out = step(s, params);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return out;
  }

  Status script(const std::string& sql) override {
    if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
    return {};
  }

  Status begin() override { return plain("BEGIN IMMEDIATE"); }
  Status commit() override { return plain("COMMIT"); }
  void rollback() override {
    if (sqlite3_get_autocommit(db_.get()) == 0) (void)plain("ROLLBACK");
  }
  Status lock_schema() override { return {}; }  // BEGIN IMMEDIATE has it
  Result<bool> has_table(std::string_view name) override {
    auto found = Database::run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", {name});
    if (!found) return std::move(found).error();
    return !found->rows.empty();
  }
  Trouble trouble() const override { return trouble_; }
  // In the log's mode NORMAL a commit is not forced to the disk; the next one of mode FULL forces the whole
  // log. This pragma takes effect when it is compiled, so it is never kept prepared.
  Status lazy(bool on) override {
    return script(on ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
  }
  // One transaction is many times cheaper than as many as there are statements. Others wait for it to end, so
  // that what they see is the same.
  Status begin_deferred() override {
    if (deferring_) return still_deferring();
    auto s = begin();
    deferring_ = s.ok();
    return s;
  }
  Status sync() override {
    auto s = still_deferring();
    deferring_ = false;
    if (s) s = commit();
    if (!s) rollback();
    return s;
  }
  Status revive() override { return {}; }

 private:
  // Two that turn a new file to the write-ahead log are told at once that it is locked, whatever the
  // time-out: each would wait for the other.
  Status configure() {
    for (int i = 0;; ++i) {
      // secure_delete: keys that were deleted do not stay in free pages.
      auto s = script(
          "PRAGMA trusted_schema=OFF; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
          "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON");
      if (s || (sqlite3_errcode(db_.get()) & 0xFF) != SQLITE_BUSY || i == kConfigureAttempts) return s;
      std::this_thread::sleep_for(kConfigurePause);
    }
  }

  // SQLite gives a transaction up by itself when the disk is full, for one. Nothing may go on as if it were a
  // new one until sync() has said so.
  Status still_deferring() {
    if (sqlite3_get_autocommit(db_.get()) == 0) return {};
    return fail(SQLITE_IOERR, "the store " + path_ + ": what was written is lost");
  }

  // Before SQLite makes it with whatever mode the umask leaves: keys stand in it, if sealed ones.
  Status make_file() {
    const int fd = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
      return fail(SQLITE_CANTOPEN, "cannot make " + path_ + ": " + std::generic_category().message(errno));
    ::close(fd);
    return {};
  }

  Status plain(std::string_view sql) {
    auto r = Database::run(sql);
    return r ? Status() : Status(std::move(r).error());
  }

  Result<Rows> step(sqlite3_stmt* s, std::span<const Param> params) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      const std::string name = "$" + std::to_string(i + 1);
      const int at = sqlite3_bind_parameter_index(s, name.c_str());
      if (at == 0) continue;  // this kind of database has no use for it
      if (bind(s, at, params[i]) != SQLITE_OK) return failure();
    }
    Rows out;
    for (;;) {
      const int code = sqlite3_step(s);
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return failure();
      Row row;
      const int n = sqlite3_column_count(s);
      row.columns.reserve(static_cast<std::size_t>(n));
      for (int i = 0; i < n; ++i) row.columns.push_back(column(s, i));
      out.rows.push_back(std::move(row));
    }
    out.changed = sqlite3_stmt_readonly(s) != 0 ? 0 : sqlite3_changes64(db_.get());
    return out;
  }

  Error failure() {
    const int code = sqlite3_extended_errcode(db_.get());
    return fail(code, "the store " + path_ + ": " + sqlite3_errmsg(db_.get()));
  }
  Error fail(int code, std::string text) {
    trouble_ = trouble_of(code);
    return database_error(std::move(text));
  }

  std::string path_;
  std::unique_ptr<sqlite3, CloseDb> db_;
  std::unordered_map<std::string_view, Statement> statements_;  // gone before db_
  Trouble trouble_ = Trouble::none;
  bool deferring_ = false;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, bool create) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return bad_request("sqlite: expected the path of a file behind it");
  auto db = std::make_unique<Sqlite>(path);
  if (auto s = db->open(create); !s) return std::move(s).error();
  return std::unique_ptr<Database>(std::move(db));
}

}  // namespace mikey::kms::store
