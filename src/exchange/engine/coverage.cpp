#include "exchange/engine/coverage.hpp"

#include <array>

#include "mikey/keys/ticket_keys.hpp"

namespace mikey::engine {

Status fill_kemac_mac(const keys::MessageKeys& keys, MacAlg alg, wire::ChainBuilder& message) {
  if (!message.ok()) return {};  // finish() will say why
  const std::size_t n = *wire::mac_size(alg);
  const std::array<ByteView, 1> parts{message.octets().first(message.octets().size() - n)};
  return keys.mac(alg, parts, message.tail(n));
}

Status check_kemac_mac(const keys::MessageKeys& keys, const wire::Message& m) {
  const auto k = m.get<wire::Kemac>(m.last_slot());
  const std::array<ByteView, 1> parts{m.octets().first(m.octets().size() - k.mac.size())};
  if (auto s = keys.verify(k.mac_alg, parts, k.mac); !s) {
    if (s.error().code != ErrorCode::auth_failure) return s;
    return bad_message(ErrorCode::auth_failure, "RFC 3830 5.2", "the MAC of the KEMAC does not match",
                       m.last_slot().offset);
  }
  return {};
}

Status fill_verification(const keys::MessageKeys& keys, MacAlg alg, wire::ChainBuilder& message,
                         ByteView id_i, ByteView id_r, ByteView t) {
  if (!message.ok()) return {};
  const std::size_t n = *wire::mac_size(alg);
  const std::array<ByteView, 4> parts{message.octets().first(message.octets().size() - n), id_i, id_r, t};
  return keys.mac(alg, parts, message.tail(n));
}

Status check_verification(const keys::MessageKeys& keys, MacAlg alg, const wire::Message& m, ByteView id_i,
                          ByteView id_r, ByteView t) {
  const auto v = m.get<wire::Ver>(m.last_slot());
  if (v.auth_alg != alg)
    return bad_message(ErrorCode::invalid_mac, "RFC 3830 6.9",
                       "V uses another MAC algorithm than the exchange", m.last_slot().offset);
  const std::array<ByteView, 4> parts{m.octets().first(m.octets().size() - v.data.size()), id_i, id_r, t};
  if (auto s = keys.verify(alg, parts, v.data); !s) {
    if (s.error().code != ErrorCode::auth_failure) return s;
    return bad_message(ErrorCode::auth_failure, "RFC 3830 5.2", "the MAC of V does not match",
                       m.last_slot().offset);
  }
  return {};
}

MacAlg verification_alg(EncrAlg encr, MacAlg mac) {
  return mac == MacAlg::null && encr != EncrAlg::null ? MacAlg::hmac_sha_1_160 : mac;
}

namespace {

/// Octets of a TICKET that V leaves out: the length of Initiator Data, and these.
struct Gap {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Gap gap_of(const wire::Message& m) {
  const wire::Slot* at = m.find(PayloadType::ticket);
  if (m.hdr().data_type != DataType::transfer_init || at == nullptr) return {};
  return {at->end() - 2 - m.get<wire::Ticket>(*at).initiator_data.size(), at->end()};
}

using Parts = std::vector<ByteView>;

Parts parts_6043(ByteView message, const Gap& gap, std::size_t mac, std::initializer_list<ByteView> after) {
  const ByteView head = message.first(message.size() - mac);
  Parts parts{head.first(gap.begin), head.subspan(gap.end)};
  parts.insert(parts.end(), after.begin(), after.end());
  return parts;
}

Status check_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                  std::initializer_list<ByteView> after) {
  if (m.last_type() != PayloadType::v || m.count<wire::Ver>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2", "the message does not end with its only V");
  const std::size_t offset = m.last_slot().offset;
  const auto v = m.get<wire::Ver>(m.last_slot());
  Status s = keys::check_ticket_mac(prf, v.auth_alg);
  if (s) s = keys.verify(v.auth_alg, parts_6043(m.octets(), gap_of(m), v.data.size(), after), v.data);
  if (s) return s;
  if (s.error().code == ErrorCode::auth_failure)
    return bad_message(ErrorCode::auth_failure, "RFC 6043 5.5", "the MAC of V does not match", offset);
  s.error().offset = offset;
  return s;
}

}  // namespace

Status check_initial_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m, ByteView id_1,
                          ByteView id_2) {
  return check_6043(keys, prf, m, {id_1, id_2});
}

Status check_response_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                           ByteView initial) {
  return check_6043(keys, prf, m, {initial});
}

Status check_error_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m) {
  return check_6043(keys, prf, m, {});
}

Result<Bytes> finish_6043(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                          std::initializer_list<ByteView> after) {
  const MacAlg alg = keys::ticket_algorithms(prf).mac;
  const Bytes room(*wire::mac_size(alg));
  b.add(wire::Ver{alg, Octets(room)});
  if (b.ok()) {
    const Parts parts = parts_6043(b.octets(), {}, room.size(), after);
    if (auto s = keys.mac(alg, parts, b.tail(room.size())); !s) return std::move(s).error();
  }
  return std::move(b).finish();
}

Result<Bytes> finish_transfer_6043(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                                   std::size_t data_end, std::size_t data_size, ByteView id_i,
                                   ByteView id_r) {
  const MacAlg alg = keys::ticket_algorithms(prf).mac;
  const Bytes room(*wire::mac_size(alg));
  b.add(wire::Ver{alg, Octets(room)});
  if (b.ok()) {
    const Gap gap{data_end - data_size - 2, data_end};
    const Parts parts = parts_6043(b.octets(), gap, room.size(), {id_i, id_r});
    if (auto s = keys.mac(alg, parts, b.tail(room.size())); !s) return std::move(s).error();
  }
  return std::move(b).finish();
}

}  // namespace mikey::engine
