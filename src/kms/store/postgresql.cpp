// PostgreSQL through libpq. A connection that was lost is made anew at the next use; a statement that was
// under way then is not repeated here, as nobody knows whether it was carried out.

#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <limits>
#include <unordered_map>

#include "kms/store/database.hpp"

namespace mikey::kms::store {
namespace {

using std::chrono::steady_clock;

// PostgreSQL's numbers of the types that statements here use (pg_type.dat).
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;

/// After a failed attempt to connect the next one waits, so that a thread of a server is not spent on
/// waiting.
constexpr std::chrono::milliseconds kPause{250};
constexpr const char* kConnectSeconds = "5";  // unless the URL says another connect_timeout
/// A database that hangs must not hold a request for ever. Transactions end at once when a process dies.
constexpr const char* kSession =
    "SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = "
    "'30s'; "
    "SET client_min_messages = 'warning'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "
    "'off'";
constexpr std::int64_t kSchemaLock = 0x6D696B65796B6D73;  // "mikeykms"

struct FinishConnection {
  void operator()(PGconn* c) const { PQfinish(c); }
};
struct ClearResult {
  void operator()(PGresult* r) const { PQclear(r); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

/// By SQLSTATE (appendix A of PostgreSQL's manual).
Trouble trouble_of(std::string_view state) {
  if (state.empty() || state.starts_with("08") || state.starts_with("57P") || state == "53300" ||
      state == "25006")  // a server that became a standby
    return Trouble::away;
  if (state == "40001" || state == "40P01" || state == "55P03" || state == "57014") return Trouble::busy;
  if (state.starts_with("23")) return Trouble::taken;
  return state.starts_with("53") || state.starts_with("58") ? Trouble::away : Trouble::other;
}

std::string first_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string out;
  for (const char c : text) out.push_back(c == '\n' || c == '\t' ? ' ' : c);
  return out;
}

Value value(const PGresult* r, int row, int col) {
  if (PQgetisnull(r, row, col) != 0) return {};
  const auto* p = static_cast<const std::uint8_t*>(static_cast<const void*>(PQgetvalue(r, row, col)));
  const auto n = static_cast<std::size_t>(PQgetlength(r, row, col));
  switch (PQftype(r, col)) {
    case kInt8:
      if (n == 8) return static_cast<std::int64_t>(load_be<std::uint64_t>(p));
      break;
    case kInt4:
      if (n == 4) return std::int64_t{static_cast<std::int32_t>(load_be<std::uint32_t>(p))};
      break;
    case kBool:
      if (n == 1) return std::int64_t{*p};
      break;
    case kBytea:
      return Bytes(p, p + n);
    default:
      return std::string(as_text({p, n}));
  }
  return {};
}

class Postgresql final : public Database {
 public:
  explicit Postgresql(std::string conninfo) : conninfo_(std::move(conninfo)) {}

  Kind kind() const override { return Kind::postgresql; }

  Status revive() override {
    if (db_ && PQstatus(db_.get()) == CONNECTION_OK) return {};
    const auto now = steady_clock::now();
    if (failed_ && now < *failed_ + kPause) return database_error(reason_);
    forget();
    const std::array keywords{"connect_timeout", "fallback_application_name", "client_encoding", "dbname",
                              static_cast<const char*>(nullptr)};
    const std::array values{kConnectSeconds, "mikey-kms", "UTF8", conninfo_.c_str(),
                            static_cast<const char*>(nullptr)};
    db_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
    if (!db_ || PQstatus(db_.get()) != CONNECTION_OK) return lost(now);
    ++connection_;
    PQsetNoticeProcessor(
        db_.get(), [](void*, const char*) {}, nullptr);
    const PgResult set(PQexec(db_.get(), kSession));
    const ExecStatusType status = PQresultStatus(set.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return lost(now);
    failed_.reset();
    return {};
  }

  Result<Rows> run(std::string_view sql, std::span<const Param> params) override {
    if (auto s = usable(); !s) return std::move(s).error();
    auto name = prepared(sql, params);
    if (!name) return std::move(name).error();
    numbers_.resize(params.size());
    std::vector<const char*> values(params.size(), nullptr);
    std::vector<int> lengths(params.size(), 0);
    const std::vector<int> formats(params.size(), 1);
    for (std::size_t i = 0; i < params.size(); ++i) set_param(params[i], i, values, lengths);
    const PgResult r(PQexecPrepared(db_.get(), name->c_str(), static_cast<int>(params.size()), values.data(),
                                    lengths.data(), formats.data(), 1));
    return taken(r.get());
  }

  Status script(const std::string& sql) override {
    if (auto s = usable(); !s) return s;
    const PgResult r(PQexec(db_.get(), sql.c_str()));
    auto rows = taken(r.get());
    return rows ? Status() : Status(std::move(rows).error());
  }

  Status begin() override {
    if (auto s = script("BEGIN"); !s) return s;
    in_transaction_ = true;
    return {};
  }
  Status commit() override {
    auto s = script("COMMIT");
    in_transaction_ = false;
    return s;
  }
  void rollback() override {
    if (in_transaction_ && db_) (void)script("ROLLBACK");
    in_transaction_ = false;
  }
  Status lock_schema() override {
    auto r = Database::run("SELECT pg_advisory_xact_lock($1)", {kSchemaLock});
    return r ? Status() : Status(std::move(r).error());
  }
  Result<bool> has_table(std::string_view name) override {
    // to_regclass() may answer from a cache that does not know yet what another session has just made.
    auto r = Database::run(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = $1 AND pg_table_is_visible(oid))",
        {name});
    if (!r) return std::move(r).error();
    return !r->rows.empty() && r->rows.front().flag(0);
  }
  Trouble trouble() const override { return trouble_; }
  Status lazy(bool /*on*/) override { return {}; }
  // No transaction here: two that know of each other's replays in different order would wait for each other.
  // The statements' commits do not wait for the disk, and that of sync() does, with all before it. A message
  // to nobody is the least that can be committed.
  Status begin_deferred() override {
    if (auto s = revive(); !s) return s;
    if (!unsynced_) unsynced_ = connection_;
    return {};
  }
  Status sync() override {
    auto r = Database::run("SELECT pg_logical_emit_message(true, 'mikey-kms', '')");
    const auto since = std::exchange(unsynced_, std::nullopt);
    if (!r) return std::move(r).error();
    // A database that went down may have forgotten what it had not been asked to keep.
    if (since && *since != connection_) return fail("", "the connection to the database was lost");
    return {};
  }

 private:
  void forget() {
    db_.reset();
    names_.clear();
  }

  /// The rest of a transaction must not run outside of it, when the connection went away in between.
  Status usable() {
    if (!in_transaction_) return revive();
    if (!db_) return fail("", "the connection to the database was lost in a transaction");
    return {};
  }

  Error lost(steady_clock::time_point now) {
    reason_ = "the database cannot be reached: " +
              (db_ ? first_line(PQerrorMessage(db_.get())) : std::string("out of memory"));
    failed_ = now;
    trouble_ = Trouble::away;
    forget();
    return database_error(reason_);
  }

  void set_param(const Param& p, std::size_t i, std::vector<const char*>& values, std::vector<int>& lengths) {
    const auto set = [&](const void* at, std::size_t n) {
      values[i] = n == 0 ? "" : static_cast<const char*>(at);
      lengths[i] = static_cast<int>(n);
    };
    if (const auto* n = std::get_if<std::int64_t>(&p)) {
      store_be(numbers_[i].data(), static_cast<std::uint64_t>(*n));
      set(numbers_[i].data(), 8);
    } else if (const auto* t = std::get_if<std::string_view>(&p)) {
      set(t->data(), t->size());
    } else if (const auto* b = std::get_if<ByteView>(&p)) {
      set(b->data(), b->size());
    }
  }

  /// The name of a prepared statement. Its parameters have the types of those it is first run with; what is
  /// null then has the type that its place asks for.
  Result<std::string> prepared(std::string_view sql, std::span<const Param> params) {
    for (const Param& p : params) {
      const auto* t = std::get_if<std::string_view>(&p);
      const auto* b = std::get_if<ByteView>(&p);
      const std::size_t n = t != nullptr ? t->size() : b != nullptr ? b->size() : 0;
      if (n > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return fail("54000", "a value is too long for the database");
    }
    if (const auto kept = names_.find(sql); kept != names_.end()) return kept->second;
    std::vector<Oid> types;
    for (const Param& p : params) {
      constexpr std::array<Oid, 4> by_index{0, kInt8, kText, kBytea};
      types.push_back(by_index.at(p.index()));
    }
    const std::string name = "s" + std::to_string(names_.size());
    const PgResult r(PQprepare(db_.get(), name.c_str(), std::string(sql).c_str(),
                               static_cast<int>(types.size()), types.data()));
    if (PQresultStatus(r.get()) != PGRES_COMMAND_OK) return failure(r.get());
    names_.emplace(sql, name);
    return name;
  }

  Result<Rows> taken(const PGresult* r) {
    const ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return failure(r);
    Rows out;
    const int columns = PQnfields(r);
    for (int i = 0; i < PQntuples(r); ++i) {
      Row row;
      row.columns.reserve(static_cast<std::size_t>(columns));
      for (int c = 0; c < columns; ++c) row.columns.push_back(value(r, i, c));
      out.rows.push_back(std::move(row));
    }
    for (const char c : std::string_view(PQcmdTuples(const_cast<PGresult*>(r))))  // digits, or nothing
      if (c >= '0' && c <= '9') out.changed = out.changed * 10 + (c - '0');
    return out;
  }

  Error failure(const PGresult* r) {
    const char* state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    std::string why = first_line(text != nullptr ? text : PQerrorMessage(db_.get()));
    if (PQstatus(db_.get()) != CONNECTION_OK)
      return fail("", "the connection to the database is lost: " + why);
    return fail(state != nullptr ? state : "", "the database: " + why);
  }
  Error fail(std::string_view state, std::string text) {
    trouble_ = trouble_of(state);
    if (trouble_ == Trouble::away) forget();
    return database_error(std::move(text));
  }

  std::string conninfo_;
  std::unique_ptr<PGconn, FinishConnection> db_;
  std::unordered_map<std::string_view, std::string> names_;
  std::vector<std::array<std::uint8_t, 8>> numbers_;  // of the statement that is run
  bool in_transaction_ = false;
  std::uint64_t connection_ = 0;           // counts those that were made
  std::optional<std::uint64_t> unsynced_;  // the one of the first deferred statement since the last sync
  Trouble trouble_ = Trouble::none;
  std::optional<steady_clock::time_point> failed_;
  std::string reason_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const std::string& conninfo) {
  auto db = std::make_unique<Postgresql>(conninfo);
  if (auto s = db->revive(); !s) return std::move(s).error();
  return std::unique_ptr<Database>(std::move(db));
}

}  // namespace mikey::kms::store
