// Identifiers and derivations of mission-critical keys (TS 33.180 5.2, 7.4, F.1).

#include <array>

#include "mikey/keys/derive.hpp"
#include "mikey/profile/mcx.hpp"

namespace mikey::profile::mcx {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"GMK", "PCK", "CSK", "SPK", "MKFC", "MSCCK", "MuSiK"};
constexpr std::uint32_t kRandomBits = 0x0FFFFFFF;  // below the purpose tag
constexpr std::size_t kRand = 16;
constexpr std::uint8_t kFcGukSalt = 0x50;
constexpr std::uint8_t kFcConfidentiality = 0x51;
constexpr std::uint8_t kFcIntegrity = 0x52;
constexpr std::size_t kKey = 16;
constexpr std::size_t kSalt = 12;

Bytes id_octets(std::uint32_t id) {
  Bytes out(4);
  store_be(out.data(), id);
  return out;
}

}  // namespace

std::string_view key_type_name(KeyType type) {
  const auto i = static_cast<std::size_t>(type);
  return i < kNames.size() ? kNames[i] : "unknown";
}

std::optional<KeyType> purpose_of(std::uint32_t key_id) {
  const std::uint32_t tag = key_id >> 28;
  return tag < kNames.size() ? std::optional(static_cast<KeyType>(tag)) : std::nullopt;
}

Result<Key> make_key(Rng& rng, KeyType type) {
  auto ssv = ibc::sakke::generate_ssv(rng);
  if (!ssv) return std::move(ssv).error();
  auto id = rng.u32("key ID");
  if (!id) return std::move(id).error();
  auto rand = rng.bytes(kRand, "RAND");
  if (!rand) return std::move(rand).error();
  return Key{type, (*id & kRandomBits) | static_cast<std::uint32_t>(type) << 28, std::move(*ssv),
             std::move(*rand)};
}

Result<SecretBytes> kdf(const crypto::Provider& provider, ByteView key, std::uint8_t fc,
                        std::span<const ByteView> parameters) {
  Bytes s{fc};
  for (const ByteView p : parameters) {
    if (p.size() > 0xFFFF) return bad_request("a KDF parameter has at most 65535 octets", "TS 33.220 B.2");
    append(s, p);
    s.push_back(static_cast<std::uint8_t>(p.size() >> 8));
    s.push_back(static_cast<std::uint8_t>(p.size()));
  }
  SecretBytes out(crypto::hash_size(crypto::Hash::sha256));
  const std::array<ByteView, 1> parts{s};
  if (auto ok = provider.hmac(crypto::Hash::sha256, key, parts, out.reveal_mutable()); !ok)
    return std::move(ok).error();
  return out;
}

Result<std::uint32_t> guk_id(const crypto::Provider& provider, const ibc::Ssv& gmk, std::uint32_t gmk_id,
                             std::string_view user) {
  const std::array<ByteView, 1> parameters{as_bytes(user)};
  auto out = kdf(provider, gmk.reveal(), kFcGukSalt, parameters);
  if (!out) return std::move(out).error();
  const auto salt = load_be<std::uint32_t>(out->reveal().last(4).data());
  return gmk_id ^ (salt & kRandomBits);
}

Result<SignallingKeys> signalling_keys(const crypto::Provider& provider, const Key& key,
                                       std::string_view user) {
  const Bytes id = id_octets(key.id);
  const std::array<ByteView, 2> parameters{as_bytes(user), id};
  auto confidentiality = kdf(provider, key.key.reveal(), kFcConfidentiality, parameters);
  if (!confidentiality) return std::move(confidentiality).error();
  auto integrity = kdf(provider, key.key.reveal(), kFcIntegrity, parameters);
  if (!integrity) return std::move(integrity).error();
  return SignallingKeys{SecretBytes(confidentiality->reveal().last(kKey)),
                        SecretBytes(integrity->reveal().last(kKey))};
}

Result<MediaKeys> media_keys(const crypto::Provider& provider, const ibc::Ssv& key, ByteView rand,
                             std::uint32_t csb_id, CsId cs_id) {
  MediaKeys out{Tek(kKey), Salt(kSalt)};
  const auto cs = static_cast<std::uint8_t>(cs_id);
  auto ok = keys::derive(provider, PrfFunc::hmac_sha_256, key.reveal(), keys::Derivation::tek, cs, csb_id,
                         rand, out.key.reveal_mutable());
  if (ok)
    ok = keys::derive(provider, PrfFunc::hmac_sha_256, key.reveal(), keys::Derivation::salt_key, cs, csb_id,
                      rand, out.salt.reveal_mutable());
  if (!ok) return std::move(ok).error();
  return out;
}

Result<MediaKeys> group_media_keys(const crypto::Provider& provider, const Key& gmk, std::string_view sender,
                                   CsId cs_id) {
  const auto guk = guk_id(provider, gmk.key, gmk.id, sender);
  if (!guk) return guk.error();
  return media_keys(provider, gmk.key, gmk.rand, *guk, cs_id);
}

Bytes mki(std::uint32_t key_id) {
  return id_octets(key_id);
}

Bytes group_mki(std::uint32_t gmk_id, std::uint32_t sender_guk_id) {
  Bytes out = id_octets(gmk_id);
  append(out, id_octets(sender_guk_id));
  return out;
}

std::optional<GroupMki> parse_group_mki(ByteView mki) {
  if (mki.size() != 8) return std::nullopt;
  return GroupMki{load_be<std::uint32_t>(mki.data()), load_be<std::uint32_t>(mki.data() + 4)};
}

}  // namespace mikey::profile::mcx
