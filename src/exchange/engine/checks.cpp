#include "exchange/engine/checks.hpp"

#include <set>

#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::engine {

Result<Timestamp> fresh_timestamp(const Env& env, const wire::Message& m) {
  const wire::Slot* at = m.find(PayloadType::t);
  if (at == nullptr || m.count<wire::T>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.1", "the message must have one T payload");
  const auto t = m.get<wire::T>(*at);
  if (t.type != TsType::ntp_utc && t.type != TsType::ntp)
    return bad_message(ErrorCode::invalid_ts, "RFC 3830 6.6",
                       "a timestamp of this type is not supported here", at->offset);
  Timestamp ts{t.type, to_bytes(t.value)};
  const std::int64_t off = ntp_difference(ts.time(), env.clock.read());
  const std::int64_t skew = env.policy.clock_skew.count() << 32;
  const std::int64_t age = env.stored ? env.stored->count() << 32 : 0;
  // A timestamp exactly at the skew is still good; the clock may have moved on by a fraction of a second
  // meanwhile.
  const std::int64_t slack = std::int64_t{1} << 32;
  if (off > skew || off < -(skew + slack + age))
    return bad_message(
        ErrorCode::invalid_ts, "RFC 3830 5.4",
        "the timestamp is " + std::to_string(off >> 32) + " s away from this clock, more than " +
            std::to_string(env.policy.clock_skew.count() + (env.stored ? env.stored->count() : 0)),
        at->offset);
  return ts;
}

Status check_prf(const Policy& policy, const wire::Message& m) {
  if (!Policy::has(policy.prf, m.hdr().prf))
    return bad_message(ErrorCode::invalid_prf, "RFC 3830 6.1",
                       "PRF function " + std::to_string(wire::to_number(m.hdr().prf)) + " is not accepted",
                       3);
  return {};
}

Status check_layout(const wire::Message& m, std::initializer_list<PayloadType> allowed, PayloadType last) {
  for (std::size_t i = 0; i < m.size(); ++i) {
    const bool at_end = i + 1 == m.size();
    const bool good = at_end ? m.type(i) == last : std::ranges::find(allowed, m.type(i)) != allowed.end();
    if (!good)
      return bad_message(ErrorCode::unspecified, "RFC 3830 3",
                         at_end ? "the message does not end with the payload that authenticates it"
                                : "a payload of type " + std::to_string(wire::to_number(m.type(i))) +
                                      " does not belong here",
                         m.slots()[i].offset);
  }
  if (m.size() == 0)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3", "the message has no payloads", 2);
  return {};
}

wire::Id id_payload(const Identity& id) {
  return {id.type, Octets(id.data)};
}
Identity identity_of(const wire::Id& id) {
  return {id.type, to_bytes(id.data)};
}

Result<Ids> message_ids(const wire::Message& m, const Identity& self) {
  Ids out;
  std::size_t n = 0;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::id) continue;
    Identity id = identity_of(m.get<wire::Id>(s));
    const bool is_idr = n == 1 || (m.count<wire::Id>() == 1 && id == self);
    if (n++ == 2)
      return bad_message(ErrorCode::unspecified, "RFC 3830 3.1", "more than two ID payloads", s.offset);
    if (is_idr) {
      out.idr = std::move(id);
      out.idr_offset = s.offset;
    } else {
      out.idi = std::move(id);
    }
  }
  return out;
}

Status check_for_me(const Ids& ids, const Identity& self) {
  if (ids.idr && *ids.idr != self)
    return bad_message(ErrorCode::invalid_id, "RFC 3830 3.1", "the message is for another identity",
                       ids.idr_offset);
  return {};
}

Result<Bytes> find_rand(const wire::Message& m, const keys::Bundle* old) {
  const std::size_t n = m.count<wire::Rand>();
  if (n > 1) return bad_message(ErrorCode::unspecified, "RFC 3830 3.1", "more than one RAND payload");
  if (n == 1) return to_bytes(m.first<wire::Rand>()->data);
  if (old != nullptr) return old->rand;
  return bad_message(ErrorCode::unspecified, "RFC 3830 4.5", "no RAND, and no CSB with this ID to update");
}

Status check_same_kind(const keys::Bundle& old, Mode mode, const wire::Message& m) {
  if (old.mode != mode)
    return bad_message(ErrorCode::unspecified, "RFC 3830 4.5",
                       "that CSB is of mode " + std::string(mode_name(old.mode)));
  if (m.hdr().prf != old.prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 3830 4.5", "the update names another PRF function", 3);
  return {};
}

Error collision(const wire::Message& m) {
  return bad_message(ErrorCode::unspecified, "RFC 3830 4.5",
                     "a CSB with this ID exists, and an update has no RAND",
                     m.find(PayloadType::rand)->offset);
}

Result<Proposal> accept_proposal(const Policy& policy, const wire::Message& m, const keys::Bundle* old) {
  Proposal p;
  p.map_type = m.hdr().map_type;
  if (p.map_type == CsIdMapType::generic_id)
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.1.1",
                       "a GENERIC-ID map does not belong to this mode", 9);
  if (old != nullptr) p.policies = old->policies;
  std::set<std::uint8_t> seen;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::sp) continue;
    if (p.map_type == CsIdMapType::empty)
      return bad_message(ErrorCode::invalid_sp, "RFC 4563 3", "a security policy beside an empty CS ID map",
                         s.offset);
    const auto sp = m.get<wire::Sp>(s);
    if (!seen.insert(sp.policy_no).second)
      return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10", "two security policies have one number",
                         s.offset);
    auto suite = exchange::suite_of(sp);
    if (!suite) {
      Error e = std::move(suite).error();
      e.offset = s.offset;
      return e;
    }
    p.policies[sp.policy_no] = *suite;
  }
  p.cs = m.hdr().map_type == CsIdMapType::srtp_id ? m.srtp_ids() : std::vector<wire::SrtpId>{};
  if (p.cs.empty() && m.hdr().n_cs == 0 && old != nullptr)
    for (const keys::CryptoSession& s : old->sessions) p.cs.push_back({s.policy_no, s.ssrc, s.roc});
  for (const wire::SrtpId& e : p.cs) {
    if (!p.policies.empty() && !p.policies.contains(e.policy_no))
      return bad_message(
          ErrorCode::invalid_sppar, "RFC 3830 6.1.1",
          "a crypto session names policy " + std::to_string(e.policy_no) + ", which is not there", 10);
    const keys::Suite suite = p.suite(e.policy_no);
    if (!policy.accepts(suite))
      return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10.1",
                         "the suite " + std::string(keys::info(suite).name) + " is not accepted here");
  }
  return p;
}

Status fill_ssrcs(Rng& rng, std::vector<wire::SrtpId>& cs) {
  std::set<std::uint32_t> used{0};
  for (const wire::SrtpId& e : cs) used.insert(e.ssrc);
  for (wire::SrtpId& e : cs) {
    while (e.ssrc == 0) {
      auto ssrc = rng.u32("SSRC");
      if (!ssrc) return std::move(ssrc).error();
      if (used.insert(*ssrc).second) e.ssrc = *ssrc;
    }
  }
  return {};
}

namespace {

/// Nine octets an entry (RFC 3830 6.1.1); an SrtpId always fits.
Bytes encode_map(const std::vector<wire::SrtpId>& cs) {
  Bytes map(cs.size() * 9);
  for (std::size_t i = 0; i < cs.size(); ++i) {
    wire::Encoder e(map.data() + i * 9);
    wire::SrtpId::describe(cs[i], e);
  }
  return map;
}

}  // namespace

wire::Hdr map_header(wire::Hdr h, DataType type, const std::vector<wire::SrtpId>& cs, Bytes& map) {
  h.data_type = type;
  h.v = 0;
  h.next = PayloadType::last;
  map = encode_map(cs);
  h.n_cs = static_cast<std::uint8_t>(cs.size());
  h.map = Octets(map);
  return h;
}

wire::Hdr response_header(const wire::Message& m, DataType type, const std::vector<wire::SrtpId>& cs,
                          Bytes& map) {
  if (m.hdr().map_type == CsIdMapType::srtp_id && m.hdr().n_cs > 0) return map_header(m.hdr(), type, cs, map);
  wire::Hdr h = m.hdr();
  h.data_type = type;
  h.v = 0;
  h.next = PayloadType::last;
  return h;
}

wire::Hdr initial_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id, const Proposal& p,
                         Bytes& map) {
  wire::Hdr h;
  h.data_type = type;
  h.v = v ? 1 : 0;
  h.prf = prf;
  h.csb_id = csb_id;
  h.map_type = p.map_type;
  if (p.map_type == CsIdMapType::srtp_id) {
    map = encode_map(p.cs);
    h.n_cs = static_cast<std::uint8_t>(p.cs.size());
    h.map = Octets(map);
  }
  return h;
}

Result<std::vector<wire::SrtpId>> check_answer(const wire::Message& answer, const Proposal& sent,
                                               PrfFunc prf) {
  const wire::Hdr& h = answer.hdr();
  if (h.prf != prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 3830 6.1", "the response names another PRF function", 3);
  const std::size_t expected = sent.map_type == CsIdMapType::srtp_id ? sent.cs.size() : h.n_cs;
  if (h.map_type != sent.map_type || h.n_cs != expected)
    return bad_message(ErrorCode::unspecified, "RFC 3830 6.1.1", "the response changes the CS ID map", 8);
  std::vector<wire::SrtpId> cs =
      sent.map_type == CsIdMapType::srtp_id ? answer.srtp_ids() : std::vector<wire::SrtpId>{};
  for (std::size_t i = 0; i < cs.size(); ++i) {
    const wire::SrtpId& mine = sent.cs[i];
    if (cs[i].policy_no != mine.policy_no || (mine.ssrc != 0 && cs[i] != mine))
      return bad_message(ErrorCode::unspecified, "RFC 3830 6.1.1", "the response changes a crypto session",
                         10 + 9 * i);
  }
  return cs;
}

std::vector<keys::Extension> extensions_of(const wire::Message& m) {
  std::vector<keys::Extension> out;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::general_ext) continue;
    const auto e = m.get<wire::GeneralExt>(s);
    out.push_back({e.type, to_bytes(e.data)});
  }
  return out;
}

}  // namespace mikey::engine
