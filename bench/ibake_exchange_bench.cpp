/// \file
/// A whole exchange of MIKEY-IBAKE between two parties of the library beside what it cannot do without: three
/// encryptions and three decryptions (I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2), and each side's key pair and
/// shared point on P-256. Private keys are there already. What those operations consist of: ibake_bench.cpp.
#include <map>

#include "ibc_setup.hpp"
#include "mikey/crypto/ecdh.hpp"
#include "mikey/exchange/party.hpp"

namespace mikey::bench {
namespace {

using ibc::bf::Level;

constexpr std::size_t kPayload = 125;  // two identities and a point of P-256
const Identity kAlice = Identity::uri("sip:alice@example.com");
const Identity kBob = Identity::uri("sip:bob@example.com");

/// Made when the first row that needs it is measured.
class Callers {
 public:
  explicit Callers(Level level)
      : master_(need("ibake", ibc::IbakeMaster::load(
                                  provider_, need("ibake", ibc::make_ibake_master(
                                                               provider_, *rng_, "sip:kms@example.com",
                                                               ibc::DateFormat::month, level))))),
        date_(master_.kms().date_at(clock_.now())),
        alice_(kAlice, Policy{}, credentials(kAlice), provider_, *rng_, clock_),
        bob_(kBob, Policy{}, credentials(kBob), provider_, *rng_, clock_) {}

  void exchange() {
    InitiateRequest request;
    request.mode = Mode::ibake;
    request.terms.to = kBob;
    Outcome o = need("ibake", alice_.initiate(std::move(request)));
    const std::uint32_t csb_id = o.csb_id.value_or(0);
    bool bobs = true;
    while (!o.send.empty()) {
      o = (bobs ? bob_ : alice_).receive(Source::peer, o.send[0].message);
      if (o.error) fail("exchange/ibake", o.error->to_string());
      bobs = !bobs;
    }
    if (!alice_.forget(csb_id) || !bob_.forget(csb_id)) fail("exchange/ibake", "there is no bundle");
  }

  void operations() const {
    const auto& bp = master_.kms().parameters();
    const crypto::EcKeyPair x = need("ecdh", crypto::ec_generate(EccCurve::p256, *rng_));
    const crypto::EcKeyPair y = need("ecdh", crypto::ec_generate(EccCurve::p256, *rng_));
    keep(need("ecdh", crypto::ec_shared(x, y.public_value)));
    keep(need("ecdh", crypto::ec_shared(y, x.public_value)));
    for (int i = 0; i < 3; ++i) {
      const auto sealed = need("ibake", ibc::bf::encrypt(provider_, *rng_, bp, name_, payload_));
      keep(need("ibake", ibc::bf::decrypt(provider_, bp, key_, sealed)));
    }
  }

 private:
  Credentials credentials(const Identity& who) const {
    Credentials c;
    c.ibake.emplace();
    c.ibake->store.add(master_.kms());
    auto key = need("ibake", master_.extract(provider_, who.data, date_));
    c.ibake->store.add(
        need("ibake", ibc::IbakeKey::load(provider_, master_.kms(), who.data, date_, std::move(key))));
    return c;
  }

  std::unique_ptr<Rng> rng_ = crypto::openssl_rng();
  const crypto::Provider& provider_ = crypto::openssl();
  SystemClock clock_;
  ibc::IbakeMaster master_;
  ibc::KeyDate date_;
  Party alice_, bob_;
  Bytes name_ = ibc::IbakeKms::key_name(kBob.data, date_);
  ibc::BfPrivateKey key_ = need("ibake", master_.extract(provider_, kBob.data, date_));
  Bytes payload_ = Bytes(kPayload, 7);
};

Callers& callers(Level level) {
  static std::map<Level, std::unique_ptr<Callers>> made;
  auto& c = made[level];
  if (!c) c = std::make_unique<Callers>(level);
  return *c;
}

const Rows kRows([](Table& table) {
  for (const Level level : {Level::n1024, Level::n3072})
    table.push_back({.name = "exchange/ibake-" + std::to_string(static_cast<unsigned>(level)),
                     .ours =
                         [level](std::size_t n) {
                           for (std::size_t i = 0; i < n; ++i) callers(level).exchange();
                         },
                     .peer = "its operations",
                     .theirs =
                         [level](std::size_t n) {
                           for (std::size_t i = 0; i < n; ++i) callers(level).operations();
                         }});
});

}  // namespace
}  // namespace mikey::bench
