#include "mikey/kms/issuer.hpp"

#include <algorithm>

#include "mikey/exchange/replay.hpp"

namespace mikey::kms {
namespace {

const TicketSchemes& base_only() {
  static const TicketSchemes schemes;
  return schemes;
}

}  // namespace

Issuer::Issuer(const Env& env, const Authority& authority, KmsReplay& replay, TicketRecord* record,
               const TicketSchemes* schemes, Relay* relay)
    : env_(env),
      authority_(authority),
      replay_(replay),
      record_(record),
      schemes_(schemes == nullptr ? &base_only() : schemes),
      relay_(relay) {}

std::optional<TicketPolicy> Issuer::foreign(const KmsRequest& asked) const {
  const wire::Message& m = asked.message();
  if (relay_ == nullptr || !asked.resolves() || m.count<wire::Ticket>() != 1) return std::nullopt;
  auto policy = TicketPolicy::parse(m.first<wire::Ticket>()->policy);
  if (!policy || !policy->kms || *policy->kms == env_.self || !relay_->knows(*policy->kms))
    return std::nullopt;
  return std::move(*policy);
}

Answer Issuer::handle(ByteView octets) const {
  auto m = wire::Message::parse(octets);
  if (m) return serve(std::move(*m));
  Answer a;
  const wire::Remains r = wire::examine_broken(octets);
  a.error = std::move(m).error();
  if (!r.hdr) return a;
  a.csb_id = r.hdr->csb_id;
  if (asks_kms(r.hdr->data_type)) a.message = kms_error(env_, *r.hdr, *a.error);  // RFC 6043 5.4: SHOULD
  return a;
}

/// What a client is told: with a proven sender under the keys of its message, else nothing that anybody would
/// believe. When the authority did not know, it is no fault of the client's.
void Issuer::refuse(Answer& to, Error why, const wire::Hdr& about, const KmsRequest* asked) const {
  if (auto s = authority_.trouble(); !s) {
    to.error = std::move(s).error();
    return;
  }
  if (asked != nullptr) {
    to.message = asked->error(env_, why);
  } else if (asks_kms(about.data_type)) {
    to.message = kms_error(env_, about, why);
  }
  to.error = std::move(why);
}

Answer Issuer::serve(wire::Message message) const {
  Answer a;
  const wire::Message kept = message.clone();  // for the error message, when nobody was authenticated
  const wire::Hdr& hdr = kept.hdr();
  a.csb_id = hdr.csb_id;
  if (auto s = authority_.begin(); !s) {
    a.error = std::move(s).error();
    return a;
  }
  auto asked = KmsRequest::authenticate(env_, std::move(message), authority_, replay_);
  if (!asked) {
    refuse(a, std::move(asked).error(), hdr, nullptr);
    return a;
  }
  a.client = asked->sender();
  if (const auto theirs = foreign(*asked);
      theirs && asked->sender() == asked->client()) {  // no chains of KMSs
    auto question = relay_->ask(*theirs->kms, *asked, theirs->has(TicketFlag::i));
    if (question) {
      a.state = Answer::State::waiting;
      a.forward = std::move(*question);
      return a;
    }
    refuse(a, std::move(question).error(), hdr, &*asked);
    return a;
  }
  auto answer = asked->resolves() ? resolve(*asked) : request(*asked);
  if (!answer) {
    refuse(a, std::move(answer).error(), hdr, &*asked);
    return a;
  }
  a.state = Answer::State::answered;
  a.message = std::move(*answer);
  return a;
}

// ------------------------------------------------------------------ tables

Psk TableAuthority::psk(const Identity& client) const {
  const auto it = t_.psk.find(client);
  return it == t_.psk.end() ? Psk() : it->second.clone();
}

std::optional<Identity> TableAuthority::client_by_psk(const std::optional<Identity>& psk_name) const {
  if (!psk_name) {
    if (t_.psk.size() != 1) return std::nullopt;
    return t_.psk.begin()->first;
  }
  // IDRpsk is mostly of type byte string, whatever the names of clients are (RFC 6043 6.5): the data count.
  const auto same = [&](const Identity& id) { return id.data == psk_name->data; };
  for (const auto& [name, client] : t_.psk_names)
    if (same(name)) return client;
  for (const auto& [client, key] : t_.psk)
    if (same(client)) return client;
  return std::nullopt;
}

Status TableAuthority::may_request(const Identity& client, const TicketPolicy& /*desired*/) const {
  if (!t_.initiators || t_.initiators->contains(client)) return {};
  return bad_message(ErrorCode::auth_failure, "RFC 6043 4.2.1.4", "the client may not request tickets");
}

Status TableAuthority::may_resolve(const Identity& client, const Identity& /*sender*/,
                                   const TicketPolicy& ticket) const {
  for (const Identity& r : ticket.responders) {
    if (r == client) return {};
    const auto group = t_.groups.find(r);
    if (group != t_.groups.end() && group->second.contains(client)) return {};
  }
  return bad_message(ErrorCode::auth_failure, "RFC 6043 4.2.3.4", "the client may not resolve this ticket");
}

std::vector<SecretBytes> TableAuthority::ticket_keys() const {
  std::vector<SecretBytes> out;
  for (const SecretBytes& k : t_.tpk) out.push_back(k.clone());
  return out;
}

// ------------------------------------------------------------------ replay

Verdict CachedReplay::admit(const NeedReplayVerdict& q) {
  return verdict_of(cache_.check_and_add(q.peer, q.csb_id, q.t, clock_.read()));
}

}  // namespace mikey::kms
