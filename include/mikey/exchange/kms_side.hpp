/// \file
/// The KMS's half of the Ticket Request and Ticket Resolve exchanges (RFC 6043 4.2.1, 4.2.3): who asks, and
/// how an answer is protected. What is granted is decided elsewhere (mikey/kms/issuer.hpp).
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/exchange/ticket.hpp"

namespace mikey {

/// What a KMS knows of those who ask it.
class KmsClients {
 public:
  virtual ~KmsClients() = default;
  /// Called before a message is judged: brings what is known up to date. An error, of severity system, means
  /// that nobody can be served now, e.g. because a database is away.
  virtual Status begin() const { return {}; }
  /// What kept one of the functions below from knowing its answer since begin(). Asked when a message is
  /// refused: that there is no key is then not to be believed, and the client is told nothing.
  virtual Status trouble() const { return {}; }
  /// The PSK shared with a client (or another KMS); empty when there is none.
  virtual Psk psk(const Identity& client) const = 0;
  /// Whose PSK is called `psk_name` (IDRpsk); without a name, the only client there is (RFC 6043 4.2.1.2).
  /// Nothing when there is none, or more than one.
  virtual std::optional<Identity> client_by_psk(const std::optional<Identity>& psk_name) const = 0;
  /// Whether the client may sign with this certificate, whose path and name were found good. By default any.
  virtual Status may_sign(const Identity& /*client*/, const crypto::Certificate& /*certificate*/) const {
    return {};
  }
  /// Whether `who` is another KMS that may ask for its own clients (RFC 6043 10).
  virtual bool is_trusted_kms(const Identity& who) const = 0;
};

/// Whether an authenticated message is new; remembers it (RFC 3830 5.4, RFC 6043 12.4).
class KmsReplay {
 public:
  virtual ~KmsReplay() = default;
  virtual Verdict admit(const NeedReplayVerdict& question) = 0;
};

/// An authenticated request to a KMS, new to it.
class KmsRequest {
 public:
  /// Checks structure, time, sender, MAC or signature, and replay. `env.self` is the KMS. An error is to be
  /// answered with kms_error() without keys.
  static Result<KmsRequest> authenticate(const Env& env, wire::Message message, const KmsClients& clients,
                                         KmsReplay& replay);

  /// Ticket Resolve rather than Ticket Request.
  bool resolves() const { return resolves_; }
  /// Whom the answer is for: the Initiator of a request, the Responder of a resolve.
  const Identity& client() const { return client_; }
  /// Who authenticated the message: the client, or the KMS that asks for it (RFC 6043 10).
  const Identity& sender() const { return sender_; }
  const wire::Message& message() const { return *message_; }

  /// REQUEST_RESP: the ticket, and the keys it encodes. Draws nothing; takes a timestamp.
  Result<Bytes> granted(const Env& env, const TicketCore& ticket, std::span<const keys::KeyEntry> mpks,
                        std::span<const keys::KeyEntry> keys) const;
  /// RESOLVE_RESP: MPKi, MPKr' when keys were forked, session keys; and the modifier.
  Result<Bytes> resolved(const Env& env, std::span<const keys::KeyEntry> mpks,
                         std::span<const keys::KeyEntry> keys, const std::optional<Identity>& answer_as,
                         const std::optional<Bytes>& rand_kms) const;
  /// An authenticated error message (RFC 6043 5.4); nothing for errors the client must not be told.
  std::optional<Bytes> error(const Env& env, const Error& e) const;

 private:
  KmsRequest() = default;
  wire::Hdr header(DataType type) const;

  std::shared_ptr<const wire::Message> message_;
  bool resolves_ = false;
  Identity client_;
  Identity sender_;
  std::shared_ptr<const keys::MessageKeys> initial_;
  std::shared_ptr<const keys::MessageKeys> response_;
};

/// Whether messages of this type are requests to a KMS under RFC 6043.
bool asks_kms(DataType type);

/// An error message that nothing authenticates.
std::optional<Bytes> kms_error(const Env& env, const wire::Hdr& about, const Error& e);

}  // namespace mikey
