/// \file
/// Whole PSK exchanges: the Initiator's message is made, read, authenticated and answered, and the answer is
/// verified; both parties have the SRTP keys then. With a CSB of two streams, a TGK with salt, AES-CM-128 and
/// HMAC-SHA-1, as RFC 3830 mandates.
#include "couple.hpp"
#include "mikey/exchange/party.hpp"
#include "openssl_operations.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

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

void add_rows(Table& table) {
  Recorder recorder(crypto::openssl());
  Couple(Mode::psk, recorder).prove("exchange/psk");
  const OpensslOperations peer(recorder.operations());
  if (!peer.agrees()) fail("exchange/psk", "OpenSSL computes something else");

  const auto couple = std::make_shared<Couple>(Mode::psk);
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
