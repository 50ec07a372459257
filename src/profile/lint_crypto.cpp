// Algorithms: DH, PKE, SIGN, V, CHASH, SAKKE, PRF.

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

constexpr std::size_t kEccsiSignature = 129;  // r, s of 32 octets, PVT of 65 (RFC 6507 3.3)
constexpr std::size_t kSakkeData = 273;       // point of 257, H of 16 (RFC 6508 4)

bool is_sakke(DataType t) {
  return t == DataType::sakke_init;
}

void check_dh(Context& c, const wire::Dh& dh, const wire::Slot& s) {
  const std::string name(wire::name_of(dh.group));
  if (dh.group == DhGroup::oakley_5)
    c.add(rule("dh-1536"), s.body(), name + " has 1536 bits");
  else
    c.add(rule("dh-weak"), s.body(), name + " has " + std::to_string(dh.value.size() * 8) + " bits");
  if (dh.value.empty()) return;
  const ByteView upper = dh.value.first(dh.value.size() - 1);
  if (dh.value.back() <= 1 && std::ranges::all_of(upper, [](std::uint8_t o) { return o == 0; }))
    c.add(rule("dh-value-trivial"), s.body() + 1, "the DH value is 0 or 1");
}

void check_sign(Context& c, const wire::Sign& sign, const wire::Slot& s) {
  const std::string length = std::to_string(sign.signature.size()) + " octets";
  if (sign.type == SignType::rsa_pkcs1_15)
    c.add(rule("rsa-sha-1"), s.body(), "RSA PKCS#1 v1.5 signature of " + length);
  if (sign.type != SignType::eccsi) return;
  if (sign.signature.size() != kEccsiSignature)
    c.add(rule("sign-eccsi-length"), s.body(), "ECCSI signature of " + length);
  if (!is_sakke(c.m.hdr().data_type))
    c.add(rule("sign-type-mode"), s.body(), "ECCSI signature outside MIKEY-SAKKE");
}

void check_sakke_payload(Context& c, const wire::Sakke& sakke, const wire::Slot& s) {
  if (sakke.params == SakkeParams::set_1 && sakke.data.size() != kSakkeData)
    c.add(rule("sakke-length"), s.body() + 2,
          "SAKKE encapsulated data of " + std::to_string(sakke.data.size()) + " octets");
  if (sakke.id_scheme != SakkeIdScheme::mcx_hashed_uid)
    c.add(rule("sakke-scheme"), s.body() + 1,
          "ID scheme " + std::to_string(wire::to_number(sakke.id_scheme)) + ", not 2");
}

// SHA-1 is told once a message.
void check_hashes(Context& c) {
  std::optional<std::size_t> at;
  const auto seen = [&](std::size_t offset) { at = at ? std::min(*at, offset) : offset; };
  c.each<wire::Kemac>([&](const wire::Kemac& k, const wire::Slot& s) {
    if (k.mac_alg == MacAlg::hmac_sha_1_160) seen(s.body() + 3 + k.encr_data.size());
  });
  c.each<wire::Ver>([&](const wire::Ver& v, const wire::Slot& s) {
    if (v.auth_alg == MacAlg::hmac_sha_1_160) seen(s.body());
  });
  if (at) c.add(rule("sha-1"), *at, "the MAC is HMAC-SHA-1-160");
  c.each<wire::Chash>([&](const wire::Chash& h, const wire::Slot& s) {
    if (h.hash_func != HashFunc::sha_256)
      c.add(rule("chash-weak"), s.body(),
            "the certificate is named by its " + std::string(wire::name_of(h.hash_func)));
  });
}

// With NULL encryption and NULL MAC, and a TEK, nothing is derived.
bool uses_prf(const Context& c) {
  if (c.is(DataType::error)) return false;
  const auto k = c.m.first<wire::Kemac>();
  const bool bare = k && k->encr_alg == EncrAlg::null && k->mac_alg == MacAlg::null;
  return !bare || std::ranges::any_of(c.keys, [](const ClearKey& key) {
    return key.data.type != KeyDataType::tek && key.data.type != KeyDataType::tek_salt;
  });
}

}  // namespace

void check_crypto(Context& c) {
  c.each<wire::Dh>([&](const wire::Dh& p, const wire::Slot& s) { check_dh(c, p, s); });
  c.each<wire::Sign>([&](const wire::Sign& p, const wire::Slot& s) { check_sign(c, p, s); });
  c.each<wire::Sakke>([&](const wire::Sakke& p, const wire::Slot& s) { check_sakke_payload(c, p, s); });
  c.each<wire::Pke>([&](const wire::Pke& p, const wire::Slot& s) {
    c.add(rule("rsa-envelope"), s.body(),
          "envelope key in " + std::to_string(p.data.size()) + " octets of RSA");
  });
  check_hashes(c);
  if (c.m.hdr().prf == PrfFunc::mikey_1 && uses_prf(c))
    c.add(rule("prf-sha-1"), kPrfAt, "the PRF is MIKEY-1");
}

}  // namespace mikey::profile
