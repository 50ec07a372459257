// Who a message is from and for: IDR payloads, KMSs and key periods (RFC 6509 2.2.1, 3.2, 3.3).

#include "exchange/sakke/sakke.hpp"

namespace mikey::sakke::responder {
namespace {

/// The first IDR payload of each role that this mode has.
struct Roles {
  struct Entry {
    Identity id;
    std::size_t offset = 0;
  };
  std::map<IdRole, Entry> by_role;

  const Entry* find(IdRole role) const {
    const auto it = by_role.find(role);
    return it == by_role.end() ? nullptr : &it->second;
  }
};

Result<Roles> read_roles(const wire::Message& m) {
  Roles out;
  for (const wire::Slot& s : m.slots()) {
    if (s.type != PayloadType::idr) continue;
    const auto idr = m.get<wire::Idr>(s);
    if (!out.by_role.emplace(idr.role, Roles::Entry{{idr.type, to_bytes(idr.data)}, s.offset}).second)
      return bad_message(ErrorCode::unspecified, "RFC 6509 2.2.1", "two IDR payloads have one role",
                         s.offset);
  }
  return out;
}

/// The keys of the KMS that the message names, else of the KMS at `otherwise`.
Result<ibc::Kms> find_kms(const Env& env, const Roles& roles, IdRole role, std::string_view otherwise,
                          NtpTime t) {
  const Roles::Entry* named = roles.find(role);
  const std::string_view uri = named != nullptr ? as_text(named->id.data) : otherwise;
  const ibc::Kms* kms = env.sakke->kms_at(uri, t);
  if (kms != nullptr) return *kms;
  Error e = bad_message(ErrorCode::auth_failure, "RFC 6509 2.1.2",
                        "no keys are known of the KMS for the key period of the timestamp");
  if (named != nullptr) e.offset = named->offset;
  return e;
}

/// RFC 6509 3.3. Whether a stored message's period is long over is its owner's matter.
Status check_period(const Env& env, const ibc::Kms& kms, const wire::Message& m, NtpTime t) {
  const ibc::IdScheme& ids = kms.record().ids;
  if (env.stored || ibc::period_acceptable(ids, ibc::period_at(ids, t), env.clock.now())) return {};
  return bad_message(ErrorCode::invalid_ts, "RFC 6509 3.3",
                     "the key period of the timestamp is not acceptable now", m.find(PayloadType::t)->offset);
}

/// RFC 6509 4.2. `kms`: whose keys open the payload.
Status check_payload(const Env& env, const wire::Sakke& s, const ibc::Kms& kms, std::size_t offset) {
  const SakkeIdScheme scheme = kms.record().ids.scheme;
  const bool tolerated = env.policy.sakke.accept_scheme_1_for_2 &&
                         s.id_scheme == SakkeIdScheme::tel_uri_monthly &&
                         scheme == SakkeIdScheme::mcx_hashed_uid;
  if (s.params != SakkeParams::set_1)
    return bad_message(ErrorCode::unsupported_message, "RFC 6509 4.2",
                       "SAKKE parameter set " + std::to_string(wire::to_number(s.params)) + " is not known",
                       offset);
  if (s.id_scheme != scheme && !tolerated)
    return bad_message(
        ErrorCode::unsupported_message, "RFC 6509 4.2",
        "ID scheme " + std::to_string(wire::to_number(s.id_scheme)) + " is not that of the Responder's KMS",
        offset);
  return {};
}

/// The SAKKE payload that a SAKKE-to-self extension holds (TS 33.180 E.5); its Next payload octet is ignored.
Result<wire::Sakke> read_to_self(const wire::GeneralExt& ext, std::size_t offset) {
  wire::Sakke out;
  wire::Decoder d(ext.data.subspan(std::min<std::size_t>(1, ext.data.size())), offset);
  wire::Sakke::describe(out, d);
  if (ext.data.empty() || !d.ok() || d.left() != 0)
    return bad_message(ErrorCode::unspecified, "TS 33.180 E.5",
                       "the SAKKE-to-self extension holds no SAKKE payload", offset);
  return out;
}

Error invalid_id(const char* why, const Roles::Entry* at = nullptr) {
  Error e = bad_message(ErrorCode::invalid_id, "RFC 6509 2.2.1", why);
  if (at != nullptr) e.offset = at->offset;
  return e;
}

/// As an error of the message, which names an identity its KMS cannot have.
Error no_identifier(Error e, const Roles::Entry* at) {
  return invalid_id(("the identity has no identifier of this scheme: " + std::move(e).detail).c_str(), at);
}

/// Reads one message.
class Reader {
 public:
  Reader(const Env& env, const wire::Message& m, NtpTime t, const FetchedCertificates* fetched, Roles roles)
      : env_(env), m_(m), t_(t), fetched_(fetched), roles_(std::move(roles)) {}

  Result<Claim> read() {
    if (auto ok = find_kmss(); !ok) return std::move(ok).error();
    if (auto ok = find_initiator(); !ok) return std::move(ok).error();
    if (auto ok = find_receiver(); !ok) return std::move(ok).error();
    if (auto ok = find_signature(); !ok) return std::move(ok).error();
    return std::move(claim_);
  }

 private:
  bool eccsi() const { return m_.get<wire::Sign>(m_.last_slot()).type == SignType::eccsi; }
  /// The identifier of a user of a KMS in the key period of T.
  Result<Bytes> identifier(const ibc::Kms& kms, const Identity& user) const {
    return kms.identifier(env_.crypto, user.name(), ibc::period_at(kms.record().ids, t_));
  }

  Status find_kmss() {
    const std::string_view home = env_.sakke->key_sets().empty() ? env_.sakke->kms().front().uri()
                                                                 : env_.sakke->key_sets().front().kms_uri();
    auto kms_r = find_kms(env_, roles_, IdRole::kms_responder, home, t_);
    if (!kms_r) return std::move(kms_r).error();
    claim_.kms_r = std::move(*kms_r);
    auto kms_i = find_kms(env_, roles_, IdRole::kms_initiator, claim_.kms_r.uri(), t_);
    if (!kms_i) return std::move(kms_i).error();
    claim_.kms_i = std::move(*kms_i);
    if (claim_.kms_i.record().ids.scheme != claim_.kms_r.record().ids.scheme)
      return bad_message(ErrorCode::unsupported_message, "RFC 6509 4.2",
                         "the two KMSs have different ID schemes");
    const wire::Slot& at = *m_.find(PayloadType::sakke);
    if (auto ok = check_payload(env_, m_.get<wire::Sakke>(at), claim_.kms_r, at.offset); !ok) return ok;
    if (auto ok = check_period(env_, claim_.kms_r, m_, t_); !ok) return ok;
    return check_period(env_, claim_.kms_i, m_, t_);
  }

  /// IDRi, or IDRuidi under identity hiding; when both are there, they must be one.
  Status find_initiator() {
    const Roles::Entry* open = roles_.find(IdRole::initiator);
    const Roles::Entry* hidden = roles_.find(IdRole::uid_initiator);
    if (hidden != nullptr) {
      if (claim_.kms_i.record().ids.scheme != SakkeIdScheme::mcx_hashed_uid)
        return invalid_id("a UID in place of a URI, with another ID scheme", hidden);
      claim_.id_i = hidden->id.data;
    }
    if (open != nullptr) {
      claim_.initiator = open->id;
      if (!eccsi() && hidden == nullptr) return {};
      auto id = identifier(claim_.kms_i, open->id);
      if (!id) return no_identifier(std::move(id).error(), open);
      claim_.id_i = std::move(*id);
      if (hidden != nullptr && hidden->id.data != claim_.id_i)
        return invalid_id("IDRi and IDRuidi are different users", hidden);
    }
    if (open == nullptr && hidden == nullptr && eccsi()) return invalid_id("the message names no Initiator");
    return {};
  }

  /// That the message is for this party, and the keys that open it.
  Status find_receiver() {
    auto me = identifier(claim_.kms_r, env_.self);
    if (!me) return no_identifier(std::move(me).error(), roles_.find(IdRole::responder));
    const Roles::Entry* open = roles_.find(IdRole::responder);
    const Roles::Entry* hidden = roles_.find(IdRole::uid_responder);
    if (open != nullptr) claim_.receiver = open->id;
    if (hidden != nullptr) claim_.id_r = hidden->id.data;
    const bool for_me =
        (open == nullptr || open->id == env_.self) && (hidden == nullptr || hidden->id.data == *me);
    if (for_me)
      return use_keys(claim_.kms_r, *me, m_.first<wire::Sakke>()->data, m_.find(PayloadType::sakke)->offset);
    if (env_.policy.sakke.open_own && to_self() != nullptr) return open_own();
    return invalid_id("the message is for another identity", open != nullptr ? open : hidden);
  }

  const wire::Slot* to_self() const {
    for (const wire::Slot& s : m_.slots())
      if (s.type == PayloadType::general_ext &&
          m_.get<wire::GeneralExt>(s).type == GeneralExtType::sakke_to_self)
        return &s;
    return nullptr;
  }

  /// This party's own message, sent by another device of its (TS 33.180 5.2.5).
  Status open_own() {
    auto me = identifier(claim_.kms_i, env_.self);
    if (!me) return no_identifier(std::move(me).error(), roles_.find(IdRole::initiator));
    const bool mine = claim_.initiator ? *claim_.initiator == env_.self : claim_.id_i == *me;
    if (!mine) return invalid_id("the message is for another identity", roles_.find(IdRole::responder));
    const wire::Slot& at = *to_self();
    auto sakke = read_to_self(m_.get<wire::GeneralExt>(at), at.offset);
    if (!sakke) return std::move(sakke).error();
    if (auto ok = check_payload(env_, *sakke, claim_.kms_i, at.offset); !ok) return ok;
    claim_.own = true;
    return use_keys(claim_.kms_i, *me, sakke->data, at.offset);
  }

  Status use_keys(const ibc::Kms& kms, ByteView id, Octets sealed, std::size_t offset) {
    const ibc::KeySet* keys = env_.sakke->key_set(kms.uri(), id);
    if (keys == nullptr)
      return bad_message(ErrorCode::invalid_id, "RFC 6509 3.3",
                         "there is no key set of this party for the key period", offset);
    claim_.keys = *keys;
    claim_.sealed = to_bytes(sealed);
    claim_.sealed_offset = offset;
    return {};
  }

  Status find_signature() {
    if (!eccsi()) {
      auto signer = engine::find_signer(env_, m_, fetched_, claim_.initiator);
      if (!signer) return std::move(signer).error();
      return take_signer(std::move(*signer));
    }
    if (const wire::Slot* cert = m_.find(PayloadType::cert))
      return bad_message(ErrorCode::unspecified, "RFC 6509 2.2.1", "a certificate beside an ECCSI signature",
                         cert->offset);
    return {};
  }

  /// The owner of a certificate must be whoever stands behind the UID, if one was sent.
  Status take_signer(engine::Signer signer) {
    if (const Roles::Entry* hidden = roles_.find(IdRole::uid_initiator)) {
      const auto id = identifier(claim_.kms_i, signer.identity);
      if (!id || *id != hidden->id.data)
        return invalid_id("the certificate is not that of the user behind the UID", hidden);
    }
    claim_.initiator = signer.identity;
    claim_.signer = std::move(signer);
    return {};
  }

  const Env& env_;
  const wire::Message& m_;
  NtpTime t_;
  const FetchedCertificates* fetched_;
  Roles roles_;
  Claim claim_;
};

/// A UID by the name of a peer that is known; else it is a name by itself.
Identity name_of_uid(const Env& env, const ibc::Kms& kms, NtpTime t, const Bytes& uid) {
  const ibc::KeyPeriod period = ibc::period_at(kms.record().ids, t);
  const auto is = [&](const Identity& who) {
    const auto id = kms.identifier(env.crypto, who.name(), period);
    return id && *id == uid;
  };
  if (is(env.self)) return env.self;
  for (const auto& [peer, from] : env.sakke->peers())
    if (is(peer)) return peer;
  return {IdType::byte_string, uid};
}

}  // namespace

Result<Claim> read_claim(const Env& env, const wire::Message& m, const engine::Timestamp& t,
                         const FetchedCertificates* fetched) {
  auto roles = read_roles(m);
  if (!roles) return std::move(roles).error();
  return Reader(env, m, t.time(), fetched, std::move(*roles)).read();
}

Result<Identity> find_peer(const Env& env, const Claim& claim, NtpTime t) {
  const Identity initiator =
      claim.initiator ? *claim.initiator : name_of_uid(env, claim.kms_i, t, claim.id_i);
  const std::string_view home = env.sakke->kms_of(initiator);
  if (!claim.signer && !home.empty() && home != claim.kms_i.uri())
    return bad_message(ErrorCode::auth_failure, "RFC 6509 2.2.1",
                       "the Initiator is known to have its keys from another KMS");
  if (!claim.own) return initiator;
  return claim.receiver ? *claim.receiver : name_of_uid(env, claim.kms_r, t, claim.id_r);
}

}  // namespace mikey::sakke::responder
