#include "exchange/ibake/key_parts.hpp"

#include "exchange/ticket/parts.hpp"

namespace mikey::ibake {

std::vector<Identity> requested_identities(const wire::Message& m) {
  std::vector<Identity> out;
  for (const wire::Idr& p : m.all<wire::Idr>())
    if (p.role == IdRole::initiator || p.role == IdRole::responder) out.push_back({p.type, to_bytes(p.data)});
  return out;
}

Bytes joined_data(std::span<const Identity> ids) {
  Bytes out;
  for (const Identity& id : ids) append(out, id.data);
  return out;
}

std::optional<Bytes> error_message(const wire::Hdr& about, const wire::T& t, const Error& e,
                                   const keys::MessageKeys* protection, ByteView ids, ByteView kms) {
  if (e.severity != Severity::message) return std::nullopt;
  wire::ChainBuilder b(ticket::plain_header(DataType::error, false, about.prf, about.csb_id));
  b.add(t);
  b.add(wire::Err{static_cast<ErrorNo>(wire_number(e.code)), 0});
  auto octets = protection == nullptr ? std::move(b).finish()
                                      : engine::finish_6267(*protection, about.prf, std::move(b), ids, kms);
  if (!octets) return std::nullopt;
  return std::move(*octets);
}

}  // namespace mikey::ibake
