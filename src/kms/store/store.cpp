#include "mikey/kms/store.hpp"

#include <algorithm>
#include <thread>

#include "kms/store/impl.hpp"
#include "kms/store/schema.hpp"

namespace mikey::kms {

using store::Rows;
using store::Trouble;

namespace {

constexpr int kAttempts = 6;
constexpr std::chrono::milliseconds kFirstPause{5};

void pause(int attempt) {
  std::this_thread::sleep_for(kFirstPause * (1 << attempt));
}

Result<std::unique_ptr<store::Database>> connect(const std::string& url, bool create) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite)) return store::open_sqlite(url.substr(kSqlite.size()), create);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://") ||
      (url.find('=') != std::string::npos && url.find("://") == std::string::npos))
    return store::open_postgresql(url);
  return bad_request(
      "expected the URL of a store: sqlite:PATH, postgresql://USER@HOST/DATABASE, or \"host=... "
      "dbname=...\"");
}

}  // namespace

// ------------------------------------------------------------------ running statements

Result<Rows> Store::Impl::ask(std::string_view sql, Params params) {
  auto r = db->run(sql, params);
  if (!r && !in_transaction && db->trouble() == Trouble::away) r = db->run(sql, params);
  return noted(std::move(r));
}

Result<Rows> Store::Impl::once(std::string_view sql, Params params) {
  auto r = db->run(sql, params);
  for (int i = 0; !r && !in_transaction && db->trouble() == Trouble::busy && i + 1 < kAttempts; ++i) {
    pause(i);
    r = db->run(sql, params);
  }
  return noted(std::move(r));
}

// Sealed values must be made under a key that is still in the database, and all keys under one master key.
Status Store::Impl::keep_sealer_current() {
  auto r = db->run("SELECT COUNT(*), MAX(id) FROM deks");
  if (!r) return std::move(r).error();
  const store::Row& row = r->rows.front();
  if (sealer.knows(row.number(0), row.number(1))) return {};
  return sealer.load(*db);
}

Status Store::Impl::attempt(const std::function<Status()>& work) {
  if (auto s = db->begin(); !s) return s;
  in_transaction = true;
  // First of all, so that transactions of this kind stand in a line: none sees half of another.
  auto bumped = db->run("UPDATE meta SET value = value + 1 WHERE name = 'changes'");
  Status s = bumped ? keep_sealer_current() : Status(std::move(bumped).error());
  if (s) s = work();
  if (s) s = db->commit();
  in_transaction = false;
  if (!s) db->rollback();
  return s;
}

Status Store::Impl::write(const std::function<Status()>& work) {
  if (in_transaction) return work();
  if (auto s = flush(); !s) return s;  // what was deferred comes before
  for (int i = 0;; ++i) {
    Status s = attempt(work);
    const bool again = !s && s.error().severity == Severity::system && db->trouble() == Trouble::busy;
    if (!again || i + 1 >= kAttempts) return noted(std::move(s));
    pause(i);
  }
}

Status Store::Impl::change(std::string_view sql, Params params, const std::string& otherwise) {
  return write([&]() -> Status {
    auto r = run(sql, params);
    if (!r) return std::move(r).error();
    if (r->changed == 0 && !otherwise.empty()) return bad_request(otherwise);
    return {};
  });
}

// ------------------------------------------------------------------ opening

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& url, const crypto::Provider& provider, Rng& rng,
                          StoreOptions options, std::int64_t now) {
  if (!options.master) return bad_request("a store needs a master key");
  auto db = connect(url, options.create);
  if (!db) return std::move(db).error();
  if (auto s = store::migrate(**db, options.create); !s) return std::move(s).error();
  Store out(std::make_unique<Impl>(
      Impl{provider, rng, std::move(*db), store::Sealer(provider, rng, std::move(options.master))}));
  Impl& in = *out.impl_;
  if (auto s = in.sealer.load(*in.db); !s) return std::move(s).error();
  if (in.sealer.has_key()) return out;
  if (!options.create) return bad_request("the store has no keys yet; \"mikey-kms init\" makes them");
  const auto first_keys = [&]() -> Status {
    if (in.sealer.has_key()) return {};  // another process was quicker
    if (auto s = in.sealer.add_key(*in.db, now); !s) return s;
    return out.rotate_ticket_key(now);
  };
  if (auto s = in.write(first_keys); !s) return std::move(s).error();
  return out;
}

Status Store::transaction(const std::function<Status()>& work) {
  return impl_->write(work);
}

Result<std::int64_t> Store::changes() {
  auto r = impl_->ask("SELECT value FROM meta WHERE name = 'changes'");
  if (!r) return std::move(r).error();
  if (r->rows.empty()) return store::database_error("the store's table meta is damaged");
  return r->rows.front().number(0);
}

std::optional<Error> Store::take_failure() {
  return std::exchange(impl_->failure, std::nullopt);
}

// ------------------------------------------------------------------ checks of what comes in

namespace store {

Status check_text(const char* what, std::string_view text, std::size_t most) {
  if (text.size() > most)
    return bad_request(std::string(what) + ": at most " + std::to_string(most) + " characters");
  if (std::ranges::any_of(text, [](char c) { return c < ' ' || c > '~'; }))
    return bad_request(std::string(what) + ": expected printable ASCII");
  return {};
}

Status check_identity(const Identity& id) {
  if (id.data.empty() || id.data.size() > 0xFFFF) return bad_request("an identity has 1 to 65535 octets");
  return {};
}

}  // namespace store
}  // namespace mikey::kms
