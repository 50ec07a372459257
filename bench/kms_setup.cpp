#include "kms_setup.hpp"

#include "row.hpp"

namespace mikey::bench {
namespace {

/// A client of the KMS.
class Client {
 public:
  explicit Client(const char* name, std::uint8_t key) : party_(make(name, key)) {}
  Party& operator*() { return *party_; }
  Party* operator->() { return party_.get(); }

 private:
  std::unique_ptr<Party> make(const char* name, std::uint8_t key) {
    Credentials c;
    c.psk.emplace(bench_party("kms"), Psk(Bytes(16, key)));
    c.ticket.emplace();
    c.ticket->kms = bench_party("kms");
    return std::make_unique<Party>(bench_party(name), Policy{}, std::move(c), crypto::openssl(), *rng_,
                                   clock_);
  }

  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock clock_;
  std::unique_ptr<Party> party_;
};

Bytes only_message(const Outcome& o, const std::string& row) {
  if (o.send.size() != 1) fail(row, o.error ? o.error->to_string() : "there is no message");
  return o.send.front().message;
}

}  // namespace

kms::Tables kms_tables() {
  kms::Tables t;
  t.psk.emplace(bench_party("alice"), Psk(Bytes(16, 0xA1)));
  t.psk.emplace(bench_party("bob"), Psk(Bytes(16, 0xB0)));
  t.tpk.emplace_back(Bytes(32, 0x7E));
  return t;
}

Verdict EverNew::admit(const NeedReplayVerdict& question) {
  const std::scoped_lock lock(mutex_);
  NeedReplayVerdict other = question;
  other.csb_id = next_++;
  return inner_.admit(other);
}

BenchKms::BenchKms(const crypto::Provider& provider, KmsReplay& replay)
    : issuer_({provider, *rng_, clock_, policy_, self_}, authority_, replay) {}

KmsQuestions ask_kms(const BenchKms& kms, const std::string& row) {
  Client alice("alice", 0xA1);
  Client bob("bob", 0xB0);
  InitiateRequest r;
  r.mode = Mode::ticket;
  r.terms.to = bob->self();
  r.terms.streams = {{0x1234, 0, {}}, {0, 0, {}}};
  auto begun = alice->initiate(std::move(r));
  if (!begun) fail(row, begun.error().to_string());
  KmsQuestions out;
  out.request = only_message(*begun, row);
  const kms::Answer granted = kms.handle(out.request);
  if (granted.state != kms::Answer::State::answered) fail(row, granted.error->to_string());
  const Bytes transfer = only_message(alice->receive(Source::kms, *granted.message), row);
  out.resolve = only_message(bob->receive(Source::peer, transfer), row);
  const kms::Answer resolved = kms.handle(out.resolve);
  if (resolved.state != kms::Answer::State::answered) fail(row, resolved.error->to_string());
  if (bob->receive(Source::kms, *resolved.message).state != Outcome::State::established)
    fail(row, "the keys do not arrive");
  return out;
}

}  // namespace mikey::bench
