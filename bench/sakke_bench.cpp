/// \file
/// SAKKE with parameter set 1 beside wolfSSL's. Both sides do the same work: of a new receiver only the
/// identifier is known, so [b]P + Z belongs to it; a known one's point (with us its table too) is at hand.
/// Whoever has tables for its own key has made them before.
#include "ibc_setup.hpp"
#include "mikey/ibc/sakke.hpp"
#ifdef MIKEY_BENCH_WOLFSSL
#include "wolfssl_peer.hpp"
#endif

namespace mikey::bench {
namespace {

namespace sakke = ibc::sakke;

/// A KMS and one user of it.
struct Users {
  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  const crypto::Provider& provider = crypto::openssl();
  ibc::SakkeMasterSecret z = need("sakke", sakke::generate_master_secret(*rng));
  Bytes z_t = need("sakke", sakke::kms_public_key(z));
  sakke::KmsPublicKey kms = need("sakke", sakke::KmsPublicKey::load(z_t));
  Bytes id = identifier(0);
  ibc::Rsk rsk = need("sakke", sakke::extract_rsk(z, id));
  ibc::Ssv ssv = need("sakke", sakke::generate_ssv(*rng));
  Bytes sed = need("sakke", sakke::encapsulate(provider, kms, id, ssv));
  sakke::ReceiverKey with_tables = need("sakke", sakke::ReceiverKey::load(kms, id, rsk, sakke::Tables::own));
  sakke::ReceiverKey without = need("sakke", sakke::ReceiverKey::load(kms, id, rsk, sakke::Tables::none));
  sakke::KnownReceiver receiver = need("sakke", sakke::KnownReceiver::prepare(kms, id));
};

/// `call(u, i)` n times.
template <class Call>
Work work(const std::shared_ptr<const Users>& u, Call call) {
  return [u, call, counter = Counter()](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) keep(call(*u, counter.next()));
  };
}

std::vector<Row> our_rows(const std::shared_ptr<const Users>& users) {
  using U = const Users&;
  std::vector<Row> rows;
  rows.push_back({.name = "sakke/encapsulate-new-receiver", .ours = work(users, [](U u, std::size_t i) {
                                                              return sakke::encapsulate(u.provider, u.kms,
                                                                                        identifier(i), u.ssv);
                                                            })});
  rows.push_back({.name = "sakke/encapsulate-known-receiver", .ours = work(users, [](U u, std::size_t) {
                                                                return sakke::encapsulate(u.provider,
                                                                                          u.receiver, u.ssv);
                                                              })});
  rows.push_back({.name = "sakke/decapsulate-own-tables", .ours = work(users, [](U u, std::size_t) {
                                                            return sakke::decapsulate(u.provider,
                                                                                      u.with_tables, u.sed);
                                                          })});
  rows.push_back({.name = "sakke/decapsulate-no-tables", .ours = work(users, [](U u, std::size_t) {
                                                           return sakke::decapsulate(u.provider, u.without,
                                                                                     u.sed);
                                                         })});
  rows.push_back({.name = "sakke/rsk-generate", .ours = work(users, [](U u, std::size_t i) {
                                                  return sakke::extract_rsk(u.z, identifier(i));
                                                })});
  rows.push_back({.name = "sakke/rsk-validate", .ours = work(users, [](U u, std::size_t) {
                                                  return sakke::validate_rsk(u.kms, u.id, u.rsk);
                                                })});
  return rows;
}

#ifdef MIKEY_BENCH_WOLFSSL
template <class Call>
Work repeat(Call call) {
  return [call, counter = Counter()](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) keep(call(counter.next()));
  };
}

void add_peer(std::vector<Row>& rows, const Users& u) {
  using peer::WolfSakke;
  const auto kms = need("sakke", WolfSakke::kms(u.z.reveal(), u.z_t));
  const auto sender = need("sakke", WolfSakke::client(u.z_t));
  const auto known = need("sakke", WolfSakke::client(u.z_t));
  const auto receiver = need("sakke", WolfSakke::client(u.z_t));
  const auto validator = need("sakke", WolfSakke::client(u.z_t));
  const Bytes id = u.id;
  const Bytes rsk = to_bytes(u.rsk.reveal());
  const Bytes ssv = to_bytes(u.ssv.reveal());
  need("sakke", known.set_receiver(id) && receiver.set_own_key(id, rsk));
  // The same key, the same SSV and the same identifier make the same octets.
  need("sakke", known.encapsulate(ssv) == u.sed && receiver.decapsulate(u.sed) == ssv &&
                    kms.make_rsk(id) == rsk && validator.validate_rsk(id, rsk));
  const Work decapsulate = repeat([receiver, sed = u.sed](std::size_t) { return receiver.decapsulate(sed); });
  const std::vector<std::pair<Work, double>> theirs = {
      {repeat([sender, ssv](std::size_t i) {
         return sender.set_receiver(identifier(i)) ? sender.encapsulate(ssv) : std::nullopt;
       }),
       8},
      {repeat([known, ssv](std::size_t) { return known.encapsulate(ssv); }), 0},
      {decapsulate, 6},
      {decapsulate, 0},
      {repeat([kms](std::size_t i) { return kms.make_rsk(identifier(i)); }), 0},
      {repeat([validator, id, rsk](std::size_t) { return validator.validate_rsk(id, rsk); }), 0}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].peer = peer::wolfssl_version();
    rows[i].theirs = theirs[i].first;
    rows[i].goal = theirs[i].second;
  }
}
#endif

const Rows kRows([](Table& table) {
  const auto users = std::make_shared<const Users>();
  std::vector<Row> rows = our_rows(users);
#ifdef MIKEY_BENCH_WOLFSSL
  add_peer(rows, *users);
#endif
  for (Row& row : rows) table.push_back(std::move(row));
});

}  // namespace
}  // namespace mikey::bench
