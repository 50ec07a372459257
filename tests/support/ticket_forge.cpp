#include "support/ticket_forge.hpp"

#include <gtest/gtest.h>

#include "exchange/engine/terms.hpp"

namespace mikey::test {
namespace {

/// The data of the RANDR of that role, or nothing.
Bytes rand_of(const wire::Message& m, RandRole role) {
  for (const wire::Randr& r : m.all<wire::Randr>())
    if (r.role == role) return to_bytes(r.data);
  return {};
}

}  // namespace

OpenedTicket open_ticket(ByteView message) {
  const auto m = wire::Message::parse(message);
  const wire::Slot& at = *m->find(PayloadType::ticket);
  const auto t = m->get<wire::Ticket>(at);
  auto opened = mikey_base_ticket().open(crypto::openssl(), *TicketPolicy::parse(t.policy),
                                         TicketCore::of(*m, at), t.ticket_data, Bytes(32, 0x7E));
  EXPECT_TRUE(opened.ok());
  return std::move(*opened);
}

Bytes with_v(const Forge& f, const keys::MessageKeys& keys, std::initializer_list<ByteView> after) {
  Forge whole = f;
  const MacAlg alg = keys::ticket_algorithms(whole.hdr().prf).mac;
  const Bytes room(*wire::mac_size(alg));
  whole.append(wire::Ver{alg, Octets(room)});
  Bytes out = whole.bare();
  std::vector<ByteView> parts{ByteView(out).first(out.size() - room.size())};
  const auto m = wire::Message::parse(out);
  if (m && m->hdr().data_type == DataType::transfer_init && m->find(PayloadType::ticket) != nullptr) {
    const wire::Slot& at = *m->find(PayloadType::ticket);
    const std::size_t data = m->get<wire::Ticket>(at).initiator_data.size();
    parts = {parts[0].first(at.end() - 2 - data), parts[0].subspan(at.end())};
  }
  parts.insert(parts.end(), after);
  EXPECT_TRUE(keys.mac(alg, parts, MutableBytes(out).last(room.size())).ok());
  return out;
}

keys::MessageKeys TicketForger::keys_of(const Forge& f) const {
  using enum DataType;
  const wire::Hdr& h = f.hdr();
  const auto own = wire::Message::parse(f.bare());
  const auto first = [&](DataType t) {
    return rand_of(*wire::Message::parse(seen_.at(t)), RandRole::initiator);
  };
  const auto make = [&](ByteView key, keys::Phase phase, ByteView i, ByteView r) {
    return keys::MessageKeys(crypto::openssl(), h.prf, key, h.csb_id,
                             keys::ticket_message_context(phase, i, r));
  };
  const Psk alice = TicketWorld::psk("alice");
  const Psk bob = TicketWorld::psk("bob");
  switch (h.data_type) {
    case request_init_psk:
      return make(alice.reveal(), keys::Phase::initial, rand_of(*own, RandRole::initiator), {});
    case request_resp:
      return make(alice.reveal(), keys::Phase::response, first(request_init_psk), {});
    case resolve_init_psk:
      return make(bob.reveal(), keys::Phase::initial, {}, rand_of(*own, RandRole::responder));
    case resolve_resp:
      return make(bob.reveal(), keys::Phase::response, {},
                  rand_of(*wire::Message::parse(seen_.at(resolve_init_psk)), RandRole::responder));
    case transfer_init:
      return make(open_ticket(seen_.at(transfer_init)).mpk.initiator.reveal(), keys::Phase::initial,
                  rand_of(*own, RandRole::initiator), {});
    default:
      return make(open_ticket(seen_.at(transfer_init)).mpk.initiator.reveal(), keys::Phase::response,
                  first(transfer_init), rand_of(*own, RandRole::responder));
  }
}

Bytes TicketForger::protect(const Forge& f) const {
  using enum DataType;
  const keys::MessageKeys keys = keys_of(f);
  const Bytes alice = uri_of("alice").data;
  const Bytes bob = uri_of("bob").data;
  const Bytes kms = uri_of("kms").data;
  switch (f.hdr().data_type) {
    case request_init_psk:
      return with_v(f, keys, {alice, kms});
    case resolve_init_psk:
      return with_v(f, keys, {bob, kms});
    case transfer_init:
      return with_v(f, keys, {alice, bob});
    case request_resp:
      return with_v(f, keys, {seen_.at(request_init_psk)});
    case resolve_resp:
      return with_v(f, keys, {seen_.at(resolve_init_psk)});
    default:
      return with_v(f, keys, {seen_.at(transfer_init)});
  }
}

void TicketForger::put_kemac(Forge& f, std::span<const keys::KeyEntry> keys, PayloadType before) const {
  wire::ChainBuilder inner;
  for (const keys::KeyEntry& k : keys) inner.add(engine::key_data(k));
  const auto plain = std::move(inner).finish_secret();
  const EncrAlg alg = keys::ticket_algorithms(f.hdr().prf).encryption;
  const auto sealed = keys_of(f).seal(alg, f.get<wire::T>().value, plain->reveal());
  const wire::Kemac kemac{alg, Octets(*sealed), MacAlg::null, {}};
  const auto m = wire::Message::parse(f.bare());
  if (m->find(PayloadType::kemac) != nullptr)
    f.set(kemac);
  else if (before == PayloadType::v)
    f.append(kemac);
  else
    f.insert(kemac, before);
}

Reaction react(TicketWorld& w, InitiateRequest request, DataType type, const Change& change) {
  Reaction out;
  TicketForger forger;
  bool done = false;
  (void)w.run("alice", std::move(request), [&](TicketWorld::Letter& l) {
    if (!done) forger.saw(l);
    if (done || l.type() != type) {
      if (done) l.message.clear();
      return;
    }
    done = true;
    Forge f(l.message);
    change(f, forger);
    const Bytes changed = forger.protect(f);
    l.message.clear();
    if (l.to == "kms") {
      kms::Answer a = w.kms().handle(changed);
      out.taken = a.state == kms::Answer::State::answered;
      out.error = std::move(a.error);
      if (a.message) out.sent.push_back({Destination::peer, a.client, std::move(*a.message), false});
      return;
    }
    Party& p = w.party(l.to);
    Outcome o = p.receive(l.from == "kms" ? Source::kms : Source::peer, changed);
    if (type == DataType::transfer_init && o.state == Outcome::State::waiting) {
      out.asked_kms = true;
      const kms::Answer a = w.kms().handle(o.send.at(0).message);
      if (a.message) o = p.receive(Source::kms, *a.message);
    }
    out.taken = type == DataType::request_resp ? o.state == Outcome::State::waiting
                                               : o.state == Outcome::State::established;
    out.error = std::move(o.error);
    out.sent = std::move(o.send);
    out.bundle = std::move(o.bundle);
  });
  EXPECT_TRUE(done) << "no message of type " << static_cast<int>(type);
  return out;
}

Bytes transfer_with(TicketWorld& w, const TicketPolicy& policy, const std::string& caller) {
  const keys::KeyEntry mpk{
      KeyDataType::mpk, SecretBytes(Bytes(16, 1)), {}, false, {KvType::spi, {1}, {}, {}}};
  auto sealed =
      mikey_base_ticket().seal(crypto::openssl(), w.rng, policy, Bytes(16, 2), mpk, {}, w.clock.now());
  EXPECT_TRUE(sealed.ok());
  wire::Hdr h;
  h.data_type = DataType::transfer_init;
  h.csb_id = 0x01020304;
  h.map_type = CsIdMapType::generic_id;
  wire::ChainBuilder b(h);
  Bytes t(8);
  store_be(t.data(), w.clock.now().value);
  const Bytes rand(16, 9);
  const Bytes mac(20, 8);
  const Identity id = uri_of(caller);
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  b.add(wire::Randr{RandRole::initiator, Octets(rand)});
  b.add(wire::Idr{IdRole::initiator, IdType::uri, Octets(id.data)});
  b.add_encoded(PayloadType::ticket, *sealed->core.with({}));
  b.add(wire::Ver{MacAlg::hmac_sha_1_160, Octets(mac)});
  return *std::move(b).finish();
}

TicketPolicy good_policy() {
  TicketPolicy p;
  p.flags = *TicketFlags::parse("DEFGHNO");
  p.kms = uri_of("kms");
  p.initiator = uri_of("alice");
  p.start = 1790000000 - 300;
  p.end = 1790000000 + 3600;
  p.responders = {uri_of("bob")};
  return p;
}

}  // namespace mikey::test
