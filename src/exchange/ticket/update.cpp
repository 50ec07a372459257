// CSB update (RFC 6043 5.2), started by either side. Both messages are protected with the keys of the last
// message of the initial exchange; IDR payloads keep their roles, that of the sender first.

#include <algorithm>
#include <set>

#include "exchange/ticket/ticket.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::ticket {
namespace {

/// Most keys a CSB holds on to: those of its sessions, and what came last.
constexpr std::size_t kMaxKeys = 64;

MessageKeysPtr protection_of(const Env& env, const keys::Bundle& old) {
  return std::make_shared<const keys::MessageKeys>(env.crypto, old.prf, old.ticket->mpk.reveal(), old.csb_id,
                                                   old.ticket->context);
}

/// The flag that lets the party of this role in the initial exchange supply keys (6.10).
bool may_supply(const keys::Bundle& old, Role role) {
  const TicketFlags flags(old.ticket->flags);
  return flags.has(role == Role::initiator ? TicketFlag::l : TicketFlag::m);
}
Role other(Role role) {
  return role == Role::initiator ? Role::responder : Role::initiator;
}
const Identity& own_name(const keys::Bundle& b) {
  return b.role == Role::initiator ? b.ticket->initiator : b.ticket->responder;
}

void drop_old_keys(keys::Bundle& b) {
  const auto used = [&b](const keys::KeyEntry& k) {
    return std::ranges::any_of(b.sessions, [&](const auto& s) { return s.validity.spi == k.validity.spi; });
  };
  for (std::size_t i = b.keys.size(); i-- > 0 && b.keys.size() > kMaxKeys;)
    if (!used(b.keys[i])) b.keys.erase(b.keys.begin() + static_cast<std::ptrdiff_t>(i));
}

/// The old bundle with new sessions, policies and keys, which come before the old ones. `theirs`: when the
/// peer made the update.
Result<engine::Draft> changed(const Env& env, const keys::Bundle& old, std::vector<keys::KeyEntry> keys,
                              std::span<const Session> sessions, const Policies& policies,
                              std::optional<NtpTime> theirs = std::nullopt) {
  keys::Bundle b = old.clone();
  keys::TicketCsb csb = old.ticket->clone();
  if (!keys.empty()) set_rekey_time(env, csb);
  if (theirs) csb.updated = theirs;
  b.ticket = std::make_shared<const keys::TicketCsb>(std::move(csb));
  for (keys::KeyEntry& k : b.keys) keys.push_back(std::move(k));
  b.keys = std::move(keys);
  b.sessions = crypto_sessions(sessions, policies, b.keys);
  b.policies = policies.known;
  drop_old_keys(b);
  if (auto s = keys::derive_session_keys(env.crypto, b); !s) return std::move(s).error();
  return engine::Draft(std::move(b));
}

/// New streams behind those there are, under policy numbers that are free.
Status append_streams(const Env& env, const Terms& terms, std::vector<Session>& sessions,
                      Policies& policies) {
  if (!terms.streams) return {};
  auto p = engine::propose(env.policy, terms, nullptr);
  if (!p) return std::move(p).error();
  const unsigned base = policies.known.empty() ? 0U : policies.known.rbegin()->first + 1U;
  unsigned next = 0;
  for (const Session& s : sessions) next = std::max<unsigned>(next, s.cs_id);
  const unsigned highest = p->policies.empty() ? 0U : p->policies.rbegin()->first;
  if (base + highest > 0xFF || next + p->cs.size() > 0xFF)
    return bad_request("no room for more streams or policies", "RFC 6043 6.1.1");
  for (const auto& [no, suite] : p->policies) {
    policies.known[static_cast<std::uint8_t>(base + no)] = suite;
    policies.announced.push_back(static_cast<std::uint8_t>(base + no));
  }
  for (Session& s : sessions_of(*p, {})) {
    s.cs_id = static_cast<std::uint8_t>(++next);
    s.policies.front() = static_cast<std::uint8_t>(base + s.policies.front());
    sessions.push_back(std::move(s));
  }
  return {};
}

/// The key that this party brings, if it may and wants to.
Result<std::vector<keys::KeyEntry>> new_keys(const Env& env, const Terms& terms, const keys::Bundle& old,
                                             const std::vector<Session>& sessions, const Policies& policies) {
  std::vector<keys::KeyEntry> out;
  const bool may = may_supply(old, old.role);
  if (!may && !terms.key.given.empty())
    return bad_request("the Ticket Policy does not let this party supply keys", "RFC 6043 6.10");
  if (terms.key.none || !may) return out;
  if (terms.validity.type == KvType::interval)
    return bad_request("interval: a key of MIKEY-TICKET has an SPI", "RFC 6043 6.2.1");
  std::vector<keys::Suite> suites;
  suites.reserve(sessions.size());
  for (const Session& s : sessions) suites.push_back(policies.known.at(s.policies.front()));
  if (suites.empty()) suites.push_back(env.policy.srtp.front());
  auto key = engine::make_key(env.rng, suites, terms.key, terms.validity);
  if (!key) return std::move(key).error();
  if (key->key.size() > 16 && old.prf == PrfFunc::mikey_1)
    return bad_request("keys of more than 128 bits need the PRF HMAC-SHA-256", "RFC 6043 12.1");
  if (auto s = give_spi(env.rng, *key); !s) return std::move(s).error();
  out.push_back(std::move(*key));
  return out;
}

std::vector<keys::KeyEntry> copies(std::span<const keys::KeyEntry> keys) {
  std::vector<keys::KeyEntry> out;
  for (const keys::KeyEntry& k : keys) out.push_back(k.clone());
  return out;
}

}  // namespace

Result<Next<AwaitUpdateAnswer, Done>> begin_update(const Env& env, TicketOffer offer, keys::BundlePtr old) {
  if (!old->ticket)
    return bad_request("that CSB was made without a ticket that protects updates", "RFC 6043 5.2");
  SentUpdate u;
  u.old = std::move(old);
  const keys::Bundle& b = *u.old;
  u.policies.known = b.policies;
  u.sessions = sessions_of(b);
  if (auto s = append_streams(env, offer.terms, u.sessions, u.policies); !s) return std::move(s).error();
  auto keys = new_keys(env, offer.terms, b, u.sessions, u.policies);
  if (!keys) return std::move(keys).error();
  u.keys = std::move(*keys);
  const bool v = env.policy.request_verification;
  const Bytes& spi = u.keys.empty() ? b.keys.front().validity.spi : u.keys.front().validity.spi;
  for (Session& s : u.sessions) {
    if (!u.keys.empty() || s.spi.empty()) s.spi = spi;
    if (!v) s.ssrc = s.ssrc.value_or(0);  // nobody else can fill it in
  }
  u.protection = protection_of(env, b);
  u.t = stamp(env);

  auto map = encode_sessions(u.sessions);
  if (!map) return std::move(map).error();
  wire::ChainBuilder c(map_header(DataType::transfer_init, v, b.prf, b.csb_id, u.sessions.size(), *map));
  c.add(wire::T{TsType::ntp_utc, Octets(u.t)});
  const wire::Idr i = idr_payload(IdRole::initiator, b.ticket->initiator);
  const wire::Idr r = idr_payload(IdRole::responder, b.ticket->responder);
  c.add(b.role == Role::initiator ? i : r).add(b.role == Role::initiator ? r : i);
  if (auto s = add_policies(c, u.policies); !s) return std::move(s).error();
  engine::add_extensions(c, offer.terms.extensions);
  if (!u.keys.empty())
    if (auto s = add_kemac(c, *u.protection, kemac_algorithm(env.policy, b.prf), u.t, {u.keys}); !s)
      return std::move(s).error();
  auto message = engine::finish_6043(*u.protection, b.prf, std::move(c),
                                     {b.ticket->initiator.data, b.ticket->responder.data});
  if (!message) return std::move(message).error();
  u.message = std::move(*message);

  Step step = engine::actions(Send{Destination::peer, b.peer, u.message, v});
  if (!v) {
    auto draft = changed(env, b, std::move(u.keys), u.sessions, u.policies);
    if (!draft) return std::move(draft).error();
    step.emplace_back(engine::commit_unconfirmed(std::move(*draft)));
    return Next<AwaitUpdateAnswer, Done>{Done{}, std::move(step)};
  }
  step.emplace_back(Wake{NtpTime{load_be<std::uint64_t>(u.t.data())} + env.policy.patience});
  return Next<AwaitUpdateAnswer, Done>{AwaitUpdateAnswer{std::make_shared<const SentUpdate>(std::move(u))},
                                       std::move(step)};
}

Result<Next<Done>> on(const AwaitUpdateAnswer& s, const Received<TransferResp>& m, const Env& env) {
  const SentUpdate& u = *s.sent;
  const keys::Bundle& old = *u.old;
  if (m->hdr().prf != old.prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 5.2", "the response names another PRF function", 3);
  auto proof = engine::Verifier::response_6043(*u.protection, old.prf, m, u.message);
  if (!proof) return std::move(proof).error();
  auto t = response_time(env, *m);
  if (!t) return std::move(t).error();
  if (m->find(PayloadType::kemac) != nullptr &&
      t->value == u.t)  // T is all that tells their key streams apart
    return bad_message(ErrorCode::invalid_ts, "RFC 6043 5.2", "the response has the timestamp of the update");
  auto theirs = supplied_keys(*u.protection, *m, t->value, may_supply(old, other(old.role)));
  if (!theirs) return std::move(theirs).error();
  auto sessions = read_sessions(*m, true);
  if (!sessions) return std::move(sessions).error();
  for (const Session& mine : u.sessions)
    if (std::ranges::none_of(*sessions, [&](const Session& g) { return g.cs_id == mine.cs_id; }))
      return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2.3", "the response drops a crypto session",
                         8);
  Policies policies = u.policies;
  if (auto ok = check_policies(env.policy, *m, *sessions, policies); !ok) return std::move(ok).error();
  std::vector<keys::KeyEntry> keys = std::move(*theirs);
  for (keys::KeyEntry& k : copies(u.keys)) keys.push_back(std::move(k));
  auto draft = changed(env, old, std::move(keys), *sessions, policies);
  if (!draft) return std::move(draft).error();
  const engine::Fresh fresh = engine::ReplayGate::covers_initial(*proof);
  return Next<Done>{Done{}, engine::actions(engine::commit(*proof, fresh, std::move(*draft)))};
}

Result<Next<NeedsUpdateVerdict>> on(const NeedsBundle& s, const BundleSupplied& answer, const Env& env) {
  const keys::BundlePtr& old = answer.bundle;
  if (!old || !old->ticket)
    return bad_message(ErrorCode::unspecified, "RFC 6043 5.2", "no TICKET, and no CSB with this ID to update",
                       4);
  if (s.init->hdr().prf != old->prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 5.2", "the update names another PRF function", 3);
  MessageKeysPtr keys = protection_of(env, *old);
  auto proof = engine::Verifier::initial_6043(*keys, old->prf, s.init, old->ticket->initiator.data,
                                              old->ticket->responder.data);
  if (!proof) return std::move(proof).error();
  // Both directions have the same keys: one's own message must not pass for the peer's.
  const auto sender = s.init->first<wire::Idr>();
  if (sender && sender->data == Octets(own_name(*old).data))
    return Error{ErrorCode::auth_failure, Severity::discard, "RFC 6043 5.2", std::nullopt,
                 "the update is one of this party's own"};
  NeedReplayVerdict question = engine::ReplayGate::ask(*proof, old->peer);
  return Next<NeedsUpdateVerdict>{
      NeedsUpdateVerdict{std::move(*proof), s.t, old, std::move(keys), answer.own_update},
      engine::actions(Need(std::move(question)))};
}

namespace {

/// Updates that cross on their way, of which RFC 6043 says nothing, must leave both sides with the same keys
/// in use: that of the party which initiated the CSB goes on and the other is refused, whoever sees both. Of
/// one party's updates that overtook each other the younger stays.
Status check_order(const NeedsUpdateVerdict& s) {
  if (s.own_update && s.old->role == Role::initiator)
    return bad_message(ErrorCode::unspecified, "RFC 6043 5.2",
                       "an update by this party, which initiated the CSB, is under way");
  const auto& last = s.old->ticket->updated;
  if (last && ntp_difference(s.t.time(), *last) < 0)
    return Error{ErrorCode::invalid_ts, Severity::discard, "RFC 6043 5.2", std::nullopt,
                 "the peer has made a younger update"};
  return {};
}

}  // namespace

Result<Next<Done>> on(const NeedsUpdateVerdict& s, const ReplayVerdict& verdict, const Env& env) {
  auto fresh = engine::ReplayGate::admit(s.init, verdict);
  if (!fresh) return std::move(fresh).error();
  const wire::Message& m = *s.init;
  const keys::Bundle& old = *s.old;
  if (auto ok = check_order(s); !ok) return std::move(ok).error();
  const bool v = m.hdr().v != 0;
  auto keys = supplied_keys(*s.keys, m, s.t.value, may_supply(old, other(old.role)));
  if (!keys) return std::move(keys).error();
  auto sessions = read_sessions(m, false);
  if (!sessions) return std::move(sessions).error();
  if (sessions->empty()) *sessions = sessions_of(old);
  if (!v && std::ranges::any_of(*sessions, &Session::open))
    return bad_message(ErrorCode::unspecified, "RFC 6043 6.1.1",
                       "a crypto session is left open, and no response is asked for", 10);
  Policies policies{old.policies, {}};
  if (auto ok = choose_policies(env.policy, m, *sessions, policies); !ok) return std::move(ok).error();
  const Bytes& spi = keys->empty() ? old.keys.front().validity.spi : keys->front().validity.spi;
  if (auto ok = complete(env.rng, *sessions, spi); !ok) return std::move(ok).error();
  auto draft = changed(env, old, std::move(*keys), *sessions, policies, s.t.time());
  if (!draft) return std::move(draft).error();
  Step step;
  if (v) {
    auto map = encode_sessions(*sessions);
    if (!map) return std::move(map).error();
    Bytes t = stamp(env);
    if (t == s.t.value) t = stamp(env);  // "MUST use new timestamps" (5.2)
    wire::ChainBuilder b(
        map_header(DataType::transfer_resp, false, old.prf, old.csb_id, sessions->size(), *map));
    b.add(wire::T{TsType::ntp_utc, Octets(t)});
    b.add(idr_payload(old.role == Role::initiator ? IdRole::initiator : IdRole::responder, own_name(old)));
    if (auto ok = add_policies(b, policies); !ok) return std::move(ok).error();
    auto octets = engine::finish_6043(*s.keys, old.prf, std::move(b), {m.octets()});
    if (!octets) return std::move(octets).error();
    step.emplace_back(Send{Destination::peer, old.peer, std::move(*octets), false});
  }
  step.emplace_back(engine::commit(s.init, *fresh, std::move(*draft)));
  return Next<Done>{Done{}, std::move(step)};
}

}  // namespace mikey::ticket
