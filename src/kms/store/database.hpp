/// \file
/// What the store needs of a database: statements kept prepared, transactions, and a word for what went
/// wrong. Statements are written once for both kinds, with $1, $2, ... for their parameters.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::kms::store {

/// A value on its way to the database; octets and text are borrowed.
using Param = std::variant<std::monostate, std::int64_t, std::string_view, ByteView>;

/// A value that came from it.
using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;

/// A row of a result. Columns are of the type their statement says; what is null reads as zero or empty.
struct Row {
  std::vector<Value> columns;

  bool null(std::size_t i) const { return std::holds_alternative<std::monostate>(columns.at(i)); }
  std::int64_t number(std::size_t i) const { return get<std::int64_t>(i); }
  bool flag(std::size_t i) const { return number(i) != 0; }
  std::string text(std::size_t i) const { return get<std::string>(i); }
  Bytes bytes(std::size_t i) const { return get<Bytes>(i); }

 private:
  template <class T>
  T get(std::size_t i) const {
    const T* v = std::get_if<T>(&columns.at(i));
    return v == nullptr ? T() : *v;
  }
};

struct Rows {
  std::vector<Row> rows;
  std::int64_t changed = 0;  ///< rows that were inserted, updated or deleted
};

/// Why a call failed.
enum class Trouble : std::uint8_t {
  none,
  busy,   ///< another transaction was in the way: the same may succeed when it is tried again
  away,   ///< the database cannot be reached or used now
  taken,  ///< a key that must be unique exists, or one that must exist does not
  other,
};

enum class Kind : std::uint8_t { sqlite, postgresql };

/// One connection, used by one thread. Errors are of severity system.
class Database {
 public:
  virtual ~Database() = default;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  virtual Kind kind() const = 0;
  /// Runs one statement. `sql` must live as long as the connection: the statement stays prepared.
  virtual Result<Rows> run(std::string_view sql, std::span<const Param> params) = 0;
  Result<Rows> run(std::string_view sql, std::initializer_list<Param> params) {
    return run(sql, std::span(params.begin(), params.size()));
  }
  Result<Rows> run(std::string_view sql) { return run(sql, std::span<const Param>()); }
  /// Runs statements that are needed once.
  virtual Status script(const std::string& sql) = 0;
  /// Begins a transaction that writes, the only one of its kind at that moment in SQLite.
  virtual Status begin() = 0;
  virtual Status commit() = 0;
  virtual void rollback() = 0;
  /// Takes a lock that keeps others from migrating, until the end of the transaction.
  virtual Status lock_schema() = 0;
  /// Whether a table stands in the database.
  virtual Result<bool> has_table(std::string_view name) = 0;
  /// Of the last call that failed.
  virtual Trouble trouble() const = 0;
  /// A commit after `lazy(true)` need not reach the disk by itself: the next eager one takes it along. With
  /// PostgreSQL the statements say so themselves.
  virtual Status lazy(bool on) = 0;
  /// Said before a statement that need not reach the disk before the next sync().
  virtual Status begin_deferred() = 0;
  /// Forces what was written since begin_deferred() to the disk. An error: it may be lost.
  virtual Status sync() = 0;
  /// Connects anew if the connection is gone; says whether there is one.
  virtual Status revive() = 0;
};

/// Opens `sqlite:PATH`. `create`: make the file when there is none.
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, bool create);
/// Connects to `postgresql://...`, or with "host=... dbname=...".
Result<std::unique_ptr<Database>> open_postgresql(const std::string& conninfo);

/// What the database said, as an error.
inline Error database_error(std::string detail) {
  return {ErrorCode::resource, Severity::system, "", std::nullopt, std::move(detail)};
}

}  // namespace mikey::kms::store
