#include <algorithm>
#include <array>

#include "exchange/ticket/ticket.hpp"

namespace mikey::ticket {
namespace {

Error refused(ErrorCode code, const char* rfc, const char* why, const wire::Message& m, PayloadType at) {
  const wire::Slot* slot = m.find(at);
  return bad_message(code, rfc, why,
                     slot == nullptr ? std::nullopt : std::optional<std::size_t>(slot->offset));
}

/// RFC 6043 4.2.2.2: the Ticket Policy must be acceptable before anybody is asked.
Status check_policy_early(const Env& env, const wire::Message& m, const Call& c) {
  const TicketPolicy& p = c.policy;
  if (auto s = check_policy(p, true); !s) return s;
  if (auto s = check_validity(p, env.clock.read()); !s) return s;
  if (p.prf != m.hdr().prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 12.1",
                       "the Ticket Policy names another PRF function than the message", 3);
  if (!p.has(TicketFlag::o))
    return refused(ErrorCode::invalid_ticket, "RFC 6043 6.10",
                   "the ticket needs processing that this party does not know", m, PayloadType::ticket);
  if (!p.has(TicketFlag::l) && m.find(PayloadType::kemac) != nullptr)
    return refused(ErrorCode::invalid_tppar, "RFC 6043 4.2.2.1", "the L flag forbids the KEMAC", m,
                   PayloadType::kemac);
  const auto& mine = env.ticket->applications;
  if (p.applications.empty() || !mine) return {};
  for (const Identity& a : p.applications)
    if (std::ranges::find(*mine, a.data) != mine->end()) return {};
  return refused(ErrorCode::invalid_tppar, "RFC 6043 6.10", "the ticket is for other applications", m,
                 PayloadType::ticket);
}

/// Who calls. Without key forking nothing but the ticket's IDRi ties the name to the ticket (12.4); in
/// decentralised groups one of the ticket's responders may call (9), if the owner says so.
Status check_caller(const Env& env, const Call& c) {
  const TicketPolicy& p = c.policy;
  if (p.initiator && c.caller == *p.initiator) return {};
  const bool member = std::ranges::find(p.responders, c.caller) != p.responders.end();
  if (env.ticket->decentralized && member && !p.has(TicketFlag::i) && p.has(TicketFlag::d) &&
      p.has(TicketFlag::e))
    return {};
  return bad_message(ErrorCode::auth_failure, "RFC 6043 12.4",
                     "the Initiator is not the one the ticket was made for");
}

Status check_called(const Env& env, const std::optional<Identity>& idr) {
  if (!idr || *idr == env.self) return {};
  const auto& groups = env.ticket->groups;
  if (std::ranges::find(groups, *idr) != groups.end()) return {};
  return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.2.1", "the message is for another identity");
}

/// Who may share the ticket's key with this party (4.1.1): the KMS of mode 2, if it is one's own - no other
/// peer's PSK makes a KMS of it -, the Initiator of mode 4.
std::optional<Identity> maker_of(const Env& env, const TicketPolicy& p) {
  if (p.has(TicketFlag::e)) return std::nullopt;
  if (!p.has(TicketFlag::d)) return p.initiator;
  return p.kms && *p.kms == env.ticket->kms ? p.kms : std::nullopt;
}

Result<Call> read_call(const Env& env, Received<TransferInit> message) {
  Call c(std::move(message));
  const wire::Message& m = *c.message;
  auto t = engine::fresh_timestamp(env, m);
  if (!t) return std::move(t).error();
  c.t = std::move(*t);
  if (m.count<wire::Ticket>() != 1 || m.last_type() != PayloadType::v || m.count<wire::Ver>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2",
                       "the message must have one TICKET, and end with V");
  const wire::Slot& at = *m.find(PayloadType::ticket);
  const auto ticket = m.get<wire::Ticket>(at);
  auto policy = TicketPolicy::parse(ticket.policy, at.offset);
  if (!policy) return std::move(policy).error();
  c.policy = std::move(*policy);
  auto scheme = env.ticket->schemes.find(c.policy.kind);
  if (!scheme) {
    Error e = std::move(scheme).error();
    e.offset = at.offset;
    return e;
  }
  c.scheme = *scheme;
  if (auto s = check_policy_early(env, m, c); !s) return std::move(s).error();
  if (c.policy.has(TicketFlag::i) == ticket.initiator_data.empty())
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.10", "Initiator Data do not agree with the I flag",
                       at.offset);
  c.core = TicketCore::of(m, at);
  auto fingerprint = c.core.fingerprint(env.crypto);
  if (!fingerprint) return std::move(fingerprint).error();
  c.fingerprint = std::move(*fingerprint);

  auto idi = identity_in(m, IdRole::initiator);
  if (!idi) idi = c.policy.initiator;
  if (!idi) return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.2.1", "the message names no Initiator");
  c.caller = std::move(*idi);
  if (auto s = check_caller(env, c); !s) return std::move(s).error();
  auto idr = identity_in(m, IdRole::responder);
  if (auto s = check_called(env, idr); !s) return std::move(s).error();
  c.called = env.self;
  if (idr) c.called = std::move(*idr);
  auto rand = rand_in(m, RandRole::initiator);
  if (!rand) return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2.1", "the message has no RANDRi");
  c.rand_i = std::move(*rand);
  auto sessions = read_sessions(m, false);
  if (!sessions) return std::move(sessions).error();
  c.sessions = std::move(*sessions);
  if (!c.policy.has(TicketFlag::f) && std::ranges::any_of(c.sessions, &Session::open))
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.1.1",
                       "a crypto session is left open, and there will be no response", 10);
  if (auto s = choose_policies(env.policy, m, c.sessions, c.policies); !s) return std::move(s).error();
  return c;
}

}  // namespace

Result<Next<NeedsTicket, NeedsBundle>> on(const AwaitInit& /*state*/, Received<TransferInit> m,
                                          const Env& env) {
  using Out = Next<NeedsTicket, NeedsBundle>;
  if (auto s = engine::check_prf(env.policy, *m); !s) return std::move(s).error();
  if (m->find(PayloadType::ticket) == nullptr) {  // an update (5.2)
    auto t = engine::fresh_timestamp(env, *m);
    if (!t) return std::move(t).error();
    if (m->find(PayloadType::randr) != nullptr)
      return refused(ErrorCode::unspecified, "RFC 6043 5.2", "an update has no RANDs", *m,
                     PayloadType::randr);
    NeedBundle need{{}, m->hdr().csb_id};
    if (const auto sender = m->first<wire::Idr>()) need.peer = {sender->type, to_bytes(sender->data)};
    return Out{NeedsBundle{std::move(m), std::move(*t)}, engine::actions(Need(std::move(need)))};
  }
  if (env.ticket == nullptr)
    return bad_message(ErrorCode::invalid_ticket, "RFC 6043 6.10", "this party takes no tickets");
  auto call = read_call(env, std::move(m));
  if (!call) return std::move(call).error();
  NeedTicket need{call->fingerprint, maker_of(env, call->policy), call->caller, call->message->hdr().csb_id,
                  call->t.time()};
  return Out{NeedsTicket{std::make_shared<const Call>(std::move(*call))},
             engine::actions(Need(std::move(need)))};
}

namespace {

MessageKeysPtr initial_keys(const Env& env, const Call& c, const ResolvedTicket& ticket) {
  return std::make_shared<const keys::MessageKeys>(
      env.crypto, c.message->hdr().prf, ticket.mpk_i.reveal(), c.message->hdr().csb_id,
      keys::ticket_message_context(keys::Phase::initial, c.rand_i, {}));
}

/// RFC 6043 4.2.3.6: with the keys of the ticket TRANSFER_INIT can be verified, and that it is the message
/// the Initiator bound the ticket to.
Result<Next<NeedsVerdict>> verify(const Env& env, std::shared_ptr<const Call> call,
                                  std::shared_ptr<const ResolvedTicket> ticket) {
  const Call& c = *call;
  MessageKeysPtr keys = initial_keys(env, c, *ticket);
  const wire::Message& m = *c.message;
  auto proof = engine::Verifier::initial_6043(*keys, m.hdr().prf, c.message, c.caller.data, c.called.data);
  if (!proof) return std::move(proof).error();
  if (c.policy.has(TicketFlag::i)) {
    auto vi = initiator_data_mac(m.first<wire::Ticket>()->initiator_data);
    if (!vi) return std::move(vi).error();
    if (!ct_equal(*vi, m.get<wire::Ver>(m.last_slot()).data))
      return bad_message(ErrorCode::auth_failure, "RFC 6043 4.2.3.6", "Vi is not the V of the message",
                         m.last_slot().offset);
  }
  NeedReplayVerdict question = engine::ReplayGate::ask(*proof, c.caller);
  return Next<NeedsVerdict>{
      NeedsVerdict{std::move(call), std::move(ticket), std::move(*proof), std::move(keys)},
      engine::actions(Need(std::move(question)))};
}

}  // namespace

Result<Next<AwaitKeys, NeedsVerdict>> on(const NeedsTicket& s, const TicketSupplied& known, const Env& env) {
  using Out = Next<AwaitKeys, NeedsVerdict>;
  const Call& c = *s.call;
  if (known.look == Verdict::replayed || known.look == Verdict::full)  // spares asking the KMS once more
    return Error{
        ErrorCode::invalid_ts, Severity::discard, "RFC 6043 12.4", std::nullopt,
        known.look == Verdict::full ? "the replay cache is full" : "the message was received before"};
  if (known.csb_exists)
    return bad_message(ErrorCode::unspecified, "RFC 6043 5.3",
                       "a CSB with this ID exists, and a new exchange needs a new ID", 4);
  std::shared_ptr<const ResolvedTicket> ticket = known.resolved;
  if (ticket && !c.policy.has(TicketFlag::j))
    return bad_message(ErrorCode::invalid_tppar, "RFC 6043 5.3", "the ticket must not be used again");
  if (!ticket && !c.policy.has(TicketFlag::e) && known.tpk.size() >= 16) {
    const auto data = c.message->first<wire::Ticket>()->ticket_data;
    auto opened = c.scheme->open(env.crypto, c.policy, c.core, data, known.tpk.reveal());
    if (!opened) return std::move(opened).error();
    ticket = std::make_shared<const ResolvedTicket>(ResolvedTicket{
        std::move(opened->mpk.initiator), {}, std::move(opened->keys), std::nullopt, std::nullopt});
  }
  if (ticket) {
    auto next = verify(env, s.call, std::move(ticket));
    if (!next) return std::move(next).error();
    return Out{std::get<NeedsVerdict>(std::move(next->state)), std::move(next->actions)};
  }
  const wire::Slot& at = *c.message->find(PayloadType::ticket);
  const ByteView payload = c.message->octets().subspan(at.body(), at.end() - at.body());
  const KmsLink link{env.ticket->kms, env.ticket->public_key, known.kms_psk.clone(), env.ticket->psk_name};
  auto question = KmsQuestion::resolve(env, link, c.policy.prf, env.self, payload);
  if (!question) {  // the configuration's fault, and nothing the Initiator could know
    Error e = std::move(question).error();
    e.severity = Severity::discard;
    return e;
  }
  Step step = engine::actions(Send{Destination::kms, link.kms, question->message(), true},
                              Wake{question->time() + env.policy.patience});
  return Out{AwaitKeys{s.call, std::move(*question)}, std::move(step)};
}

Result<Next<NeedsVerdict, Done>> on(const AwaitKeys& s, const Received<ResolveResp>& m, const Env& env) {
  using Out = Next<NeedsVerdict, Done>;
  const Call& c = *s.call;
  const bool forking = c.policy.has(TicketFlag::i);
  auto reply = s.question.read(env, *m, forking);
  if (!reply) return std::move(reply).error();
  if (forking) {
    if (!reply->answer_as || !reply->rand_kms)
      return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.3.5",
                         "keys are forked, but IDRr or RANDRkms is missing");
    if (reply->rand_kms->size() < std::max(reply->mpks[1].key.size(), keys::longest_key(reply->keys, false)))
      return bad_message(ErrorCode::unspecified, "RFC 6043 12.1",
                         "RANDRkms is shorter than the keys it forks");
  }
  ResolvedTicket ticket{std::move(reply->mpks[0].key),
                        {},
                        std::move(reply->keys),
                        std::move(reply->answer_as),
                        std::move(reply->rand_kms)};
  if (forking) ticket.mpk_r = std::move(reply->mpks[1].key);
  auto next = verify(env, s.call, std::make_shared<const ResolvedTicket>(std::move(ticket)));
  if (next) return Out{std::get<NeedsVerdict>(std::move(next->state)), std::move(next->actions)};
  // The KMS's word is good; it is TRANSFER_INIT that is not: the Initiator is told.
  Step step;
  if (auto send = transfer_error(env, *c.message, c.caller, next.error(), nullptr))
    step.emplace_back(std::move(*send));
  step.emplace_back(Reject{std::move(next).error(), true, false, {}});
  return Out{Done{}, std::move(step)};
}

namespace {

/// RFC 6043 8: the key of pre-encrypted content, or a fresh one.
Result<keys::KeyEntry> content_key(const Env& env, const Call& c) {
  keys::Suite suite = env.policy.srtp.front();
  if (!c.sessions.empty()) suite = c.policies.known.at(c.sessions.front().policies.front());
  const keys::SuiteInfo& info = keys::info(suite);
  keys::KeyEntry key;
  key.type = KeyDataType::tek_salt;
  key.has_salt = true;
  if (!env.ticket->content_key.empty()) {
    key.key = env.ticket->content_key.clone();
  } else {
    auto fresh = env.rng.secret(info.key_len, "TEK");
    if (!fresh) return std::move(fresh).error();
    key.key = std::move(*fresh);
  }
  auto salt = env.rng.secret(info.salt_len, "SALT");
  if (!salt) return std::move(salt).error();
  key.salt = std::move(*salt);
  if (auto s = give_spi(env.rng, key); !s) return std::move(s).error();
  return key;
}

/// All that TRANSFER_RESP and the bundle are made of.
struct Answer {
  std::vector<keys::KeyEntry> keys;  ///< session keys, those to be used first
  bool own = false;                  ///< they are this party's and travel in the answer
  std::vector<Session> sessions;
  Bytes rand_r;
};

Result<Answer> work_out(const NeedsVerdict& s, const Env& env) {
  const Call& c = *s.call;
  const TicketFlags flags = c.policy.flags;
  const bool tgk = std::ranges::any_of(s.ticket->keys, [](const auto& k) { return keys::is_forked(k.type); });
  if (auto ok = check_policy(c.policy, true, tgk); !ok) return std::move(ok).error();
  auto given = supplied_keys(*s.keys, *c.message, c.t.value, flags.has(TicketFlag::l));
  if (!given) return std::move(given).error();
  Answer a;
  a.keys = std::move(*given);
  for (const keys::KeyEntry& k : s.ticket->keys) a.keys.push_back(k.clone());
  if (a.keys.empty()) {
    if (!flags.has(TicketFlag::m))
      return bad_message(ErrorCode::invalid_tppar, "RFC 6043 8",
                         "there is no session key, and the Responder may not supply one");
    auto own = content_key(env, c);
    if (!own) return std::move(own).error();
    a.keys.push_back(std::move(*own));
    a.own = true;
  }
  a.sessions = c.sessions;
  if (auto ok = complete(env.rng, a.sessions, a.keys.front().validity.spi); !ok) return std::move(ok).error();
  const std::size_t mpk = std::max(s.ticket->mpk_i.size(), s.ticket->mpk_r.size());
  if (flags.has(TicketFlag::g)) {
    const auto n = keys::ticket_rand_size(std::max(mpk, keys::longest_key(a.keys, true)));
    if (!n) return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "a key is too long for any RAND");
    auto rand = env.rng.bytes(*n, "RANDRr");
    if (!rand) return std::move(rand).error();
    a.rand_r = std::move(*rand);
  }
  if (c.rand_i.size() + a.rand_r.size() < std::max(mpk, keys::longest_key(a.keys, false)))
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "RANDRi is shorter than the keys");
  return a;
}

/// TRANSFER_RESP (RFC 6043 4.2.2.3) under the keys `protection`.
Result<Bytes> transfer_resp(const NeedsVerdict& s, const Env& env, const Answer& a,
                            const keys::MessageKeys& protection, const Identity& self) {
  const Call& c = *s.call;
  const wire::Message& m = *c.message;
  auto map = encode_sessions(a.sessions);
  if (!map) return std::move(map).error();
  const Bytes t = stamp(env);
  wire::ChainBuilder b(
      map_header(DataType::transfer_resp, false, m.hdr().prf, m.hdr().csb_id, a.sessions.size(), *map));
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  if (c.policy.has(TicketFlag::g)) b.add(wire::Randr{RandRole::responder, Octets(a.rand_r)});
  b.add(idr_payload(IdRole::responder, self));
  if (s.ticket->rand_kms) b.add(wire::Randr{RandRole::kms, Octets(*s.ticket->rand_kms)});
  if (auto ok = add_policies(b, c.policies); !ok) return std::move(ok).error();
  if (a.own)
    if (auto ok = add_kemac(b, protection, kemac_algorithm(env.policy, m.hdr().prf), t, {a.keys}); !ok)
      return std::move(ok).error();
  return engine::finish_6043(protection, m.hdr().prf, std::move(b), {m.octets()});
}

/// The ticket as one may call on with it (RFC 6043 9, figure 8). MPKr is the Initiator's and the KMS's.
std::shared_ptr<const HeldTicket> held_by_responder(const NeedsVerdict& s) {
  const Call& c = *s.call;
  if (!c.policy.has(TicketFlag::j)) return nullptr;
  HeldTicket held{c.caller, c.policy, c.core, {s.ticket->mpk_i.clone(), {}}, {}, c.fingerprint};
  for (const keys::KeyEntry& k : s.ticket->keys) held.keys.push_back(k.clone());
  return std::make_shared<const HeldTicket>(std::move(held));
}

}  // namespace

Result<Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const Call& c = *s.call;
  const wire::Message& m = *c.message;
  auto answer = work_out(s, env);
  if (!answer) return std::move(answer).error();
  const TicketFlags flags = c.policy.flags;
  const bool forking = flags.has(TicketFlag::i);
  const bool answers = flags.has(TicketFlag::f);
  const Identity self = s.ticket->answer_as.value_or(env.self);
  const SecretBytes& mpk = answers && forking ? s.ticket->mpk_r : s.ticket->mpk_i;
  Bytes context = answers ? keys::ticket_message_context(keys::Phase::response, c.rand_i, answer->rand_r)
                          : keys::ticket_message_context(keys::Phase::initial, c.rand_i, {});
  Step step;
  if (answers) {
    const keys::MessageKeys protection(env.crypto, m.hdr().prf, mpk.reveal(), m.hdr().csb_id, context);
    auto octets = transfer_resp(s, env, *answer, protection, self);
    if (!octets) return std::move(octets).error();
    step.emplace_back(Send{Destination::peer, c.caller, std::move(*octets), false});
  }
  keys::TicketCsb csb{.flags = flags.bits(),
                      .initiator = c.caller,
                      .responder = self,
                      .mpk = mpk.clone(),
                      .context = std::move(context),
                      .fingerprint = c.fingerprint,
                      .rekey = c.policy.rekey};
  auto draft = make_draft(env, {Role::responder, c.caller, m.hdr().csb_id, m.hdr().prf, flags, c.rand_i,
                                answer->rand_r, std::move(answer->keys), std::move(answer->sessions),
                                c.policies, std::move(csb), engine::extensions_of(m)});
  if (!draft) return std::move(draft).error();
  step.emplace_back(KeepResolved{c.fingerprint, s.ticket, c.policy.end, held_by_responder(s)});
  step.emplace_back(engine::commit(s.init, *fresh, std::move(*draft)));
  return Next<Done>{Done{}, std::move(step)};
}

}  // namespace mikey::ticket
