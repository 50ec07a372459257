#include "mikey/keys/ibake_keys.hpp"

#include "mikey/keys/ticket_keys.hpp"

namespace mikey::keys {

Result<IbakeSecrets> ibake_secrets(const crypto::Provider& provider, PrfFunc prf, ByteView k_session,
                                   ByteView rand) {
  IbakeSecrets out{SecretBytes(ibake_key_size(prf)), SecretBytes(ibake_key_size(prf))};
  if (auto s = derive(provider, prf, k_session, Derivation::ibake_mpk, kMessageCsId, kNoCsb, rand,
                      out.mpk.reveal_mutable());
      !s)
    return std::move(s).error();
  if (auto s = derive(provider, prf, k_session, Derivation::ibake_tgk, kMessageCsId, kNoCsb, rand,
                      out.tgk.reveal_mutable());
      !s)
    return std::move(s).error();
  return out;
}

MessageKeys ibake_message_keys(const crypto::Provider& provider, PrfFunc prf, ByteView mpk,
                               std::uint32_t csb_id, ByteView rand) {
  return {provider, prf, mpk, csb_id, rand};
}

}  // namespace mikey::keys
