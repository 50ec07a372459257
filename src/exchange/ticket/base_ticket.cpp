#include <array>

#include "exchange/engine/kemac.hpp"
#include "exchange/engine/terms.hpp"
#include "mikey/exchange/ticket.hpp"
#include "mikey/wire/message.hpp"

namespace mikey {
namespace {

Error malformed(const char* why) {
  return bad_message(ErrorCode::unspecified, "RFC 6043 A.1", why);
}

/// The timestamp as it goes into the IV: 64 bits (RFC 6043 6.3; a counter is a number).
std::array<std::uint8_t, 8> iv_time(const wire::T& t) {
  std::array<std::uint8_t, 8> out{};
  std::ranges::copy(t.value, out.begin() + (t.type == TsType::counter ? 4 : 0));
  return out;
}

Result<Bytes> ticket_data(const keys::MessageKeys& keys, const keys::TicketAlgorithms& alg, ByteView rand,
                          const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> content, NtpTime t) {
  std::array<std::uint8_t, 8> time{};
  store_be(time.data(), t.value);
  wire::ChainBuilder inner;
  inner.add(engine::key_data(mpk));
  for (const keys::KeyEntry& k : content) inner.add(engine::key_data(k));
  auto plain = std::move(inner).finish_secret();
  if (!plain) return std::move(plain).error();
  auto sealed = keys.seal(alg.encryption, time, plain->reveal());
  if (!sealed) return std::move(sealed).error();
  wire::ChainBuilder b(wire::Thdr{});
  b.add(wire::T{TsType::ntp_utc, Octets(ByteView(time))});
  b.add(wire::Rand{Octets(rand)});
  b.add(wire::Kemac{alg.encryption, Octets(*sealed), MacAlg::null, {}});
  const Bytes room(*wire::mac_size(alg.mac));
  b.add(wire::Ver{alg.mac, Octets(room)});
  return std::move(b).finish();
}

class BaseTicket final : public TicketScheme {
 public:
  TicketKind kind() const override { return {}; }

  Result<NewTicket> seal(const crypto::Provider& provider, Rng& rng, const TicketPolicy& policy, ByteView tpk,
                         const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> content,
                         NtpTime t) const override {
    const auto n = keys::ticket_rand_size(std::max(tpk.size(), mpk.key.size()));
    if (!n || tpk.size() < 16 || mpk.key.size() < 16)
      return bad_request("a TPK or MPK has 16 to 255 octets", "RFC 6043 12.1");
    auto rand = rng.bytes(*n, "RAND of the ticket");
    if (!rand) return std::move(rand).error();
    const keys::MessageKeys keys = keys::ticket_data_keys(provider, policy.prf, tpk, *rand);
    const keys::TicketAlgorithms alg = keys::ticket_algorithms(policy.prf);
    auto data = ticket_data(keys, alg, *rand, mpk, content, t);
    if (!data) return std::move(data).error();
    auto tp = policy.data();
    if (!tp) return std::move(tp).error();
    auto core = wire::encode(wire::Ticket{policy.fields(*tp), Octets(*data), {}});
    if (!core) return std::move(core).error();
    core->resize(core->size() - 2);  // the length of Initiator Data
    // RFC 6043 A.1: the MAC covers TICKET from Ticket Type to the end of Ticket Data but itself.
    const MutableBytes mac = MutableBytes(*core).last(*wire::mac_size(alg.mac));
    const std::array<ByteView, 1> covered{ByteView(*core).first(core->size() - mac.size())};
    if (auto s = keys.mac(alg.mac, covered, mac); !s) return std::move(s).error();
    auto pair = keys::split_mpk(provider, policy.prf, mpk.key.reveal(), *rand);
    if (!pair) return std::move(pair).error();
    return NewTicket{{std::move(*core)}, std::move(*pair)};
  }

  Result<OpenedTicket> open(const crypto::Provider& provider, const TicketPolicy& policy,
                            const TicketCore& core, ByteView data, ByteView tpk) const override {
    wire::Thdr thdr;
    auto chain = wire::PayloadChain::parse_ticket(data, thdr);
    if (!chain) return malformed("the Ticket Data are malformed");
    const auto t = chain->first<wire::T>();
    const auto rand = chain->first<wire::Rand>();
    const auto kemac = chain->first<wire::Kemac>();
    if (!t || !rand || !kemac || chain->type(chain->size() - 1) != PayloadType::v)
      return malformed("the Ticket Data lack a payload");
    const auto v = chain->at<wire::Ver>(chain->size() - 1);
    if (auto s = keys::check_ticket_mac(policy.prf, v.auth_alg); !s) return std::move(s).error();
    const keys::MessageKeys keys = keys::ticket_data_keys(provider, policy.prf, tpk, rand->data);
    const std::array<ByteView, 1> covered{ByteView(core.octets).first(core.octets.size() - v.data.size())};
    if (auto s = keys.verify(v.auth_alg, covered, v.data); !s) {
      if (s.error().code != ErrorCode::auth_failure) return std::move(s).error();
      return bad_message(ErrorCode::auth_failure, "RFC 6043 A.1", "the MAC of the ticket does not match");
    }
    const auto iv = iv_time(*t);
    auto content = engine::open_ticket_kemac(keys, *kemac, 0, policy.prf, iv);
    if (!content) return std::move(content).error();
    return take_apart(provider, policy.prf, std::move(*content), rand->data, tpk.size());
  }

 private:
  static Result<OpenedTicket> take_apart(const crypto::Provider& provider, PrfFunc prf,
                                         std::vector<keys::KeyEntry> content, ByteView rand,
                                         std::size_t tpk_size) {
    if (content.empty() || content.front().type != KeyDataType::mpk)
      return malformed("the ticket holds no MPK");
    for (std::size_t i = 1; i < content.size(); ++i)
      if (wire::to_number(content[i].type) > wire::to_number(KeyDataType::gtgk_salt))
        return malformed("the ticket holds something other than session keys");
    const keys::KeyEntry& mpk = content.front();
    if (mpk.key.size() < 16 || rand.size() < std::max(tpk_size, mpk.key.size()))
      return bad_message(ErrorCode::unspecified, "RFC 6043 12.1",
                         "the RAND of the ticket is shorter than its keys, or the MPK than 128 bits");
    auto pair = keys::split_mpk(provider, prf, mpk.key.reveal(), rand);
    if (!pair) return std::move(pair).error();
    OpenedTicket out{std::move(*pair), mpk.validity, {}};
    std::move(content.begin() + 1, content.end(), std::back_inserter(out.keys));
    return out;
  }
};

}  // namespace

Result<TicketScheme::Instead> TicketScheme::call(const Env& /*env*/, const HeldTicket& /*ticket*/,
                                                 ByteView /*ticket_data*/) const {
  return bad_message(ErrorCode::invalid_ticket, "RFC 6043 6.10",
                     "the ticket needs processing that this party does not know");
}

const TicketScheme& mikey_base_ticket() {
  static const BaseTicket scheme;
  return scheme;
}

void TicketSchemes::add(std::shared_ptr<const TicketScheme> scheme) {
  const TicketKind kind = scheme->kind();
  others_.insert_or_assign(kind, std::move(scheme));
}

Result<const TicketScheme*> TicketSchemes::find(const TicketKind& kind) const {
  if (const auto it = others_.find(kind); it != others_.end()) return it->second.get();
  if (kind == mikey_base_ticket().kind()) return &mikey_base_ticket();
  return bad_message(ErrorCode::invalid_ticket, "RFC 6043 6.10",
                     "Ticket Type " + std::to_string(wire::to_number(kind.type)) + ", subtype " +
                         std::to_string(kind.subtype) + ", version " + std::to_string(kind.version) +
                         " is not supported");
}

TicketCore TicketCore::of(const wire::Message& m, const wire::Slot& at) {
  const std::size_t data = m.get<wire::Ticket>(at).initiator_data.size();
  return {to_bytes(m.octets().subspan(at.body(), at.end() - at.body() - 2 - data))};
}

Result<Bytes> TicketCore::with(ByteView initiator_data) const {
  if (initiator_data.size() > 0xFFFF) return bad_request("Initiator Data do not fit", "RFC 6043 6.10");
  Bytes out = octets;
  out.resize(out.size() + 2);
  store_be(out.data() + octets.size(), static_cast<std::uint16_t>(initiator_data.size()));
  append(out, initiator_data);
  return out;
}

Result<Bytes> TicketCore::fingerprint(const crypto::Provider& provider) const {
  Bytes out(32);
  const std::array<ByteView, 1> parts{ByteView(octets)};
  if (auto s = provider.hash(crypto::Hash::sha256, parts, out); !s) return std::move(s).error();
  return out;
}

// ------------------------------------------------------------------ Initiator Data

std::size_t initiator_data_size(MacAlg alg) {
  return 1 + 2 * (2 + wire::mac_size(alg).value_or(0));
}

Result<Bytes> make_initiator_data(const crypto::Provider& provider, PrfFunc policy_prf, ByteView mpk_r,
                                  MacAlg alg, ByteView mac) {
  const Bytes room(mac.size());
  wire::ChainBuilder b(true);
  b.add(wire::Ver{alg, Octets(mac)});
  b.add(wire::Ver{alg, Octets(room)});
  if (b.ok()) {
    const std::array<ByteView, 1> covered{b.octets().first(b.octets().size() - mac.size())};
    const keys::MessageKeys keys = keys::initiator_data_keys(provider, policy_prf, mpk_r);
    if (auto s = keys.mac(alg, covered, b.tail(mac.size())); !s) return std::move(s).error();
  }
  return std::move(b).finish();
}

namespace {

struct TwoVs {
  wire::Ver vi;
  wire::Ver vr;
};

/// Vi, and Vr as the last payload.
Result<TwoVs> read_initiator_data(ByteView data) {
  auto chain = wire::PayloadChain::parse_announced(data);
  if (!chain) return malformed("the Initiator Data are malformed");
  const auto list = chain->all<wire::Ver>();
  if (list.size() != 2 || chain->type(chain->size() - 1) != PayloadType::v)
    return bad_message(ErrorCode::auth_failure, "RFC 6043 6.10", "the Initiator Data hold no Vi and Vr");
  return TwoVs{list[0], list[1]};
}

}  // namespace

Status check_initiator_data(const crypto::Provider& provider, PrfFunc policy_prf, ByteView mpk_r,
                            ByteView data) {
  auto v = read_initiator_data(data);
  if (!v) return std::move(v).error();
  if (v->vi.auth_alg != v->vr.auth_alg)
    return bad_message(ErrorCode::invalid_mac, "RFC 6043 6.10", "Vr has another algorithm than Vi");
  if (auto s = keys::check_ticket_mac(policy_prf, v->vr.auth_alg); !s) return s;
  const std::array<ByteView, 1> covered{data.first(data.size() - v->vr.data.size())};
  const keys::MessageKeys keys = keys::initiator_data_keys(provider, policy_prf, mpk_r);
  auto s = keys.verify(v->vr.auth_alg, covered, v->vr.data);
  if (!s && s.error().code == ErrorCode::auth_failure)
    return bad_message(ErrorCode::auth_failure, "RFC 6043 6.10", "the MAC of Vr does not match");
  return s;
}

Result<Bytes> initiator_data_mac(ByteView data) {
  auto v = read_initiator_data(data);
  if (!v) return std::move(v).error();
  return to_bytes(v->vi.data);
}

// ------------------------------------------------------------------ keys

Status give_spi(Rng& rng, keys::KeyEntry& key) {
  if (key.validity.type == KvType::spi) return {};
  auto spi = rng.bytes(4, "SPI");
  if (!spi) return std::move(spi).error();
  key.validity = {KvType::spi, std::move(*spi), {}, {}};
  return {};
}

Result<std::vector<keys::KeyEntry>> make_ticket_keys(Rng& rng, std::span<const KeyWish> wishes) {
  std::vector<keys::KeyEntry> out;
  for (const KeyWish& w : wishes) {
    keys::KeyEntry k;
    k.type = w.type;
    k.validity = w.validity;
    k.has_salt = w.salt.has_value();
    if (w.salt) {
      auto salt = rng.secret(*w.salt, "SALT");
      if (!salt) return std::move(salt).error();
      k.salt = std::move(*salt);
    }
    auto key = rng.secret(w.length, "session key");
    if (!key) return std::move(key).error();
    k.key = std::move(*key);
    out.push_back(std::move(k));
  }
  for (keys::KeyEntry& k : out)
    if (auto s = give_spi(rng, k); !s) return std::move(s).error();
  return out;
}

Result<keys::KeyEntry> make_mpk(Rng& rng, PrfFunc prf) {
  auto key = rng.secret(prf == PrfFunc::mikey_1 ? 16 : 32, "MPK");
  if (!key) return std::move(key).error();
  keys::KeyEntry mpk;
  mpk.type = KeyDataType::mpk;
  mpk.key = std::move(*key);
  if (auto s = give_spi(rng, mpk); !s) return std::move(s).error();
  return mpk;
}

}  // namespace mikey
