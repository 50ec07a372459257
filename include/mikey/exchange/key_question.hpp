/// \file
/// The client's half of MIKEY-IBAKE's key request (RFC 6267 4.2.1): asking a KMS for private keys. It stands
/// alone; an exchange that finds it lacks a key embeds it.
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/exchange/ticket.hpp"
#include "mikey/ibc/ibake_keys.hpp"

namespace mikey {

/// A request for private keys, sent once: REQUEST_KEY_INIT_PSK, or _PKE for a link with public keys.
class KeyQuestion {
 public:
  /// Asks for the keys of `ids`: the client's own identity first, which authenticates the request, then
  /// further ones it may have keys for. For which dates keys come is the KMS's to say. Draws "CSB ID",
  /// "envelope key" (public key), "RAND"; takes a timestamp. ErrorCode::bad_request without an identity, or a
  /// key for the link.
  static Result<KeyQuestion> ask(const Env& env, const KmsLink& link, PrfFunc prf, std::vector<Identity> ids);

  const Bytes& message() const { return message_; }
  const Identity& kms() const { return kms_; }
  const std::vector<Identity>& identities() const { return ids_; }
  std::uint32_t csb_id() const { return csb_id_; }
  NtpTime time() const { return {load_be<std::uint64_t>(t_.data())}; }

  /// Checks a REQUEST_KEY_RESP: that it is authentic and answers this request, and that every key in it is
  /// the one of an identity asked for under the parameters of `kms`, and of the date its validity says. One
  /// bad key spoils all. There may be several dates of an identity, and none of another. Costs two pairings a
  /// key.
  Result<std::vector<ibc::IbakeKey>> read(const Env& env, const wire::Message& m,
                                          const ibc::IbakeKms& kms) const;
  /// An error message in place of an answer (RFC 3830 5.1.2); Reject::ended when it is authentic.
  Reject refusal(const wire::Message& m) const;

 private:
  KeyQuestion() = default;

  Identity kms_;
  std::vector<Identity> ids_;
  PrfFunc prf_{};
  std::uint32_t csb_id_ = 0;
  Bytes t_;
  Bytes message_;
  std::shared_ptr<const keys::MessageKeys> protection_;
};

}  // namespace mikey
