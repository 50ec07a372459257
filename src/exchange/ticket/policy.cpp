#include "mikey/exchange/ticket_policy.hpp"

#include <array>

namespace mikey {
namespace {

constexpr std::string_view kLetters = "DEFGHIJKLMNO";
constexpr std::int64_t kLatest =
    4233462143;  // 2104-02-26T09:42:23Z, the end of NTP's era 1 as RFC 4330 3 reads it
constexpr std::int64_t kEarliest = -61505152;  // 1968-01-20T03:14:08Z

constexpr std::uint16_t bit(std::size_t i) {
  return static_cast<std::uint16_t>(1U << (kLetters.size() - 1 - i));
}

Error wrong(std::string why, std::size_t offset) {
  return bad_message(ErrorCode::invalid_tppar, "RFC 6043 6.10", std::move(why), offset);
}

Error twice(const char* what, std::size_t offset) {
  return wrong(std::string("the Ticket Policy has more than one ") + what, offset);
}

/// RFC 6043 6.10, TRs and TRe; RFC 4330 3 for the years.
Result<std::int64_t> instant(const wire::Tr& t, std::size_t offset) {
  if (t.type == TsType::counter || t.value.size() < 4)
    return wrong("the validity period is not a time", offset);
  const auto seconds = std::uint64_t{load_be<std::uint32_t>(t.value.data())};
  return NtpTime{seconds << 32}.unix_seconds();
}

Status read_time(const wire::Tr& t, TicketPolicy& to, std::size_t offset) {
  if (t.role == TsRole::rekey) {
    if (to.rekey) return twice("TRr", offset);
    if (t.type != TsType::ntp_utc_32) return wrong("TRr is not of type NTP-UTC-32", offset);
    to.rekey = load_be<std::uint32_t>(t.value.data());
    return {};
  }
  if (t.role != TsRole::start && t.role != TsRole::end) return {};
  auto& slot = t.role == TsRole::start ? to.start : to.end;
  if (slot) return twice(t.role == TsRole::start ? "TRs" : "TRe", offset);
  auto at = instant(t, offset);
  if (!at) return std::move(at).error();
  slot = *at;
  return {};
}

Status read_identity(const wire::Idr& p, TicketPolicy& to, std::size_t offset) {
  Identity id{p.type, to_bytes(p.data)};
  switch (p.role) {
    case IdRole::kms:
      if (to.kms) return twice("IDRkms", offset);
      to.kms = std::move(id);
      break;
    case IdRole::initiator:
      if (to.initiator) return twice("IDRi", offset);
      to.initiator = std::move(id);
      break;
    case IdRole::application:
      to.applications.push_back(std::move(id));
      break;
    case IdRole::responder:
      to.responders.push_back(std::move(id));
      break;
    default:
      break;
  }
  return {};
}

/// RFC 6043 6.10: NULL encryption, NULL authentication, key data that mean nothing but their length.
Status read_wishes(const wire::Kemac& k, TicketPolicy& to, std::size_t offset) {
  if (to.keys) return twice("KEMAC", offset);
  if (k.encr_alg != EncrAlg::null || k.mac_alg != MacAlg::null)
    return wrong("the KEMAC of a Ticket Policy is not NULL with NULL", offset);
  auto chain = wire::PayloadChain::parse(PayloadType::key_data, k.encr_data, offset);
  if (!chain) return wrong("the KEMAC of the Ticket Policy is malformed", offset);
  to.keys.emplace();
  for (std::size_t i = 0; i < chain->size(); ++i) {
    const bool key = chain->type(i) == PayloadType::key_data;
    const auto d = key ? chain->at<wire::KeyData>(i) : wire::KeyData{};
    if (!key || wire::to_number(d.type) > wire::to_number(KeyDataType::gtgk_salt))
      return wrong("the KEMAC of the Ticket Policy asks for something other than session keys", offset);
    KeyWish wish{d.type, d.key.size(), std::nullopt, {}};
    if (wire::carries_salt(d.type)) wish.salt = d.salt.size();
    wish.validity = {d.kv.type, to_bytes(d.kv.spi), to_bytes(d.kv.valid_from), to_bytes(d.kv.valid_to)};
    to.keys->push_back(std::move(wish));
  }
  return {};
}

Status add_time(wire::ChainBuilder& b, TsRole role, const std::optional<std::int64_t>& at) {
  if (!at) return {};
  if (*at < kEarliest || *at > kLatest)
    return bad_request("the validity period is not between 1968 and 2104", "RFC 6043 6.10");
  std::array<std::uint8_t, 4> v{};
  store_be(v.data(), static_cast<std::uint32_t>(NtpTime::from_unix(*at).value >> 32));
  b.add(wire::Tr{role, TsType::ntp_utc_32, Octets(ByteView(v))});
  return {};
}

void add_wishes(wire::ChainBuilder& b, const std::vector<KeyWish>& wishes) {
  wire::ChainBuilder keys;
  std::size_t longest = 0;
  for (const KeyWish& w : wishes) longest = std::max({longest, w.length, w.salt.value_or(0)});
  const Bytes zeros(longest);
  for (const KeyWish& w : wishes) {
    const keys::Validity& v = w.validity;
    keys.add(wire::KeyData{w.type,
                           Octets(ByteView(zeros).first(w.length)),
                           Octets(ByteView(zeros).first(w.salt.value_or(0))),
                           {v.type, Octets(v.spi), Octets(v.valid_from), Octets(v.valid_to)}});
  }
  b.add(wire::Kemac{EncrAlg::null, Octets(keys.octets()), MacAlg::null, {}});
}

}  // namespace

std::optional<TicketFlags> TicketFlags::parse(std::string_view letters) {
  std::uint16_t bits = 0;
  for (const char c : letters) {
    const std::size_t i = kLetters.find(c);
    if (i == std::string_view::npos || (bits & bit(i)) != 0) return std::nullopt;
    bits = static_cast<std::uint16_t>(bits | bit(i));
  }
  return TicketFlags(bits);
}

std::string TicketFlags::letters() const {
  std::string out;
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    if ((bits_ & bit(i)) != 0) out += kLetters[i];
  return out;
}

Result<TicketPolicy> TicketPolicy::parse(const wire::TicketPolicy& p, std::size_t offset) {
  TicketPolicy out;
  out.kind = {p.ticket_type, p.subtype, p.version};
  out.prf = p.prf;
  out.flags = TicketFlags(p.flags);
  auto chain = wire::PayloadChain::parse_announced(p.tp_data, offset);
  if (!chain) return wrong("the TP Data are malformed", offset);
  for (std::size_t i = 0; i < chain->size(); ++i) {
    Status s;
    if (chain->type(i) == PayloadType::idr) s = read_identity(chain->at<wire::Idr>(i), out, offset);
    if (chain->type(i) == PayloadType::tr) s = read_time(chain->at<wire::Tr>(i), out, offset);
    if (chain->type(i) == PayloadType::kemac) s = read_wishes(chain->at<wire::Kemac>(i), out, offset);
    if (!s) return std::move(s).error();
  }
  return out;
}

Result<Bytes> TicketPolicy::data() const {
  wire::ChainBuilder b(true);
  const auto add = [&b](IdRole role, const Identity& id) {
    b.add(wire::Idr{role, id.type, Octets(id.data)});
  };
  if (kms) add(IdRole::kms, *kms);
  if (initiator) add(IdRole::initiator, *initiator);
  if (auto s = add_time(b, TsRole::start, start); !s) return std::move(s).error();
  if (auto s = add_time(b, TsRole::end, end); !s) return std::move(s).error();
  if (rekey) {
    std::array<std::uint8_t, 4> v{};
    store_be(v.data(), *rekey);
    b.add(wire::Tr{TsRole::rekey, TsType::ntp_utc_32, Octets(ByteView(v))});
  }
  if (keys) add_wishes(b, *keys);
  for (const Identity& a : applications) add(IdRole::application, a);
  for (const Identity& r : responders) add(IdRole::responder, r);
  return std::move(b).finish();
}

wire::TicketPolicy TicketPolicy::fields(ByteView tp_data) const {
  return {kind.type, kind.subtype, kind.version, prf, flags.bits(), 0, Octets(tp_data)};
}

namespace {

/// "If `flag` is `value`, then `needed` is set."
struct Implication {
  TicketFlag flag;
  bool value;
  TicketFlag needed;
  const char* text;
};
constexpr std::array<Implication, 7> kImplications{{
    {TicketFlag::d, false, TicketFlag::l, "NOT D implies L"},
    {TicketFlag::g, true, TicketFlag::f, "G implies F"},
    {TicketFlag::g, false, TicketFlag::h, "NOT G implies H"},
    {TicketFlag::h, false, TicketFlag::g, "NOT H implies G"},
    {TicketFlag::i, true, TicketFlag::e, "I implies E"},
    {TicketFlag::k, true, TicketFlag::d, "K implies D"},
    {TicketFlag::m, true, TicketFlag::f, "M implies F"},
}};

Error refused(std::string why) {
  return bad_message(ErrorCode::invalid_tppar, "RFC 6043 6.10", std::move(why));
}

}  // namespace

Status check_flags(TicketFlags flags, bool encodes_tgk) {
  for (const Implication& i : kImplications)
    if (flags.has(i.flag) == i.value && !flags.has(i.needed))
      return refused("the flags of the Ticket Policy do not go together: " + std::string(i.text));
  if (flags.has(TicketFlag::i) && encodes_tgk && !flags.has(TicketFlag::f))
    return refused("the flags of the Ticket Policy do not go together: forking of a TGK needs F");
  return {};
}

Status check_validity(const TicketPolicy& policy, NtpTime now) {
  const std::int64_t t = now.unix_seconds();
  if (policy.start && t < *policy.start) return refused("the ticket is not valid yet");
  if (policy.end && t > *policy.end) return refused("the ticket is not valid any more");
  return {};
}

Status check_policy(const TicketPolicy& policy, bool granted, bool encodes_tgk) {
  if (policy.prf != PrfFunc::mikey_1 && policy.prf != PrfFunc::hmac_sha_256)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 6.10",
                       "the Ticket Policy names an unknown PRF function");
  if (auto s = check_flags(policy.flags, encodes_tgk); !s) return s;
  if (policy.responders.empty()) return refused("the Ticket Policy names no responder");
  if (granted && policy.keys) return refused("a granted Ticket Policy has a KEMAC");
  return {};
}

}  // namespace mikey
