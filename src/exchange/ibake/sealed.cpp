#include "exchange/ibake/sealed.hpp"

#include "exchange/engine/terms.hpp"
#include "mikey/keys/ibake_keys.hpp"

namespace mikey::ibake {
namespace {

wire::Eccpt eccpt_of(const Value& v, PrfFunc prf) {
  wire::Eccpt p;
  p.curve = v.curve;
  p.form = v.point.front();
  p.coordinates = Octets(ByteView(v.point).subspan(1));
  p.tgk_len = static_cast<std::uint16_t>(keys::ibake_key_size(prf));
  p.kv = engine::kv_of(v.validity);
  return p;
}

Error foreign(const char* rfc, std::string why, std::size_t offset) {
  return bad_message(ErrorCode::unspecified, rfc, std::move(why), offset);
}

}  // namespace

Result<Value> own_value(const crypto::EcKeyPair& pair, PrfFunc prf, const keys::Validity& validity) {
  Value v{pair.curve, pair.public_value, validity, {}};
  auto body = wire::encode(eccpt_of(v, prf));
  if (!body) return std::move(body).error();
  v.body = std::move(*body);
  return v;
}

Result<Bytes> seal(const Env& env, const Identity& to, NtpTime t, wire::ChainBuilder b) {
  const ibc::IbakeKms* kms = env.ibake->store.kms_of(to);
  if (kms == nullptr)
    return bad_request("no IBE parameters are known of the KMS of the peer", "RFC 6267 4.1");
  if (!kms->valid_at(t)) return bad_request("the KMS's IBE parameters are not valid now", "RFC 5408 4.2");
  auto plain = std::move(b).finish_secret();
  if (!plain) return std::move(plain).error();
  auto sealed = ibc::bf::encrypt(env.crypto, env.rng, kms->parameters(),
                                 ibc::IbakeKms::key_name(to.data, kms->date_at(t)), plain->reveal());
  if (!sealed) return std::move(sealed).error();
  return ibc::bf::ciphertext_to_der(*sealed);
}

Result<Contents> unseal(const crypto::Provider& provider, const ibc::IbakeKey& key, ByteView encr_data,
                        std::size_t offset) {
  const auto sealed = ibc::bf::ciphertext_from_der(encr_data);
  if (!sealed) return foreign("RFC 5091 8", sealed.error().detail, offset);
  auto plain = ibc::bf::decrypt(provider, key.kms().parameters(), key.key(), *sealed);
  if (!plain) {
    Error e = std::move(plain).error();
    if (e.severity == Severity::message) e.offset = offset;
    return e;
  }
  const auto chain = wire::PayloadChain::parse(PayloadType::idr, plain->reveal());
  if (!chain) return foreign("RFC 6267 6.1.1", "what was encrypted is not a chain of payloads", offset);
  Contents out;
  for (std::size_t i = 0; i < chain->size(); ++i) {
    out.shape.push_back(chain->type(i));
    const wire::Slot& at = chain->slots()[i];
    switch (chain->type(i)) {
      case PayloadType::idr: {
        const auto p = chain->at<wire::Idr>(i);
        out.ids.push_back({p.type, to_bytes(p.data)});
        break;
      }
      case PayloadType::eccpt: {
        const auto p = chain->at<wire::Eccpt>(i);
        Value v{p.curve, {p.form}, engine::validity_of(p.kv), {}};
        append(v.point, p.coordinates);
        v.body = to_bytes(plain->reveal().subspan(at.body(), at.end() - at.body()));
        out.values.push_back(std::move(v));
        break;
      }
      case PayloadType::sk:
        out.key = SecretBytes(chain->at<wire::Sk>(i).key);
        break;
      default:
        return foreign("RFC 6267 6.1.1", "an encrypted sub-payload is none of IDR, ECCPT, SK", offset);
    }
  }
  return out;
}

}  // namespace mikey::ibake
