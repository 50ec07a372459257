#include "exchange/engine/kemac.hpp"
#include "exchange/ticket/ticket.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey::ticket {

Result<std::vector<keys::KeyEntry>> supplied_keys(const keys::MessageKeys& keys, const wire::Message& m,
                                                  ByteView t, bool allowed) {
  const wire::Slot* at = m.find(PayloadType::kemac);
  if (at == nullptr) return std::vector<keys::KeyEntry>();
  if (m.count<wire::Kemac>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2", "the message has more than one KEMAC",
                       at->offset);
  if (!allowed)
    return bad_message(ErrorCode::invalid_tppar, "RFC 6043 6.10", "the Ticket Policy forbids this KEMAC",
                       at->offset);
  auto out = engine::open_ticket_kemac(keys, m.get<wire::Kemac>(*at), at->offset, m.hdr().prf, t);
  if (!out) return out;
  for (const keys::KeyEntry& k : *out)
    if (k.type == KeyDataType::mpk || k.validity.type != KvType::spi)
      return bad_message(ErrorCode::unspecified, "RFC 6043 6.2.1",
                         "the KEMAC holds something other than session keys with an SPI", at->offset);
  return out;
}

void set_rekey_time(const Env& env, keys::TicketCsb& csb) {
  csb.rekey_by = std::nullopt;
  if (csb.rekey) csb.rekey_by = env.clock.read() + std::chrono::seconds(*csb.rekey);
}

Result<engine::Draft> make_draft(const Env& env, Parts p) {
  if (p.keys.empty()) return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.2", "there is no session key");
  keys::Bundle b;
  b.csb_id = p.csb_id;
  b.derive_csb_id = keys::kNoCsb;
  b.mode = Mode::ticket;
  b.role = p.role;
  b.peer = std::move(p.peer);
  b.prf = p.prf;
  b.rand = keys::ticket_session_context(p.flags.has(TicketFlag::h) ? ByteView(p.rand_i) : ByteView(),
                                        p.flags.has(TicketFlag::g) ? ByteView(p.rand_r) : ByteView());
  b.map_type = CsIdMapType::generic_id;
  b.sessions = crypto_sessions(p.sessions, p.policies, p.keys);
  b.policies = std::move(p.policies.known);
  b.keys = std::move(p.keys);
  p.csb.flags = p.flags.bits();
  p.csb.rand_i = std::move(p.rand_i);
  set_rekey_time(env, p.csb);
  b.ticket = std::make_shared<const keys::TicketCsb>(std::move(p.csb));
  b.extensions = std::move(p.extensions);
  if (auto s = keys::derive_session_keys(env.crypto, b); !s) return std::move(s).error();
  return engine::Draft(std::move(b));
}

std::optional<Send> transfer_error(const Env& env, const wire::Message& m, const Identity& to, const Error& e,
                                   const keys::MessageKeys* keys) {
  auto octets = error_message(env, m.hdr().csb_id, m.hdr().prf, e, keys);
  if (!octets) return std::nullopt;
  return Send{Destination::peer, to, std::move(*octets), false};
}

std::optional<Send> plain_error(const Env& env, const wire::Hdr& about, const Error& e) {
  auto octets = error_message(env, about.csb_id, about.prf, e, nullptr);
  if (!octets) return std::nullopt;
  return Send{Destination::peer, {}, std::move(*octets), false};
}

}  // namespace mikey::ticket
