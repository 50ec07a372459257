#include "exchange/ticket/sessions.hpp"

#include <array>
#include <set>

#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::ticket {

std::vector<Session> sessions_of(const engine::Proposal& p, ByteView spi) {
  std::vector<Session> out;
  for (const wire::SrtpId& e : p.cs) {
    Session s;
    s.cs_id = static_cast<std::uint8_t>(out.size() + 1);
    s.policies = {e.policy_no};
    if (e.ssrc != 0) s.ssrc = e.ssrc;
    s.roc = e.roc;
    s.has_roc = e.roc != 0 && e.ssrc != 0;
    s.spi = to_bytes(spi);
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<Session> sessions_of(const keys::Bundle& bundle) {
  std::vector<Session> out;
  for (const keys::CryptoSession& c : bundle.sessions)
    out.push_back({c.cs_id, {c.policy_no}, c.ssrc, c.roc, 0, c.roc != 0, c.validity.spi});
  return out;
}

Result<std::vector<Session>> read_sessions(const wire::Message& m, bool complete) {
  std::vector<Session> out;
  if (m.hdr().map_type == CsIdMapType::empty) return out;
  if (m.hdr().map_type != CsIdMapType::generic_id)
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.1", "the CS ID map is not of type GENERIC-ID", 9);
  std::set<std::uint8_t> seen;
  for (const wire::GenericId& g : m.generic_ids()) {
    if (g.prot_type != ProtType::srtp)
      return bad_message(ErrorCode::invalid_sp, "RFC 6043 6.1.1", "a crypto session is not for SRTP", 10);
    if (!seen.insert(g.cs_id).second)
      return bad_message(ErrorCode::unspecified, "RFC 6043 6.1.1", "two crypto sessions have one CS ID", 10);
    Session s;
    s.cs_id = g.cs_id;
    s.policies.assign(g.policies.begin(), g.policies.end());
    s.has_roc = g.s != 0 && !g.session_data.empty();
    if (!g.session_data.empty()) s.ssrc = load_be<std::uint32_t>(g.session_data.data());
    if (s.has_roc) {  // the length was checked with the message
      s.roc = load_be<std::uint32_t>(g.session_data.data() + 4);
      s.seq = load_be<std::uint16_t>(g.session_data.data() + 8);
    }
    s.spi = to_bytes(g.spi);
    if (complete && s.open())
      return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2.3",
                         "the response leaves a crypto session open", 10);
    out.push_back(std::move(s));
  }
  return out;
}

Result<Bytes> encode_sessions(std::span<const Session> sessions) {
  std::vector<wire::GenericId> blocks;
  std::vector<std::array<std::uint8_t, 10>> data(sessions.size());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const Session& s = sessions[i];
    wire::GenericId g;
    g.cs_id = s.cs_id;
    g.n_policies = static_cast<std::uint8_t>(s.policies.size());
    g.policies = Octets(s.policies);
    g.spi = Octets(s.spi);
    if (s.ssrc) {
      store_be(data[i].data(), *s.ssrc);
      store_be(data[i].data() + 4, s.roc);
      store_be(data[i].data() + 8, s.seq);
      g.s = s.has_roc ? 1 : 0;
      g.session_data = Octets(ByteView(data[i]).first(s.has_roc ? 10 : 4));
    }
    blocks.push_back(g);
  }
  return wire::encode_entries<wire::GenericId>(blocks);
}

wire::Hdr map_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id, std::size_t n,
                     const Bytes& map) {
  wire::Hdr h;
  h.data_type = type;
  h.v = v ? 1 : 0;
  h.prf = prf;
  h.csb_id = csb_id;
  h.map_type = CsIdMapType::generic_id;
  h.n_cs = static_cast<std::uint8_t>(n);
  h.map = Octets(map);
  return h;
}

namespace {

Error unacceptable(std::string why, std::optional<std::size_t> offset = std::nullopt) {
  return bad_message(ErrorCode::invalid_sppar, "RFC 6043 6.1.1", std::move(why), offset);
}

/// The number for a policy of one's own: above all that are in use, also by policies that are not understood.
std::optional<std::uint8_t> free_number(const Policies& p, const std::set<std::uint8_t>& offered) {
  unsigned next = 0;
  if (!p.known.empty()) next = p.known.rbegin()->first + 1U;
  if (!offered.empty()) next = std::max(next, *offered.rbegin() + 1U);
  if (next > 0xFF) return std::nullopt;
  return static_cast<std::uint8_t>(next);
}

}  // namespace

Status choose_policies(const Policy& policy, const wire::Message& m, std::vector<Session>& sessions,
                       Policies& p) {
  std::set<std::uint8_t> offered;
  std::map<std::uint8_t, std::string> bad;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::sp) continue;
    const auto sp = m.get<wire::Sp>(s);
    if (!offered.insert(sp.policy_no).second)
      return unacceptable("two security policies have one number", s.offset);
    p.known.erase(sp.policy_no);
    const auto suite = exchange::suite_of(sp);
    if (suite && policy.accepts(*suite)) {
      p.known[sp.policy_no] = *suite;
    } else if (suite) {
      bad[sp.policy_no] = "the suite " + std::string(keys::info(*suite).name) + " is not accepted here";
    } else {
      if (suite.error().code == ErrorCode::invalid_sp) {
        Error e = suite.error();
        e.offset = s.offset;
        return e;
      }
      bad[sp.policy_no] = suite.error().detail;
    }
  }
  for (Session& s : sessions) {
    if (s.policies.empty()) {
      const auto no = free_number(p, offered);
      if (!no) return unacceptable("there is no number left for a security policy");
      p.known[*no] = policy.srtp.front();
      p.announced.push_back(*no);
      s.policies = {*no};
      continue;
    }
    const auto good = std::ranges::find_if(s.policies, [&](std::uint8_t no) { return p.known.contains(no); });
    if (good == s.policies.end()) {
      const auto why = bad.find(s.policies.front());
      return unacceptable(why != bad.end() ? why->second
                                           : "a crypto session names policy " +
                                                 std::to_string(s.policies.front()) + ", which is not there");
    }
    s.policies = {*good};
  }
  return {};
}

Status check_policies(const Policy& policy, const wire::Message& m, std::span<const Session> sessions,
                      Policies& p) {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::sp) continue;
    const auto sp = m.get<wire::Sp>(s);
    auto suite = exchange::suite_of(sp);
    if (!suite) {
      Error e = std::move(suite).error();
      e.offset = s.offset;
      return e;
    }
    const auto known = p.known.find(sp.policy_no);
    if (!policy.accepts(*suite) || (known != p.known.end() && known->second != *suite))
      return unacceptable("the response brings a security policy that is not acceptable", s.offset);
    p.known[sp.policy_no] = *suite;
  }
  for (const Session& s : sessions)
    if (!p.known.contains(s.policies.front()))
      return unacceptable("the response names policy " + std::to_string(s.policies.front()) +
                          ", which nobody sent");
  return {};
}

Status add_policies(wire::ChainBuilder& b, const Policies& p) {
  for (const std::uint8_t no : p.announced) {
    auto params = exchange::params_of(p.known.at(no));
    if (!params) return std::move(params).error();
    b.add(wire::Sp{no, ProtType::srtp, Octets(*params)});
  }
  return {};
}

Status complete(Rng& rng, std::vector<Session>& sessions, ByteView spi) {
  std::set<std::uint32_t> used{0};
  for (const Session& s : sessions)
    if (s.ssrc) used.insert(*s.ssrc);
  for (Session& s : sessions) {
    if (s.spi.empty()) s.spi = to_bytes(spi);
    while (!s.ssrc) {
      auto ssrc = rng.u32("SSRC");
      if (!ssrc) return std::move(ssrc).error();
      if (used.insert(*ssrc).second) s.ssrc = *ssrc;
    }
  }
  return {};
}

std::vector<keys::CryptoSession> crypto_sessions(std::span<const Session> sessions, const Policies& p,
                                                 std::span<const keys::KeyEntry> keys) {
  std::vector<keys::CryptoSession> out(sessions.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Session& s = sessions[i];
    out[i].cs_id = s.cs_id;
    out[i].ssrc = s.ssrc.value_or(0);
    out[i].roc = s.roc;
    out[i].policy_no = s.policies.front();
    const auto suite = p.known.find(s.policies.front());
    if (suite != p.known.end()) out[i].suite = suite->second;
    if (!s.spi.empty()) {
      out[i].validity = {KvType::spi, s.spi, {}, {}};
    } else if (!keys.empty()) {
      out[i].validity = keys.front().validity;
    }
  }
  return out;
}

}  // namespace mikey::ticket
