#include "support/sakke_parties.hpp"

#include <gtest/gtest.h>

#include "mikey/wire/message.hpp"

namespace mikey::test {
namespace {

TestKms make_kms(const char* uri, const ibc::IdScheme& ids, std::uint64_t seed) {
  CountingRng rng(seed);
  auto master = ibc::make_master(rng, uri, ids);
  auto kms = ibc::Kms::load(master->known);
  return {std::move(*master), std::move(*kms)};
}

}  // namespace

std::int64_t utc(int year, unsigned month, unsigned day, int hour, int minute, int second) {
  const std::chrono::sys_days d(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
  return std::int64_t{d.time_since_epoch().count()} * 86400 + hour * 3600 + minute * 60 + second;
}

ibc::KeySet TestKms::keys(std::string_view uri, std::int64_t at) const {
  CountingRng rng(static_cast<std::uint64_t>(at) + static_cast<unsigned char>(uri.back()));
  const auto record = ibc::issue_key_set(crypto::openssl(), rng, master, kms, std::string(uri),
                                         ibc::period_at(kms.record().ids, NtpTime::from_unix(at)));
  return *ibc::KeySet::load(crypto::openssl(), kms, *record, ibc::sakke::Tables::none);
}

const TestKms& tel_kms() {
  static const TestKms k = make_kms("kms.example.org", {}, 11);
  return k;
}
const TestKms& other_kms() {
  static const TestKms k = make_kms("kms2.example.org", {}, 12);
  return k;
}
const TestKms& mcx_kms() {
  static const TestKms k = make_kms("kms.mcx.example.org", {SakkeIdScheme::mcx_hashed_uid, 2592000, 0}, 13);
  return k;
}

SakkeParty::SakkeParty(std::string_view uri, Rng& rng, Clock& clock)
    : self(Identity::uri(uri)), rng_(rng), clock_(clock) {}

Party& SakkeParty::party() {
  if (!party_)
    party_ = std::make_unique<Party>(self, policy, std::move(credentials), crypto::openssl(), rng_, clock_,
                                     limits);
  return *party_;
}

SakkeParty& SakkeParty::with(const TestKms& from, std::initializer_list<std::int64_t> periods) {
  if (credentials.sakke.kms_at(from.kms.uri(), {}) == nullptr) credentials.sakke.add(from.kms);
  for (const std::int64_t at : periods) credentials.sakke.add(from.keys(self.name(), at));
  return *this;
}

InitiateRequest SakkePair::request(std::string_view to) {
  InitiateRequest r;
  r.mode = Mode::sakke;
  r.terms.to = Identity::uri(to);
  return r;
}

Bytes SakkePair::psk_message() {
  alice.credentials.psk.emplace(Identity::uri(kTelBob), Psk(ByteView(Bytes(16, 1))));
  bob.credentials.psk.emplace(Identity::uri(kTelAlice), Psk(ByteView(Bytes(16, 1))));
  auto r = request();
  r.mode = Mode::psk;
  return message(std::move(r));
}

Bytes SakkePair::message(InitiateRequest r) {
  auto o = alice.party().initiate(std::move(r));
  EXPECT_TRUE(o.ok()) << (o ? "" : o.error().to_string());
  return o && o->send.size() == 1 ? o->send[0].message : Bytes{};
}

Bytes& body_of(Payloads& list, PayloadType type) {
  return std::ranges::find(list, type, &Payloads::value_type::first)->second;
}

Bytes resigned(const Bytes& message, const ibc::KeySet& keys,
               const std::function<void(wire::Hdr&, Payloads&)>& edit) {
  const auto m = wire::Message::parse(message);
  wire::Hdr h = m->hdr();
  Payloads list;
  for (const wire::Slot& s : m->slots())
    if (s.type != PayloadType::sign)
      list.emplace_back(s.type, to_bytes(m->octets().subspan(s.body(), s.end() - s.body())));
  edit(h, list);
  wire::ChainBuilder b(h);
  for (const auto& [type, body] : list) b.add_encoded(type, body);
  const Bytes room(ibc::eccsi::kSignatureSize);
  b.add(wire::Sign{SignType::eccsi, Octets(room)});
  CountingRng rng(99);
  const auto signature = ibc::eccsi::sign(crypto::openssl(), rng, keys.signer(),
                                          b.octets().first(b.octets().size() - room.size()));
  std::ranges::copy(*signature, b.tail(room.size()).begin());
  return *std::move(b).finish();
}

}  // namespace mikey::test
