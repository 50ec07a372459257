#include "exchange/engine/terms.hpp"

#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::engine {
namespace {

constexpr std::size_t kMaxKey = 1024;

std::optional<std::uint8_t> number_of(const std::map<std::uint8_t, keys::Suite>& policies, keys::Suite s) {
  for (const auto& [no, suite] : policies)
    if (suite == s) return no;
  return std::nullopt;
}

/// The number under which a suite is offered: the one it has, else the next one free.
Result<std::uint8_t> assign(Proposal& p, keys::Suite s, bool is_update) {
  if (auto no = number_of(p.policies, s)) {
    if (is_update && !Policy::has(p.announced, *no)) p.announced.push_back(*no);
    return *no;
  }
  const unsigned next = p.policies.empty() ? 0U : p.policies.rbegin()->first + 1U;
  if (next > 0xFF) return bad_request("more than 256 security policies", "RFC 3830 6.10");
  p.policies.emplace(static_cast<std::uint8_t>(next), s);
  p.announced.push_back(static_cast<std::uint8_t>(next));
  return static_cast<std::uint8_t>(next);
}

}  // namespace

keys::Suite Proposal::suite(std::uint8_t policy_no) const {
  const auto it = policies.find(policy_no);
  return it == policies.end() ? keys::Suite::aes_cm_128_hmac_sha1_80 : it->second;
}

std::vector<keys::Suite> Proposal::suites() const {
  std::vector<keys::Suite> out;
  for (const wire::SrtpId& e : cs) out.push_back(suite(e.policy_no));
  if (out.empty()) out.push_back(keys::Suite::aes_cm_128_hmac_sha1_80);
  return out;
}

Result<Proposal> propose(const Policy& policy, const Terms& terms, const keys::Bundle* old) {
  Proposal p;
  if (terms.group) {
    p.map_type = terms.group->map_type;
    p.policies = terms.group->policies;
    for (const auto& [no, suite] : p.policies) p.announced.push_back(no);
    for (const keys::CryptoSession& s : terms.group->sessions) p.cs.push_back({s.policy_no, s.ssrc, s.roc});
    return p;
  }
  if (old != nullptr) p.policies = old->policies;
  if (terms.empty_map) {
    p.map_type = CsIdMapType::empty;
    p.policies.clear();
    return p;
  }
  if (!terms.streams && old != nullptr) {
    for (const keys::CryptoSession& s : old->sessions) p.cs.push_back({s.policy_no, s.ssrc, s.roc});
    p.map_type = old->map_type;
    return p;
  }
  static const std::vector<Stream> kOne(1);
  const std::vector<Stream>& streams = terms.streams ? *terms.streams : kOne;
  if (streams.size() > 0xFF) return bad_request("more than 255 streams", "RFC 3830 6.1");
  for (const Stream& s : streams) {
    if (s.suite && !policy.accepts(*s.suite))
      return bad_request(
          "a stream asks for " + std::string(keys::info(*s.suite).name) + ", which the policy does not allow",
          "RFC 4567 8");
    auto no = assign(p, s.suite.value_or(policy.srtp.front()), old != nullptr);
    if (!no) return std::move(no).error();
    p.cs.push_back({*no, s.ssrc, s.roc});
  }
  return p;
}

Result<keys::KeyEntry> make_key(Rng& rng, std::span<const keys::Suite> suites, const KeyRequest& request,
                                const keys::Validity& validity) {
  const keys::SuiteInfo& first = keys::info(suites.front());
  bool one_salt = true;
  bool one_key = true;
  for (const keys::Suite s : suites) {
    one_salt = one_salt && keys::info(s).salt_len == first.salt_len;
    one_key = one_key && keys::info(s).key_len == first.key_len;
  }
  const bool with_salt = request.with_salt.value_or(one_salt);
  if (with_salt && !one_salt)
    return bad_request("with_salt: the salts of the suites differ in length", "RFC 3830 6.13");
  if (!request.given_salt.empty() && (!with_salt || request.given_salt.size() != first.salt_len))
    return bad_request("salt: expected as many octets as the suites' salt has, and none without with_salt",
                       "RFC 3830 6.13");
  const bool given = !request.given.empty();
  const std::size_t n = request.length.value_or(given         ? request.given.size()
                                                : request.tek ? first.key_len
                                                              : 16U);
  if (n == 0 || n > kMaxKey) return bad_request("key length: expected 1 to 1024 octets", "RFC 3830 6.13");
  if (given && request.given.size() != n) return bad_request("key: it is not of the length asked for");
  if (request.tek && (!one_key || n != first.key_len))
    return bad_request("key length: a TEK must be as long as the key of every suite", "RFC 3830 6.13");

  keys::KeyEntry key;
  key.type = request.tek ? (with_salt ? KeyDataType::tek_salt : KeyDataType::tek)
                         : (with_salt ? KeyDataType::tgk_salt : KeyDataType::tgk);
  key.validity = validity;
  key.has_salt = with_salt;
  if (given) {
    key.key = request.given.clone();
  } else {
    auto k = rng.secret(n, request.tek ? "TEK" : "TGK");
    if (!k) return std::move(k).error();
    key.key = std::move(*k);
  }
  if (!with_salt) return key;
  if (!request.given_salt.empty()) {
    key.salt = request.given_salt.clone();
    return key;
  }
  auto s = rng.secret(first.salt_len, "SALT");
  if (!s) return std::move(s).error();
  key.salt = std::move(*s);
  return key;
}

std::vector<keys::CryptoSession> make_sessions(const Proposal& p, const keys::Validity& validity) {
  std::vector<keys::CryptoSession> out(p.cs.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].cs_id = static_cast<std::uint8_t>(i + 1);
    out[i].ssrc = p.cs[i].ssrc;
    out[i].roc = p.cs[i].roc;
    out[i].policy_no = p.cs[i].policy_no;
    out[i].suite = p.suite(p.cs[i].policy_no);
    out[i].validity = validity;
  }
  return out;
}

Status add_policies(wire::ChainBuilder& message, const Proposal& p) {
  for (const std::uint8_t no : p.announced) {
    auto params = exchange::params_of(p.suite(no));
    if (!params) return std::move(params).error();
    message.add(wire::Sp{no, ProtType::srtp, Octets(*params)});
  }
  return {};
}

Status add_supported(wire::ChainBuilder& message, const Policy& policy) {
  std::uint8_t no = 0;
  for (const keys::Suite s : policy.srtp) {
    auto params = exchange::params_of(s);
    if (!params) return std::move(params).error();
    message.add(wire::Sp{no++, ProtType::srtp, Octets(*params)});
  }
  return {};
}

void add_extensions(wire::ChainBuilder& message, std::span<const keys::Extension> extensions) {
  for (const keys::Extension& e : extensions) message.add(wire::GeneralExt{e.type, Octets(e.data)});
}

wire::Kv kv_of(const keys::Validity& v) {
  return {v.type, Octets(v.spi), Octets(v.valid_from), Octets(v.valid_to)};
}

keys::Validity validity_of(const wire::Kv& kv) {
  return {kv.type, to_bytes(kv.spi), to_bytes(kv.valid_from), to_bytes(kv.valid_to)};
}

wire::KeyData key_data(const keys::KeyEntry& key) {
  return {key.type, Octets(key.key.reveal()), Octets(key.salt.reveal()), kv_of(key.validity)};
}

}  // namespace mikey::engine
