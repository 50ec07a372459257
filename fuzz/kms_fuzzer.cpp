/// \file
/// Messages of MIKEY-TICKET and requests for private keys of MIKEY-IBAKE at everybody who takes them. The
/// first octet says who: 0 a KMS, as they are; 1 a KMS, the octets being the TICKET payload of a client who
/// is authentic; 2 a client who asked it; 3 a Responder; 4 a KMS, the octets naming the identities whose keys
/// an authentic client wants; 5 a client who asked for keys; 6 the same, the octets being what an authentic
/// KEMAC holds. Whatever the octets are, nothing is established, and only octets known to be genuine are
/// answered.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>

#include "exchange/engine/coverage.hpp"
#include "exchange/ibake/key_parts.hpp"
#include "exchange/ticket/parts.hpp"
#include "mikey/exchange/key_question.hpp"
#include "mikey/exchange/kms_question.hpp"
#include "mikey/exchange/party.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"

namespace {

using namespace mikey;

/// Always the same octets, so that every run is the same exchange.
class CountingRng final : public Rng {
 public:
  Status fill(MutableBytes out, std::string_view /*what*/) override {
    for (std::uint8_t& octet : out) octet = next_++;
    return {};
  }

 private:
  std::uint8_t next_ = 1;
};

void require(bool condition) {
  if (!condition) std::abort();
}

const Identity kKms = Identity::uri("sip:kms@example.com");
const Identity kBob = Identity::uri("sip:bob@example.com");

/// The keys of vectors/mikey-peer/exchange-ticket-1.json, from where the corpus comes.
kms::Tables tables() {
  kms::Tables t;
  t.psk.emplace(Identity::uri("sip:alice@example.com"), Psk(Bytes(16, 0xA1)));
  t.psk.emplace(kBob, Psk(Bytes(16, 0xB0)));
  t.tpk.emplace_back(Bytes(32, 0x7E));
  return t;
}

/// Finds primes, which repeating octets do not; the same ones in every run.
class SeededRng final : public Rng {
 public:
  Status fill(MutableBytes out, std::string_view /*what*/) override {
    for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(next_() >> 32U);
    return {};
  }

 private:
  std::mt19937_64 next_{6267};  // NOLINT(cert-msc32-c,cert-msc51-cpp): no secret here
};

/// The smallest that RFC 5091 has, always the same.
const ibc::IbakeMaster& master() {
  static const ibc::IbakeMaster made = [] {
    SeededRng rng;
    auto record = ibc::make_ibake_master(crypto::openssl(), rng, kKms.name(), ibc::DateFormat::month,
                                         ibc::bf::Level::n1024);
    require(record.ok());
    auto loaded = ibc::IbakeMaster::load(crypto::openssl(), *std::move(record));
    require(loaded.ok());
    return *std::move(loaded);
  }();
  return made;
}

const Identity kHome = Identity::uri("sip:home@example.com");

class Kms {
 public:
  Kms() {
    service_.add(issuer_);
    service_.add(key_issuer_);
  }
  kms::Answer handle(ByteView octets) const { return service_.handle(octets); }
  const Clock& clock() const { return clock_; }

 private:
  ManualClock still_{NtpTime::from_unix(1790000000)};
  UniqueClock clock_{still_};
  CountingRng rng_;
  Policy policy_;
  kms::TableAuthority authority_{tables()};
  kms::CachedReplay replay_{keys::ReplayCache(crypto::openssl(), rng_, policy_.clock_skew, 100), clock_};
  kms::Issuer issuer_{{crypto::openssl(), rng_, clock_, policy_, kKms}, authority_, replay_};
  kms::TableKeyRights rights_{{{kBob, {kHome}}}, 1};
  kms::KeyIssuer key_issuer_{
      {crypto::openssl(), rng_, clock_, policy_, kKms}, authority_, replay_, rights_, master()};
  kms::Service service_;
};

void at_kms(ByteView octets) {
  const Kms kms;
  const kms::Answer a = kms.handle(octets);
  require((a.state == kms::Answer::State::answered) == !a.error);
  require(a.state == kms::Answer::State::failed || a.message);
  if (a.state == kms::Answer::State::answered)
    require(kms.handle(octets).state == kms::Answer::State::failed);
}

struct Client {
  ManualClock still{NtpTime::from_unix(1790000000)};
  UniqueClock clock{still};
  CountingRng rng;
  Policy policy;
  Env env{crypto::openssl(), rng, clock, policy, kBob};
  KmsLink link{kKms, false, Psk(Bytes(16, 0xB0)), std::nullopt};

  Result<KmsQuestion> ask(ByteView ticket) {
    return KmsQuestion::resolve(env, link, PrfFunc::mikey_1, kBob, ticket);
  }
};

void with_ticket(ByteView ticket) {
  Client bob;
  const auto question = bob.ask(ticket);
  if (!question) return;
  const Kms kms;
  const kms::Answer a = kms.handle(question->message());
  if (!a.message) return;
  const auto m = wire::Message::parse(*a.message);
  require(m.ok());
  if (a.state == kms::Answer::State::answered)
    require(question->read(bob.env, *m, true).ok() || question->read(bob.env, *m, false).ok());
}

void at_client(ByteView octets) {
  Client bob;
  const auto question = bob.ask(Bytes{0, 1});
  const auto m = wire::Message::parse(octets);
  if (!question || !m) return;
  for (const bool forking : {false, true}) require(!question->read(bob.env, *m, forking));
  require(!question->refusal(*m).ended);
}

/// Names are behind their lengths.
void with_identities(ByteView octets) {
  std::vector<Identity> ids{kBob};
  while (octets.size() > 1 && ids.size() < 8) {
    const std::size_t n = std::min<std::size_t>(octets[0], octets.size() - 1);
    ids.push_back({IdType::uri, to_bytes(octets.subspan(1, n))});
    octets = octets.subspan(1 + n);
  }
  bool allowed = true;
  for (const Identity& id : ids) allowed = allowed && (id == kBob || id == kHome);
  Client bob;
  const auto question = KeyQuestion::ask(bob.env, bob.link, PrfFunc::mikey_1, ids);
  require(question.ok());
  const Kms kms;
  const kms::Answer a = kms.handle(question->message());
  require((a.state == kms::Answer::State::answered) == allowed && a.message);
  const auto m = wire::Message::parse(*a.message);
  require(m.ok());
  const auto keys = question->read(bob.env, *m, master().kms());
  require(keys.ok() == allowed && question->refusal(*m).ended != allowed);
}

void at_key_client(ByteView octets) {
  Client bob;
  const auto question = KeyQuestion::ask(bob.env, bob.link, PrfFunc::mikey_1, {kBob});
  const auto m = wire::Message::parse(octets);
  if (!question || !m) return;
  require(!question->read(bob.env, *m, master().kms()));
  require(!question->refusal(*m).ended);
}

void with_sub_payloads(ByteView octets) {
  Client bob;
  const auto question = KeyQuestion::ask(bob.env, bob.link, PrfFunc::mikey_1, {kBob});
  require(question.ok());
  const auto asked = wire::Message::parse(question->message());
  const keys::MessageKeys keys(crypto::openssl(), PrfFunc::mikey_1, bob.link.psk.reveal(), question->csb_id(),
                               asked->first<wire::Rand>()->data);
  const auto t = *asked->first<wire::T>();
  const auto sealed =
      keys.seal(EncrAlg::aes_cm_128, t.value, octets.first(std::min<std::size_t>(octets.size(), 60000)));
  require(sealed.ok());
  wire::ChainBuilder b(
      ticket::plain_header(DataType::request_key_resp, false, PrfFunc::mikey_1, question->csb_id()));
  b.add(t);
  b.add(wire::Kemac{EncrAlg::aes_cm_128, Octets(*sealed), MacAlg::null, {}});
  const auto m = engine::finish_6267(keys, PrfFunc::mikey_1, std::move(b), kBob.data, kKms.data);
  require(m.ok());
  const auto got = question->read(bob.env, *wire::Message::parse(*m), master().kms());
  if (!got) return;
  for (const ibc::IbakeKey& k : *got) require(k.identity() == kBob.data);
}

void at_responder(ByteView octets) {
  const ManualClock clock(NtpTime::from_unix(1790000000));
  CountingRng rng;
  Credentials c;
  c.psk.emplace(kKms, Psk(Bytes(16, 0xB0)));
  c.ticket.emplace();
  c.ticket->kms = kKms;
  Party bob(kBob, Policy{}, std::move(c), crypto::openssl(), rng, clock,
            {.waiting = 10, .bundles = 10, .replay_entries = 100, .tickets = 10});
  const Outcome o = bob.receive(Source::peer, octets);
  require(o.state != Outcome::State::established && bob.bundles() == 0);
  require(o.state == Outcome::State::failed || bob.waiting() == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      at_kms(rest);
      break;
    case 1:
      with_ticket(rest);
      break;
    case 2:
      at_client(rest);
      break;
    case 3:
      at_responder(rest);
      break;
    case 4:
      with_identities(rest);
      break;
    case 5:
      at_key_client(rest);
      break;
    default:
      with_sub_payloads(rest);
  }
  return 0;
}
