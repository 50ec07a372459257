// Mission-critical keys in MIKEY-SAKKE messages (TS 33.180 E).

#include "mikey/profile/mcx.hpp"

#include <array>

namespace mikey::profile::mcx {
namespace {

constexpr keys::Suite kSuite = keys::Suite::aead_aes_128_gcm;  // 7.5

/// The CS ID of the one session that an explicit policy names.
std::uint8_t session_of(KeyType type) {
  switch (type) {
    case KeyType::gmk:
      return static_cast<std::uint8_t>(CsId::mcptt_group);
    case KeyType::pck:
      return static_cast<std::uint8_t>(CsId::mcptt_private_initiator);
    case KeyType::musik:
      return static_cast<std::uint8_t>(CsId::mcptt_musik_srtcp);
    default:
      return static_cast<std::uint8_t>(CsId::mcptt_csk_srtcp);
  }
}

Result<InitiateRequest> request(const crypto::Provider& provider, Rng& rng, const Key& key,
                                std::uint32_t csb_id, Bytes spi, std::string_view to, const Shape& shape) {
  if (purpose_of(key.id) != key.type)
    return bad_request("the purpose tag of the key's identifier is not that of the key", "TS 33.180 5.2.2");
  InitiateRequest out;
  out.mode = Mode::sakke;
  out.terms.to = Identity::uri(to);
  out.terms.key.given = SecretBytes(key.key.reveal());
  out.sakke.kms = shape.kms;
  out.sakke.rand = key.rand;
  out.sakke.csb_id = csb_id;
  out.sakke.to_self = shape.to_self;
  out.sakke.sessions.emplace();
  if (shape.explicit_policy) {
    out.sakke.sessions->push_back({session_of(key.type), std::move(spi)});
    out.sakke.sp_params = default_sp_params(key.type);
  }
  if (shape.parameters) {
    // The time of the payload repeats the key's activation: what counts is the T payload (E.6.4).
    auto body =
        seal_key_parameters(provider, rng, *shape.parameters, key.key, csb_id, shape.parameters->activation);
    if (!body) return std::move(body).error();
    out.terms.extensions.push_back({GeneralExtType::key_parameters_3gpp, std::move(*body)});
  }
  return out;
}

}  // namespace

Policy policy() {
  Policy p;
  p.srtp = {kSuite};
  p.prf = {PrfFunc::hmac_sha_256};
  p.request_verification = false;
  tolerate(p);
  return p;
}

void tolerate(Policy& policy) {
  policy.sakke.open_own = true;
  policy.sakke.accept_scheme_1_for_2 = true;
  policy.sakke.accept_signature_without_sign = true;
  policy.sakke.accept_roc_transmission = true;
}

Bytes default_sp_params(KeyType type) {
  // encryption AES-GCM, 16-octet keys, 12-octet salts, PRF AES-CM, KDR 0
  Bytes out;
  const auto put = [&out](SrtpParam p, std::uint8_t value) {
    out.insert(out.end(), {static_cast<std::uint8_t>(p), 1, value});
  };
  put(SrtpParam::encr_alg, static_cast<std::uint8_t>(SrtpEncr::aes_gcm));
  put(SrtpParam::encr_key_len, 16);
  if (type != KeyType::pck) put(SrtpParam::auth_alg, static_cast<std::uint8_t>(SrtpAuth::rcc_m3));
  put(SrtpParam::salt_key_len, 12);
  put(SrtpParam::prf, 0);
  put(SrtpParam::kdr, 0);
  if (type == KeyType::gmk) out.insert(out.end(), {static_cast<std::uint8_t>(SrtpParam::roc_rate), 2, 0, 1});
  if (type != KeyType::pck) {
    put(SrtpParam::srtp_tag_len, 4);
    put(SrtpParam::srtcp_tag_len, 0);
  }
  put(SrtpParam::aead_tag_len, 16);
  return out;
}

Result<InitiateRequest> key_request(const crypto::Provider& provider, Rng& rng, const Key& key,
                                    std::string_view to, const Shape& shape) {
  if (key.type == KeyType::gmk)
    return bad_request("a GMK goes to members of a group: the CSB ID is their GUK-ID", "TS 33.180 E.2.1");
  return request(provider, rng, key, key.id, mki(key.id), to, shape);
}

Result<InitiateRequest> group_key_request(const crypto::Provider& provider, Rng& rng, const Key& gmk,
                                          std::string_view member, const Shape& shape) {
  if (gmk.type != KeyType::gmk) return bad_request("the key is not a GMK", "TS 33.180 E.2.1");
  const auto guk = guk_id(provider, gmk.key, gmk.id, member);
  if (!guk) return guk.error();
  return request(provider, rng, gmk, *guk, group_mki(gmk.id, *guk), member, shape);
}

Result<Carried> carried_key(const crypto::Provider& provider, const keys::Bundle& bundle,
                            std::string_view user, Reading reading) {
  if (bundle.mode != Mode::sakke || bundle.keys.empty() ||
      bundle.keys.front().key.size() != ibc::sakke::kSsvSize)
    return bad_request("the bundle is not one of MIKEY-SAKKE");
  const auto purpose = purpose_of(bundle.csb_id);
  if (!purpose) return bad_request("the purpose tag of the CSB ID is undefined", "TS 33.180 5.2.2");
  Carried out;
  out.key = {*purpose, bundle.csb_id, ibc::Ssv(bundle.keys.front().key.reveal()), bundle.rand};
  if (*purpose == KeyType::gmk) {
    const auto gmk_id = guk_id(provider, out.key.key, bundle.csb_id, user);
    if (!gmk_id) return gmk_id.error();
    out.guk_id = bundle.csb_id;
    out.key.id = *gmk_id;
  }
  for (const keys::Extension& e : bundle.extensions) {
    if (e.type != GeneralExtType::key_parameters_3gpp) continue;
    auto p = open_key_parameters(provider, e.data, out.key.key, bundle.csb_id, purpose, reading);
    if (!p) return std::move(p).error();
    out.parameters = std::move(*p);
    break;
  }
  return out;
}

}  // namespace mikey::profile::mcx
