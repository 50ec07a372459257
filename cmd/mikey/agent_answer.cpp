#include "agent_answer.hpp"

#include "agent_names.hpp"
#include "agent_request.hpp"
#include "mikey/wire/chain.hpp"

namespace mikey::cmd {
namespace {

std::string_view state_name(Outcome::State s) {
  switch (s) {
    case Outcome::State::waiting:
      return "waiting";
    case Outcome::State::established:
      return "established";
    case Outcome::State::failed:
      return "failed";
  }
  return "failed";
}

Json send_json(const std::vector<Send>& list) {
  Json out = Json::array();
  for (const Send& s : list)
    out.push_back({{"to", s.to == Destination::kms ? "kms" : "peer"},
                   {"uri", s.name.name()},
                   {"message", to_base64(s.message)}});
  return out;
}

Json interval_end(const keys::Validity& v, const Bytes& octets) {
  return v.type == KvType::interval ? Json("0x" + to_hex(octets)) : Json(nullptr);
}

Json session_json(const keys::CryptoSession& s, bool reveal_keys) {
  Json out{{"cs_id", s.cs_id},
           {"protocol", s.protocol == ProtType::srtp ? "SRTP" : "TESLA"},
           {"ssrc", hex_number(s.ssrc)},
           {"roc", s.roc},
           {"policy_no", s.policy_no},
           {"suite", keys::info(s.suite).name},
           {"mki", s.validity.type == KvType::spi ? to_hex(s.validity.spi) : ""},
           {"valid_from", interval_end(s.validity, s.validity.valid_from)},
           {"valid_to", interval_end(s.validity, s.validity.valid_to)}};
  if (reveal_keys) {
    out["tek"] = to_hex(s.tek.reveal());
    out["salt"] = to_hex(s.salt.reveal());
  }
  return out;
}

bool is_tgk(KeyDataType t) {
  return t == KeyDataType::tgk || t == KeyDataType::tgk_salt || t == KeyDataType::gtgk ||
         t == KeyDataType::gtgk_salt;
}

/// Key ID extensions (RFC 4563) are shown taken apart, others as they came.
void add_extensions(Json& bundle, const std::vector<keys::Extension>& list) {
  if (list.empty()) return;
  Json extensions = Json::array();
  Json key_ids = Json::array();
  for (const keys::Extension& e : list) {
    if (e.type != GeneralExtType::key_id) {
      extensions.push_back({{"type", static_cast<unsigned>(e.type)}, {"data", to_hex(e.data)}});
      continue;
    }
    for (const wire::KeyId& k : wire::entries<wire::KeyId>(Octets(e.data)))
      key_ids.push_back({{"type", static_cast<unsigned>(k.type)}, {"id", to_hex(k.id)}});
  }
  bundle["extensions"] = std::move(extensions);
  bundle["key_ids"] = std::move(key_ids);
}

/// MIKEY-IBAKE's key for deferred content (RFC 6267 6.1.2): opened, or as it is to be handed to its owner.
void add_content_key(Json& bundle, const keys::IbakeCsb& csb, bool reveal_keys) {
  if (!csb.content_key.empty() && reveal_keys) bundle["content_key"] = to_hex(csb.content_key.reveal());
  if (!csb.sealed_content_key.empty())
    bundle["esk"] = {{"owner", csb.content_owner.name()},
                     {"timestamp", csb.content_time.unix_seconds()},
                     {"data", to_base64(csb.sealed_content_key)}};
}

}  // namespace

Json bundle_json(const keys::Bundle& b, bool reveal_keys) {
  Json sessions = Json::array();
  for (const keys::CryptoSession& s : b.sessions) sessions.push_back(session_json(s, reveal_keys));
  Json out{{"csb", hex_number(b.csb_id)},
           {"mode", mode_name(b.mode)},
           {"role", b.role == Role::initiator ? "initiator" : "responder"},
           {"peer", b.peer.name()},
           {"prf", name_of_value(kPrfs, b.prf)},
           {"crypto_sessions", std::move(sessions)}};
  if (b.ticket && b.ticket->rekey_by) out["rekey_by"] = b.ticket->rekey_by->unix_seconds();
  if (reveal_keys) {
    Json tgks = Json::array();
    for (const keys::KeyEntry& k : b.keys)
      if (is_tgk(k.type)) tgks.push_back(to_hex(k.key.reveal()));
    out["tgk"] = std::move(tgks);
  }
  if (b.ibake) add_content_key(out, *b.ibake, reveal_keys);
  add_extensions(out, b.extensions);
  return out;
}

Json failure_json(const Error& error) {
  const std::uint8_t number = wire_number(error.code);
  Json out{
      {"number", number}, {"name", error_name(static_cast<ErrorCode>(number))}, {"detail", error.detail}};
  if (error.offset) out["offset"] = *error.offset;
  if (*error.rfc != '\0') out["rfc"] = error.rfc;
  return out;
}

Json refusal(std::string_view detail) {
  return {{"state", "refused"}, {"error", {{"number", nullptr}, {"name", "request"}, {"detail", detail}}}};
}

Json rejection(const Error& error) {
  if (error.severity == Severity::request || error.code == ErrorCode::bad_request)
    return refusal(error.detail);
  return {{"csb", nullptr}, {"send", Json::array()}, {"state", "failed"}, {"error", failure_json(error)}};
}

Json answer_of(const Outcome& o, bool reveal_keys) {
  Json out{{"csb", o.csb_id ? Json(hex_number(*o.csb_id)) : Json(nullptr)},
           {"send", send_json(o.send)},
           {"state", state_name(o.state)}};
  if (o.state == Outcome::State::waiting && o.need_certificate_url)
    out["need"] = {{"certificate_url", *o.need_certificate_url}};
  if (o.state == Outcome::State::established && o.bundle) out["bundle"] = bundle_json(*o.bundle, reveal_keys);
  if (o.state == Outcome::State::failed && o.error) {
    out["error"] = failure_json(*o.error);
    if (!o.supported.empty()) {
      Json suites = Json::array();
      for (const keys::Suite s : o.supported) suites.push_back(keys::info(s).name);
      out["error"]["supported"] = std::move(suites);
    }
  }
  return out;
}

}  // namespace mikey::cmd
