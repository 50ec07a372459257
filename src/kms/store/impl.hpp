/// \file
/// The inside of a Store, which its parts share.
#pragma once

#include "kms/store/sealer.hpp"
#include "mikey/kms/store.hpp"

namespace mikey::kms {

struct Store::Impl {
  const crypto::Provider& provider;
  Rng& rng;
  std::unique_ptr<store::Database> db;
  store::Sealer sealer;
  bool in_transaction = false;
  std::optional<Error> failure = std::nullopt;
  bool deferred = false;  // sync() takes to the disk what is written, not each commit by itself
  bool unsynced = false;  // there is something
  std::optional<Error> lost = std::nullopt;  // for sync() to tell
  std::int64_t purged = 0;                   // when entries of replays were deleted last

  using Params = std::initializer_list<store::Param>;

  /// A statement that only reads. When the connection turns out to be gone, once more on a new one.
  Result<store::Rows> ask(std::string_view sql, Params params = {});
  /// A statement that is a transaction of its own, and may be repeated when others were in the way.
  Result<store::Rows> once(std::string_view sql, Params params = {});
  /// The same, when it need not wait for the disk: another one will. `lazy_postgresql`: the statement with
  /// that said in it.
  Result<store::Rows> lazily(std::string_view plain, std::string_view lazy_postgresql, Params params);
  /// A transaction that changes what other processes keep in memory; tried again when others were in the way.
  Status write(const std::function<Status()>& work);
  /// A statement in a transaction of that kind. When it changes nothing, `otherwise` is the error.
  Status change(std::string_view sql, Params params, const std::string& otherwise);
  /// A statement inside of a transaction.
  Result<store::Rows> run(std::string_view sql, Params params = {}) { return noted(db->run(sql, params)); }

  /// Takes what was deferred to the disk. What is lost is lost for good: sync() says so, too.
  Status flush();
  Status require_user(const Identity& id);
  /// Deletes entries of replays that no process can need any more.
  void purge(NtpTime now, std::chrono::seconds skew);

  template <class T>
  Result<T> noted(Result<T> r) {
    if (!r && r.error().severity == Severity::system) failure = r.error();
    return r;
  }

 private:
  Status attempt(const std::function<Status()>& work);
  Status keep_sealer_current();
};

namespace store {

/// An identity as a key of tables: its type, then its data.
inline Bytes key_of(const Identity& id) {
  Bytes out{static_cast<std::uint8_t>(id.type)};
  append(out, id.data);
  return out;
}

inline Identity identity_of(ByteView key) {
  if (key.empty()) return {};
  return {static_cast<IdType>(key.front()), to_bytes(key.subspan(1))};
}

/// Text for people that goes into the database: printable ASCII.
Status check_text(const char* what, std::string_view text, std::size_t most);
Status check_identity(const Identity& id);

inline Bytes octets(std::string_view text) {
  return to_bytes(as_bytes(text));
}

inline std::string text_of(ByteView octets) {
  return std::string(as_text(octets));
}

}  // namespace store
}  // namespace mikey::kms
