#include <algorithm>

#include "exchange/ticket/ticket.hpp"

namespace mikey::ticket {
namespace {

Step sent_step(const Env& env, const Sent& sent, bool answered) {
  Step step = engine::actions(Send{Destination::peer, sent.plan->peer, sent.message, answered});
  const NtpTime t{load_be<std::uint64_t>(sent.t.data())};
  if (answered) step.emplace_back(Wake{t + env.policy.patience});
  return step;
}

std::vector<keys::KeyEntry> joined(std::initializer_list<std::span<const keys::KeyEntry>> lists) {
  std::vector<keys::KeyEntry> out;
  for (const auto list : lists)
    for (const keys::KeyEntry& k : list) out.push_back(k.clone());
  return out;
}

/// RFC 6043 9: "the same RANDs MUST be used to derive the session keys in all Ticket Transfer exchanges" of a
/// group.
std::optional<Bytes> group_rand(const Plan& plan) {
  if (!plan.group) return std::nullopt;
  return plan.group->ticket->rand_i;
}

/// RFC 6043 12.1: RANDRi and RANDRr together are as long as the longest key; RANDRi alone is here.
Result<Bytes> make_rand(const Env& env, const Plan& plan, const HeldTicket& ticket) {
  if (auto rand = group_rand(plan)) return std::move(*rand);
  const std::size_t longest =
      std::max({ticket.mpk.initiator.size(), ticket.mpk.responder.size(),
                keys::longest_key(ticket.keys, true), keys::longest_key(plan.own_keys, false)});
  const auto n = keys::ticket_rand_size(longest);
  if (!n)
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "the ticket holds a key too long for a RAND");
  return env.rng.bytes(*n, "RANDRi");
}

/// Builds the message of RFC 6043 4.2.2.1.
Result<Sent> build_transfer(const Env& env, std::shared_ptr<const Plan> plan,
                            std::shared_ptr<const HeldTicket> ticket) {
  const TicketPolicy& policy = ticket->policy;
  if (!plan->own_keys.empty() && !policy.has(TicketFlag::l))
    return bad_message(ErrorCode::invalid_tppar, "RFC 6043 6.10",
                       "the ticket does not let the Initiator supply session keys");
  auto rand = make_rand(env, *plan, *ticket);
  if (!rand) return std::move(rand).error();
  Sent out{std::move(plan), std::move(ticket), std::move(*rand), stamp(env), {}, {}, nullptr};
  const Plan& p = *out.plan;
  const HeldTicket& held = *out.ticket;
  const bool answered = policy.has(TicketFlag::f);
  const keys::KeyEntry* first =
      !p.own_keys.empty() ? &p.own_keys.front() : (held.keys.empty() ? nullptr : &held.keys.front());
  out.sessions = p.group
                     ? sessions_of(*p.group)
                     : sessions_of(p.proposal, first == nullptr ? ByteView() : ByteView(first->validity.spi));
  if (!answered)  // nobody else can fill it in
    for (Session& s : out.sessions) s.ssrc = s.ssrc.value_or(0);
  out.keys = std::make_shared<const keys::MessageKeys>(
      env.crypto, p.prf, held.mpk.initiator.reveal(), p.csb_id,
      keys::ticket_message_context(keys::Phase::initial, out.rand_i, {}));

  auto map = encode_sessions(out.sessions);
  if (!map) return std::move(map).error();
  wire::ChainBuilder b(
      map_header(DataType::transfer_init, answered, p.prf, p.csb_id, out.sessions.size(), *map));
  b.add(wire::T{TsType::ntp_utc, Octets(out.t)});
  b.add(wire::Randr{RandRole::initiator, Octets(out.rand_i)});
  b.add(idr_payload(IdRole::initiator, env.self));
  b.add(idr_payload(IdRole::responder, p.peer));
  if (auto s = engine::add_policies(b, p.proposal); !s) return std::move(s).error();
  engine::add_extensions(b, p.extensions);
  const MacAlg mac = keys::ticket_algorithms(p.prf).mac;
  const std::size_t n = policy.has(TicketFlag::i) ? initiator_data_size(mac) : 0;
  auto payload = held.core.with(Bytes(n));
  if (!payload) return std::move(payload).error();
  b.add_encoded(PayloadType::ticket, *payload);
  const std::size_t data_end = b.octets().size();
  if (!p.own_keys.empty())
    if (auto s = add_kemac(b, *out.keys, kemac_algorithm(env.policy, p.prf), out.t, {p.own_keys}); !s)
      return std::move(s).error();
  auto message =
      engine::finish_transfer_6043(*out.keys, p.prf, std::move(b), data_end, n, env.self.data, p.peer.data);
  if (!message) return std::move(message).error();
  if (n > 0) {  // Vi repeats the MAC of V, which does not cover Initiator Data (5.5, 6.10)
    const ByteView v = ByteView(*message).last(*wire::mac_size(mac));
    auto data = make_initiator_data(env.crypto, policy.prf, held.mpk.responder.reveal(), mac, v);
    if (!data) return std::move(data).error();
    std::ranges::copy(*data, message->begin() + static_cast<std::ptrdiff_t>(data_end - n));
  }
  out.message = std::move(*message);
  return out;
}

/// Sends TRANSFER_INIT; without the F flag that is all (RFC 6043 6.10).
Result<Next<AwaitAnswer, Done>> transfer(const Env& env, std::shared_ptr<const Plan> plan,
                                         std::shared_ptr<const HeldTicket> ticket) {
  auto sent = build_transfer(env, std::move(plan), std::move(ticket));
  if (!sent) return std::move(sent).error();
  const TicketFlags flags = sent->ticket->policy.flags;
  Step step = sent_step(env, *sent, flags.has(TicketFlag::f));
  if (flags.has(TicketFlag::j)) step.emplace_back(KeepTicket{sent->ticket});
  if (flags.has(TicketFlag::f))
    return Next<AwaitAnswer, Done>{AwaitAnswer{std::make_shared<const Sent>(std::move(*sent))},
                                   std::move(step)};
  const Plan& p = *sent->plan;
  keys::TicketCsb csb{.flags = flags.bits(),
                      .initiator = env.self,
                      .responder = p.peer,
                      .mpk = sent->ticket->mpk.initiator.clone(),
                      .context = keys::ticket_message_context(keys::Phase::initial, sent->rand_i, {}),
                      .fingerprint = sent->ticket->fingerprint,
                      .rekey = sent->ticket->policy.rekey};
  Policies policies{p.proposal.policies, {}};
  auto draft = make_draft(env, {Role::initiator,
                                p.peer,
                                p.csb_id,
                                p.prf,
                                flags,
                                sent->rand_i,
                                {},
                                joined({p.own_keys, sent->ticket->keys}),
                                sent->sessions,
                                std::move(policies),
                                std::move(csb),
                                {}});
  if (!draft) return std::move(draft).error();
  step.emplace_back(engine::commit_unconfirmed(std::move(*draft)));
  return Next<AwaitAnswer, Done>{Done{}, std::move(step)};
}

/// A ticket that the Initiator makes itself (modes 3 and 4).
Result<std::shared_ptr<const HeldTicket>> make_ticket(const Env& env, const TicketOffer& o,
                                                      const Plan& plan) {
  const Psk& tpk = o.request.mode == 3 ? o.link.psk : o.peer_psk;
  if (tpk.size() < 16)
    return bad_request("no PSK of at least 128 bits for " +
                           (o.request.mode == 3 ? o.link.kms : plan.peer).name() +
                           ", which protects the ticket",
                       "RFC 6043 4.1.1");
  if (env.ticket == nullptr) return bad_request("MIKEY-TICKET is not configured");
  auto scheme = env.ticket->schemes.find(plan.desired.kind);
  if (!scheme) return bad_request(scheme.error().detail, scheme.error().rfc);
  auto mpk = make_mpk(env.rng, plan.prf);
  if (!mpk) return std::move(mpk).error();
  auto keys = make_ticket_keys(env.rng, *plan.desired.keys);
  if (!keys) return std::move(keys).error();
  TicketPolicy policy = plan.desired;
  policy.keys.reset();
  auto made = (*scheme)->seal(env.crypto, env.rng, policy, tpk.reveal(), *mpk, *keys, env.clock.now());
  if (!made) return std::move(made).error();
  auto fingerprint = made->core.fingerprint(env.crypto);
  if (!fingerprint) return std::move(fingerprint).error();
  return std::make_shared<const HeldTicket>(HeldTicket{plan.peer, std::move(policy), std::move(made->core),
                                                       std::move(made->mpk), std::move(*keys),
                                                       std::move(*fingerprint)});
}

}  // namespace

Result<Next<AwaitTicket, AwaitAnswer, Done>> begin(const Env& env, TicketOffer o, std::uint32_t& csb_id) {
  if (o.request.reuse == TicketRequest::Reuse::only && !o.ticket)
    return bad_request("there is no ticket to use again", "RFC 6043 5.3");
  auto made = make_plan(env, o);
  if (!made) return std::move(made).error();
  while (made->csb_id == 0) {
    auto id = env.rng.u32("CSB ID");
    if (!id) return std::move(id).error();
    made->csb_id = *id;
  }
  csb_id = made->csb_id;
  auto plan = std::make_shared<const Plan>(std::move(*made));
  using Out = Next<AwaitTicket, AwaitAnswer, Done>;
  if (!o.ticket && o.request.mode <= 2) {
    auto question = KmsQuestion::request(env, o.link, plan->prf, plan->desired);
    if (!question) return std::move(question).error();
    Step step = engine::actions(Send{Destination::kms, o.link.kms, question->message(), true},
                                Wake{question->time() + env.policy.patience});
    return Out{AwaitTicket{std::move(plan), std::move(*question)}, std::move(step)};
  }
  std::shared_ptr<const HeldTicket> ticket = o.ticket;
  if (ticket) {
    if (!ticket->policy.has(TicketFlag::j))
      return bad_request("the ticket must not be used again", "RFC 6043 5.3");
    if (auto s = check_validity(ticket->policy, env.clock.read()); !s)
      return bad_request(s.error().detail, s.error().rfc);
    if (ticket->policy.prf != plan->prf)
      return bad_request("the ticket is for another PRF function", "RFC 6043 12.1");
  } else {
    auto own = make_ticket(env, o, *plan);
    if (!own) return std::move(own).error();
    ticket = std::move(*own);
  }
  auto next = transfer(env, std::move(plan), std::move(ticket));
  if (!next) return bad_request(next.error().detail, next.error().rfc);
  if (auto* waiting = std::get_if<AwaitAnswer>(&next->state))
    return Out{std::move(*waiting), std::move(next->actions)};
  return Out{Done{}, std::move(next->actions)};
}

namespace {

/// RFC 6043 4.2.1.6: whether the granted policy is acceptable. An error ends the exchange.
Status check_granted(const Env& env, const TicketPolicy& granted, const TicketPolicy& desired,
                     const std::vector<keys::KeyEntry>& keys) {
  const auto refuse = [](const char* why) {
    return bad_message(ErrorCode::invalid_tppar, "RFC 6043 4.2.1.6", why);
  };
  bool tgk = false;
  for (const keys::KeyEntry& k : keys) tgk = tgk || keys::is_forked(k.type);
  if (granted.kind != desired.kind)
    return bad_message(ErrorCode::invalid_ticket, "RFC 6043 6.10", "the KMS grants a ticket of another type");
  if (auto s = check_policy(granted, true, tgk); !s) return s;
  if (auto s = check_validity(granted, env.clock.read()); !s) return s;
  if (granted.initiator && *granted.initiator != env.self)
    return refuse("the ticket names another Initiator");
  if (granted.prf != desired.prf) return refuse("the ticket is for another PRF function");
  if (std::ranges::none_of(desired.responders, [&](const Identity& r) {
        return std::ranges::find(granted.responders, r) != granted.responders.end();
      }))
    return refuse("none of the responders asked for may resolve the ticket");
  const bool same = std::ranges::equal(keys, *desired.keys, [](const keys::KeyEntry& k, const KeyWish& w) {
    return k.type == w.type && k.key.size() == w.length;
  });
  if (!same && !granted.has(TicketFlag::k)) return refuse("other keys than asked for, without the K flag");
  if (granted.flags.without(TicketFlag::k) != desired.flags && !granted.has(TicketFlag::k))
    return refuse("other flags than asked for, without the K flag");
  return {};
}

/// RFC 6043 6.10, NOT N: "the Initiator SHOULD follow the processing in the specification of the received
/// Ticket Type".
Result<Next<AwaitAnswer, Done>> call_otherwise(const Env& env, const HeldTicket& held, ByteView ticket_data) {
  if (env.ticket == nullptr) return bad_request("MIKEY-TICKET is not configured");
  auto scheme = env.ticket->schemes.find(held.policy.kind);
  if (!scheme) return std::move(scheme).error();
  auto instead = (*scheme)->call(env, held, ticket_data);
  if (!instead) return std::move(instead).error();
  Step step = engine::actions(Send{Destination::peer, held.to, std::move(instead->message), false});
  step.emplace_back(engine::commit_unconfirmed(engine::Draft(instead->bundle->clone())));
  return Next<AwaitAnswer, Done>{Done{}, std::move(step)};
}

Error final_refusal(Error e) {
  e.severity = Severity::discard;
  return e;
}

}  // namespace

Result<Next<AwaitAnswer, Done>> on(const AwaitTicket& s, const Received<RequestResp>& m, const Env& env) {
  if (m->count<wire::Ticket>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.5",
                       "the response must have one TICKET payload");
  const wire::Slot& at = *m->find(PayloadType::ticket);
  const auto t = m->get<wire::Ticket>(at);
  auto granted = TicketPolicy::parse(t.policy, at.offset);
  if (!granted) return std::move(granted).error();
  auto reply = s.question.read(env, *m, granted->has(TicketFlag::i));
  if (!reply) return std::move(reply).error();
  // From here on the message is the KMS's word, and there will be no other.
  const auto give_up = [](Error e) -> Result<Next<AwaitAnswer, Done>> {
    return Next<AwaitAnswer, Done>{Done{}, engine::reject(final_refusal(std::move(e)), true)};
  };
  if (!t.initiator_data.empty())
    return give_up(
        bad_message(ErrorCode::unspecified, "RFC 6043 6.10", "Initiator Data from the KMS", at.offset));
  if (auto ok = check_granted(env, *granted, s.plan->desired, reply->keys); !ok)
    return give_up(std::move(ok).error());
  HeldTicket held{s.plan->peer,           std::move(*granted),
                  TicketCore::of(*m, at), {std::move(reply->mpks[0].key), {}},
                  std::move(reply->keys), {}};
  auto fingerprint = held.core.fingerprint(env.crypto);
  if (!fingerprint) return give_up(std::move(fingerprint).error());
  held.fingerprint = std::move(*fingerprint);
  if (reply->mpks.size() > 1) held.mpk.responder = std::move(reply->mpks[1].key);
  auto next = held.policy.has(TicketFlag::n)
                  ? transfer(env, s.plan, std::make_shared<const HeldTicket>(std::move(held)))
                  : call_otherwise(env, held, t.ticket_data);
  if (!next) return give_up(std::move(next).error());
  return next;
}

namespace {

/// MPKi or MPKr', and the ticket's keys, forked when they are to be (RFC 6043 5.1.1).
struct Forked {
  SecretBytes mpk;
  std::vector<keys::KeyEntry> keys;
};
Result<Forked> fork(const Env& env, const HeldTicket& held, const std::optional<Identity>& who,
                    const std::optional<Bytes>& rand_kms) {
  if (!held.policy.has(TicketFlag::i)) return Forked{held.mpk.initiator.clone(), joined({held.keys})};
  if (!who || !rand_kms)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2.3",
                       "keys are forked, but IDRr or RANDRkms is missing");
  if (rand_kms->size() < std::max(held.mpk.responder.size(), keys::longest_key(held.keys, false)))
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "RANDRkms is shorter than the keys it forks");
  const keys::Modifier modifier{who->data, *rand_kms};
  const PrfFunc prf = held.policy.prf;
  auto mpk =
      keys::forked(env.crypto, prf, keys::Derivation::forked_mpk_r, held.mpk.responder.reveal(), modifier);
  if (!mpk) return std::move(mpk).error();
  auto keys = keys::fork_keys(env.crypto, prf, held.keys, modifier);
  if (!keys) return std::move(keys).error();
  return Forked{std::move(*mpk), std::move(*keys)};
}

/// Every session asked for is in the response.
Status check_all_there(std::span<const Session> asked, std::span<const Session> got) {
  for (const Session& a : asked)
    if (std::ranges::none_of(got, [&](const Session& g) { return g.cs_id == a.cs_id; }))
      return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2.3", "the response drops a crypto session",
                         8);
  return {};
}

}  // namespace

Result<Next<Done>> on(const AwaitAnswer& s, const Received<TransferResp>& m, const Env& env) {
  const Sent& sent = *s.sent;
  const Plan& plan = *sent.plan;
  const TicketFlags flags = sent.ticket->policy.flags;
  if (m->hdr().prf != plan.prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 4.2.2.3", "the response names another PRF function",
                       3);
  auto who = identity_in(*m, IdRole::responder);
  const auto rand_r = rand_in(*m, RandRole::responder);
  if (flags.has(TicketFlag::g) != rand_r.has_value())
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.10", "RANDRr does not agree with the G flag");
  auto forked = fork(env, *sent.ticket, who, rand_in(*m, RandRole::kms));
  if (!forked) return std::move(forked).error();
  const Bytes context =
      keys::ticket_message_context(keys::Phase::response, sent.rand_i, rand_r.value_or(Bytes{}));
  const keys::MessageKeys keys(env.crypto, plan.prf, forked->mpk.reveal(), plan.csb_id, context);
  auto proof = engine::Verifier::response_6043(keys, plan.prf, m, sent.message);
  if (!proof) return std::move(proof).error();
  auto t = response_time(env, *m);
  if (!t) return std::move(t).error();
  auto theirs = supplied_keys(keys, *m, t->value, flags.has(TicketFlag::m));
  if (!theirs) return std::move(theirs).error();
  auto sessions = read_sessions(*m, true);
  if (!sessions) return std::move(sessions).error();
  if (auto ok = check_all_there(sent.sessions, *sessions); !ok) return std::move(ok).error();
  Policies policies{plan.proposal.policies, {}};
  if (auto ok = check_policies(env.policy, *m, *sessions, policies); !ok) return std::move(ok).error();
  Identity peer = plan.peer;
  if (who) peer = std::move(*who);
  keys::TicketCsb csb{.flags = flags.bits(),
                      .initiator = env.self,
                      .responder = peer,
                      .mpk = std::move(forked->mpk),
                      .context = context,
                      .fingerprint = sent.ticket->fingerprint,
                      .rekey = sent.ticket->policy.rekey};
  auto draft =
      make_draft(env, {Role::initiator, peer, plan.csb_id, plan.prf, flags, sent.rand_i,
                       rand_r.value_or(Bytes{}), joined({plan.own_keys, *theirs, forked->keys}),
                       std::move(*sessions), std::move(policies), std::move(csb), engine::extensions_of(*m)});
  if (!draft) return std::move(draft).error();
  const engine::Fresh fresh = engine::ReplayGate::covers_initial(*proof);
  return Next<Done>{Done{}, engine::actions(engine::commit(*proof, fresh, std::move(*draft)))};
}

}  // namespace mikey::ticket
