#include "mikey/exchange/key_question.hpp"

#include "exchange/engine/error_message.hpp"
#include "exchange/engine/kemac.hpp"
#include "exchange/engine/kms_link.hpp"
#include "exchange/engine/terms.hpp"
#include "exchange/ibake/key_parts.hpp"
#include "exchange/ticket/parts.hpp"
#include "mikey/keys/ticket_keys.hpp"

namespace mikey {
namespace {

constexpr const char* kAnswer = "RFC 6267 4.2.1.3";
constexpr const char* kKeyData = "RFC 6267 6.1.3";
constexpr std::size_t kRandSize = 16;  // RFC 3830 6.11

/// Kind of a KMS's answer.
struct KeyAnswer {};

/// The date of a key, from its validity; without one that of the request (doc/readings.md, 6267-5).
Result<ibc::KeyDate> date_of(const ibc::IbakeKms& kms, const keys::Validity& v, NtpTime asked,
                             std::size_t offset) {
  if (v.type == KvType::null) return kms.date_at(asked);
  if (v.type != KvType::interval || v.valid_from.size() != 4 || v.valid_to.size() != 4)
    return bad_message(ErrorCode::unspecified, kKeyData,
                       "the validity of a private key is no interval of 32-bit timestamps", offset);
  const auto time = [](const Bytes& octets) {
    return NtpTime{std::uint64_t{load_be<std::uint32_t>(octets.data())} << 32};
  };
  const ibc::KeyDate date = kms.date_at(time(v.valid_from));
  if (ibc::date_begin(date) == time(v.valid_from) && ibc::date_end(date) == time(v.valid_to)) return date;
  return bad_message(ErrorCode::unspecified, kKeyData,
                     "the validity of a private key is not one date of the KMS", offset);
}

}  // namespace

Result<KeyQuestion> KeyQuestion::ask(const Env& env, const KmsLink& link, PrfFunc prf,
                                     std::vector<Identity> ids) {
  if (link.kms.empty()) return bad_request("no KMS is configured");
  if (ids.empty()) return bad_request("a key request names no identity", "RFC 6267 4.2.1.1");
  KeyQuestion q;
  q.kms_ = link.kms;
  q.ids_ = std::move(ids);
  q.prf_ = prf;
  while (q.csb_id_ == 0) {
    auto id = env.rng.u32("CSB ID");
    if (!id) return std::move(id).error();
    q.csb_id_ = *id;
  }
  auto key = engine::choose_link_key(env, link, prf, 1);
  if (!key) return std::move(key).error();
  auto rand = env.rng.bytes(kRandSize, "RAND");
  if (!rand) return std::move(rand).error();
  q.t_ = ticket::stamp(env);
  q.protection_ =
      std::make_shared<const keys::MessageKeys>(env.crypto, prf, key->key.reveal(), q.csb_id_, *rand);

  const DataType type = link.public_key ? DataType::request_key_init_pke : DataType::request_key_init_psk;
  wire::ChainBuilder b(ticket::plain_header(type, true, prf, q.csb_id_));
  b.add(wire::T{TsType::ntp_utc, Octets(q.t_)});
  b.add(wire::Rand{Octets(*rand)});
  for (const Identity& id : q.ids_) b.add(ticket::idr_payload(IdRole::initiator, id));
  if (link.public_key) engine::add_own_certificates(b, env);
  b.add(ticket::idr_payload(IdRole::kms, link.kms));
  if (link.psk_name && !link.public_key) b.add(ticket::idr_payload(IdRole::psk, *link.psk_name));
  const Bytes names = ibake::joined_data(q.ids_);
  auto message = link.public_key
                     ? engine::finish_with_envelope(std::move(b), env, *key, names, link.kms.data)
                     : engine::finish_6267(*q.protection_, prf, std::move(b), names, link.kms.data);
  if (!message) return std::move(message).error();
  q.message_ = std::move(*message);
  return q;
}

Result<std::vector<ibc::IbakeKey>> KeyQuestion::read(const Env& env, const wire::Message& m,
                                                     const ibc::IbakeKms& kms) const {
  if (m.hdr().data_type != DataType::request_key_resp)
    return bad_message(ErrorCode::invalid_dt, kAnswer, "the KMS answers with another data type", 1);
  if (m.hdr().prf != prf_)
    return bad_message(ErrorCode::invalid_prf, kAnswer, "the response names another PRF function", 3);
  if (m.hdr().csb_id != csb_id_)
    return bad_message(ErrorCode::unspecified, kAnswer, "the response has another CSB ID", 4);
  if (auto s = ticket::check_plain_header(m); !s) return std::move(s).error();
  const auto proof = engine::Verifier::verification_6267(
      *protection_, prf_, engine::Received<KeyAnswer>(m.clone()), ibake::joined_data(ids_), kms_.data);
  if (!proof) return proof.error();
  if (auto s = engine::ReplayGate::same_timestamp(m, t_); !s) return std::move(s).error();
  if (const auto who = ticket::identity_in(m, IdRole::kms); who && who->data != kms_.data)
    return bad_message(ErrorCode::invalid_id, kAnswer, "the response is from another KMS");
  if (m.count<wire::Kemac>() != 1)
    return bad_message(ErrorCode::unspecified, kAnswer, "the response must have one KEMAC");
  const wire::Slot& at = *m.find(PayloadType::kemac);
  const auto kemac = m.get<wire::Kemac>(at);
  auto plain = engine::open_kemac_6043(*protection_, kemac, at.offset, prf_, t_);
  if (!plain) return std::move(plain).error();
  const Error malformed = bad_message(ErrorCode::unspecified, kAnswer,
                                      "the KEMAC does not hold identities and private keys", at.offset);
  const auto chain = engine::sub_payloads(kemac.encr_alg, plain->reveal(), PayloadType::idr);
  if (!chain || chain->size() == 0 || chain->size() % 2 != 0) return malformed;

  std::vector<ibc::IbakeKey> out;
  for (std::size_t i = 0; i < chain->size(); i += 2) {
    if (chain->type(i) != PayloadType::idr || chain->type(i + 1) != PayloadType::key_data) return malformed;
    const auto idr = chain->at<wire::Idr>(i);
    const auto data = chain->at<wire::KeyData>(i + 1);
    if (data.type != KeyDataType::k_pr) return malformed;
    Identity who{idr.type, to_bytes(idr.data)};
    if (std::ranges::find(ids_, who) == ids_.end())
      return bad_message(ErrorCode::invalid_id, kAnswer, "a key of an identity that was not asked for",
                         at.offset);
    const auto date = date_of(kms, engine::validity_of(data.kv), time(), at.offset);
    if (!date) return date.error();
    auto block = ibc::bf::private_key_from_der(kms.parameters(), data.key);
    if (!block) return malformed;
    auto key = ibc::IbakeKey::load(env.crypto, kms, std::move(who.data), *date, std::move(*block));
    if (!key)
      return bad_message(ErrorCode::unspecified, kKeyData,
                         "a private key does not belong to its identity and date under the KMS's parameters",
                         at.offset);
    out.push_back(std::move(*key));
  }
  return out;
}

Reject KeyQuestion::refusal(const wire::Message& m) const {
  auto complaint = engine::read_error(m, t_);
  if (!complaint || m.hdr().csb_id != csb_id_) return engine::foreign_error();
  const bool authentic =
      m.hdr().prf == prf_ &&
      engine::check_verification_6267(*protection_, prf_, m, ibake::joined_data(ids_), kms_.data).ok();
  Reject r = engine::peer_error(std::move(*complaint), authentic);
  r.error.detail = "from the KMS: " + r.error.detail;
  return r;
}

}  // namespace mikey
