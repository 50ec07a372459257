#include "exchange/sakke/sessions.hpp"

#include <set>

#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::sakke {
namespace {

constexpr keys::Suite kDefault = keys::Suite::aes_cm_128_hmac_sha1_80;  // RFC 3830 6.10.1
constexpr const char* kMap = "RFC 6043 6.1.1";

/// The sessions of an established CSB, which have their SSRCs.
std::vector<Session> sessions_of(const keys::Bundle& old) {
  std::vector<Session> out;
  for (const keys::CryptoSession& s : old.sessions)
    out.push_back({s.cs_id, {s.policy_no}, s.ssrc, s.roc, 0, s.roc != 0 && s.ssrc != 0, s.validity.spi});
  return out;
}

std::vector<Session> sessions_of(const engine::Proposal& p, const Bytes& spi) {
  std::vector<Session> out;
  for (const wire::SrtpId& e : p.cs) {
    Session s{static_cast<std::uint8_t>(out.size() + 1), {e.policy_no}, std::nullopt, e.roc, 0, false, spi};
    if (e.ssrc != 0) s.ssrc = e.ssrc;
    s.has_roc = e.ssrc != 0 && e.roc != 0;
    out.push_back(std::move(s));
  }
  return out;
}

/// CS IDs and SPIs given by the caller, all of one policy.
Result<SessionPlan> given_sessions(const Policy& policy, const SakkeTerms& more) {
  SessionPlan plan;
  std::set<std::uint8_t> used;
  if (more.sessions->size() > 0xFF) return bad_request("more than 255 sessions", "RFC 3830 6.1");
  for (const SakkeSession& s : *more.sessions) {
    if (!used.insert(s.cs_id).second) return bad_request("two sessions have one CS ID", kMap);
    if (s.spi.size() > 0xFF) return bad_request("an SPI has at most 255 octets", kMap);
    plan.sessions.push_back({s.cs_id, {0}, std::nullopt, 0, 0, false, s.spi});
  }
  if (plan.sessions.empty()) return plan;
  plan.policies[0] = policy.srtp.front();
  auto params = more.sp_params.empty() ? exchange::params_of(policy.srtp.front()) : Result(more.sp_params);
  if (!params) return std::move(params).error();
  auto suite = exchange::suite_of({0, ProtType::srtp, Octets(*params)}, exchange::CameraTolerance::no,
                                  exchange::RocTransmission::understood);
  if (!suite) return bad_request("the policy parameters are no suite: " + suite.error().detail);
  plan.policies[0] = *suite;
  if (const auto roc = exchange::roc_transmission({0, ProtType::srtp, Octets(*params)}))
    plan.roc_rates[0] = roc->rate;
  plan.sent.emplace_back(0, std::move(*params));
  return plan;
}

/// Where the sessions of a received map are; SRTP-ID, GENERIC-ID and Empty maps are all taken (RFC 6509
/// 2.2.1 leaves it open).
Result<std::vector<Session>> read_map(const wire::Message& m) {
  std::vector<Session> out;
  if (m.hdr().map_type == CsIdMapType::srtp_id) {
    for (const wire::SrtpId& e : m.srtp_ids())
      out.push_back({static_cast<std::uint8_t>(out.size() + 1), {e.policy_no}, e.ssrc, e.roc, 0, false, {}});
    return out;
  }
  if (m.hdr().map_type != CsIdMapType::generic_id) return out;
  std::set<std::uint8_t> used;
  for (const wire::GenericId& g : m.generic_ids()) {
    if (g.prot_type != ProtType::srtp)
      return bad_message(ErrorCode::invalid_sp, kMap, "a crypto session of another protocol than SRTP", 10);
    if (!used.insert(g.cs_id).second)
      return bad_message(ErrorCode::unspecified, kMap, "two crypto sessions have one CS ID", 10);
    Session s{g.cs_id, {g.policies.begin(), g.policies.end()}, std::nullopt, 0, 0, false, to_bytes(g.spi)};
    if (!g.session_data.empty()) s.ssrc = load_be<std::uint32_t>(g.session_data.data());
    if (g.session_data.size() == 10) {
      s.has_roc = true;
      s.roc = load_be<std::uint32_t>(g.session_data.data() + 4);
      s.seq = load_be<std::uint16_t>(g.session_data.data() + 8);
    }
    out.push_back(std::move(s));
  }
  return out;
}

/// Policies sent, as far as this party takes them, and why not the others.
struct Offered {
  std::map<std::uint8_t, keys::Suite> good;
  std::map<std::uint8_t, Error> bad;
  std::map<std::uint8_t, std::uint16_t> roc_rates;
};
Result<Offered> read_policies(const Policy& policy, const wire::Message& m) {
  Offered out;
  const auto roc = policy.sakke.accept_roc_transmission ? exchange::RocTransmission::understood
                                                        : exchange::RocTransmission::refused;
  for (const wire::Slot& at : m.slots()) {
    if (at.type != PayloadType::sp) continue;
    const auto sp = m.get<wire::Sp>(at);
    if (out.good.contains(sp.policy_no) || out.bad.contains(sp.policy_no))
      return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10", "two security policies have one number",
                         at.offset);
    auto suite = exchange::suite_of(sp, exchange::CameraTolerance::no, roc);
    if (suite && policy.accepts(*suite)) {
      out.good[sp.policy_no] = *suite;
      if (const auto rcc = exchange::roc_transmission(sp)) out.roc_rates[sp.policy_no] = rcc->rate;
      continue;
    }
    Error why =
        suite ? bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                            "the suite " + std::string(keys::info(*suite).name) + " is not accepted here")
              : std::move(suite).error();
    why.offset = at.offset;
    out.bad.emplace(sp.policy_no, std::move(why));
  }
  return out;
}

/// The policy of a session: the first of its own that is acceptable; without any of its own, the first sent.
Status choose(Session& s, const Offered& offered, const std::map<std::uint8_t, keys::Suite>& in_force) {
  if (s.policies.empty()) {
    if (in_force.empty())
      return bad_message(ErrorCode::invalid_sppar, kMap, "a crypto session without a policy", 10);
    s.policies = {in_force.begin()->first};
    return {};
  }
  for (const std::uint8_t no : s.policies)
    if (in_force.contains(no)) {
      s.policies = {no};
      return {};
    }
  if (const auto why = offered.bad.find(s.policies.front()); why != offered.bad.end()) return why->second;
  return bad_message(
      ErrorCode::invalid_sppar, kMap,
      "a crypto session names policy " + std::to_string(s.policies.front()) + ", which is not there", 10);
}

}  // namespace

Result<SessionPlan> plan_sessions(const Policy& policy, const Terms& terms, const SakkeTerms& more,
                                  const keys::Bundle* old) {
  if (more.sessions) return given_sessions(policy, more);
  SessionPlan plan;
  if (old != nullptr && !terms.streams) {
    plan.sessions = sessions_of(*old);
    plan.policies = old->policies;
  } else {
    auto p = engine::propose(policy, terms, old);
    if (!p) return std::move(p).error();
    plan.sessions = sessions_of(*p, terms.validity.spi);
    plan.policies = std::move(p->policies);
    for (const std::uint8_t no : p->announced) {
      auto params = exchange::params_of(plan.policies.at(no));
      if (!params) return std::move(params).error();
      plan.sent.emplace_back(no, std::move(*params));
    }
  }
  if (plan.sessions.empty()) plan.map_type = CsIdMapType::empty;
  return plan;
}

Result<SessionPlan> accept_sessions(const Policy& policy, const wire::Message& m, const keys::Bundle* old) {
  SessionPlan plan;
  plan.map_type = m.hdr().map_type;
  auto sessions = read_map(m);
  if (!sessions) return std::move(sessions).error();
  plan.sessions = std::move(*sessions);
  if (plan.sessions.empty() && old != nullptr) plan.sessions = sessions_of(*old);
  auto offered = read_policies(policy, m);
  if (!offered) return std::move(offered).error();
  plan.roc_rates = offered->roc_rates;
  if (old != nullptr) plan.policies = old->policies;
  for (const auto& [no, suite] : offered->good) plan.policies[no] = suite;
  for (const auto& [no, why] : offered->bad) plan.policies.erase(no);
  if (plan.policies.empty() && offered->bad.empty()) {  // no SP at all: SRTP's defaults (RFC 3830 6.10.1)
    if (!plan.sessions.empty() && !policy.accepts(kDefault))
      return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                         "no security policy is sent, and the default one is not accepted here");
    for (Session& s : plan.sessions) s.policies.resize(1);
    return plan;
  }
  for (Session& s : plan.sessions)
    if (auto ok = choose(s, *offered, plan.policies); !ok) return std::move(ok).error();
  return plan;
}

Result<wire::Hdr> sakke_header(PrfFunc prf, std::uint32_t csb_id, const SessionPlan& plan, Bytes& map) {
  std::vector<Bytes> data;
  std::vector<wire::GenericId> entries;
  data.reserve(plan.sessions.size());
  for (const Session& s : plan.sessions) {
    Bytes& d = data.emplace_back(!s.ssrc ? 0 : s.has_roc ? 10 : 4);
    if (s.ssrc) store_be(d.data(), *s.ssrc);
    if (d.size() == 10) {
      store_be(d.data() + 4, s.roc);
      store_be(d.data() + 8, s.seq);
    }
    entries.push_back({s.cs_id, ProtType::srtp, static_cast<std::uint8_t>(d.size() == 10 ? 1 : 0),
                       static_cast<std::uint8_t>(s.policies.size()), Octets(ByteView(s.policies)), Octets(d),
                       Octets(s.spi)});
  }
  auto octets = wire::encode_entries(std::span<const wire::GenericId>(entries));
  if (!octets) return std::move(octets).error();
  map = std::move(*octets);
  wire::Hdr h;
  h.data_type = DataType::sakke_init;
  h.v = 0;  // RFC 6509 2.2.1
  h.prf = prf;
  h.csb_id = csb_id;
  h.map_type = plan.sessions.empty() ? CsIdMapType::empty : CsIdMapType::generic_id;
  h.n_cs = static_cast<std::uint8_t>(plan.sessions.size());
  h.map = Octets(map);
  return h;
}

std::vector<keys::CryptoSession> bundle_sessions(const SessionPlan& plan) {
  std::vector<keys::CryptoSession> out;
  for (const Session& s : plan.sessions) {
    keys::CryptoSession cs;
    cs.cs_id = s.cs_id;
    cs.ssrc = s.ssrc.value_or(0);
    cs.roc = s.roc;
    cs.policy_no = s.policies.empty() ? std::uint8_t{0} : s.policies.front();
    const auto suite = plan.policies.find(cs.policy_no);
    cs.suite = suite == plan.policies.end() ? kDefault : suite->second;
    if (const auto roc = plan.roc_rates.find(cs.policy_no); roc != plan.roc_rates.end())
      cs.roc_rate = roc->second;
    if (!s.spi.empty()) cs.validity = {KvType::spi, s.spi, {}, {}};
    out.push_back(std::move(cs));
  }
  return out;
}

}  // namespace mikey::sakke
