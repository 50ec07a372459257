#include "mikey/exchange/srtp_policy.hpp"

#include <array>

#include "mikey/wire/chain.hpp"

namespace mikey::exchange {
namespace {

using keys::SuiteInfo;
using enum SrtpParam;

constexpr std::uint8_t kHmacKey = 20;
constexpr std::uint8_t kHmacTag = 10;

/// Parameter values by type; big-endian unsigned of any length from one octet on.
class Values {
 public:
  static Result<Values> read(const wire::Sp& sp) {
    Values v;
    for (const wire::SpParam& p : wire::entries<wire::SpParam>(sp.params)) {
      if (p.type >= v.values_.size())
        return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                           "parameter " + std::to_string(p.type) + " is not known");
      if (p.value.empty())
        return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                           "parameter " + std::to_string(p.type) + " has no value");
      std::optional<std::uint64_t>& at = v.values_[p.type];
      if (at)
        return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                           "parameter " + std::to_string(p.type) + " stands there twice");
      std::uint64_t n = 0;
      for (const std::uint8_t octet : p.value) {
        if (n >> 56 != 0) n = std::uint64_t{0xFF} << 56;  // too large for any parameter; stays so
        n = n << 8 | octet;
      }
      at = n;
    }
    return v;
  }
  bool has(SrtpParam p) const { return values_[wire::to_number(p)].has_value(); }
  std::uint64_t get(SrtpParam p, std::uint64_t otherwise) const {
    return values_[wire::to_number(p)].value_or(otherwise);
  }
  void move(SrtpParam from, SrtpParam to) {
    values_[wire::to_number(to)] = values_[wire::to_number(from)];
    values_[wire::to_number(from)].reset();
  }

 private:
  std::array<std::optional<std::uint64_t>, 21> values_;
};

bool is_aead(std::uint64_t encr) {
  return encr == wire::to_number(SrtpEncr::aes_gcm) || encr == wire::to_number(SrtpEncr::seed_ccm) ||
         encr == wire::to_number(SrtpEncr::seed_gcm);
}

std::uint8_t srtp_prf(SrtpEncr e) {  // RFC 3711: AES-CM; RFC 5669: SEED-CTR
  return e == SrtpEncr::seed_ctr || e == SrtpEncr::seed_ccm || e == SrtpEncr::seed_gcm ? 1 : 0;
}

std::uint64_t default_tag(std::uint64_t encr) {
  switch (static_cast<SrtpEncr>(encr)) {
    case SrtpEncr::aes_gcm:
      return 16;
    case SrtpEncr::seed_gcm:
      return 12;
    default:
      return kHmacTag;
  }
}

Error refused(const char* what) {
  return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1", std::string(what) + " is not supported");
}

/// What no suite has, whatever its cipher.
Status check_extras(const Values& v, bool gcm) {
  if (v.get(kdr, 0) != 0) return refused("a key derivation rate other than 0");
  if (v.get(fec_order, 0) != 0) return refused("FEC before SRTP");
  if (v.get(prefix_len, 0) != 0) return refused("an SRTP prefix");
  if (v.has(roc_rate)) return refused("a ROC transmission rate (RFC 4771)");
  if (v.has(aead_tag_len) && !gcm) return refused("an AEAD tag length without an AEAD cipher");
  return {};
}

/// The authentication parameters; RFC 4771's own ones for SRTP and SRTCP win over the common ones.
Status check_auth(const Values& v, bool aead) {
  const std::uint64_t alg = v.get(auth_alg, aead ? 0 : 1);
  const std::uint64_t want = aead ? 0 : 1;
  if (v.get(srtp_auth_alg, alg) != want || v.get(srtcp_auth_alg, alg) != want)
    return refused("this authentication algorithm with this cipher");
  if (aead) return {};
  const std::uint64_t len = v.get(auth_key_len, kHmacKey);
  if (v.get(srtp_auth_key_len, len) != kHmacKey || v.get(srtcp_auth_key_len, len) != kHmacKey)
    return refused("an HMAC-SHA-1 key of other than 20 octets");
  if (v.get(srtp_auth, 1) != 1) return refused("SRTP without authentication");
  if (v.get(srtcp_tag_len, kHmacTag) != kHmacTag) return refused("an SRTCP tag of other than 80 bits");
  return {};
}

}  // namespace

Result<keys::Suite> suite_of(const wire::Sp& sp, CameraTolerance tolerance) {
  if (sp.prot_type != ProtType::srtp)
    return bad_message(ErrorCode::invalid_sp, "RFC 3830 6.10", "the security protocol is not SRTP");
  auto values = Values::read(sp);
  if (!values) return std::move(values).error();
  Values& v = *values;
  const std::uint64_t encr = v.get(encr_alg, wire::to_number(SrtpEncr::aes_cm));
  const bool aead = is_aead(encr);
  const bool gcm = encr == wire::to_number(SrtpEncr::aes_gcm);
  if (tolerance.auth_key_length_is_tag_length && !aead && !v.has(auth_tag_len)) {
    const std::uint64_t n = v.get(auth_key_len, kHmacKey);
    if (n == 4 || n == kHmacTag) v.move(auth_key_len, auth_tag_len);
  }
  if (auto s = check_extras(v, gcm); !s) return std::move(s).error();
  if (auto s = check_auth(v, aead); !s) return std::move(s).error();
  const bool is_null = encr == wire::to_number(SrtpEncr::null);
  if (!is_null && (v.get(srtp_encr, 1) != 1 || v.get(srtcp_encr, 1) != 1))
    return refused("encryption switched off");

  const std::uint64_t tag =
      gcm ? v.get(aead_tag_len, 16) : v.get(srtp_tag_len, v.get(auth_tag_len, default_tag(encr)));
  for (const SuiteInfo& s : keys::all_suites()) {
    if (wire::to_number(s.encr) == encr && v.get(encr_key_len, 16) == s.key_len &&
        v.get(salt_key_len, aead ? 12 : 14) == s.salt_len &&
        v.get(prf, srtp_prf(s.encr)) == srtp_prf(s.encr) && tag == s.srtp_tag_len)
      return s.suite;
  }
  return refused("this combination of parameters");
}

Result<Bytes> params_of(keys::Suite suite) {
  const SuiteInfo& s = keys::info(suite);
  const bool gcm = s.encr == SrtpEncr::aes_gcm;
  const std::uint8_t on = s.encr == SrtpEncr::null ? 0 : 1;
  Bytes out;
  const auto add = [&out](SrtpParam p, std::uint64_t value) {
    out.insert(out.end(), {static_cast<std::uint8_t>(p), 1, static_cast<std::uint8_t>(value)});
  };
  add(encr_alg, wire::to_number(s.encr));
  add(encr_key_len, s.key_len);
  add(auth_alg, wire::to_number(s.auth));
  if (!s.aead) add(auth_key_len, s.auth_key_len);
  add(salt_key_len, s.salt_len);
  add(prf, srtp_prf(s.encr));
  add(srtp_encr, on);
  add(srtcp_encr, on);
  if (gcm) {
    add(aead_tag_len, s.srtp_tag_len);
  } else {
    if (!s.aead) add(srtp_auth, 1);
    add(auth_tag_len, s.srtp_tag_len);
  }
  return out;
}

}  // namespace mikey::exchange
