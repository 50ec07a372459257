/// \file
/// Whole PSK exchanges: the Initiator's message is made, read, authenticated and answered, and the answer is
/// verified; both parties have the SRTP keys then. With a CSB of two streams, a TGK with salt, AES-CM-128 and
/// HMAC-SHA-1, as RFC 3830 mandates.
#include "mikey/exchange/exchange.hpp"
#include "mikey/exchange/party.hpp"
#include "openssl_operations.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

/// Alice and Bob, on one machine and with one clock.
class Couple {
 public:
  explicit Couple(const crypto::Provider& provider) : provider_(provider) {}

  /// One exchange; nothing when it did not end in keys on both sides.
  std::optional<std::pair<keys::BundlePtr, keys::BundlePtr>> exchange() {
    auto a = Exchange::initiate(env(alice_), PskOffer{terms(), key_.clone()});
    if (!a) return std::nullopt;
    auto b = Exchange::respond(env(bob_));
    Step step = b.receive(*message(a->start()));
    step = b.supply(PskSupplied{alice_, key_.clone(), nullptr});
    step = b.supply(ReplayVerdict{Verdict::fresh});
    const auto answer = message(step);
    const auto theirs = bundle(step);
    if (!answer || !theirs) return std::nullopt;
    const auto ours = bundle(a->receive(*answer));
    if (!ours) return std::nullopt;
    return std::pair(ours, theirs);
  }

 private:
  Env env(const Identity& self) { return {provider_, *rng_, clock_, policy_, self}; }
  Terms terms() const {
    Terms t;
    t.to = bob_;
    t.streams = {{0x1234, 0, {}}, {0, 0, {}}};
    return t;
  }
  static std::optional<Bytes> message(const Step& step) {
    for (const Action& a : step)
      if (const auto* s = std::get_if<Send>(&a)) return s->message;
    return std::nullopt;
  }
  static keys::BundlePtr bundle(const Step& step) {
    for (const Action& a : step)
      if (const auto* r = std::get_if<Ready>(&a)) return r->bundle;
    return nullptr;
  }

  const crypto::Provider& provider_;
  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock system_;
  UniqueClock clock_{system_};
  Policy policy_;
  Identity alice_ = Identity::uri("sip:alice@example.com");
  Identity bob_ = Identity::uri("sip:bob@example.com");
  Psk key_{Bytes(16, 0x5A)};
};

/// The same through Party, with its credentials, replay cache and table of bundles.
class Parties {
 public:
  Parties()
      : alice_(party("sip:alice@example.com", "sip:bob@example.com")),
        bob_(party("sip:bob@example.com", "sip:alice@example.com")) {}

  bool exchange() {
    InitiateRequest r;
    r.terms.to = bob_->self();
    r.terms.streams = {{0x1234, 0, {}}, {0, 0, {}}};
    auto begun = alice_->initiate(std::move(r));
    if (!begun || begun->send.empty()) return false;
    const Outcome answer = bob_->receive(Source::peer, begun->send[0].message);
    if (answer.send.empty()) return false;
    const Outcome end = alice_->receive(Source::peer, answer.send[0].message);
    return end.bundle && alice_->forget(end.bundle->csb_id).ok() && bob_->forget(end.bundle->csb_id).ok();
  }

 private:
  std::unique_ptr<Party> party(std::string_view self, std::string_view peer) {
    Credentials c;
    c.psk.emplace(Identity::uri(peer), Psk(Bytes(16, 0x5A)));
    // Room for all that 300 seconds of skew may bring at this rate.
    PartyLimits limits{.replay_entries = std::size_t{1} << 24};
    return std::make_unique<Party>(Identity::uri(self), Policy{}, std::move(c), crypto::openssl(), *rng_,
                                   clock_, limits);
  }

  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  SystemClock clock_;
  std::unique_ptr<Party> alice_;
  std::unique_ptr<Party> bob_;
};

void same_keys_or_fail(Couple& couple, const std::string& row) {
  const auto made = couple.exchange();
  if (!made || made->first->sessions.size() != 2) fail(row, "the exchange fails");
  for (std::size_t i = 0; i < 2; ++i)
    if (!ct_equal(made->first->sessions[i].tek.reveal(), made->second->sessions[i].tek.reveal()))
      fail(row, "the parties have different keys");
}

void add_rows(Table& table) {
  Recorder recorder(crypto::openssl());
  Couple watched(recorder);
  same_keys_or_fail(watched, "exchange/psk");
  const OpensslOperations peer(recorder.operations());
  if (!peer.agrees()) fail("exchange/psk", "OpenSSL computes something else");

  const auto couple = std::make_shared<Couple>(crypto::openssl());
  table.push_back({.name = "exchange/psk",
                   .ours =
                       [couple](std::size_t n) {
                         for (std::size_t i = 0; i < n; ++i) keep(couple->exchange());
                       },
                   .peer = "openssl-operations",
                   .theirs = [peer](std::size_t n) { peer.run(n); }});

  const auto parties = std::make_shared<Parties>();
  table.push_back({.name = "exchange/psk-party",
                   .ours =
                       [parties](std::size_t n) {
                         for (std::size_t i = 0; i < n; ++i)
                           if (!parties->exchange()) fail("exchange/psk-party", "the exchange fails");
                       },
                   .peer = "openssl-operations",
                   .theirs = [peer](std::size_t n) { peer.run(n); }});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
