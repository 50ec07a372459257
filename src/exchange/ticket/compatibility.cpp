#include "mikey/exchange/compatibility_ticket.hpp"

#include "exchange/engine/checks.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey {
namespace {

constexpr const char* kRfc = "RFC 6043 B.1";

/// The message that begins an exchange which nobody is to answer.
Result<Bytes> first_message(const Env& env, Offer offer) {
  auto exchange = Exchange::initiate(env, std::move(offer));
  if (!exchange) {  // the Initiator asks for what cannot be, or the KMS does not know the Responder
    return bad_message(ErrorCode::invalid_tppar, kRfc, exchange.error().detail);
  }
  for (Action& a : exchange->start())
    if (auto* send = std::get_if<Send>(&a)) return std::move(send->message);
  return Error{ErrorCode::unspecified, Severity::system, kRfc, std::nullopt, "nothing was sent"};
}

/// The message of the Ticket Data as this party could have sent it: of RFC 3830's half round trip.
Result<wire::Message> read_inner(ByteView data) {
  auto m = wire::Message::parse(data);
  if (!m) return m;
  const DataType type = m->hdr().data_type;
  const bool ok = (type == DataType::psk_init || type == DataType::pk_init) && m->hdr().v == 0 &&
                  m->count<wire::Rand>() == 1;
  if (!ok)
    return bad_message(ErrorCode::invalid_ticket, kRfc,
                       "the Ticket Data are no message of RFC 3830 that needs no answer");
  return m;
}

}  // namespace

void CompatibilityTicket::ask(TicketRequest& request) {
  request.kind = kKind;
  request.mode = 2;
  request.flags = kFlags;
}

CompatibilityTicket::CompatibilityTicket(const Env& env) : env_(env), policy_(env.policy) {
  policy_.request_verification = false;
}

Result<NewTicket> CompatibilityTicket::seal(const crypto::Provider& provider, Rng& rng,
                                            const TicketPolicy& policy, ByteView tpk,
                                            const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> keys,
                                            NtpTime /*t*/) const {
  if (!env_) return bad_request("this party makes no tickets of that type", kRfc);
  if (policy.responders.size() != 1 || keys.size() != 1 || policy.flags.without(TicketFlag::k) != kFlags)
    return bad_message(ErrorCode::invalid_tppar, kRfc,
                       "a ticket of that type has one responder, one key, and the flags DH");
  const Env env{provider, rng, env_->clock, policy_, env_->self, env_->pki};
  const keys::KeyEntry& key = keys.front();
  Terms terms;
  terms.to = policy.responders.front();
  terms.key.tek = key.is_tek();
  terms.key.with_salt = key.has_salt;
  terms.key.given = key.key.clone();
  terms.key.given_salt = key.salt.clone();
  terms.validity = key.validity;
  const Identity to = terms.to;
  std::optional<crypto::Certificate> certificate;
  if (tpk.size() < 16 && env.pki != nullptr && env.pki->trust)
    certificate = env.pki->trust->pinned(to.type, to.data);
  if (tpk.size() < 16 && !certificate)
    return bad_message(ErrorCode::invalid_tppar, kRfc,
                       "there is neither a PSK nor a certificate of the responder");
  auto message =
      certificate
          ? first_message(env, PkOffer{std::move(terms), std::move(certificate), EnvelopeCache::no_cache})
          : first_message(env, PskOffer{std::move(terms), Psk(tpk)});
  if (!message) return std::move(message).error();
  auto tp = policy.data();
  if (!tp) return std::move(tp).error();
  auto core = wire::encode(wire::Ticket{policy.fields(*tp), Octets(*message), {}});
  if (!core) return std::move(core).error();
  core->resize(core->size() - 2);  // the length of Initiator Data
  return NewTicket{{std::move(*core)}, {mpk.key.clone(), {}}};
}

Result<OpenedTicket> CompatibilityTicket::open(const crypto::Provider& /*provider*/,
                                               const TicketPolicy& /*policy*/, const TicketCore& /*core*/,
                                               ByteView /*ticket_data*/, ByteView /*tpk*/) const {
  return bad_message(ErrorCode::invalid_ticket, kRfc,
                     "a ticket of that type is a message, not to be resolved");
}

Result<TicketScheme::Instead> CompatibilityTicket::call(const Env& env, const HeldTicket& ticket,
                                                        ByteView ticket_data) const {
  if (ticket.keys.size() != 1)
    return bad_message(ErrorCode::invalid_ticket, kRfc, "a ticket of that type has one key");
  auto m = read_inner(ticket_data);
  if (!m) return std::move(m).error();
  auto proposal = engine::accept_proposal(env.policy, *m, nullptr);
  if (!proposal) return std::move(proposal).error();
  keys::Bundle b;
  b.csb_id = m->hdr().csb_id;
  b.derive_csb_id = b.csb_id;
  b.mode = Mode::ticket;
  b.role = Role::initiator;
  b.peer = ticket.to;
  b.prf = m->hdr().prf;
  b.rand = to_bytes(m->first<wire::Rand>()->data);
  b.map_type = proposal->map_type;
  b.sessions = engine::make_sessions(*proposal, ticket.keys.front().validity);
  b.policies = proposal->policies;
  b.keys.push_back(ticket.keys.front().clone());
  if (auto s = keys::derive_session_keys(env.crypto, b); !s) return std::move(s).error();
  return Instead{to_bytes(ticket_data), std::make_shared<const keys::Bundle>(std::move(b))};
}

}  // namespace mikey
