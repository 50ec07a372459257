#include "exchange/ticket/parts.hpp"

#include "exchange/engine/error_message.hpp"
#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::ticket {

std::optional<Identity> identity_in(const wire::Message& m, IdRole role) {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::idr) continue;
    const auto p = m.get<wire::Idr>(s);
    if (p.role == role) return Identity{p.type, to_bytes(p.data)};
  }
  return std::nullopt;
}

std::optional<Bytes> rand_in(const wire::Message& m, RandRole role) {
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::randr) continue;
    const auto p = m.get<wire::Randr>(s);
    if (p.role == role) return to_bytes(p.data);
  }
  return std::nullopt;
}

wire::Idr idr_payload(IdRole role, const Identity& id) {
  return {role, id.type, Octets(id.data)};
}

Bytes stamp(const Env& env) {
  Bytes t(8);
  store_be(t.data(), env.clock.now().value);
  return t;
}

Result<engine::Timestamp> response_time(const Env& env, const wire::Message& m) {
  return engine::fresh_timestamp(env, m);
}

wire::Hdr plain_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id) {
  wire::Hdr h;
  h.data_type = type;
  h.v = v ? 1 : 0;
  h.prf = prf;
  h.csb_id = csb_id;
  h.map_type = CsIdMapType::empty;
  return h;
}

Status check_plain_header(const wire::Message& m) {
  if (m.hdr().map_type == CsIdMapType::empty && m.hdr().n_cs == 0) return {};
  return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.1",
                     "exchanges with a KMS have no crypto sessions and the empty map", 8);
}

EncrAlg kemac_algorithm(const Policy& policy, PrfFunc prf) {
  if (prf == PrfFunc::mikey_1 && policy.kemac_encryption.front() == EncrAlg::aes_kw_128)
    return EncrAlg::aes_kw_128;
  return keys::ticket_algorithms(prf).encryption;
}

Status add_kemac(wire::ChainBuilder& b, const keys::MessageKeys& protection, EncrAlg alg, ByteView t,
                 std::initializer_list<std::span<const keys::KeyEntry>> keys) {
  wire::ChainBuilder inner;
  for (const auto list : keys)
    for (const keys::KeyEntry& k : list) inner.add(engine::key_data(k));
  auto plain = std::move(inner).finish_secret();
  if (!plain) return std::move(plain).error();
  auto sealed = protection.seal(alg, t, plain->reveal());
  if (!sealed) return std::move(sealed).error();
  b.add(wire::Kemac{alg, Octets(*sealed), MacAlg::null, {}});
  return {};
}

std::optional<Bytes> error_message(const Env& env, std::uint32_t csb_id, PrfFunc prf, const Error& e,
                                   const keys::MessageKeys* keys) {
  if (e.severity != Severity::message) return std::nullopt;
  wire::ChainBuilder b(plain_header(DataType::error, false, prf, csb_id));
  const Bytes t = stamp(env);
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  b.add(wire::Err{static_cast<ErrorNo>(wire_number(e.code)), 0});
  if (e.code == ErrorCode::invalid_sp || e.code == ErrorCode::invalid_sppar)
    if (!engine::add_supported(b, env.policy)) return std::nullopt;
  auto octets = keys == nullptr ? std::move(b).finish() : engine::finish_6043(*keys, prf, std::move(b), {});
  if (!octets) return std::nullopt;
  return std::move(*octets);
}

Reject read_error(const wire::Message& m, const keys::MessageKeys& keys, PrfFunc prf, const char* who) {
  const auto err = m.first<wire::Err>();
  if (!err)
    return {bad_message(ErrorCode::unspecified, "RFC 6043 5.4", "an error message without an error"),
            false,
            false,
            {}};
  engine::Complaint c;
  const auto n = wire::to_number(err->number);
  c.code = n <= 15 ? static_cast<ErrorCode>(n) : ErrorCode::unspecified;
  for (const wire::Sp& sp : m.all<wire::Sp>())
    if (auto s = exchange::suite_of(sp)) c.supported.push_back(*s);
  const bool authentic = m.last_type() == PayloadType::v && engine::check_error_6043(keys, prf, m).ok();
  Reject r = engine::peer_error(std::move(c), authentic);
  r.error.rfc = "RFC 6043 5.4";
  r.error.detail = std::string("from the ") + who + ": " + r.error.detail;
  return r;
}

}  // namespace mikey::ticket
