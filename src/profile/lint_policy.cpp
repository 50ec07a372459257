// SP: policies and their parameters.

#include <set>

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

constexpr std::size_t kParamsAt = 4;  // policy number, protocol, length

std::string of_policy(const PolicyView& p) {
  return " in policy " + std::to_string(p.sp.policy_no);
}

// The octet of a parameter's number.
std::size_t param_offset(const Context& c, const wire::SpParam& p) {
  return c.offset_of(p.value) - 2;
}

std::optional<std::uint8_t> small_value(const wire::SpParam* p) {
  if (p == nullptr || p->value.size() != 1) return std::nullopt;
  return p->value[0];
}

// Parameters of RFC 4771 that ask for the ROC to be sent along.
const wire::SpParam* find_rcc(const PolicyView& p) {
  if (const wire::SpParam* rate = p.param(SrtpParam::roc_rate)) return rate;
  for (const SrtpParam type : {SrtpParam::auth_alg, SrtpParam::srtp_auth_alg, SrtpParam::srtcp_auth_alg}) {
    const wire::SpParam* alg = p.param(type);
    const auto v = small_value(alg);
    if (v && *v >= wire::to_number(SrtpAuth::rcc_m1) && *v <= wire::to_number(SrtpAuth::rcc_m3)) return alg;
  }
  return nullptr;
}

// Parameters that cannot be read at all. True when there are some.
bool check_readable(Context& c, const PolicyView& p) {
  std::set<std::uint8_t> seen;
  bool bad = false;
  for (const wire::SpParam& param : p.params) {
    const std::string name = "parameter " + std::to_string(param.type);
    const bool twice = !seen.insert(param.type).second;
    const bool unknown = wire::name_of(static_cast<SrtpParam>(param.type)).empty();
    if (twice) c.add(rule("sp-param-twice"), param_offset(c, param), name + " stands twice" + of_policy(p));
    if (unknown) c.add(rule("sp-param-unknown"), param_offset(c, param), name + of_policy(p));
    bad = bad || twice || unknown;
  }
  return bad;
}

void check_suite(Context& c, const PolicyView& p) {
  if (const wire::SpParam* rcc = find_rcc(p))
    return c.add(rule("sp-rcc"), param_offset(c, *rcc), "ROC transmission (RCC)" + of_policy(p));
  const bool mistaken = !p.strict && p.tolerant.ok();
  if (mistaken)
    c.add(rule("auth-key-len-is-tag"), param_offset(c, *p.param(SrtpParam::auth_key_len)),
          "the length of the authentication tag stands as that of the key" + of_policy(p));
  else if (!p.strict)
    return c.add(rule("sp-unsupported"), p.slot.body(), p.strict.error().detail);
  if (!c.peer.suites.empty() && std::ranges::find(c.peer.suites, *p.tolerant) == c.peer.suites.end())
    c.add(rule("offered-suites"), p.slot.body(), std::string(keys::info(*p.tolerant).name) + of_policy(p));
}

// Parameters that have a default, which not everybody knows.
void check_missing(Context& c, const PolicyView& p) {
  if (p.params.empty()) return c.add(rule("sp-empty"), p.slot.body(), "no parameters" + of_policy(p));
  const std::size_t at = p.slot.body() + kParamsAt;
  const auto missing = [&](SrtpParam type, RuleNo no) {
    if (p.param(type) == nullptr)
      c.add(no, at,
            "no parameter " + std::to_string(wire::to_number(type)) + " (" +
                std::string(wire::name_of(type)) + ")" + of_policy(p));
  };
  const bool aead = p.tolerant.ok() && keys::info(*p.tolerant).aead;
  const bool gcm = small_value(p.param(SrtpParam::encr_alg)) == wire::to_number(SrtpEncr::aes_gcm);
  if (gcm) missing(SrtpParam::aead_tag_len, rule("aead-tag-len-missing"));
  if (gcm) return;  // RFC 7714 14.3: no other parameter is needed
  if (!aead) missing(SrtpParam::auth_key_len, rule("auth-key-len-missing"));
  missing(SrtpParam::salt_key_len, rule("salt-len-missing"));
  if (p.param(SrtpParam::srtp_tag_len) == nullptr)
    missing(SrtpParam::auth_tag_len, rule("auth-tag-len-missing"));
}

bool out_of_order(const PolicyView& p, SrtpParam first, SrtpParam second) {
  const wire::SpParam* a = p.param(first);
  const wire::SpParam* b = p.param(second);
  return b != nullptr && (a == nullptr || a > b);
}

void check_as_gstreamer_reads(Context& c, const PolicyView& p) {
  if (out_of_order(p, SrtpParam::encr_alg, SrtpParam::encr_key_len) ||
      out_of_order(p, SrtpParam::auth_alg, SrtpParam::auth_key_len))
    c.add(rule("sp-param-order"), p.slot.body() + kParamsAt,
          "a key length stands without its algorithm before it" + of_policy(p));
  if (p.tolerant.ok() && keys::info(*p.tolerant).srtp_tag_len == 4 &&
      small_value(p.param(SrtpParam::auth_key_len)) != 4)
    c.add(rule("tag-not-in-key-len"), p.slot.body() + kParamsAt,
          "the tag of 4 octets is not in parameter 3" + of_policy(p));
}

void check_policy(Context& c, const PolicyView& p) {
  if (p.sp.prot_type != ProtType::srtp)
    return c.add(rule("sp-not-srtp"), p.slot.body() + 1,
                 "protocol " + std::to_string(wire::to_number(p.sp.prot_type)) + of_policy(p));
  if (check_readable(c, p)) return;
  check_suite(c, p);
  check_missing(c, p);
  check_as_gstreamer_reads(c, p);
}

}  // namespace

void check_policies(Context& c) {
  std::set<std::uint8_t> numbers;
  std::size_t index = 0;
  for (const PolicyView& p : c.policies) {
    const std::string number = std::to_string(p.sp.policy_no);
    if (!numbers.insert(p.sp.policy_no).second)
      c.add(rule("policy-twice"), p.slot.body(), "two SP payloads have policy number " + number);
    if (p.sp.policy_no != index)
      c.add(rule("policy-not-index"), p.slot.body(),
            "SP payload " + std::to_string(index) + " has policy number " + number);
    ++index;
    check_policy(c, p);
  }
}

}  // namespace mikey::profile
