#include "mikey/keys/session_keys.hpp"

#include "mikey/keys/derive.hpp"

namespace mikey::keys {
namespace {

Error misfit(const char* what, const SuiteInfo& s) {
  return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.13",
                     std::string(what) + " does not have the length that " + std::string(s.name) + " needs");
}

Status derived(const crypto::Provider& provider, const Bundle& b, const KeyEntry& k, Derivation what,
               std::uint8_t cs_id, SecretBytes& out, std::size_t n) {
  SecretBytes fresh(n);
  auto s =
      derive(provider, b.prf, k.key.reveal(), what, cs_id, b.derive_csb_id, b.rand, fresh.reveal_mutable());
  if (s) out = std::move(fresh);
  return s;
}

Status from_tek(const KeyEntry& k, const SuiteInfo& suite, CryptoSession& cs) {
  const ByteView key = k.key.reveal();
  if (k.type == KeyDataType::tek && key.size() == std::size_t{suite.key_len} + suite.salt_len) {
    cs.tek = Tek(key.first(suite.key_len));
    cs.salt = Salt(key.subspan(suite.key_len));
    return {};
  }
  if (key.size() != suite.key_len) return misfit("the TEK", suite);
  cs.tek = Tek(key);
  if (!k.has_salt) cs.salt = Salt(std::size_t{suite.salt_len});
  return {};
}

/// The key a session uses: in MIKEY-TICKET the one with its SPI (RFC 6043 6.1.1), else the first one.
Result<const KeyEntry*> key_of(const Bundle& b, const CryptoSession& cs) {
  if (b.mode != Mode::ticket || cs.validity.type != KvType::spi) return &b.keys.front();
  for (const KeyEntry& k : b.keys)
    if (k.validity.type == KvType::spi && k.validity.spi == cs.validity.spi) return &k;
  return bad_message(ErrorCode::unspecified, "RFC 6043 6.1.1", "a crypto session has the SPI of no key");
}

}  // namespace

Status derive_session_keys(const crypto::Provider& provider, Bundle& bundle) {
  if (bundle.sessions.empty()) return {};
  if (bundle.keys.empty()) return bad_request("the bundle has no key");
  for (CryptoSession& cs : bundle.sessions) {
    auto found = key_of(bundle, cs);
    if (!found) return std::move(found).error();
    const KeyEntry& k = **found;
    if (k.type == KeyDataType::mpk || k.type == KeyDataType::k_pr)
      return bad_message(ErrorCode::unspecified, "RFC 6043 6.2.1", "the key is not one for crypto sessions");
    const SuiteInfo& suite = info(cs.suite);
    if (k.has_salt) {
      if (k.salt.size() != suite.salt_len) return misfit("the salt", suite);
      cs.salt = Salt(k.salt.reveal());
    }
    if (k.is_tek()) {
      if (auto s = from_tek(k, suite, cs); !s) return s;
      continue;
    }
    if (auto s = derived(provider, bundle, k, Derivation::tek, cs.cs_id, cs.tek, suite.key_len); !s) return s;
    if (k.has_salt) continue;
    if (auto s = derived(provider, bundle, k, Derivation::salt_key, cs.cs_id, cs.salt, suite.salt_len); !s)
      return s;
  }
  return {};
}

}  // namespace mikey::keys
