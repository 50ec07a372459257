#include "mikey/exchange/kms_question.hpp"

#include "exchange/engine/kemac.hpp"
#include "exchange/engine/kms_link.hpp"
#include "exchange/ticket/parts.hpp"

namespace mikey {

/// What makes a request a request, and a resolve a resolve.
struct KmsQuestion::What {
  DataType psk_type{};
  DataType pk_type{};
  IdRole role{};
  RandRole rand_role{};
  Identity who;
  PayloadType payload{};
  ByteView body;
};

namespace {

/// Kind of a KMS's answer.
struct KmsAnswer {
  static constexpr bool kCoversInitial = true;
};

}  // namespace

Result<KmsQuestion> KmsQuestion::ask(const Env& env, const KmsLink& link, PrfFunc prf, const What& what) {
  if (link.kms.empty()) return bad_request("no KMS is configured");
  KmsQuestion q;
  q.kms_ = link.kms;
  q.prf_ = prf;
  q.resolves_ = what.role == IdRole::responder;
  while (q.csb_id_ == 0) {
    auto id = env.rng.u32("CSB ID");
    if (!id) return std::move(id).error();
    q.csb_id_ = *id;
  }
  auto key = engine::choose_link_key(env, link, prf, 16);
  if (!key) return std::move(key).error();
  const auto n = keys::ticket_rand_size(key->key.size());
  if (!n) return bad_request("the PSK is longer than 255 octets", "RFC 6043 12.1");
  auto rand = env.rng.bytes(*n, "RANDR");
  if (!rand) return std::move(rand).error();
  const Bytes t = ticket::stamp(env);
  q.time_ = {load_be<std::uint64_t>(t.data())};
  const auto make = [&](keys::Phase phase) {
    const Bytes context = q.resolves_ ? keys::ticket_message_context(phase, {}, *rand)
                                      : keys::ticket_message_context(phase, *rand, {});
    return std::make_shared<const keys::MessageKeys>(env.crypto, prf, key->key.reveal(), q.csb_id_, context);
  };
  q.initial_ = make(keys::Phase::initial);
  q.response_ = make(keys::Phase::response);

  wire::ChainBuilder b(
      ticket::plain_header(link.public_key ? what.pk_type : what.psk_type, true, prf, q.csb_id_));
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  b.add(wire::Randr{what.rand_role, Octets(*rand)});
  b.add(ticket::idr_payload(what.role, what.who));
  if (link.public_key) engine::add_own_certificates(b, env);
  b.add(ticket::idr_payload(IdRole::kms, link.kms));
  b.add_encoded(what.payload, what.body);
  if (link.psk_name && !link.public_key) b.add(ticket::idr_payload(IdRole::psk, *link.psk_name));
  auto message = link.public_key
                     ? engine::finish_with_envelope(std::move(b), env, *key, what.who.data, link.kms.data)
                     : engine::finish_6043(*q.initial_, prf, std::move(b), {what.who.data, link.kms.data});
  if (!message) return std::move(message).error();
  q.message_ = std::move(*message);
  return q;
}

Result<KmsQuestion> KmsQuestion::request(const Env& env, const KmsLink& link, PrfFunc prf,
                                         const TicketPolicy& desired) {
  auto data = desired.data();
  if (!data) return std::move(data).error();
  auto body = wire::encode(wire::Tp{desired.fields(*data)});
  if (!body) return std::move(body).error();
  return ask(env, link, prf,
             {DataType::request_init_psk, DataType::request_init_pk, IdRole::initiator, RandRole::initiator,
              env.self, PayloadType::tp, *body});
}

Result<KmsQuestion> KmsQuestion::resolve(const Env& env, const KmsLink& link, PrfFunc prf,
                                         const Identity& responder, ByteView ticket) {
  return ask(env, link, prf,
             {DataType::resolve_init_psk, DataType::resolve_init_pk, IdRole::responder, RandRole::responder,
              responder, PayloadType::ticket, ticket});
}

Result<KmsQuestion::Reply> KmsQuestion::read(const Env& env, const wire::Message& m, bool forking) const {
  const DataType expected = resolves_ ? DataType::resolve_resp : DataType::request_resp;
  if (m.hdr().data_type != expected)
    return bad_message(ErrorCode::invalid_dt, "RFC 6043 4.2", "the KMS answers with another data type", 1);
  if (m.hdr().prf != prf_)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 4.2.1.5", "the response names another PRF function",
                       3);
  if (auto s = ticket::check_plain_header(m); !s) return std::move(s).error();
  auto proof =
      engine::Verifier::response_6043(*response_, prf_, engine::Received<KmsAnswer>(m.clone()), message_);
  if (!proof) return std::move(proof).error();
  auto t = ticket::response_time(env, m);
  if (!t) return std::move(t).error();
  if (const auto kms = ticket::identity_in(m, IdRole::kms); kms && kms->data != kms_.data)
    return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.1.5", "the response is from another KMS");
  if (m.count<wire::Kemac>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.5", "the response must have one KEMAC");
  const wire::Slot& at = *m.find(PayloadType::kemac);
  auto keys = engine::open_ticket_kemac(*response_, m.get<wire::Kemac>(at), at.offset, prf_, t->value);
  if (!keys) return std::move(keys).error();

  Reply out;
  out.answer_as = ticket::identity_in(m, IdRole::responder);
  out.rand_kms = ticket::rand_in(m, RandRole::kms);
  const std::size_t n = forking ? 2 : 1;
  for (keys::KeyEntry& k : *keys) {
    const bool mpk = k.type == KeyDataType::mpk;
    if (mpk != (out.mpks.size() < n))
      return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.5",
                         "the KEMAC does not begin with as many MPKs as the Ticket Policy asks for",
                         at.offset);
    if (!mpk && k.validity.type != KvType::spi)
      return bad_message(ErrorCode::unspecified, "RFC 6043 6.2.1", "a session key without an SPI", at.offset);
    (mpk ? out.mpks : out.keys).push_back(std::move(k));
  }
  if (out.mpks.size() != n)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.5", "the KEMAC lacks an MPK", at.offset);
  for (const keys::KeyEntry& k : out.mpks)
    if (k.key.size() < 16 || k.key.size() > 0xFF)
      return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "an MPK of less than 128 bits", at.offset);
  return out;
}

Reject KmsQuestion::refusal(const wire::Message& m) const {
  if (m.hdr().prf != prf_)
    return {
        bad_message(ErrorCode::invalid_prf, "RFC 6043 5.4", "an error message with another PRF function", 3),
        false,
        false,
        {}};
  return ticket::read_error(m, *initial_, prf_, "KMS");
}

}  // namespace mikey
