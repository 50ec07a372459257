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

using Gaps = std::vector<Gap>;
using Parts = std::vector<ByteView>;

/// RFC 6267 5.4: "if there is an ESK payload in the message it SHALL be omitted".
Gaps esk_gaps(const wire::Message& m) {
  Gaps gaps;
  for (const wire::Slot& s : m.slots())
    if (s.type == PayloadType::esk) gaps.push_back({s.offset, s.end()});
  return gaps;
}

/// The message less its MAC and the gaps, then what follows it.
Parts covered(ByteView message, const Gaps& gaps, std::size_t mac, std::initializer_list<ByteView> after) {
  const ByteView head = message.first(message.size() - mac);
  Parts parts;
  std::size_t at = 0;
  for (const Gap& gap : gaps) {
    parts.push_back(head.subspan(at, gap.begin - at));
    at = gap.end;
  }
  parts.push_back(head.subspan(at));
  parts.insert(parts.end(), after.begin(), after.end());
  return parts;
}

Status check_v(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m, const Gaps& gaps,
               std::initializer_list<ByteView> after, const char* rfc) {
  if (m.last_type() != PayloadType::v || m.count<wire::Ver>() != 1)
    return bad_message(ErrorCode::unspecified, rfc, "the message does not end with its only V");
  const std::size_t offset = m.last_slot().offset;
  const auto v = m.get<wire::Ver>(m.last_slot());
  Status s = keys::check_ticket_mac(prf, v.auth_alg);
  if (s) s = keys.verify(v.auth_alg, covered(m.octets(), gaps, v.data.size(), after), v.data);
  if (s) return s;
  if (s.error().code == ErrorCode::auth_failure)
    return bad_message(ErrorCode::auth_failure, rfc, "the MAC of V does not match", offset);
  s.error().offset = offset;
  return s;
}

Status check_6043(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                  std::initializer_list<ByteView> after) {
  return check_v(keys, prf, m, {gap_of(m)}, after, "RFC 6043 5.5");
}

Result<Bytes> finish_with_v(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                            const Gaps& gaps, std::initializer_list<ByteView> after) {
  const MacAlg alg = keys::ticket_algorithms(prf).mac;
  const Bytes room(*wire::mac_size(alg));
  b.add(wire::Ver{alg, Octets(room)});
  if (b.ok()) {
    const Parts parts = covered(b.octets(), gaps, room.size(), after);
    if (auto s = keys.mac(alg, parts, b.tail(room.size())); !s) return std::move(s).error();
  }
  return std::move(b).finish();
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
  return finish_with_v(keys, prf, std::move(b), {}, after);
}

Result<Bytes> finish_transfer_6043(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b,
                                   std::size_t data_end, std::size_t data_size, ByteView id_i,
                                   ByteView id_r) {
  return finish_with_v(keys, prf, std::move(b), {{data_end - data_size - 2, data_end}}, {id_i, id_r});
}

Status check_verification_6267(const keys::MessageKeys& keys, PrfFunc prf, const wire::Message& m,
                               ByteView id_1, ByteView id_2) {
  return check_v(keys, prf, m, esk_gaps(m), {id_1, id_2}, "RFC 6267 5.4");
}

Result<Bytes> finish_6267(const keys::MessageKeys& keys, PrfFunc prf, wire::ChainBuilder b, ByteView id_1,
                          ByteView id_2) {
  return finish_with_v(keys, prf, std::move(b), {}, {id_1, id_2});
}

Status check_returned_value_6267(ByteView sent, ByteView returned) {
  if (ct_equal(sent, returned)) return {};
  return bad_message(ErrorCode::auth_failure, "RFC 6267 4.2.2.6", "the value returned is not the one sent");
}

}  // namespace mikey::engine
