/// \file
/// A KMS on a store of SQLite beside the same one on tables: what the version of the cache, the entry of a
/// replay and the line of the audit trail cost, the line being on the disk before the answer is there.
#include <unistd.h>

#include <filesystem>

#include "kms_setup.hpp"
#include "mikey/kms/store_authority.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

constexpr const char* kRow = "kms/resolve-sqlite";

/// The same question again and again, each with a CSB ID of its own.
class EverNewInStore final : public KmsReplay {
 public:
  EverNewInStore(kms::Store& store, const Clock& clock) : inner_(store, clock, std::chrono::seconds(300)) {}
  Verdict admit(const NeedReplayVerdict& question) override {
    NeedReplayVerdict other = question;
    other.csb_id = next_++;
    return inner_.admit(other);
  }

 private:
  kms::StoreReplay inner_;
  std::uint32_t next_ = 0;
};

/// A store in a temporary folder, with what kms_tables() has, and the KMS on it.
class StoreKms {
 public:
  StoreKms() : store_(make()) {}
  ~StoreKms() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  StoreKms(const StoreKms&) = delete;
  StoreKms& operator=(const StoreKms&) = delete;

  kms::Answer handle(ByteView message) const { return issuer_.handle(message); }

 private:
  kms::Store make() {
    std::filesystem::create_directories(folder_);
    auto master = kms::symmetric_master_key(crypto::openssl(), Bytes(32, 1));
    const std::int64_t now = system_.now().unix_seconds();
    auto store = kms::Store::open("sqlite:" + (folder_ / "kms.db").string(), crypto::openssl(), *rng_,
                                  {master ? *master : nullptr, true}, now);
    if (!store) fail(kRow, store.error().to_string());
    const kms::Tables tables = kms_tables();
    for (const auto& [id, psk] : tables.psk)
      if (!store->add_user({id}) || !store->set_psk(id, psk.reveal())) fail(kRow, "a user is not taken");
    if (!store->rotate_ticket_key(now, 0, tables.tpk.front().reveal())) fail(kRow, "the key is not taken");
    return std::move(*store);
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("mikey-bench-" + std::to_string(getpid()));
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock system_;
  UniqueClock clock_{system_};
  kms::Store store_;
  Policy policy_;
  Identity self_ = bench_party("kms");
  kms::StoreAuthority authority_{store_, clock_};
  EverNewInStore replay_{store_, clock_};
  kms::StoreRecord record_{store_, clock_};
  kms::Issuer issuer_{{crypto::openssl(), *rng_, clock_, policy_, self_}, authority_, replay_, &record_};
};

template <class Kms>
void resolve(const Kms& kms, const Bytes& question, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const kms::Answer a = kms.handle(question);
    if (a.state != kms::Answer::State::answered)
      fail(kRow, a.error ? a.error->to_string() : "it is not answered");
  }
}

/// Both, made when they are first measured.
struct Both {
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  SystemClock clock;
  EverNew replay{crypto::openssl(), *rng, clock, std::chrono::seconds(300)};
  BenchKms tables{crypto::openssl(), replay};
  StoreKms store;
  Bytes question = ask_kms(tables, kRow).resolve;
};

void add_rows(Table& table) {
  const auto both = std::make_shared<std::unique_ptr<Both>>();
  const auto made = [both]() -> const Both& {
    if (!*both) *both = std::make_unique<Both>();
    return **both;
  };
  table.push_back({.name = kRow,
                   .ours = [made](std::size_t n) { resolve(made().store, made().question, n); },
                   .peer = "the same with tables",
                   .theirs = [made](std::size_t n) { resolve(made().tables, made().question, n); }});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
