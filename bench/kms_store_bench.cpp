/// \file
/// A KMS on a store of SQLite beside the same one on tables: what the version of the cache, the entry of a
/// replay and the line of the audit trail cost. As in the server, messages that wait together share a commit,
/// which is on the disk before their answers leave.
#include "row.hpp"
#include "store_kms.hpp"

namespace mikey::bench {
namespace {

constexpr const char* kRow = "kms/resolve-sqlite";
constexpr std::size_t kTogether = 32;

template <class Kms>
void resolve(const Kms& kms, const Bytes& question) {
  const kms::Answer a = kms.handle(question);
  if (a.state != kms::Answer::State::answered)
    fail(kRow, a.error ? a.error->to_string() : "it is not answered");
}

/// Both, made when they are first measured.
struct Both {
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  SystemClock clock;
  EverNew replay{crypto::openssl(), *rng, clock, std::chrono::seconds(300)};
  BenchKms tables{crypto::openssl(), replay};
  StoreFile file{kRow};
  StoreKms store{file};
  Bytes question = ask_kms(tables, kRow).resolve;
};

void add_rows(Table& table) {
  const auto both = std::make_shared<std::unique_ptr<Both>>();
  const auto made = [both]() -> Both& {
    if (!*both) *both = std::make_unique<Both>();
    return **both;
  };
  table.push_back({.name = kRow,
                   .ours =
                       [made](std::size_t n) {
                         for (std::size_t i = 1; i <= n; ++i) {
                           resolve(made().store, made().question);
                           if (i % kTogether != 0 && i != n) continue;
                           if (!made().store.sync()) fail(kRow, "it does not get to the disk");
                         }
                       },
                   .peer = "the same with tables",
                   .theirs =
                       [made](std::size_t n) {
                         for (std::size_t i = 0; i < n; ++i) resolve(made().tables, made().question);
                       },
                   .facts = {{"messages_a_commit", static_cast<double>(kTogether)}}});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
