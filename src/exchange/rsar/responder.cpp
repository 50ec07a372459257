#include <set>

#include "exchange/rsar/rsar.hpp"
#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::rsar::responder {

Result<engine::Next<NeedsOld>> on(const AwaitInit& /*state*/, engine::Received<Init> m, const Env& env) {
  using P = PayloadType;
  if (auto ok = engine::can_answer_signed(env); !ok) return std::move(ok).error();
  auto ts = engine::fresh_timestamp(env, *m);
  if (!ts) return std::move(ts).error();
  if (auto ok = engine::check_prf(env.policy, *m); !ok) return std::move(ok).error();
  auto layout = engine::check_layout(*m, {P::t, P::rand, P::id, P::cert, P::sp, P::general_ext}, P::sign);
  if (!layout) return std::move(layout).error();
  auto ids = engine::message_ids(*m, env.self);
  if (!ids) return std::move(ids).error();
  auto signer = engine::find_signer(env, *m, m.fetched.get(), ids->idi);
  if (!signer) return std::move(signer).error();
  NeedBundle need{signer->identity, m->hdr().csb_id};
  return engine::Next<NeedsOld>{NeedsOld{std::move(m), std::move(*ts), std::move(*ids), std::move(*signer)},
                                engine::actions(Need(std::move(need)))};
}

Result<engine::Next<NeedsVerdict>> on(const NeedsOld& s, BundleSupplied answer, const Env& env) {
  auto authentic = engine::Verifier::signature(s.signer, s.init, env.policy);
  if (!authentic) return std::move(authentic).error();
  NeedReplayVerdict question = engine::ReplayGate::ask(*authentic, s.signer.identity);
  return engine::Next<NeedsVerdict>{
      NeedsVerdict{std::move(*authentic), s.t, s.ids, s.signer, std::move(answer.bundle)},
      engine::actions(Need(std::move(question)))};
}

namespace {

/// What was chosen of an offer: the payloads to send back, as they came.
struct Choice {
  engine::Proposal proposal;
  std::vector<wire::Sp> sps;
  Bytes own_params;  ///< of a policy of one's own
};

/// A group's members offer no policies and get the Responder's (RFC 4738 3.2).
Result<Choice> choose_for_group(const Policy& policy, Choice c) {
  auto params = exchange::params_of(policy.srtp.front());
  if (!params) return std::move(params).error();
  c.own_params = std::move(*params);
  c.proposal.policies[0] = policy.srtp.front();
  for (wire::SrtpId& e : c.proposal.cs) e.policy_no = 0;
  if (c.proposal.cs.empty()) c.proposal.cs.push_back({0, 0, 0});
  c.sps.push_back({0, ProtType::srtp, Octets(c.own_params)});
  return c;
}

/// RFC 4738 3.6: each session keeps its policy when that is acceptable, else it gets the first acceptable one
/// offered.
Result<Choice> choose(const Policy& policy, const wire::Message& m, bool group) {
  if (m.hdr().map_type != CsIdMapType::srtp_id)
    return bad_message(ErrorCode::unspecified, "RFC 4738 3.4", "this mode needs an SRTP-ID map", 9);
  Choice c;
  c.proposal.cs = m.srtp_ids();
  const auto offered = m.all<wire::Sp>();
  if (group && offered.empty()) return choose_for_group(policy, std::move(c));
  std::set<std::uint8_t> numbers;
  for (const wire::Sp& sp : offered) {
    if (!numbers.insert(sp.policy_no).second)
      return bad_message(ErrorCode::invalid_sppar, "RFC 3830 6.10", "two security policies have one number");
    auto suite = exchange::suite_of(sp);
    if (suite && policy.accepts(*suite)) c.proposal.policies[sp.policy_no] = *suite;
  }
  const bool fits = offered.empty() ? policy.accepts(c.proposal.suite(0)) : !c.proposal.policies.empty();
  if (!fits)
    return bad_message(ErrorCode::invalid_sppar, "RFC 4738 3.6",
                       "none of the policies offered is accepted here");
  if (offered.empty()) {
    if (c.proposal.cs.empty()) c.proposal.cs.push_back({0, 0, 0});
    return c;
  }
  const std::uint8_t first = c.proposal.policies.begin()->first;
  if (c.proposal.cs.empty())
    c.proposal.cs.push_back({first, 0, 0});  // the Responder fills in the sessions (3.6)
  std::set<std::uint8_t> used;
  for (wire::SrtpId& e : c.proposal.cs) {
    if (!c.proposal.policies.contains(e.policy_no)) e.policy_no = first;
    used.insert(e.policy_no);
  }
  std::erase_if(c.proposal.policies, [&](const auto& p) { return !used.contains(p.first); });
  for (const wire::Sp& sp : offered)
    if (used.contains(sp.policy_no)) c.sps.push_back(sp);
  return c;
}

/// RAND of the request, the group's, or a new one.
Result<Bytes> choose_rand(const Env& env, const wire::Message& m, bool group) {
  if (m.count<wire::Rand>() > 1)
    return bad_message(ErrorCode::unspecified, "RFC 4738 3.4", "more than one RAND payload");
  if (const auto r = m.first<wire::Rand>()) return to_bytes(r->data);
  if (group) return env.group->rand;
  return env.rng.bytes(16, "RAND");
}

/// The members are to listen to the same streams.
void name_streams(const RsarGroup& group, std::vector<wire::SrtpId>& cs) {
  for (std::size_t i = 0; i < cs.size() && i < group.ssrcs.size(); ++i)
    if (cs[i].ssrc == 0) cs[i].ssrc = group.ssrcs[i];
}

Result<keys::KeyEntry> choose_key(const Env& env, const engine::Proposal& p, bool group) {
  if (group) {
    keys::KeyEntry k;
    k.has_salt = !env.group->salt.empty();
    k.type = k.has_salt ? KeyDataType::tgk_salt : KeyDataType::tgk;
    k.key = env.group->tgk.clone();
    k.salt = env.group->salt.clone();
    return k;
  }
  KeyRequest request;
  request.length = 16;
  for (const keys::Suite s : p.suites())
    request.length = std::max<std::size_t>(*request.length, keys::info(s).key_len);
  return engine::make_key(env.rng, p.suites(), request, {});
}

}  // namespace

Result<engine::Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  if (auto ok = engine::check_for_me(s.ids, env.self); !ok) return std::move(ok).error();
  if (auto ok = engine::check_envelope_certificate(env.policy, s.signer.certificate); !ok)
    return std::move(ok).error();
  if (s.old) return bad_message(ErrorCode::unspecified, "RFC 4738 3.6", "a CSB with this ID exists already");
  const bool request_has_rand = m.find(PayloadType::rand) != nullptr;
  const bool group = !request_has_rand && env.group != nullptr;
  auto choice = choose(env.policy, m, group);
  if (!choice) return std::move(choice).error();
  auto rand = choose_rand(env, m, group);
  if (!rand) return std::move(rand).error();
  auto key = choose_key(env, choice->proposal, group);
  if (!key) return std::move(key).error();
  if (group) name_streams(*env.group, choice->proposal.cs);
  engine::Accepted a{Mode::rsar, s.signer.identity, nullptr, std::move(*rand), choice->proposal, {}};
  a.keys.push_back(std::move(*key));
  auto draft = engine::respond_draft(env, m, a, true);
  if (!draft) return std::move(draft).error();
  if (group) {
    (*draft)->derive_csb_id = env.group->csb_id;
    if (auto ok = engine::rekey(env, *draft); !ok) return std::move(ok).error();
  }

  Bytes map;
  wire::ChainBuilder b(engine::map_header(m.hdr(), DataType::rsar_resp, a.proposal.cs, map));
  b.add(wire::T{s.t.type, Octets(s.t.value)});
  if (!request_has_rand) b.add(wire::Rand{Octets(a.rand)});
  b.add(engine::id_payload(env.self));
  engine::add_own_certificates(b, env);
  for (const wire::Sp& sp : choice->sps) b.add(sp);
  Bytes group_id(4);
  if (group) {
    store_be(group_id.data(), env.group->csb_id);
    b.add(wire::GeneralExt{GeneralExtType::csb_id, Octets(group_id)});
  }
  auto envelope = engine::add_envelope(b, env, {m.hdr().prf, m.hdr().csb_id, a.rand, s.t.value},
                                       s.signer.certificate, draft->view().keys, env.policy.pke_cache, true);
  if (!envelope) return std::move(envelope).error();
  auto message =
      engine::finish_signed_rsar(std::move(b), env, s.signer.identity.data, env.self.data, s.t.value);
  if (!message) return std::move(message).error();
  (*draft)->cache = envelope->cache;
  (*draft)->null_protected = envelope->null_protected;
  if (envelope->cache != EnvelopeCache::no_cache) (*draft)->transport_key = std::move(envelope->key);
  return engine::Next<Done>{
      Done{}, engine::actions(Send{Destination::peer, s.signer.identity, std::move(*message), false},
                              engine::commit(s.init, *fresh, std::move(*draft)))};
}

}  // namespace mikey::rsar::responder
