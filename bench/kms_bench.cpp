/// \file
/// What a KMS does for MIKEY-TICKET, in one thread and without a network: a request parsed, authenticated,
/// looked up in a replay cache and answered. The ticket has one TGK and is for one Responder, with key
/// forking.
#include "kms_setup.hpp"
#include "openssl_operations.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

constexpr double kGoal = 30000;  // a second, of resolves

/// A KMS that is measured and its state.
struct Measurable {
  explicit Measurable(const crypto::Provider& provider)
      : replay(provider, *rng, clock, std::chrono::seconds(300)), kms(provider, replay) {}
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  SystemClock clock;
  EverNew replay;
  BenchKms kms;
};

void add_row(Table& table, const std::string& name, const Bytes& question, std::vector<Fact> facts) {
  Recorder recorder(crypto::openssl());
  const Measurable watched(recorder);
  if (watched.kms.handle(question).state != kms::Answer::State::answered) fail(name, "it is not answered");
  const OpensslOperations peer(recorder.operations());
  if (!peer.agrees()) fail(name, "OpenSSL computes something else");
  const auto measured = std::make_shared<Measurable>(crypto::openssl());
  table.push_back({.name = name,
                   .ours =
                       [measured, question, name](std::size_t n) {
                         for (std::size_t i = 0; i < n; ++i)
                           if (measured->kms.handle(question).state != kms::Answer::State::answered)
                             fail(name, "it is not answered");
                       },
                   .peer = "openssl-operations",
                   .theirs = [peer](std::size_t n) { peer.run(n); },
                   .facts = std::move(facts)});
}

void add_rows(Table& table) {
  const Measurable m(crypto::openssl());
  const KmsQuestions questions = ask_kms(m.kms, "kms");
  add_row(table, "kms/request", questions.request, {});
  add_row(table, "kms/resolve", questions.resolve, {{"goal_per_second", kGoal}});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
