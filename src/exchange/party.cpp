#include "mikey/exchange/party.hpp"

#include <algorithm>

#include "exchange/engine/error_message.hpp"
#include "mikey/exchange/replay.hpp"

namespace mikey {

Party::Party(Identity self, Policy policy, Credentials credentials, const crypto::Provider& provider,
             Rng& rng, const Clock& clock, PartyLimits limits)
    : self_(std::move(self)),
      policy_(std::move(policy)),
      credentials_(std::move(credentials)),
      provider_(provider),
      rng_(rng),
      clock_(clock),
      limits_(limits),
      replay_(provider, rng, policy_.clock_skew, limits.replay_entries),
      sakke_cache_(limits.sakke_signers, limits.sakke_receivers) {}

namespace {

/// A stored message may be 20 years old: NTP differences stay far from their wrap.
constexpr std::chrono::seconds kMaxAge{20LL * 366 * 86400};

/// Exchanges of one CSB ID that may wait at once for their Initiator's second message; each costs a
/// decryption when it comes.
constexpr std::size_t kMaxPerCsb = 8;

/// What a stored message asks for: no bundle of the present is its own, and it may be opened again.
Supply answer_stored(const Need& need) {
  if (std::holds_alternative<NeedReplayVerdict>(need)) return ReplayVerdict{Verdict::fresh};
  if (std::holds_alternative<NeedBundle>(need)) return BundleSupplied{};
  return NotFound{bad_message(ErrorCode::invalid_cert, "RFC 6509 2.5",
                              "a stored message's certificate cannot be fetched")};
}

Outcome failed(Error e, std::optional<std::uint32_t> csb_id) {
  Outcome o;
  o.csb_id = csb_id;
  o.error = std::move(e);
  return o;
}

Outcome too_many_fetches(std::uint32_t csb_id) {
  return failed(
      {ErrorCode::resource, Severity::system, "", std::nullopt, "too many exchanges wait for certificates"},
      csb_id);
}

}  // namespace

Psk Party::shared_key(const Identity& with) const {
  const auto it = credentials_.psk.find(with);
  return it == credentials_.psk.end() ? Psk() : it->second.clone();
}

Psk Party::psk_for(const Identity& peer) const {
  if (Psk psk = shared_key(peer); !psk.empty()) return psk;
  for (const auto& [key, b] :
       bundles_)  // an envelope key that may serve new CSBs too (RFC 3830 6.3, cache type 1)
    if (key.second == peer && b->cache == EnvelopeCache::cache && !b->transport_key.empty())
      return Psk(b->transport_key.clone());
  return {};
}

Result<Offer> Party::make_offer(InitiateRequest& request, const keys::Bundle* old) const {
  if (old != nullptr && old->mode != Mode::psk && !old->transport_key.empty())
    return Offer(PskOffer{std::move(request.terms), Psk(old->transport_key.clone())});
  const Identity to = request.terms.to;
  switch (request.mode) {
    case Mode::psk:
      return Offer(PskOffer{std::move(request.terms), psk_for(to)});
    case Mode::dhhmac:
      return Offer(DhhmacOffer{std::move(request.terms), psk_for(to), request.group});
    case Mode::dh:
      return Offer(DhOffer{std::move(request.terms), request.group});
    case Mode::rsar:
      return Offer(RsarOffer{std::move(request.terms), request.rsar_group});
    case Mode::pk: {
      PkOffer offer{std::move(request.terms), {}, request.cache};
      if (credentials_.pki.trust) offer.certificate = credentials_.pki.trust->pinned(to.type, to.data);
      return Offer(std::move(offer));
    }
    case Mode::ticket:
      return ticket_offer(request, old);
    case Mode::sakke:
      return Offer(SakkeOffer{std::move(request.terms), std::move(request.sakke)});
    case Mode::ibake: {
      IbakeOffer offer{std::move(request.terms), request.ibake, {}};
      if (credentials_.ibake) offer.kms_psk = shared_key(credentials_.ibake->kms);
      return Offer(std::move(offer));
    }
  }
  return bad_request("there is no such mode");
}

Result<Offer> Party::ticket_offer(InitiateRequest& request, const keys::Bundle* old) const {
  TicketOffer o;
  o.terms = std::move(request.terms);
  if (old != nullptr) return Offer(std::move(o));
  if (!credentials_.ticket) return bad_request("MIKEY-TICKET is not configured");
  const TicketSettings& settings = *credentials_.ticket;
  if (request.ticket)
    o.request = std::move(*request.ticket);
  else
    o.request = credentials_.ticket_request;
  const Identity& to = o.terms.to;
  if (o.request.reuse != TicketRequest::Reuse::never) {
    const auto held = tickets_.find(to);
    if (held != tickets_.end() && check_validity(held->second->policy, clock_.inner().now()))
      o.ticket = held->second;
  }
  if (o.terms.group && o.terms.group->ticket) o.ticket = held_ticket(o.terms.group->ticket->fingerprint);
  o.link = {settings.kms, settings.public_key, shared_key(settings.kms), settings.psk_name};
  if (o.request.mode == 4) o.peer_psk = shared_key(to);
  return Offer(std::move(o));
}

/// What `to` is to join: the key must be given, so that none goes to a stranger by a slip of the CSB ID. A
/// ticket says itself who may have its keys.
keys::BundlePtr Party::group_bundle(const InitiateRequest& request) const {
  const bool ticket = request.mode == Mode::ticket;
  if (request.terms.key.given.empty() && !ticket) return nullptr;
  for (auto it = bundles_.lower_bound({*request.csb_id, Identity{IdType::nai, {}}});
       it != bundles_.end() && it->first.first == *request.csb_id; ++it)
    if (ticket ? it->second->ticket != nullptr : it->second->role == Role::initiator) return it->second;
  return nullptr;
}

std::shared_ptr<const HeldTicket> Party::held_ticket(const Bytes& fingerprint) const {
  const auto known = resolved_.find(fingerprint);
  if (known != resolved_.end() && known->second.held) return known->second.held;
  const auto own =
      std::ranges::find_if(tickets_, [&](const auto& e) { return e.second->fingerprint == fingerprint; });
  return own == tickets_.end() ? nullptr : own->second;
}

Party::Waiting::iterator Party::find_update(const keys::Bundle& bundle) {
  const auto [from, to] = waiting_.equal_range(bundle.csb_id);
  const auto it = std::find_if(from, to, [&](const auto& e) {
    const keys::BundlePtr old = e.second.updates();
    return old && old->peer == bundle.peer;
  });
  return it == to ? waiting_.end() : it;
}

Result<Outcome> Party::initiate(InitiateRequest request) {
  if (waiting_.size() >= limits_.waiting)
    return Error{ErrorCode::resource, Severity::system, "", std::nullopt,
                 "too many exchanges are waiting for an answer"};
  keys::BundlePtr old;
  if (request.csb_id) {
    old = bundle(*request.csb_id, request.terms.to);
    if (!old) request.terms.group = group_bundle(request);
  }
  if (request.csb_id && !request.terms.group) {
    if (!old) return bad_request("there is no such CSB with that peer", "RFC 3830 4.5");
    const bool cached = request.mode == Mode::psk && !old->transport_key.empty();
    if (request.mode != old->mode && !cached)
      return bad_request("that CSB is of mode " + std::string(mode_name(old->mode)), "RFC 3830 4.5");
  }
  auto offer = make_offer(request, old.get());
  if (!offer) return std::move(offer).error();
  auto ex = Exchange::update(env(), old, std::move(*offer));
  if (!ex) return std::move(ex).error();
  Outcome o = run(*ex, ex->start());
  o.csb_id = ex->csb_id();
  if (old && old->ticket) {
    // Both directions of an update have the same keys: no reflection (RFC 6043 5.2).
    if (const auto t = ex->timestamp())
      (void)replay_.check_and_add(old->peer, old->csb_id, *t, clock_.inner().now());
  }
  if (old && (old->ticket || old->ibake))
    if (const auto before = find_update(*old); before != waiting_.end()) waiting_.erase(before);
  if (o.state == Outcome::State::waiting) waiting_.emplace(ex->awaited_csb_id(), std::move(*ex));
  return o;
}

void Party::prune_tickets() {
  const std::int64_t now = clock_.inner().now().unix_seconds();
  std::erase_if(resolved_, [&](const auto& e) { return e.second.end && *e.second.end < now; });
  std::erase_if(tickets_, [&](const auto& e) { return e.second->policy.end && *e.second->policy.end < now; });
}

Supply Party::answer_ticket(const NeedTicket& q) {
  TicketSupplied out;
  out.look = verdict_of(replay_.check(q.peer, q.csb_id, q.t, clock_.inner().now()));
  out.csb_exists = bundle(q.csb_id, q.peer) != nullptr;
  if (const auto known = resolved_.find(q.fingerprint); known != resolved_.end()) {
    out.resolved = known->second.ticket;
  } else if (resolved_.size() >= limits_.tickets) {
    prune_tickets();
    if (resolved_.size() >= limits_.tickets)  // what cannot be remembered could be used again
      return NotFound{Error{ErrorCode::resource, Severity::system, "", std::nullopt, "too many tickets"}};
  }
  if (q.maker) out.tpk = shared_key(*q.maker);
  if (credentials_.ticket) out.kms_psk = shared_key(credentials_.ticket->kms);
  return out;
}

Supply Party::answer(const Need& need) {
  if (const auto* q = std::get_if<NeedReplayVerdict>(&need))
    return ReplayVerdict{verdict_of(replay_.check_and_add(q->peer, q->csb_id, q->t, clock_.inner().now()))};
  if (const auto* q = std::get_if<NeedTicket>(&need)) return answer_ticket(*q);
  if (const auto* q = std::get_if<NeedBundle>(&need)) {
    BundleSupplied out{bundle(q->csb_id, q->peer)};
    if (q->peer.empty()) {  // an update that names nobody (RFC 6043 5.2)
      const auto it = bundles_.lower_bound({q->csb_id, Identity{}});
      if (it != bundles_.end() && it->first.first == q->csb_id) out.bundle = it->second;
    }
    out.own_update = out.bundle && find_update(*out.bundle) != waiting_.end();
    return out;
  }
  const auto& q = std::get<NeedPsk>(need);
  PskSupplied out;
  if (q.peer) {
    out.peer = *q.peer;
  } else if (credentials_.psk.size() == 1) {  // a message without IDi can only be from the one peer there is
    out.peer = credentials_.psk.begin()->first;
  } else if (!q.null_protected) {
    return NotFound{bad_message(ErrorCode::invalid_id, "RFC 3830 3.1", "the message names no Initiator")};
  }
  out.bundle = bundle(q.csb_id, out.peer);
  out.psk = psk_for(out.peer);
  return out;
}

Outcome Party::run(Exchange& exchange, Step step) {
  Outcome o;
  o.state = Outcome::State::waiting;
  o.csb_id = exchange.csb_id();
  while (true) {
    std::optional<Need> need;
    for (Action& a : step) {
      if (auto* send = std::get_if<Send>(&a)) {
        o.send.push_back(std::move(*send));
      } else if (auto* n = std::get_if<Need>(&a)) {
        need = std::move(*n);
      } else if (auto* ready = std::get_if<Ready>(&a)) {
        o.state = Outcome::State::established;
        o.bundle = std::move(ready->bundle);
      } else if (auto* keep = std::get_if<KeepTicket>(&a)) {
        if (tickets_.size() >= limits_.tickets) prune_tickets();
        if (tickets_.size() < limits_.tickets || tickets_.contains(keep->ticket->to))
          tickets_[keep->ticket->to] = std::move(keep->ticket);
      } else if (auto* known = std::get_if<KeepResolved>(&a)) {
        resolved_.insert_or_assign(std::move(known->fingerprint),
                                   Resolved{std::move(known->ticket), known->end, std::move(known->held)});
      } else if (auto* keep_keys = std::get_if<KeepPrivateKeys>(&a)) {
        if (credentials_.ibake)
          for (ibc::IbakeKey& k : keep_keys->keys) credentials_.ibake->store.add(std::move(k));
      } else if (auto* reject = std::get_if<Reject>(&a)) {
        o.state = Outcome::State::failed;
        o.error = std::move(reject->error);
        o.supported = std::move(reject->supported);
      }
    }
    if (!need) break;
    if (const auto* c = std::get_if<NeedCertificate>(&*need)) {
      o.need_certificate_url = c->url;
      o.state = Outcome::State::waiting;  // whatever became of other messages that named the same certificate
      o.error.reset();
      break;
    }
    step = exchange.supply(answer(*need));
  }
  if (o.bundle) {
    const auto key = std::make_pair(o.bundle->csb_id, o.bundle->peer);
    if (!bundles_.contains(key) && bundles_.size() >= limits_.bundles)
      return failed(
          {ErrorCode::resource, Severity::system, "", std::nullopt, "too many crypto session bundles"},
          o.csb_id);
    bundles_[key] = o.bundle;
  }
  return o;
}

Outcome Party::open_stored(ByteView octets, std::chrono::seconds max_age) {
  auto m = wire::Message::parse(octets);
  if (!m) return failed(std::move(m).error(), std::nullopt);
  const std::uint32_t csb_id = m->hdr().csb_id;
  if (m->hdr().data_type != DataType::sakke_init)
    return failed(bad_message(ErrorCode::unsupported_message, "RFC 6509 2.5",
                              "messages of this type cannot be opened later", 1),
                  csb_id);
  Env stored = env();
  stored.stored = std::clamp(max_age, std::chrono::seconds{0}, kMaxAge);
  Exchange ex = Exchange::respond(stored);
  Outcome o = failed({}, csb_id);
  Step step = ex.receive(std::move(*m));
  while (!step.empty()) {
    std::optional<Supply> answer;
    for (Action& a : step) {
      if (auto* ready = std::get_if<Ready>(&a)) {
        o.state = Outcome::State::established;
        o.bundle = std::move(ready->bundle);
      } else if (auto* reject = std::get_if<Reject>(&a)) {
        o.error = std::move(reject->error);
      } else if (const auto* need = std::get_if<Need>(&a)) {
        answer = answer_stored(*need);
      }
    }
    step = answer ? ex.supply(std::move(*answer)) : Step{};
  }
  return o;
}

Result<ContentKey> Party::open_content_key(const StoredKey& stored) const {
  if (!credentials_.ibake) return bad_request("MIKEY-IBAKE is not configured");
  return open_esk(provider_, credentials_.ibake->store, stored);
}

Party::Waiting::iterator Party::find_waiting(const wire::Message& message) {
  const auto [from, to] = waiting_.equal_range(message.hdr().csb_id);
  const auto t = message.first<wire::T>();
  auto found = waiting_.end();
  for (auto it = from; it != to; ++it) {
    if (!it->second.awaits(message.hdr().data_type)) continue;
    if (found == waiting_.end()) found = it;
    const auto own = it->second.timestamp();
    if (t && own && t->value.size() == 8 && load_be<std::uint64_t>(t->value.data()) == own->value) return it;
  }
  return found;
}

Outcome Party::receive(Source /*from*/, ByteView octets) {
  auto m = wire::Message::parse(octets);
  if (!m) return broken(octets, m.error());
  if (m->hdr().data_type == DataType::error) return error_message(std::move(*m));
  if (m->hdr().data_type == DataType::i_message_2) return returned_value(*m);
  const auto it = find_waiting(*m);
  if (it == waiting_.end()) return first_message(std::move(*m));
  if (const keys::BundlePtr old = it->second.updates(); old && bundle(old->csb_id, old->peer) != old) {
    waiting_.erase(it);  // what the answer builds on is gone: the peer's update crossed this one
    return failed(bad_message(ErrorCode::unspecified, "RFC 6043 5.2",
                              "the CSB was changed by the peer while the answer to the update was awaited"),
                  m->hdr().csb_id);
  }
  return deliver(it, std::move(*m));
}

Outcome Party::deliver(Waiting::iterator it, wire::Message message) {
  Outcome o = run(it->second, it->second.receive(std::move(message)));
  if (o.need_certificate_url && !remember_fetch(*o.need_certificate_url, it->first))
    return too_many_fetches(it->first);
  if (o.state == Outcome::State::established || it->second.ended()) {
    waiting_.erase(it);
  } else if (const std::uint32_t next = it->second.awaited_csb_id(); next != it->first) {
    auto node = waiting_.extract(it);  // it waits for somebody else now
    node.key() = next;
    waiting_.insert(std::move(node));
  }
  return o;
}

/// An I_MESSAGE_1 that came several times made as many exchanges wait under one CSB ID: whose value comes
/// back shows when it is decrypted (RFC 6267 4.2.2.6).
Outcome Party::returned_value(const wire::Message& message) {
  std::vector<Waiting::iterator> waiting;
  const auto [from, to] = waiting_.equal_range(message.hdr().csb_id);
  for (auto it = from; it != to; ++it)
    if (it->second.awaits(message.hdr().data_type)) waiting.push_back(it);
  Outcome o =
      failed(bad_message(ErrorCode::unspecified, "RFC 3830 5.3", "no exchange waits for this message"),
             message.hdr().csb_id);
  for (const auto it : waiting) {
    o = deliver(it, message.clone());
    if (o.state != Outcome::State::failed) break;
  }
  return o;
}

Outcome Party::first_message(wire::Message message) {
  const std::uint32_t csb_id = message.hdr().csb_id;
  if (!opens_exchange(message.hdr().data_type) && is_response(message.hdr().data_type))
    return failed(bad_message(ErrorCode::unspecified, "RFC 3830 5.3", "no exchange waits for this message"),
                  csb_id);
  Exchange ex = Exchange::respond(env());
  Outcome o = run(ex, ex.receive(std::move(message)));
  o.csb_id = csb_id;
  // for a KMS, or for the Initiator's second message (RFC 6043 4.2.3, RFC 6267 4.2.2)
  if (o.state == Outcome::State::waiting && !o.need_certificate_url) {
    if (waiting_.size() >= limits_.waiting)
      return failed({ErrorCode::resource, Severity::system, "", std::nullopt,
                     "too many exchanges are waiting for an answer"},
                    csb_id);
    const std::uint32_t awaited = ex.awaited_csb_id();
    if (waiting_.count(awaited) >= kMaxPerCsb)
      return failed({ErrorCode::resource, Severity::system, "", std::nullopt,
                     "too many exchanges of one CSB are waiting for an answer"},
                    csb_id);
    waiting_.emplace(awaited, std::move(ex));
    return o;
  }
  if (!o.need_certificate_url) return o;
  if (fetching_.size() >= limits_.waiting) return too_many_fetches(csb_id);
  fetching_.push_back({*o.need_certificate_url, csb_id, clock_.inner().now(), std::move(ex)});
  return o;
}

Outcome Party::broken(ByteView octets, const Error& error) {
  const wire::Remains r = wire::examine_broken(octets);
  std::optional<std::uint32_t> csb_id;
  if (r.hdr) csb_id = r.hdr->csb_id;
  if (!r.hdr || !opens_exchange(r.hdr->data_type)) return failed(error, csb_id);
  Exchange ex = Exchange::respond(env());
  Outcome o = run(ex, ex.receive(octets));
  o.csb_id = csb_id;
  return o;
}

Outcome Party::error_message(wire::Message message) {
  const std::uint32_t csb_id = message.hdr().csb_id;
  std::optional<Outcome> told;
  const auto [from, to] = waiting_.equal_range(csb_id);
  for (auto it = from; it != to; ++it) {
    bool ended = false;
    Step step = it->second.receive(message.clone());
    bool about_this = false;  // several exchanges of a group have one CSB ID
    for (const Action& a : step)
      if (const auto* r = std::get_if<Reject>(&a)) ended = r->ended, about_this = r->from_peer;
    if (!told || about_this) told = run(it->second, std::move(step));
    if (!ended) continue;
    waiting_.erase(it);
    return *told;
  }
  if (told) return *told;
  return failed(
      bad_message(ErrorCode::unspecified, "RFC 3830 5.1.2", "an error message for no exchange of this party"),
      csb_id);
}

std::vector<Outcome> Party::expire() {
  std::vector<Outcome> out;
  const NtpTime now = clock_.inner().now();
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Outcome o = run(it->second, it->second.wake(now));
    if (o.state != Outcome::State::failed) {
      ++it;
      continue;
    }
    out.push_back(std::move(o));
    it = waiting_.erase(it);
  }
  std::erase_if(fetching_,
                [&](const Fetching& f) { return ntp_difference(now, f.since + policy_.patience) >= 0; });
  return out;
}

Status Party::forget(std::uint32_t csb_id) {
  const std::size_t before = bundles_.size();
  std::erase_if(bundles_, [&](const auto& entry) { return entry.first.first == csb_id; });
  const std::size_t ended = waiting_.erase(csb_id) +
                            std::erase_if(fetching_, [&](const Fetching& f) { return f.csb_id == csb_id; });
  if (bundles_.size() == before && ended == 0) return bad_request("there is no such CSB");
  return {};
}

Status Party::forget(std::uint32_t csb_id, const Identity& peer) {
  if (bundles_.erase({csb_id, peer}) == 0) return bad_request("there is no such CSB with that peer");
  return {};
}

keys::BundlePtr Party::bundle(std::uint32_t csb_id, const Identity& peer) const {
  const auto it = bundles_.find({csb_id, peer});
  return it == bundles_.end() ? nullptr : it->second;
}

}  // namespace mikey
