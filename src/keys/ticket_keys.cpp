#include "mikey/keys/ticket_keys.hpp"

namespace mikey::keys {
namespace {

// The octet after the CSB ID that keeps the derivations of RFC 6043 apart.
constexpr std::uint8_t kForking = 0;
constexpr std::uint8_t kSession = 3;
constexpr std::uint8_t kInitiatorData = 4;
constexpr std::uint8_t kTicketData = 5;
constexpr std::uint8_t kMpk = 6;

/// "Only the fields RAND length and RAND" (RFC 6043 5.1).
void append_rand(Bytes& to, ByteView rand) {
  to.push_back(static_cast<std::uint8_t>(rand.size()));
  append(to, rand);
}

Bytes two_rands(std::uint8_t tag, ByteView rand_i, ByteView rand_r) {
  Bytes out{tag};
  append_rand(out, rand_i);
  append_rand(out, rand_r);
  return out;
}

Result<SecretBytes> as_long_as(const crypto::Provider& provider, PrfFunc prf, ByteView key, Derivation what,
                               ByteView context) {
  SecretBytes out(key.size());
  auto s = derive(provider, prf, key, what, kMessageCsId, kNoCsb, context, out.reveal_mutable());
  if (!s) return std::move(s).error();
  return out;
}

}  // namespace

Bytes ticket_message_context(Phase phase, ByteView rand_i, ByteView rand_r) {
  return two_rands(static_cast<std::uint8_t>(phase), rand_i, rand_r);
}

Bytes ticket_session_context(ByteView rand_i, ByteView rand_r) {
  return two_rands(kSession, rand_i, rand_r);
}

MessageKeys initiator_data_keys(const crypto::Provider& provider, PrfFunc prf, ByteView mpk_r) {
  const std::uint8_t tag[] = {kInitiatorData};
  return {provider, prf, mpk_r, kNoCsb, tag};
}

MessageKeys ticket_data_keys(const crypto::Provider& provider, PrfFunc prf, ByteView tpk, ByteView rand) {
  Bytes context{kTicketData};
  append_rand(context, rand);
  return {provider, prf, tpk, kNoCsb, context};
}

Result<MpkPair> split_mpk(const crypto::Provider& provider, PrfFunc prf, ByteView mpk, ByteView rand) {
  Bytes context{kMpk};
  append_rand(context, rand);
  auto i = as_long_as(provider, prf, mpk, Derivation::mpk_i, context);
  if (!i) return std::move(i).error();
  auto r = as_long_as(provider, prf, mpk, Derivation::mpk_r, context);
  if (!r) return std::move(r).error();
  return MpkPair{std::move(*i), std::move(*r)};
}

Result<SecretBytes> forked(const crypto::Provider& provider, PrfFunc prf, Derivation what, ByteView key,
                           const Modifier& modifier) {
  Bytes context{kForking, 0, 0};
  store_be(context.data() + 1, static_cast<std::uint16_t>(modifier.id.size()));
  append(context, modifier.id);
  append_rand(context, modifier.rand_kms);
  return as_long_as(provider, prf, key, what, context);
}

Result<std::vector<KeyEntry>> fork_keys(const crypto::Provider& provider, PrfFunc prf,
                                        std::span<const KeyEntry> keys, const Modifier& modifier) {
  std::vector<KeyEntry> out;
  for (const KeyEntry& k : keys) {
    out.push_back(k.clone());
    if (!is_forked(k.type)) continue;
    auto fork = forked(provider, prf, Derivation::forked_tgk, k.key.reveal(), modifier);
    if (!fork) return std::move(fork).error();
    out.back().key = std::move(*fork);
  }
  return out;
}

TicketAlgorithms ticket_algorithms(PrfFunc prf) {
  if (prf == PrfFunc::mikey_1) return {EncrAlg::aes_cm_128, MacAlg::hmac_sha_1_160};
  return {EncrAlg::aes_cm_256, MacAlg::hmac_sha_256_256};
}

namespace {

Status known_prf(PrfFunc prf) {
  if (prf == PrfFunc::mikey_1 || prf == PrfFunc::hmac_sha_256) return {};
  return bad_message(ErrorCode::invalid_prf, "RFC 6043 6.1", "unknown PRF function");
}

}  // namespace

Status check_ticket_encryption(PrfFunc prf, EncrAlg alg) {
  if (auto s = known_prf(prf); !s) return s;
  if (alg == ticket_algorithms(prf).encryption) return {};
  if (alg == EncrAlg::aes_kw_128 && prf == PrfFunc::mikey_1) return {};
  return bad_message(ErrorCode::invalid_ea, "RFC 6043 12.1",
                     "the encryption algorithm does not go with the PRF function");
}

Status check_ticket_mac(PrfFunc prf, MacAlg alg) {
  if (auto s = known_prf(prf); !s) return s;
  if (alg == ticket_algorithms(prf).mac) return {};
  return bad_message(ErrorCode::invalid_mac, "RFC 6043 12.1",
                     "the MAC algorithm does not go with the PRF function");
}

std::optional<std::size_t> ticket_rand_size(std::size_t longest) {
  if (longest > 0xFF) return std::nullopt;
  return std::max<std::size_t>(16, longest);
}

std::size_t longest_key(std::span<const KeyEntry> keys, bool teks) {
  std::size_t n = 0;
  for (const KeyEntry& k : keys)
    if (teks || !k.is_tek()) n = std::max(n, k.key.size());
  return n;
}

}  // namespace mikey::keys
