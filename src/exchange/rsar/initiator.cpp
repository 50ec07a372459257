#include "exchange/rsar/rsar.hpp"
#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::rsar::initiator {
namespace {

/// Without streams of one's own, all suites are offered, and the Responder chooses (RFC 4738 3.4).
void offer_everything(const Policy& policy, engine::Proposal& p) {
  p.policies.clear();
  p.announced.clear();
  for (std::size_t i = 0; i < policy.srtp.size() && i < 256; ++i) {
    p.policies[static_cast<std::uint8_t>(i)] = policy.srtp[i];
    p.announced.push_back(static_cast<std::uint8_t>(i));
  }
}

/// The sessions of the response: one's own first, with what they had set, and any the Responder has added
/// (3.6).
Result<std::vector<wire::SrtpId>> response_sessions(const wire::Message& m, const engine::Opening& o) {
  if (m.hdr().prf != o.prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 3830 6.1", "the response names another PRF function", 3);
  const std::vector<wire::SrtpId>& mine = o.proposal.cs;
  if (m.hdr().map_type != CsIdMapType::srtp_id || m.hdr().n_cs < mine.size())
    return bad_message(ErrorCode::unspecified, "RFC 4738 3.6", "the response changes the CS ID map", 8);
  auto cs = m.srtp_ids();
  for (std::size_t i = 0; i < mine.size(); ++i)
    if (mine[i].ssrc != 0 && (cs[i].ssrc != mine[i].ssrc || cs[i].roc != mine[i].roc))
      return bad_message(ErrorCode::unspecified, "RFC 3830 6.1.1", "the response changes a crypto session",
                         10 + 9 * i);
  return cs;
}

/// The policies of the response, each of which must have been offered (3.7).
Result<engine::Proposal> response_policies(const wire::Message& m, const engine::Opening& o,
                                           const Policy& policy) {
  engine::Proposal p;
  auto cs = response_sessions(m, o);
  if (!cs) return std::move(cs).error();
  p.cs = std::move(*cs);
  const bool offered = !o.proposal.announced.empty();
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::sp) continue;
    const auto sp = m.get<wire::Sp>(s);
    auto suite = exchange::suite_of(sp);
    if (!suite) return std::move(suite).error();
    bool known = !offered;
    for (const std::uint8_t no : o.proposal.announced) known = known || o.proposal.suite(no) == *suite;
    if (!known || p.policies.contains(sp.policy_no))
      return bad_message(ErrorCode::invalid_sppar, "RFC 4738 3.7", "a policy that was not offered", s.offset);
    p.policies[sp.policy_no] = *suite;
  }
  if (offered && p.policies.empty())
    return bad_message(ErrorCode::invalid_sppar, "RFC 4738 3.6",
                       "the response chooses none of the policies offered");
  for (const wire::SrtpId& e : p.cs)
    if ((!p.policies.empty() && !p.policies.contains(e.policy_no)) || !policy.accepts(p.suite(e.policy_no)))
      return bad_message(ErrorCode::invalid_sppar, "RFC 4738 3.6",
                         "a crypto session has a policy that is not acceptable");
  return p;
}

/// RAND stands in exactly one of the two messages; a CSB_ID extension only beside the Responder's
/// (3.2, 3.6, 3.7).
struct GroupPart {
  Bytes rand;
  std::optional<std::uint32_t> csb_id;
};
Result<GroupPart> group_part(const wire::Message& m, const AwaitResponse& s) {
  const auto wrong = [](const char* why) { return bad_message(ErrorCode::unspecified, "RFC 4738 3.7", why); };
  GroupPart out;
  const std::size_t n = m.count<wire::Rand>();
  if (n != (s.opening.rand.empty() ? 1U : 0U))
    return wrong("RAND must stand in exactly one of the two messages");
  out.rand = n == 1 ? to_bytes(m.first<wire::Rand>()->data) : s.opening.rand;
  for (const wire::GeneralExt& e : m.all<wire::GeneralExt>()) {
    if (e.type != GeneralExtType::csb_id) continue;
    if (n == 0 || out.csb_id) return wrong("a CSB_ID extension does not belong here");
    out.csb_id = load_be<std::uint32_t>(e.data.data());
  }
  if (s.group && !out.csb_id) return wrong("a group's key needs a CSB_ID extension");
  return out;
}

}  // namespace

Result<engine::Next<AwaitResponse, Done>> begin(const Env& env, RsarOffer offer, const keys::BundlePtr& old) {
  if (auto ok = engine::need_own_certificate(env); !ok) return std::move(ok).error();
  if (old)
    return bad_request("the envelope key of that CSB is not cached, so it cannot be updated", "RFC 4738 3.6");
  if (offer.terms.group)
    return bad_request("the key of a group is the Responder's to give in this mode", "RFC 4738 3.6");
  auto opening = engine::open(env, offer.terms, nullptr);
  if (!opening) return std::move(opening).error();
  engine::Opening& o = *opening;
  if (o.proposal.map_type != CsIdMapType::srtp_id)
    return bad_request("this mode needs a CS ID map", "RFC 4738 3.4");
  if (!offer.terms.streams && !offer.group) offer_everything(env.policy, o.proposal);
  Bytes map;
  wire::ChainBuilder b(engine::initial_header(DataType::rsar_init, true, o.prf, o.csb_id, o.proposal, map));
  if (offer.group) {  // the Responder brings RAND and the group's policies (3.2)
    o.rand.clear();
    o.proposal.announced.clear();
  }
  auto ok =
      engine::add_head(b, env, o, [&env](wire::ChainBuilder& to) { engine::add_own_certificates(to, env); });
  if (!ok) return std::move(ok).error();
  auto message = engine::finish_signed(std::move(b), env);
  if (!message) return std::move(message).error();
  Step step = engine::sent(o, env, std::move(*message), std::nullopt);
  return engine::Next<AwaitResponse, Done>{AwaitResponse{std::move(o), offer.group}, std::move(step)};
}

Result<engine::Next<Done>> on(const AwaitResponse& s, const engine::Received<Response>& m, const Env& env) {
  using P = PayloadType;
  auto layout = engine::check_layout(
      *m, {P::t, P::rand, P::id, P::cert, P::sp, P::general_ext, P::kemac, P::pke}, P::sign);
  if (!layout) return std::move(layout).error();
  const auto ids = m->all<wire::Id>();
  if (ids.size() > 1)
    return bad_message(ErrorCode::unspecified, "RFC 4738 3.3", "more than one ID in the response");
  std::optional<Identity> claimed;
  if (!ids.empty()) claimed = engine::identity_of(ids.front());
  auto signer = engine::find_signer(env, *m, m.fetched.get(), claimed, &s.opening.peer);
  if (!signer) return std::move(signer).error();
  auto authentic = engine::Verifier::signature_rsar(*signer, m, env.policy, env.self.data,
                                                    signer->identity.data, s.opening.t);
  if (!authentic) return std::move(authentic).error();
  auto fresh = engine::ReplayGate::answers(*authentic, s.opening.t);
  if (!fresh) return std::move(fresh).error();
  if (!s.opening.takes(signer->identity))
    return bad_message(ErrorCode::invalid_id, "RFC 4738 3.7", "the response is from another identity");
  auto part = group_part(*m, s);
  if (!part) return std::move(part).error();
  auto proposal = response_policies(*m, s.opening, env.policy);
  if (!proposal) return std::move(proposal).error();

  engine::Opening o = s.opening;
  o.peer = signer->identity;
  o.rand = std::move(part->rand);
  o.proposal = std::move(*proposal);
  auto envelope = engine::open_envelope(env, *m, {o.prf, o.csb_id, o.rand, o.t}, signer->identity, false);
  if (!envelope) return std::move(envelope).error();
  engine::Draft draft = engine::begin_draft(Mode::rsar, Role::initiator, o);
  if (part->csb_id) draft->derive_csb_id = *part->csb_id;
  draft->keys = std::move(envelope->content);
  draft->sessions = engine::make_sessions(o.proposal, draft->keys.front().validity);
  draft->cache = envelope->cache;
  draft->null_protected = envelope->null_protected;
  if (envelope->cache != EnvelopeCache::no_cache) draft->transport_key = std::move(envelope->key);
  if (auto ok = engine::conclude_draft(env, draft, o.proposal.cs, *m); !ok) return std::move(ok).error();
  return engine::Next<Done>{Done{o.csb_id},
                            engine::actions(engine::commit(*authentic, *fresh, std::move(draft)))};
}

Reject on_error(const AwaitResponse& s, const wire::Message& m, const Env& env) {
  auto complaint = engine::read_error(m, s.opening.t);
  if (!complaint) return engine::foreign_error();
  return engine::peer_error(std::move(*complaint), engine::error_is_signed_by(env, m, s.opening.peer));
}

}  // namespace mikey::rsar::initiator
