/// \file
/// The KMS's half of MIKEY-IBAKE's key request (RFC 6267 4.2.1): who asks for which identities, and how an
/// answer is protected. Who may have which key is decided elsewhere (mikey/kms/key_issuer.hpp).
#pragma once

#include "mikey/exchange/kms_side.hpp"

namespace mikey {

/// Whether messages of this type ask for private keys.
bool asks_for_keys(DataType type);

/// An authenticated request for private keys, new to the KMS.
class KeyRequestMessage {
 public:
  /// Most keys that an answer holds: each takes two payloads.
  static constexpr std::size_t kMaxKeys = wire::kMaxPayloads / 2;

  /// Checks structure, time, sender, MAC or signature, and replay. `env.self` is the KMS. An error is to be
  /// answered with key_request_error().
  static Result<KeyRequestMessage> authenticate(const Env& env, wire::Message message,
                                                const KmsClients& clients, KmsReplay& replay);

  /// Who authenticated the message: the first of its identities.
  const Identity& client() const { return ids_.front(); }
  /// Whose keys are asked for, in order.
  const std::vector<Identity>& identities() const { return ids_; }
  const wire::Message& message() const { return *message_; }

  /// A private key to be handed out.
  struct Key {
    Identity identity;
    SecretBytes block;  ///< BFPrivateKeyBlock in DER
    NtpTime from;       ///< first second of its date
    NtpTime to;         ///< last one
  };
  /// Octets of a key in the answer, before encryption.
  static std::size_t size_in_answer(const Identity& identity, std::size_t block);
  /// Most octets of all of them.
  static constexpr std::size_t kMaxOctets = 0xFFFF - 24;  // a key wrap adds up to 16

  /// REQUEST_KEY_RESP. Draws nothing, and has the timestamp of the request.
  Result<Bytes> answer(const Env& env, std::span<const Key> keys) const;
  /// An authenticated error message; nothing for errors the client must not be told.
  std::optional<Bytes> error(const Env& env, const Error& e) const;

 private:
  KeyRequestMessage() = default;

  std::shared_ptr<const wire::Message> message_;
  std::vector<Identity> ids_;
  std::shared_ptr<const keys::MessageKeys> protection_;
};

/// An error message that nothing authenticates, about a message with this header and timestamp (RFC 3830
/// 5.1.2: without a timestamp there is none).
std::optional<Bytes> key_request_error(const Env& env, const wire::Hdr& about,
                                       const std::optional<wire::T>& t, const Error& e);

}  // namespace mikey
