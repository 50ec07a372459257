#include "mikey/exchange/srtp_policy.hpp"

#include <array>
#include <utility>

#include "mikey/wire/chain.hpp"

namespace mikey::exchange {
namespace {

using keys::Suite;
using keys::SuiteInfo;

constexpr std::size_t kParams = 21;
constexpr const char* kRfc = "RFC 3830 6.10.1";
constexpr std::uint64_t kSrtcpTag = 10;  // HMAC-SHA-1: RFC 3711 5.2 allows no shorter one

// The parameters of one SP payload by number.
using Values = std::array<std::optional<std::uint64_t>, kParams>;

constexpr std::size_t index(SrtpParam p) {
  return static_cast<std::size_t>(p);
}

std::uint64_t value_or(const Values& v, SrtpParam p, std::uint64_t otherwise) {
  return v[index(p)].value_or(otherwise);
}

// The parameter of RFC 4771 for one of SRTP and SRTCP, else the one of RFC 3830 for both.
std::uint64_t specific_or(const Values& v, SrtpParam specific, SrtpParam common, std::uint64_t otherwise) {
  return value_or(v, specific, value_or(v, common, otherwise));
}

// Big-endian, of any length. What does not fit 64 bits is no valid value of any parameter.
std::uint64_t to_value(ByteView octets) {
  std::uint64_t n = 0;
  for (const std::uint8_t o : octets) {
    if (n >> 56 != 0) return ~std::uint64_t{0};
    n = n << 8 | o;
  }
  return n;
}

Error bad(const wire::Sp& sp, const std::string& what, const char* rfc = kRfc) {
  return bad_message(ErrorCode::invalid_sppar, rfc, "policy " + std::to_string(sp.policy_no) + ": " + what);
}

Result<Values> values_of(const wire::Sp& sp) {
  Values out;
  for (const wire::SpParam& p : wire::entries<wire::SpParam>(sp.params)) {
    const std::string name = "parameter " + std::to_string(p.type);
    if (p.type >= kParams) return bad(sp, name + " is not one of SRTP's");
    if (p.value.empty()) return bad(sp, name + " is empty");
    if (out[p.type]) return bad(sp, name + " stands twice");
    out[p.type] = to_value(p.value);
  }
  return out;
}

// SRTP features that MIKEY can ask for and no suite has.
Status check_features(const wire::Sp& sp, const Values& v) {
  if (value_or(v, SrtpParam::kdr, 0) != 0) return bad(sp, "key derivation rate is not 0");
  if (value_or(v, SrtpParam::fec_order, 0) != 0) return bad(sp, "FEC order is not 0");
  if (value_or(v, SrtpParam::prefix_len, 0) != 0) return bad(sp, "SRTP prefix length is not 0");
  if (v[index(SrtpParam::roc_rate)]) return bad(sp, "ROC transmission is not supported", "RFC 4771 3");
  return {};
}

bool is_rcc(const std::optional<std::uint64_t>& alg) {
  return alg && *alg >= wire::to_number(SrtpAuth::rcc_m1) && *alg <= wire::to_number(SrtpAuth::rcc_m3);
}

// RFC 4771 taken out: what is left is the policy below the transform. Tag lengths of 14 to 19 speak of the
// transform's tags: the 4 octets of the ROC, and for RCCm1 and m2 a MAC.
void take_roc_transmission(Values& v) {
  bool found = false;
  for (const SrtpParam p : {SrtpParam::auth_alg, SrtpParam::srtp_auth_alg, SrtpParam::srtcp_auth_alg}) {
    if (!is_rcc(v[index(p)])) continue;
    found = true;
    v[index(p)].reset();
  }
  if (!found) return;
  v[index(SrtpParam::roc_rate)].reset();
  v[index(SrtpParam::srtp_tag_len)].reset();
  v[index(SrtpParam::srtcp_tag_len)].reset();
}

struct Auth {
  std::uint64_t srtp;
  std::uint64_t srtcp;
  bool both(std::uint64_t x) const { return srtp == x && srtcp == x; }
};

Status check_aead(const wire::Sp& sp, const Values& v) {
  const Auth alg{specific_or(v, SrtpParam::srtp_auth_alg, SrtpParam::auth_alg, 0),
                 specific_or(v, SrtpParam::srtcp_auth_alg, SrtpParam::auth_alg, 0)};
  if (!alg.both(wire::to_number(SrtpAuth::null)))
    return bad(sp, "AEAD encryption goes with NULL authentication only", "RFC 7714 14.3");
  return {};
}

Status check_hmac(const wire::Sp& sp, const Values& v, std::uint64_t auth_key_len) {
  const Auth alg{specific_or(v, SrtpParam::srtp_auth_alg, SrtpParam::auth_alg, 1),
                 specific_or(v, SrtpParam::srtcp_auth_alg, SrtpParam::auth_alg, 1)};
  if (!alg.both(wire::to_number(SrtpAuth::hmac_sha_1)))
    return bad(sp, "authentication algorithm is not HMAC-SHA-1");
  const Auth key{value_or(v, SrtpParam::srtp_auth_key_len, auth_key_len),
                 value_or(v, SrtpParam::srtcp_auth_key_len, auth_key_len)};
  if (!key.both(20)) return bad(sp, "session authentication key length of HMAC-SHA-1 is not 20");
  if (value_or(v, SrtpParam::srtp_auth, 1) != 1) return bad(sp, "SRTP authentication is off");
  if (value_or(v, SrtpParam::srtcp_tag_len, kSrtcpTag) != kSrtcpTag)
    return bad(sp, "SRTCP authentication tag is not 10 octets", "RFC 3711 5.2");
  return {};
}

// What is left to choose among suites once everything else is known to be as it must be.
struct Choice {
  std::uint64_t encr;
  std::uint64_t key_len;
  std::uint64_t salt_len;
  std::uint64_t prf;
  std::uint64_t tag_len;
  friend bool operator==(const Choice&, const Choice&) = default;
};

// SRTP's own key derivation is AES-CM, except that of the SEED suites (RFC 5748).
std::uint64_t prf_of(SrtpEncr e) {
  return e == SrtpEncr::seed_ctr || e == SrtpEncr::seed_ccm || e == SrtpEncr::seed_gcm ? 1 : 0;
}

bool is_aead(SrtpEncr e) {
  return e == SrtpEncr::seed_ccm || e == SrtpEncr::seed_gcm || e == SrtpEncr::aes_gcm;
}

std::uint64_t default_tag(SrtpEncr e) {
  return e == SrtpEncr::aes_gcm ? 16 : e == SrtpEncr::seed_gcm ? 12 : 10;
}

Choice choice_of(const SuiteInfo& s) {
  return {wire::to_number(s.encr), s.key_len, s.salt_len, prf_of(s.encr), s.srtp_tag_len};
}

Result<Suite> find_suite(const wire::Sp& sp, const Choice& wanted) {
  for (const SuiteInfo& s : keys::all_suites())
    if (choice_of(s) == wanted) return s.suite;
  return bad(sp, "no suite has encryption " + std::to_string(wanted.encr) + " with a key of " +
                     std::to_string(wanted.key_len) + ", a salt of " + std::to_string(wanted.salt_len) +
                     " and a tag of " + std::to_string(wanted.tag_len) + " octets and PRF " +
                     std::to_string(wanted.prf));
}

// Parameter 3 where it means the tag; it then says nothing about the key.
std::optional<std::uint64_t> take_camera_tag(Values& v) {
  std::optional<std::uint64_t>& key_len = v[index(SrtpParam::auth_key_len)];
  if (v[index(SrtpParam::auth_tag_len)] || (key_len != 10 && key_len != 4)) return std::nullopt;
  return std::exchange(key_len, std::nullopt);
}

std::uint64_t tag_len(SrtpEncr encr, const Values& v) {
  if (encr == SrtpEncr::aes_gcm) return value_or(v, SrtpParam::aead_tag_len, default_tag(encr));
  return specific_or(v, SrtpParam::srtp_tag_len, SrtpParam::auth_tag_len, default_tag(encr));
}

}  // namespace

std::optional<RocPolicy> roc_transmission(const wire::Sp& sp) {
  auto v = values_of(sp);
  if (!v) return std::nullopt;
  for (const SrtpParam p : {SrtpParam::srtp_auth_alg, SrtpParam::auth_alg})
    if (is_rcc((*v)[index(p)]))
      return RocPolicy{
          static_cast<SrtpAuth>(*(*v)[index(p)]),
          static_cast<std::uint16_t>(std::min<std::uint64_t>(value_or(*v, SrtpParam::roc_rate, 1), 0xFFFF))};
  return std::nullopt;
}

Result<Suite> suite_of(const wire::Sp& sp, CameraTolerance tolerance, RocTransmission roc) {
  if (sp.prot_type != ProtType::srtp)
    return bad_message(ErrorCode::invalid_sp, "RFC 3830 6.10",
                       "policy " + std::to_string(sp.policy_no) + ": protocol " +
                           std::to_string(wire::to_number(sp.prot_type)) + " is not SRTP");
  auto read = values_of(sp);
  if (!read) return std::move(read).error();
  Values& v = *read;
  if (roc == RocTransmission::understood) take_roc_transmission(v);
  if (Status s = check_features(sp, v); !s) return std::move(s).error();

  const std::uint64_t number = value_or(v, SrtpParam::encr_alg, wire::to_number(SrtpEncr::aes_cm));
  if (number > wire::to_number(SrtpEncr::aes_gcm))
    return bad(sp, "encryption algorithm " + std::to_string(number) + " is not supported");
  const auto encr = static_cast<SrtpEncr>(number);
  const bool aead = is_aead(encr);

  if (tolerance == CameraTolerance::yes && !aead)
    if (const auto tag = take_camera_tag(v)) v[index(SrtpParam::auth_tag_len)] = tag;
  if (encr != SrtpEncr::aes_gcm && v[index(SrtpParam::aead_tag_len)])
    return bad(sp, "an AEAD tag length is for AES-GCM only", "RFC 7714 14.3");
  if (encr != SrtpEncr::null &&
      (value_or(v, SrtpParam::srtp_encr, 1) != 1 || value_or(v, SrtpParam::srtcp_encr, 1) != 1))
    return bad(sp, "encryption is off for SRTP or SRTCP");
  Status s = aead ? check_aead(sp, v) : check_hmac(sp, v, value_or(v, SrtpParam::auth_key_len, 20));
  if (!s) return std::move(s).error();

  return find_suite(sp, {number, value_or(v, SrtpParam::encr_key_len, 16),
                         value_or(v, SrtpParam::salt_key_len, aead ? 12 : 14),
                         value_or(v, SrtpParam::prf, prf_of(encr)), tag_len(encr, v)});
}

Result<Bytes> params_of(Suite suite) {
  const SuiteInfo& s = keys::info(suite);
  Bytes out;
  const auto put = [&out](SrtpParam type, std::uint64_t value) {
    out.insert(out.end(), {static_cast<std::uint8_t>(type), 1, static_cast<std::uint8_t>(value)});
  };
  const std::uint64_t on = s.encr == SrtpEncr::null ? 0 : 1;
  put(SrtpParam::encr_alg, wire::to_number(s.encr));
  put(SrtpParam::encr_key_len, s.key_len);
  put(SrtpParam::auth_alg, wire::to_number(s.auth));
  if (!s.aead) put(SrtpParam::auth_key_len, s.auth_key_len);
  put(SrtpParam::salt_key_len, s.salt_len);
  put(SrtpParam::prf, prf_of(s.encr));
  put(SrtpParam::srtp_encr, on);
  put(SrtpParam::srtcp_encr, on);
  if (!s.aead) put(SrtpParam::srtp_auth, 1);
  put(s.encr == SrtpEncr::aes_gcm ? SrtpParam::aead_tag_len : SrtpParam::auth_tag_len, s.srtp_tag_len);
  return out;
}

}  // namespace mikey::exchange
