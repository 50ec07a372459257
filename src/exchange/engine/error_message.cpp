#include "exchange/engine/error_message.hpp"

#include "exchange/engine/coverage.hpp"
#include "exchange/engine/terms.hpp"
#include "mikey/exchange/srtp_policy.hpp"

namespace mikey::engine {

Offence offence(const wire::Message& m) {
  Offence o;
  o.csb_id = m.hdr().csb_id;
  o.prf = m.hdr().prf;
  if (const auto t = m.first<wire::T>()) {
    o.t_type = t->type;
    o.t = to_bytes(t->value);
  }
  return o;
}

Result<wire::ChainBuilder> error_message(const Offence& o, const Error& e, const Policy& policy) {
  wire::Hdr h;
  h.data_type = DataType::error;
  h.csb_id = o.csb_id;
  h.prf = o.prf;
  wire::ChainBuilder b(h);
  b.add(wire::T{o.t_type, Octets(o.t)});
  b.add(wire::Err{static_cast<ErrorNo>(wire_number(e.code)), 0});
  if (e.code == ErrorCode::invalid_sp || e.code == ErrorCode::invalid_sppar)
    if (auto s = add_supported(b, policy); !s) return std::move(s).error();
  return b;
}

namespace {

bool answerable(const Offence& o, const Error& e) {
  return !o.t.empty() && e.severity == Severity::message;
}

std::optional<Send> as_send(const Offence& o, wire::ChainBuilder&& b) {
  auto octets = std::move(b).finish();
  if (!octets) return std::nullopt;
  return Send{Destination::peer, o.peer, std::move(*octets), false};
}

}  // namespace

std::optional<Send> plain_error(const Offence& o, const Error& e, const Policy& policy) {
  if (!answerable(o, e)) return std::nullopt;
  auto b = error_message(o, e, policy);
  if (!b) return std::nullopt;
  return as_send(o, std::move(*b));
}

std::optional<Send> verified_error(const Offence& o, const Error& e, const Policy& policy,
                                   const keys::MessageKeys& keys, MacAlg alg, ByteView id_i, ByteView id_r) {
  if (!answerable(o, e)) return std::nullopt;
  auto b = error_message(o, e, policy);
  if (!b) return std::nullopt;
  const Bytes room(*wire::mac_size(alg));
  b->add(wire::Ver{alg, Octets(room)});
  if (!fill_verification(keys, alg, *b, id_i, id_r, o.t)) return std::nullopt;
  return as_send(o, std::move(*b));
}

std::optional<Complaint> read_error(const wire::Message& m, ByteView own_t) {
  const auto err = m.first<wire::Err>();
  const auto t = m.first<wire::T>();
  if (!err || !t || !(t->value == Octets(own_t))) return std::nullopt;
  Complaint c;
  const auto n = wire::to_number(err->number);
  c.code = n <= 15 ? static_cast<ErrorCode>(n) : ErrorCode::unspecified;
  for (const wire::Sp& sp : m.all<wire::Sp>())
    if (auto s = exchange::suite_of(sp)) c.supported.push_back(*s);
  return c;
}

Reject foreign_error() {
  return {bad_message(ErrorCode::unspecified, "RFC 3830 5.1.2", "an error message about another exchange"),
          false,
          false,
          {}};
}

Reject peer_error(Complaint c, bool authentic) {
  Reject r;
  r.ended = authentic;
  r.from_peer = true;
  r.error =
      bad_message(c.code, "RFC 3830 5.1.2",
                  authentic ? "the peer refuses, in an authenticated error message"
                            : "an error message that cannot be authenticated says that the peer refuses");
  if (!c.supported.empty()) {
    r.error.detail += "; it supports";
    for (const keys::Suite s : c.supported) r.error.detail += " " + std::string(keys::info(s).name);
  }
  r.supported = std::move(c.supported);
  return r;
}

}  // namespace mikey::engine
