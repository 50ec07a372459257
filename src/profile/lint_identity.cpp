// Who is named, and certificates.

#include <map>

#include "context.hpp"
#include "mikey/wire/registry.hpp"

namespace mikey::profile {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 3986 3: scheme ":" and something after it.
bool has_scheme(std::string_view s) {
  const std::size_t colon = s.find(':');
  if (colon == std::string_view::npos || colon + 1 == s.size() || colon == 0 || !is_alpha(s[0])) return false;
  return std::ranges::all_of(s.substr(0, colon), [](char c) {
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

// A port stands where a scheme would have ended: "kms.example.com:8080".
bool is_host_and_port(std::string_view s) {
  const std::size_t colon = s.find(':');
  if (s.substr(0, colon).find('.') == std::string_view::npos || colon + 1 >= s.size()) return false;
  return std::ranges::all_of(s.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_utf8_text(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const auto lead = static_cast<std::uint8_t>(s[i]);
    if (lead < 0x20 || lead == 0x7f) return false;
    const std::size_t n = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (n == 0 || n > s.size() - i) return false;
    for (std::size_t k = 1; k < n; ++k)
      if (static_cast<std::uint8_t>(s[i + k]) >> 6 != 2) return false;
    i += n;
  }
  return true;
}

void check_identity(Context& c, IdType type, ByteView data, std::size_t at) {
  const std::string_view text = as_text(data);
  if (data.empty()) return c.add(rule("id-empty"), at, "the identity is empty");
  if (type != IdType::uri && type != IdType::nai) return;
  if (!is_utf8_text(text)) return c.add(rule("id-not-text"), at, "the identity is not text");
  if (type == IdType::uri && (!has_scheme(text) || is_host_and_port(text)))
    c.add(rule("id-not-uri"), at, "the identity is of type URI but has no scheme");
  if (type == IdType::nai && text.find('@') == std::string_view::npos)
    c.add(rule("id-not-nai"), at, "the identity is of type NAI but has no realm");
}

// The UIDs of TS 33.180 E.7 are hashes, whatever their type says.
bool is_hashed(IdRole role) {
  return role == IdRole::uid_initiator || role == IdRole::uid_responder;
}

// A user may ask for keys of several identities, each in an IDR of the same role (RFC 6267 4.2.1.1).
bool may_repeat_roles(DataType t) {
  return t == DataType::request_key_init_psk || t == DataType::request_key_init_pke ||
         t == DataType::request_key_resp;
}

void check_roles(Context& c) {
  std::map<IdRole, int> ids;
  c.each<wire::Idr>([&](const wire::Idr& id, const wire::Slot& s) {
    if (!is_hashed(id.role)) check_identity(c, id.type, id.data, s.body());
    if (++ids[id.role] == 2 && !may_repeat_roles(c.m.hdr().data_type))
      c.add(rule("role-twice"), s.body(),
            "a second IDR with role " + std::to_string(wire::to_number(id.role)));
  });
  std::map<RandRole, int> rands;
  c.each<wire::Randr>([&](const wire::Randr& r, const wire::Slot& s) {
    if (++rands[r.role] == 2)
      c.add(rule("role-twice"), s.body(),
            "a second RANDR with role " + std::to_string(wire::to_number(r.role)));
  });
  const auto named = [&](IdRole a, IdRole b) { return ids.contains(a) || ids.contains(b); };
  if (!named(IdRole::initiator, IdRole::uid_initiator) || !named(IdRole::responder, IdRole::uid_responder) ||
      !ids.contains(IdRole::kms_initiator) || !ids.contains(IdRole::kms_responder))
    c.add(rule("idr-incomplete"), c.m.octets().size(), "not both users and both KMSs are named");
}

bool wants_id(DataType t) {
  return t == DataType::psk_init || t == DataType::pk_init || t == DataType::dh_init ||
         t == DataType::rsar_init;
}

// One value in DER: the length octets say exactly what follows them.
bool is_der_sequence(ByteView d) {
  if (d.size() < 2 || d[0] != 0x30) return false;
  if (d[1] < 0x80) return d.size() == 2U + d[1];
  const std::size_t n = d[1] & 0x7fU;
  if (n == 0 || n > 3 || d.size() < 2 + n) return false;
  std::size_t length = 0;
  for (std::size_t i = 0; i < n; ++i) length = length << 8 | d[2 + i];
  return d.size() == 2 + n + length;
}

void check_cert(Context& c, const wire::Cert& cert, const wire::Slot& s) {
  if (cert.type == CertType::x509v3_url)
    return c.add(rule("cert-url"), s.body(),
                 "CERT holds a URL of " + std::to_string(cert.data.size()) + " octets");
  if (!wire::name_of(cert.type).empty() && !is_der_sequence(cert.data))
    c.add(rule("cert-not-der"), s.body() + 3, "CERT does not hold one DER value");
}

}  // namespace

void check_identities(Context& c) {
  c.each<wire::Id>([&](const wire::Id& id, const wire::Slot& s) {
    check_identity(c, id.type, id.data, s.body());
    c.add(rule("id-present"), s.offset, "the message has an ID payload");
  });
  check_roles(c);
  c.each<wire::Cert>([&](const wire::Cert& cert, const wire::Slot& s) { check_cert(c, cert, s); });
  if (wants_id(c.m.hdr().data_type) && c.m.find(PayloadType::id) == nullptr &&
      c.m.find(PayloadType::cert) == nullptr)
    c.add(rule("id-missing"), c.m.octets().size(), "the message names nobody");
}

}  // namespace mikey::profile
