/// \file
/// What a KMS computes for MIKEY-TICKET (RFC 6043): from a request's octets to its answer's. No socket, no
/// file, no thread; users, keys and memory stand behind small interfaces.
#pragma once

#include <set>

#include "mikey/exchange/kms_question.hpp"
#include "mikey/exchange/kms_side.hpp"
#include "mikey/keys/replay_cache.hpp"
#include "mikey/kms/service.hpp"

namespace mikey::kms {

/// Who is known, who may do what, and the keys of tickets.
class Authority : public KmsClients {
 public:
  /// Whether this client may have such a ticket. An error of code auth_failure is told to the client.
  virtual Status may_request(const Identity& client, const TicketPolicy& desired) const = 0;
  /// Whether the client is one of a ticket's responders, by itself or as member of a group (RFC 6043 12.5).
  /// `sender`: who authenticated the message, the client itself or the KMS that asks for it.
  virtual Status may_resolve(const Identity& client, const Identity& sender,
                             const TicketPolicy& ticket) const = 0;
  /// The keys of tickets that nobody else can open (mode 1): the one to seal with first, then old ones.
  virtual std::vector<SecretBytes> ticket_keys() const = 0;
  /// Seconds from now after which no ticket of this client is valid.
  virtual std::int64_t max_lifetime(const Identity& client) const = 0;
  /// Flags this KMS does not grant to the client.
  virtual TicketFlags refused_flags(const Identity& client) const = 0;
};

/// Told of every ticket before its keys leave the KMS: an audit trail, revocation. An error refuses the
/// request.
class TicketRecord {
 public:
  virtual ~TicketRecord() = default;
  virtual Status issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) = 0;
  virtual Status resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) = 0;
};

/// RFC 6043 10: who asks other KMSs about tickets that are theirs, for clients of this one. Holds what is
/// waited for.
class Relay {
 public:
  /// `links`: the KMSs that may be asked. `most`: questions open at a time; the oldest give way after
  /// `patience` of the policy. `env` must outlive the relay.
  Relay(const Env& env, std::map<Identity, KmsLink> links, std::size_t most = 10000);

  bool knows(const Identity& kms) const { return links_.contains(kms); }
  /// Asks `kms` for the client of `asked`, whose message has one TICKET.
  Result<Send> ask(const Identity& kms, const KmsRequest& asked, bool forking);
  /// What came from another KMS, and what the client gets of it.
  Answer take(ByteView octets);
  std::size_t waiting() const { return open_.size(); }

 private:
  struct Open {
    KmsRequest asked;
    KmsQuestion question;
    bool forking = false;
  };
  void expire();

  Env env_;
  std::map<Identity, KmsLink> links_;
  std::size_t most_;
  std::map<std::uint32_t, Open> open_;  // by the CSB ID of the question
};

class Issuer final : public RequestHandler {
 public:
  /// All of it must outlive the issuer. `env.self` is the KMS; `schemes`: Ticket Types beyond the base
  /// ticket.
  /// `relay`: asks other KMSs about their tickets; without one these are refused.
  Issuer(const Env& env, const Authority& authority, KmsReplay& replay, TicketRecord* record = nullptr,
         const TicketSchemes* schemes = nullptr, Relay* relay = nullptr);

  bool takes(DataType type) const override { return asks_kms(type); }
  /// Answers a REQUEST_INIT or RESOLVE_INIT. Whatever the octets are, the result is an answer or a reason.
  Answer handle(ByteView message) const override;

 private:
  Answer serve(wire::Message message) const;
  void refuse(Answer& to, Error why, const wire::Hdr& about, const KmsRequest* asked) const;
  Result<Bytes> request(const KmsRequest& asked) const;
  Result<Bytes> resolve(const KmsRequest& asked) const;
  /// The policy of a ticket that another KMS is to be asked about.
  std::optional<TicketPolicy> foreign(const KmsRequest& asked) const;
  const TicketSchemes& schemes() const { return *schemes_; }

  Env env_;
  const Authority& authority_;
  KmsReplay& replay_;
  TicketRecord* record_;
  const TicketSchemes* schemes_;
  Relay* relay_;
};

/// An authority made of tables, e.g. of a configuration file.
struct Tables {
  std::map<Identity, Psk> psk;
  std::map<Identity, Identity> psk_names;  ///< IDRpsk -> client; a client's own name need not stand here
  std::vector<SecretBytes> tpk;
  std::int64_t max_lifetime = 2592000;
  TicketFlags drop_flags;
  std::optional<std::set<Identity>> initiators;  ///< who may request; nothing: everybody who can authenticate
  std::map<Identity, std::set<Identity>> groups;  ///< members
  std::set<Identity> trusted_kms;  ///< other KMSs that may resolve for their clients (RFC 6043 10)
};
class TableAuthority final : public Authority {
 public:
  explicit TableAuthority(Tables tables) : t_(std::move(tables)) {}
  Psk psk(const Identity& client) const override;
  std::optional<Identity> client_by_psk(const std::optional<Identity>& psk_name) const override;
  bool is_trusted_kms(const Identity& who) const override { return t_.trusted_kms.contains(who); }
  Status may_request(const Identity& client, const TicketPolicy& desired) const override;
  Status may_resolve(const Identity& client, const Identity& sender,
                     const TicketPolicy& ticket) const override;
  std::vector<SecretBytes> ticket_keys() const override;
  std::int64_t max_lifetime(const Identity& /*client*/) const override { return t_.max_lifetime; }
  TicketFlags refused_flags(const Identity& /*client*/) const override { return t_.drop_flags; }

 private:
  Tables t_;
};

/// Replay state in memory.
class CachedReplay final : public KmsReplay {
 public:
  /// `clock` must outlive this object.
  CachedReplay(keys::ReplayCache cache, const Clock& clock) : cache_(std::move(cache)), clock_(clock) {}
  Verdict admit(const NeedReplayVerdict& question) override;

 private:
  keys::ReplayCache cache_;
  const Clock& clock_;
};

}  // namespace mikey::kms
