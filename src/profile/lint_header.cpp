// HDR and the CS ID map.

#include <set>

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

constexpr std::size_t kSrtpIdSize = 9;

std::string hex32(std::uint32_t v) {
  std::array<std::uint8_t, 4> octets{};
  store_be<std::uint32_t>(octets.data(), v);
  return "0x" + to_hex(octets);
}

// MIKEY-SAKKE takes its header from RFC 6043.
bool may_have_generic_id(DataType t) {
  return t == DataType::transfer_init || t == DataType::transfer_resp || t == DataType::sakke_init;
}

bool is_transfer(DataType t) {
  return t == DataType::transfer_init || t == DataType::transfer_resp;
}

bool sets_up_sessions(const Context& c) {
  return c.kind != nullptr && !c.kind->response && !c.update &&
         std::ranges::find(c.kind->expected, PayloadType::sp, &Expected::type) != c.kind->expected.end();
}

// Only in these modes an answer depends on the V flag (RFC 3830 6.1).
bool may_go_unanswered(const wire::Hdr& h) {
  return h.v == 0 && (h.data_type == DataType::psk_init || h.data_type == DataType::pk_init);
}

void check_modes(Context& c) {
  const wire::Hdr& h = c.m.hdr();
  if (c.peer.only_type && h.data_type != *c.peer.only_type)
    c.add(rule("mode-refused"), kDataTypeAt,
          "data type " + std::to_string(wire::to_number(h.data_type)) + " (" +
              std::string(wire::name_of(h.data_type)) + ")");
  if (h.prf != PrfFunc::mikey_1)
    c.add(rule("prf-not-mikey-1"), kPrfAt, "PRF " + std::to_string(wire::to_number(h.prf)));
  if (h.prf != PrfFunc::hmac_sha_256)
    c.add(rule("prf-not-sha-256"), kPrfAt, "PRF " + std::to_string(wire::to_number(h.prf)));
  if (h.v == 0 && h.data_type == DataType::rsar_init)
    c.add(rule("response-mandatory"), kPrfAt, "V is 0 in an RSA-R request");
  if (h.v != 0 && c.response()) c.add(rule("v-in-response"), kPrfAt, "V is set in a response");
  if (h.v != 0 && !c.response()) c.add(rule("response-wanted"), kPrfAt, "V is set: a response is expected");
}

void check_map_type(Context& c) {
  const wire::Hdr& h = c.m.hdr();
  if (h.map_type != CsIdMapType::srtp_id)
    c.add(rule("map-not-srtp-id"), kMapTypeAt,
          "the map is of type " + std::string(wire::name_of(h.map_type)));
  if (h.map_type == CsIdMapType::srtp_id && h.n_cs > 0) {
    c.add(rule("srtp-id-map"), kMapTypeAt, "the map is of type SRTP-ID");
    if (is_transfer(h.data_type)) c.add(rule("srtp-id-in-ticket"), kMapTypeAt, "SRTP-ID map in MIKEY-TICKET");
  }
  if (h.map_type == CsIdMapType::generic_id && !may_have_generic_id(h.data_type))
    c.add(rule("generic-id-outside-ticket"), kMapTypeAt,
          "GENERIC-ID map outside MIKEY-TICKET and MIKEY-SAKKE");
  if (h.map_type == CsIdMapType::empty && h.n_cs > 0)
    c.add(rule("empty-map-with-cs"), kMapTypeAt - 1,
          "#CS is " + std::to_string(h.n_cs) + " with an empty map");
  if (h.map_type == CsIdMapType::empty && !c.policies.empty())
    c.add(rule("empty-map-with-sp"), c.policies.front().slot.offset, "SP payload although the map is empty");
  if (h.n_cs == 0 && sets_up_sessions(c)) c.add(rule("cs-none"), kMapTypeAt - 1, "no crypto session");
}

void check_policy_number(Context& c, std::uint8_t policy, std::size_t offset) {
  // Without any SP the number means the default policy, or that of an update.
  if (c.policies.empty() || c.policy(policy) != nullptr || c.update || c.response()) return;
  c.add(rule("cs-policy-missing"), offset, "no SP payload has policy number " + std::to_string(policy));
}

void check_srtp_ids(Context& c) {
  std::set<std::uint32_t> seen;
  std::size_t at = kMapAt;
  for (const wire::SrtpId& cs : c.m.srtp_ids()) {
    check_policy_number(c, cs.policy_no, at);
    if (cs.ssrc == 0 && !c.response())
      c.add(rule("ssrc-zero"), at + 1, "the Responder is to choose the SSRC");
    if (cs.ssrc == 0 && may_go_unanswered(c.m.hdr()))
      c.add(rule("ssrc-zero-unanswered"), at + 1, "SSRC 0, but no answer is asked for");
    if (cs.ssrc != 0 && !seen.insert(cs.ssrc).second)
      c.add(rule("ssrc-twice"), at + 1, "two crypto sessions with SSRC " + hex32(cs.ssrc));
    at += kSrtpIdSize;
  }
}

void check_generic_ids(Context& c) {
  const bool resp = c.is(DataType::transfer_resp);
  for (const wire::GenericId& cs : c.m.generic_ids()) {
    const std::size_t at = c.offset_of(cs.policies);
    for (std::size_t i = 0; i < cs.policies.size(); ++i) check_policy_number(c, cs.policies[i], at + i);
    if (resp && cs.policies.size() != 1)
      c.add(rule("generic-id-policies"), at,
            std::to_string(cs.policies.size()) + " policies for CS ID " + std::to_string(cs.cs_id));
  }
}

void check_unused_policies(Context& c) {
  // RSA-R offers policies for the Responder to choose from (RFC 4738 3.4).
  if (c.is(DataType::rsar_init) || c.is(DataType::error)) return;
  if (c.m.hdr().n_cs == 0 || c.m.hdr().map_type == CsIdMapType::empty) return;
  std::set<std::uint8_t> used;
  if (c.m.hdr().map_type == CsIdMapType::srtp_id)
    for (const wire::SrtpId& cs : c.m.srtp_ids()) used.insert(cs.policy_no);
  else
    for (const wire::GenericId& cs : c.m.generic_ids()) used.insert(cs.policies.begin(), cs.policies.end());
  for (const PolicyView& p : c.policies)
    if (!used.contains(p.sp.policy_no))
      c.add(rule("policy-unused"), p.slot.body(),
            "policy " + std::to_string(p.sp.policy_no) + " is not used");
}

}  // namespace

void check_header(Context& c) {
  check_modes(c);
  check_map_type(c);
  if (c.m.hdr().map_type == CsIdMapType::srtp_id) check_srtp_ids(c);
  if (c.m.hdr().map_type == CsIdMapType::generic_id) check_generic_ids(c);
  check_unused_policies(c);
  if (c.policies.empty() && c.m.hdr().n_cs > 0 && c.m.hdr().map_type != CsIdMapType::empty &&
      sets_up_sessions(c))
    c.add(rule("sp-none"), c.m.octets().size(), "no SP payload");
}

}  // namespace mikey::profile
