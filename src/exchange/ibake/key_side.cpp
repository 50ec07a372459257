#include "mikey/exchange/key_side.hpp"

#include "exchange/engine/kms_link.hpp"
#include "exchange/engine/signer.hpp"
#include "exchange/engine/terms.hpp"
#include "exchange/ibake/key_parts.hpp"
#include "exchange/ticket/parts.hpp"

namespace mikey {
namespace {

constexpr const char* kRequest = "RFC 6267 4.2.1.1";

/// Kind of a client's request for keys.
struct KeyInit {};
using Received = engine::Received<KeyInit>;
using Authenticated = engine::Authenticated<KeyInit>;

struct Proven {
  Authenticated message;
  std::shared_ptr<const keys::MessageKeys> protection;
};

/// What the message is bound to, beside its sender's key.
struct Parts {
  std::vector<Identity> ids;
  Bytes names;  ///< joined ID data of them
  Bytes rand;
};

Result<Parts> read_parts(const Env& env, const wire::Message& m) {
  const auto kms = ticket::identity_in(m, IdRole::kms);
  if (!kms) return bad_message(ErrorCode::invalid_id, kRequest, "the message does not name the KMS");
  if (*kms != env.self) return bad_message(ErrorCode::invalid_id, kRequest, "the message is for another KMS");
  Parts out;
  out.ids = ibake::requested_identities(m);
  if (out.ids.empty())
    return bad_message(ErrorCode::invalid_id, kRequest, "the message does not say who asks");
  out.names = ibake::joined_data(out.ids);
  if (m.count<wire::Rand>() != 1)
    return bad_message(ErrorCode::unspecified, kRequest, "the message must have one RAND payload");
  out.rand = to_bytes(m.first<wire::Rand>()->data);
  return out;
}

std::shared_ptr<const keys::MessageKeys> message_keys(const Env& env, const wire::Message& m, ByteView key,
                                                      ByteView rand) {
  return std::make_shared<const keys::MessageKeys>(env.crypto, m.hdr().prf, key, m.hdr().csb_id, rand);
}

Result<Proven> prove_by_psk(const Env& env, const Received& m, const KmsClients& clients,
                            const Parts& parts) {
  const Identity& who = parts.ids.front();
  if (const auto psk_name = ticket::identity_in(*m, IdRole::psk))
    if (clients.client_by_psk(psk_name) != who)
      return bad_message(ErrorCode::invalid_id, "RFC 6267 4.2.1.1.1",
                         "IDRpsk names no key that the client has here");
  const Psk psk = clients.psk(who);
  if (psk.empty())
    return bad_message(ErrorCode::auth_failure, "RFC 6267 4.2.1.1.1", "there is no PSK for who asks");
  auto protection = message_keys(env, *m, psk.reveal(), parts.rand);
  auto proof = engine::Verifier::verification_6267(*protection, m->hdr().prf, m, parts.names, env.self.data);
  if (!proof) return std::move(proof).error();
  return Proven{std::move(*proof), std::move(protection)};
}

Result<Proven> prove_by_signature(const Env& env, const Received& m, const KmsClients& clients,
                                  const Parts& parts) {
  if (auto s = engine::can_answer_signed(env); !s) return std::move(s).error();
  if (m->last_type() != PayloadType::sign)
    return bad_message(ErrorCode::unspecified, "RFC 6267 4.2.1.1.2", "the message does not end with SIGN");
  auto signer = engine::find_signer(env, *m, nullptr, parts.ids.front());
  if (!signer) return std::move(signer).error();
  if (auto s = clients.may_sign(signer->identity, signer->certificate); !s) return std::move(s).error();
  auto proof = engine::Verifier::signature_6267(*signer, m, env.policy, parts.names, env.self.data);
  if (!proof) return std::move(proof).error();
  auto key = engine::open_envelope_key(env, *m, "RFC 6267 4.2.1.1.2");
  if (!key) return std::move(key).error();
  return Proven{std::move(*proof), message_keys(env, *m, key->reveal(), parts.rand)};
}

Octets seconds_of(Bytes& room, NtpTime t) {
  room.resize(4);
  store_be(room.data(), static_cast<std::uint32_t>(t.value >> 32));
  return Octets(room);
}

}  // namespace

bool asks_for_keys(DataType type) {
  return type == DataType::request_key_init_psk || type == DataType::request_key_init_pke;
}

Result<KeyRequestMessage> KeyRequestMessage::authenticate(const Env& env, wire::Message message,
                                                          const KmsClients& clients, KmsReplay& replay) {
  const Received m(std::move(message));
  const DataType type = m->hdr().data_type;
  if (!asks_for_keys(type))
    return bad_message(ErrorCode::invalid_dt, "RFC 6267 4.2.1",
                       "data type " + std::to_string(wire::to_number(type)) + " is no request for keys", 1);
  if (auto s = engine::check_prf(env.policy, *m); !s) return std::move(s).error();
  if (auto s = ticket::check_plain_header(*m); !s) return std::move(s).error();
  if (auto t = engine::fresh_timestamp(env, *m); !t) return std::move(t).error();
  auto parts = read_parts(env, *m);
  if (!parts) return std::move(parts).error();
  auto proven = type == DataType::request_key_init_psk ? prove_by_psk(env, m, clients, *parts)
                                                       : prove_by_signature(env, m, clients, *parts);
  if (!proven) return std::move(proven).error();
  const auto question = engine::ReplayGate::ask(proven->message, parts->ids.front());
  auto fresh = engine::ReplayGate::admit(proven->message, ReplayVerdict{replay.admit(question)});
  if (!fresh) return std::move(fresh).error();
  KeyRequestMessage out;
  out.message_ = m.message;
  out.ids_ = std::move(parts->ids);
  out.protection_ = std::move(proven->protection);
  return out;
}

std::size_t KeyRequestMessage::size_in_answer(const Identity& identity, std::size_t block) {
  const std::size_t idr = 5 + identity.data.size();
  const std::size_t key_data = 4 + block + 10;  // two timestamps behind their lengths
  return idr + key_data;
}

Result<Bytes> KeyRequestMessage::answer(const Env& env, std::span<const Key> keys) const {
  const PrfFunc prf = message_->hdr().prf;
  const auto t = *message_->first<wire::T>();
  wire::ChainBuilder inner;
  for (const Key& k : keys) {
    Bytes from;
    Bytes to;
    inner.add(ticket::idr_payload(IdRole::initiator, k.identity));
    inner.add(wire::KeyData{KeyDataType::k_pr,
                            Octets(k.block.reveal()),
                            {},
                            {KvType::interval, {}, seconds_of(from, k.from), seconds_of(to, k.to)}});
  }
  auto plain = std::move(inner).finish_secret();
  if (!plain) return std::move(plain).error();
  const EncrAlg alg = ticket::kemac_algorithm(env.policy, prf);
  auto sealed = protection_->seal(alg, t.value, plain->reveal());
  if (!sealed) return std::move(sealed).error();

  wire::ChainBuilder b(ticket::plain_header(DataType::request_key_resp, false, prf, message_->hdr().csb_id));
  b.add(t);
  for (const Identity& id : ids_) b.add(ticket::idr_payload(IdRole::initiator, id));
  b.add(ticket::idr_payload(IdRole::kms, env.self));
  b.add(wire::Kemac{alg, Octets(*sealed), MacAlg::null, {}});
  return engine::finish_6267(*protection_, prf, std::move(b), ibake::joined_data(ids_), env.self.data);
}

std::optional<Bytes> KeyRequestMessage::error(const Env& env, const Error& e) const {
  return ibake::error_message(message_->hdr(), *message_->first<wire::T>(), e, protection_.get(),
                              ibake::joined_data(ids_), env.self.data);
}

std::optional<Bytes> key_request_error(const Env& env, const wire::Hdr& about,
                                       const std::optional<wire::T>& t, const Error& e) {
  if (!t) return std::nullopt;
  return ibake::error_message(about, *t, e, nullptr, {}, env.self.data);
}

}  // namespace mikey
