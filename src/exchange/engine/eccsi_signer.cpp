#include "exchange/engine/eccsi_signer.hpp"

#include "exchange/engine/token.hpp"

namespace mikey::engine {

Result<Bytes> finish_signed_eccsi(wire::ChainBuilder b, const Env& env, const ibc::KeySet& keys) {
  constexpr std::size_t n = ibc::eccsi::kSignatureSize;
  const Bytes room(n);
  b.add(wire::Sign{SignType::eccsi, Octets(room)});
  if (b.ok()) {
    auto signature =
        ibc::eccsi::sign(env.crypto, env.rng, keys.signer(), b.octets().first(b.octets().size() - n));
    if (!signature) return std::move(signature).error();
    std::ranges::copy(*signature, b.tail(n).begin());
  }
  return std::move(b).finish();
}

Status check_signature_eccsi(const EccsiSigner& signer, const wire::Message& m) {
  const Env& env = signer.env;
  const auto s = m.get<wire::Sign>(m.last_slot());
  const auto verify = [&](ByteView covered) {
    if (env.sakke_cache != nullptr)
      return env.sakke_cache->verify(env.crypto, signer.kms, signer.id, covered, s.signature);
    return ibc::eccsi::verify(env.crypto, signer.kms.kpak(), signer.id, covered, s.signature);
  };
  auto ok = verify(m.octets().first(m.octets().size() - s.signature.size()));
  if (ok) return ok;
  if (env.policy.sakke.accept_signature_without_sign && ok.error().code == ErrorCode::auth_failure &&
      verify(m.octets().first(m.last_slot().offset)))
    return {};
  Error e = std::move(ok).error();
  e.offset = m.last_slot().offset;
  return e;
}

}  // namespace mikey::engine
