/// \file
/// MIKEY-IBAKE at everybody who takes it. The first octet says what the rest is: 0 to 4 a message that
/// somebody without any key injects, before I_MESSAGE_1 reaches Bob, before R_MESSAGE_1 reaches Alice, and so
/// on, 4 once both have their keys; 5 and 6 what an I_MESSAGE_1 for Bob, or an R_MESSAGE_1 for Alice, holds
/// encrypted; 7 a stored content key. Nothing of it establishes or changes anything, and the genuine exchange
/// succeeds.
#include "exchange/ibake/sealed.hpp"
#include "fuzz_support.hpp"
#include "mikey/exchange/party.hpp"

namespace {

using namespace mikey;
using fuzz::CountingRng;
using fuzz::require;

constexpr NtpTime kNow = NtpTime::from_unix(1790000000);
const Identity kAlice = Identity::uri("sip:alice@example.com");
const Identity kBob = Identity::uri("sip:bob@example.com");

/// The smallest that RFC 5091 has, always the same.
const ibc::IbakeMaster& master() {
  static const ibc::IbakeMaster made = [] {
    CountingRng rng(2);  // which finds primes
    auto record = ibc::make_ibake_master(crypto::openssl(), rng, "sip:kms@example.com",
                                         ibc::DateFormat::month, ibc::bf::Level::n1024);
    require(record.ok());
    return *ibc::IbakeMaster::load(crypto::openssl(), *std::move(record));
  }();
  return made;
}

ibc::IbakeKey key_of(const Identity& who) {
  const auto date = master().kms().date_at(kNow);
  return *ibc::IbakeKey::load(crypto::openssl(), master().kms(), who.data, date,
                              *master().extract(crypto::openssl(), who.data, date));
}

IbakeSettings settings(const Identity& self) {
  static const ibc::IbakeKey alice = key_of(kAlice);
  static const ibc::IbakeKey bob = key_of(kBob);
  IbakeSettings s;
  s.store.add(master().kms());
  s.store.add(self == kAlice ? alice : bob);
  return s;
}

struct World {
  ManualClock clock{kNow};
  CountingRng alice_rng{1};
  CountingRng bob_rng{101};
  Party alice = make(kAlice, alice_rng);
  Party bob = make(kBob, bob_rng);

  Party make(const Identity& self, Rng& rng) {
    Credentials c;
    c.ibake = settings(self);
    return Party(self, Policy(), std::move(c), crypto::openssl(), rng, clock,
                 PartyLimits{.waiting = 10, .bundles = 10, .replay_entries = 100});
  }
  Bytes offer() {
    InitiateRequest request;
    request.mode = Mode::ibake;
    request.terms.to = kBob;
    auto begun = alice.initiate(std::move(request));
    require(begun && begun->send.size() == 1);
    return std::move(begun->send[0].message);
  }
};

/// Injected octets establish nothing. True when they are the genuine ones.
bool inject(Party& party, ByteView injected, const Bytes& genuine) {
  if (Octets(injected) == Octets(genuine)) return true;
  const std::size_t before = party.bundles();
  const Outcome o = party.receive(Source::peer, injected);
  require(o.state != Outcome::State::established && party.bundles() == before);
  return false;
}

/// Whether the exchange went on as it would have without the octets injected at `stage`.
void exchange(ByteView injected, unsigned stage) {
  World w;
  const Bytes offer = w.offer();
  if (stage == 0 && inject(w.bob, injected, offer)) return;
  const Outcome answer = w.bob.receive(Source::peer, offer);
  require(answer.state == Outcome::State::waiting && answer.send.size() == 1);
  if (stage == 1 && inject(w.alice, injected, answer.send[0].message)) return;
  const Outcome second = w.alice.receive(Source::peer, answer.send[0].message);
  if (stage == 1 && second.state == Outcome::State::failed)
    return;  // the header of R_MESSAGE_1 is not authentic: a changed one was taken first
  require(second.state == Outcome::State::waiting && second.send.size() == 1);
  if (stage == 2) {  // the timestamp is not authentic either
    if (w.bob.receive(Source::peer, injected).state == Outcome::State::established) return;
  }
  const Outcome proof = w.bob.receive(Source::peer, second.send[0].message);
  require(proof.bundle != nullptr && proof.send.size() == 1);
  if (stage == 3 && inject(w.alice, injected, proof.send[0].message)) return;
  const Outcome done = w.alice.receive(Source::peer, proof.send[0].message);
  require(done.bundle != nullptr);
  require(ct_equal(done.bundle->sessions[0].tek.reveal(), proof.bundle->sessions[0].tek.reveal()));
  if (stage != 4) return;
  // An update can come from anybody (RFC 6267 5.3); what it may do is bounded by what it says.
  for (Party* party : {&w.alice, &w.bob}) {
    const std::size_t before = party->bundles();
    (void)party->receive(Source::peer, injected);
    require(party->bundles() == before);
  }
}

/// IDR, T and so on of `like`, with `plain` encrypted to `to` in place of what IBAKE held.
Bytes with_contents(World& w, const Bytes& like, const Identity& to, ByteView plain) {
  const auto c = ibc::bf::encrypt(crypto::openssl(), w.bob_rng, master().kms().parameters(),
                                  ibc::IbakeKms::key_name(to.data, master().kms().date_at(kNow)), plain);
  require(c.ok());
  const Bytes sealed = ibc::bf::ciphertext_to_der(*c);
  const auto m = wire::Message::parse(like);
  wire::ChainBuilder b(m->hdr());
  for (const wire::Slot& s : m->slots())
    if (s.type != PayloadType::ibake)
      b.add_encoded(s.type, m->octets().subspan(s.body(), s.end() - s.body()));
  b.add(wire::Ibake{Octets(sealed)});
  auto out = std::move(b).finish();
  require(out.ok());
  return *std::move(out);
}

void inside(ByteView plain, bool answer) {
  World w;
  const Bytes offer = w.offer();
  const Outcome genuine = w.bob.receive(Source::peer, offer);
  Party& receiver = answer ? w.alice : w.bob;
  const Bytes forged =
      with_contents(w, answer ? genuine.send[0].message : offer, answer ? kAlice : kBob, plain);
  require(receiver.receive(Source::peer, forged).state != Outcome::State::established);
  require(receiver.bundles() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const unsigned what = data[0] % 8;
  const ByteView octets(data + 1, size - 1);
  if (what < 5) {
    exchange(octets, what);
  } else if (what < 7) {
    inside(octets, what == 6);
  } else {
    (void)open_esk(crypto::openssl(), settings(kBob).store, {kBob, kNow, to_bytes(octets)});
  }
  return 0;
}
