/// \file
/// Identity-based encryption of MIKEY-IBAKE beside the multiplications and pairings it consists of: what is
/// left is hashing, encoding and the checks of what came. "extract" is what a KMS does for one key, "encrypt"
/// and "decrypt" what a party does for one IBAKE payload of usual size, "validate" what a user does once for
/// each key. At 1024 (p of 512 bits) and 3072 (1536 bits), the strength of AES-128.
#include <map>

#include "ibc/bf_impl.hpp"
#include "ibc_setup.hpp"
#include "mikey/ibc/ibake_keys.hpp"

namespace mikey::bench {
namespace {

using ibc::bf::Level;

constexpr std::size_t kPayload = 125;  // two identities and a point of P-256
constexpr const char* kParts = "its parts";

/// A KMS and one user of it. Made when the first row that needs it is measured, as finding p takes a while.
struct Users {
  explicit Users(Level level)
      : master(need("ibake",
                    ibc::IbakeMaster::load(
                        provider, need("ibake", ibc::make_ibake_master(provider, *rng, "sip:kms@example.com",
                                                                       ibc::DateFormat::month, level))))) {}

  std::unique_ptr<Rng> rng = crypto::openssl_rng();
  const crypto::Provider& provider = crypto::openssl();
  ibc::IbakeMaster master;
  const ibc::bf::PublicParameters& bp = master.kms().parameters();
  const ibc::bf::Group& group = *bp.impl().group;
  ibc::KeyDate date = master.kms().date_at(NtpTime::from_unix(1790000000));
  Bytes id = to_bytes(as_bytes("sip:alice@example.com"));
  Bytes name = ibc::IbakeKms::key_name(id, date);
  ibc::BfPrivateKey key = need("ibake", master.extract(provider, id, date));
  Bytes payload = Bytes(kPayload, 7);
  ibc::bf::Ciphertext sealed = need("ibake", ibc::bf::encrypt(provider, *rng, bp, name, payload));
  // for the parts
  Bytes scalar = half(bp.q());
  ibc::bf::Point q_id = need("ibake", ibc::bf::derive_public_key(provider, bp, name));
  Bytes y = q_id.y;

  static Bytes half(Bytes q) {
    for (std::size_t i = q.size(); i-- > 0;)
      q[i] = static_cast<std::uint8_t>(q[i] >> 1 | (i > 0 ? q[i - 1] << 7 : 0));
    return q;
  }
};

const Users& users(Level level) {
  static std::map<Level, std::unique_ptr<const Users>> made;
  auto& u = made[level];
  if (!u) u = std::make_unique<const Users>(level);
  return *u;
}

template <class Call>
Work work(Level level, Call call) {
  return [level, call](std::size_t n) {
    const Users& u = users(level);
    for (std::size_t i = 0; i < n; ++i) keep(call(u));
  };
}

void add_rows(Table& table, Level level) {
  using U = const Users&;
  const std::string size = "-" + std::to_string(static_cast<unsigned>(level));
  const auto row = [&](const char* name, auto ours, auto parts) {
    table.push_back({.name = std::string("ibake/") + name + size,
                     .ours = work(level, ours),
                     .peer = kParts,
                     .theirs = work(level, parts)});
  };
  row(
      "extract", [](U u) { return u.master.extract(u.provider, u.id, u.date); },
      [](U u) { return std::pair(u.group.lift(u.y), u.group.multiply(u.scalar, u.q_id)); });
  row(
      "encrypt", [](U u) { return ibc::bf::encrypt(u.provider, *u.rng, u.bp, u.name, u.payload); },
      [](U u) {
        return std::tuple(u.group.lift(u.y), u.group.multiply(u.scalar, u.bp.point_p()),
                          u.group.pairing_power(u.bp.point_p_pub(), u.q_id, u.scalar));
      });
  row(
      "decrypt", [](U u) { return ibc::bf::decrypt(u.provider, u.bp, u.key, u.sealed); },
      [](U u) {
        return std::tuple(u.group.contains(u.q_id, false), u.group.pairing(u.q_id, u.bp.point_p()),
                          u.group.multiply(u.scalar, u.bp.point_p()));
      });
  row(
      "validate", [](U u) { return ibc::bf::validate_private_key(u.provider, u.bp, u.name, u.key); },
      [](U u) {
        return std::tuple(u.group.lift(u.y), u.group.contains(u.q_id, true),
                          u.group.pairing(u.q_id, u.bp.point_p()),
                          u.group.pairing(u.q_id, u.bp.point_p_pub()));
      });
  table.push_back({.name = "ibake/multiplication" + size,
                   .ours = work(level, [](U u) { return u.group.multiply(u.scalar, u.bp.point_p()); })});
  table.push_back({.name = "ibake/pairing" + size,
                   .ours = work(level, [](U u) { return u.group.pairing(u.q_id, u.bp.point_p()); })});
}

const Rows kRows([](Table& table) {
  for (const Level level : {Level::n1024, Level::n3072}) add_rows(table, level);
});

}  // namespace
}  // namespace mikey::bench
