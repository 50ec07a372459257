// KEMAC and the keys in it.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

constexpr std::size_t kMkiOfCameras = 4;

std::string octets_text(std::size_t n) {
  return std::to_string(n) + (n == 1 ? " octet" : " octets");
}

bool constant(ByteView key) {
  return key.size() > 1 && std::ranges::all_of(key, [&](std::uint8_t o) { return o == key[0]; });
}

void check_protection(Context& c, const wire::Kemac& k, const wire::Slot& s) {
  const std::size_t mac_at = s.body() + 3 + k.encr_data.size();
  const bool clear = k.encr_alg == EncrAlg::null;
  const bool bare = k.mac_alg == MacAlg::null;
  // In the other modes a signature or V covers the KEMAC as well.
  const bool mac_is_all =
      c.is(DataType::psk_init) || c.is(DataType::dhhmac_init) || c.is(DataType::dhhmac_resp);
  if (clear && !k.encr_data.empty()) c.add(rule("keys-in-clear"), s.body(), "the KEMAC is not encrypted");
  if (bare && mac_is_all) {
    c.add(rule("null-mac"), mac_at, "the KEMAC has no MAC");
    if (!clear) c.add(rule("null-mac-with-encryption"), mac_at, "the KEMAC is encrypted but has no MAC");
  }
  if (!clear)
    c.add(rule("kemac-encrypted"), s.body(), "encryption " + std::string(wire::name_of(k.encr_alg)));
  if (!bare) c.add(rule("kemac-authenticated"), mac_at, "MAC " + std::string(wire::name_of(k.mac_alg)));
  const std::size_t n = k.encr_data.size();
  if (k.encr_alg == EncrAlg::aes_kw_128 && n != 0 && (n < 24 || n % 8 != 0))
    c.add(rule("key-wrap-length"), s.body() + 3, "AES key wrap of " + octets_text(n));
}

// An initial message of these kinds has its keys here.
bool must_carry_keys(const Context& c) {
  return !c.update && (c.is(DataType::psk_init) || c.is(DataType::pk_init) || c.is(DataType::rsar_resp));
}

void check_tek(Context& c, const ClearKey& k, const keys::SuiteInfo& s) {
  const std::size_t at = k.offset + 1;
  const std::size_t n = k.data.key.size();
  const std::string name = " for " + std::string(s.name);
  if (k.data.type == KeyDataType::tek_salt) {
    c.add(s.aead ? rule("aead-tek-salt-apart") : rule("tek-salt-apart"), at,
          "TEK and salt stand apart" + name);
    if (n != s.key_len || k.data.salt.size() != s.salt_len)
      c.add(rule("tek-length"), at,
            "TEK of " + octets_text(n) + " and salt of " + octets_text(k.data.salt.size()) + name);
    return;
  }
  if (n == std::size_t{s.key_len} + s.salt_len)
    c.add(s.aead ? rule("aead-tek-holds-salt") : rule("tek-holds-salt"), at,
          "the TEK of " + octets_text(n) + " is key and salt in one" + name);
  else if (n == s.key_len)
    c.add(rule("tek-without-salt"), at, "no salt comes with the TEK" + name);
  else
    c.add(rule("tek-length"), at, "TEK of " + octets_text(n) + name);
}

void check_validity(Context& c, const ClearKey& k) {
  const wire::Kv& kv = k.data.kv;
  const std::size_t at = k.offset + 1;
  if (kv.type == KvType::interval) c.add(rule("kv-interval"), at, "the key has an interval");
  if (kv.type != KvType::spi || kv.spi.empty()) return c.add(rule("mki-missing"), at, "the key has no MKI");
  if (kv.spi.size() != kMkiOfCameras)
    c.add(rule("mki-length"), c.offset_of(kv.spi) - 1, "the MKI has " + octets_text(kv.spi.size()));
}

void check_key(Context& c, const ClearKey& k) {
  const bool tek = k.data.type == KeyDataType::tek || k.data.type == KeyDataType::tek_salt;
  const std::size_t at = k.offset + 1;
  if (constant(k.data.key)) c.add(rule("key-constant"), at, "all octets of the key are equal");
  if (!tek) {
    c.add(rule("key-not-tek"), at, "the key is of type " + std::string(wire::name_of(k.data.type)));
    if (k.data.type != KeyDataType::k_pr && k.data.key.size() < 16)
      c.add(rule("key-short"), at, "key of " + octets_text(k.data.key.size()));
  } else if (const auto suite = c.first_suite()) {
    check_tek(c, k, keys::info(*suite));
  }
  check_validity(c, k);
}

}  // namespace

void check_keys(Context& c) {
  c.each<wire::Kemac>([&](const wire::Kemac& k, const wire::Slot& s) {
    check_protection(c, k, s);
    if (k.encr_data.empty() && must_carry_keys(c))
      c.add(rule("kemac-empty"), s.body() + 1, "no key in the KEMAC");
  });
  for (const ClearKey& k : c.keys) check_key(c, k);
  if (c.keys.size() > 1)
    c.add(rule("keys-several"), c.keys[1].offset, std::to_string(c.keys.size()) + " keys in the KEMAC");
}

}  // namespace mikey::profile
