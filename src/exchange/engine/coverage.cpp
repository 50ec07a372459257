#include "exchange/engine/coverage.hpp"

#include <array>

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

}  // namespace mikey::engine
