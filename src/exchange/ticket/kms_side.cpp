#include "mikey/exchange/kms_side.hpp"

#include "exchange/engine/kms_link.hpp"
#include "exchange/ticket/parts.hpp"

namespace mikey {
namespace {

/// Kind of a client's message to a KMS.
struct Question {
  static constexpr bool kCoversInitial = false;
};
using Received = engine::Received<Question>;
using Authenticated = engine::Authenticated<Question>;

bool is_psk(DataType type) {
  return type == DataType::request_init_psk || type == DataType::resolve_init_psk;
}

struct KeyPair {
  std::shared_ptr<const keys::MessageKeys> initial;
  std::shared_ptr<const keys::MessageKeys> response;
};

/// RFC 6043 5.1.2; 12.1: the RAND is at least as long as the key.
Result<KeyPair> message_keys(const Env& env, const wire::Message& m, ByteView key, ByteView rand,
                             bool resolves) {
  if (key.size() < 16)
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1",
                       "a key of less than 128 bits protects the message");
  if (rand.size() < key.size() || rand.size() < 16)
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "the RANDR is shorter than the key",
                       m.find(PayloadType::randr)->offset);
  const auto make = [&](keys::Phase phase) {
    const Bytes context = resolves ? keys::ticket_message_context(phase, {}, rand)
                                   : keys::ticket_message_context(phase, rand, {});
    return std::make_shared<const keys::MessageKeys>(env.crypto, m.hdr().prf, key, m.hdr().csb_id, context);
  };
  return KeyPair{make(keys::Phase::initial), make(keys::Phase::response)};
}

struct Proven {
  Authenticated message;
  Identity client;
  Identity sender;
  KeyPair keys;
};

/// Whose PSK protects the message, and whom it speaks for. Another KMS is known by IDRpsk alone: IDRr is then
/// its client's, "cannot be used to look up the pre-shared key" (RFC 6043 10).
struct Speaker {
  Identity sender;
  Identity client;
};
Result<Speaker> find_speaker(const wire::Message& m, const KmsClients& clients, IdRole role) {
  const auto named = ticket::identity_in(m, role);
  const auto psk_name = ticket::identity_in(m, IdRole::psk);
  const auto by_psk = psk_name || !named ? clients.client_by_psk(psk_name) : std::nullopt;
  if (psk_name && !by_psk)
    return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.1.2", "IDRpsk names no key that is known here");
  if (!named && !by_psk)
    return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.1.2", "the message does not say who asks");
  if (!named) return Speaker{*by_psk, *by_psk};
  if (!by_psk || *by_psk == *named) return Speaker{*named, *named};
  if (role == IdRole::responder && clients.is_trusted_kms(*by_psk)) return Speaker{*by_psk, *named};
  return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.1.2", "IDRpsk names the key of somebody else");
}

Result<Proven> prove_by_psk(const Env& env, const Received& m, const KmsClients& clients, ByteView rand,
                            bool resolves) {
  auto who = find_speaker(*m, clients, resolves ? IdRole::responder : IdRole::initiator);
  if (!who) return std::move(who).error();
  const Psk psk = clients.psk(who->sender);
  if (psk.empty())
    return bad_message(ErrorCode::auth_failure, "RFC 6043 4.2.1.2", "there is no PSK for who asks");
  auto keys = message_keys(env, *m, psk.reveal(), rand, resolves);
  if (!keys) return std::move(keys).error();
  auto proof =
      engine::Verifier::initial_6043(*keys->initial, m->hdr().prf, m, who->client.data, env.self.data);
  if (!proof) return std::move(proof).error();
  return Proven{std::move(*proof), std::move(who->client), std::move(who->sender), std::move(*keys)};
}

Result<engine::Signer> find_speaker(const Env& env, const wire::Message& m, const KmsClients& clients,
                                    const std::optional<Identity>& named, bool resolves) {
  auto signer = engine::find_signer(env, m, nullptr, named);
  if (signer || !named || !resolves) return signer;
  auto other = engine::find_signer(env, m, nullptr, std::nullopt);
  if (other && clients.is_trusted_kms(other->identity)) return other;
  return signer;
}

Result<Proven> prove_by_signature(const Env& env, const Received& m, const KmsClients& clients, ByteView rand,
                                  bool resolves) {
  if (auto s = engine::can_answer_signed(env); !s) return std::move(s).error();
  if (m->last_type() != PayloadType::sign)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.3", "the message does not end with SIGN");
  const auto named = ticket::identity_in(*m, resolves ? IdRole::responder : IdRole::initiator);
  auto signer = find_speaker(env, *m, clients, named, resolves);
  if (!signer) return std::move(signer).error();
  if (auto s = clients.may_sign(signer->identity, signer->certificate); !s) return std::move(s).error();
  Identity client = named.value_or(signer->identity);
  auto proof = engine::Verifier::signature_6043(*signer, m, env.policy, client.data, env.self.data);
  if (!proof) return std::move(proof).error();
  auto key = engine::open_envelope_key(env, *m, "RFC 6043 4.2.1.3");
  if (!key) return std::move(key).error();
  auto keys = message_keys(env, *m, key->reveal(), rand, resolves);
  if (!keys) return std::move(keys).error();
  return Proven{std::move(*proof), std::move(client), std::move(signer->identity), std::move(*keys)};
}

}  // namespace

bool asks_kms(DataType type) {
  using enum DataType;
  return type == request_init_psk || type == request_init_pk || type == resolve_init_psk ||
         type == resolve_init_pk;
}

Result<KmsRequest> KmsRequest::authenticate(const Env& env, wire::Message message, const KmsClients& clients,
                                            KmsReplay& replay) {
  const Received m(std::move(message));
  const DataType type = m->hdr().data_type;
  if (!asks_kms(type))
    return bad_message(ErrorCode::invalid_dt, "RFC 6043 4.2",
                       "data type " + std::to_string(wire::to_number(type)) + " is no request to a KMS", 1);
  const bool resolves = type == DataType::resolve_init_psk || type == DataType::resolve_init_pk;
  if (auto s = engine::check_prf(env.policy, *m); !s) return std::move(s).error();
  if (auto s = ticket::check_plain_header(*m); !s) return std::move(s).error();
  if (auto t = engine::fresh_timestamp(env, *m); !t) return std::move(t).error();
  if (const auto kms = ticket::identity_in(*m, IdRole::kms); kms && *kms != env.self)
    return bad_message(ErrorCode::invalid_id, "RFC 6043 4.2.1.1", "the message is for another KMS");
  const auto rand = ticket::rand_in(*m, resolves ? RandRole::responder : RandRole::initiator);
  if (!rand)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.1", "the message has no RANDR of its sender");
  auto proven = is_psk(type) ? prove_by_psk(env, m, clients, *rand, resolves)
                             : prove_by_signature(env, m, clients, *rand, resolves);
  if (!proven) return std::move(proven).error();
  const auto question = engine::ReplayGate::ask(proven->message, proven->sender);
  auto fresh = engine::ReplayGate::admit(proven->message, ReplayVerdict{replay.admit(question)});
  if (!fresh) return std::move(fresh).error();
  KmsRequest out;
  out.message_ = m.message;
  out.resolves_ = resolves;
  out.client_ = std::move(proven->client);
  out.sender_ = std::move(proven->sender);
  out.initial_ = std::move(proven->keys.initial);
  out.response_ = std::move(proven->keys.response);
  return out;
}

wire::Hdr KmsRequest::header(DataType type) const {
  return ticket::plain_header(type, false, message_->hdr().prf, message_->hdr().csb_id);
}

Result<Bytes> KmsRequest::granted(const Env& env, const TicketCore& core,
                                  std::span<const keys::KeyEntry> mpks,
                                  std::span<const keys::KeyEntry> keys) const {
  const PrfFunc prf = message_->hdr().prf;
  const Bytes t = ticket::stamp(env);
  auto ticket = core.with({});
  if (!ticket) return std::move(ticket).error();
  wire::ChainBuilder b(header(DataType::request_resp));
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  b.add(ticket::idr_payload(IdRole::kms, env.self));
  b.add_encoded(PayloadType::ticket, *ticket);
  if (auto s = ticket::add_kemac(b, *response_, ticket::kemac_algorithm(env.policy, prf), t, {mpks, keys});
      !s)
    return std::move(s).error();
  return engine::finish_6043(*response_, prf, std::move(b), {message_->octets()});
}

Result<Bytes> KmsRequest::resolved(const Env& env, std::span<const keys::KeyEntry> mpks,
                                   std::span<const keys::KeyEntry> keys,
                                   const std::optional<Identity>& answer_as,
                                   const std::optional<Bytes>& rand_kms) const {
  const PrfFunc prf = message_->hdr().prf;
  const Bytes t = ticket::stamp(env);
  wire::ChainBuilder b(header(DataType::resolve_resp));
  b.add(wire::T{TsType::ntp_utc, Octets(t)});
  b.add(ticket::idr_payload(IdRole::kms, env.self));
  if (auto s = ticket::add_kemac(b, *response_, ticket::kemac_algorithm(env.policy, prf), t, {mpks, keys});
      !s)
    return std::move(s).error();
  if (answer_as) b.add(ticket::idr_payload(IdRole::responder, *answer_as));
  if (rand_kms) b.add(wire::Randr{RandRole::kms, Octets(*rand_kms)});
  return engine::finish_6043(*response_, prf, std::move(b), {message_->octets()});
}

std::optional<Bytes> KmsRequest::error(const Env& env, const Error& e) const {
  return ticket::error_message(env, message_->hdr().csb_id, message_->hdr().prf, e, initial_.get());
}

std::optional<Bytes> kms_error(const Env& env, const wire::Hdr& about, const Error& e) {
  return ticket::error_message(env, about.csb_id, about.prf, e, nullptr);
}

}  // namespace mikey
