/// \file
/// What an Issuer asks of its owner, answered from a store.
#pragma once

#include <map>

#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"
#include "mikey/kms/store.hpp"

namespace mikey::kms {

/// Keeps users and rules in memory for as long as nobody has changed anything: each message asks the store
/// for the number of its changes, so that what another process has changed is seen by the next message. Used
/// by one thread.
class StoreAuthority final : public Authority {
 public:
  /// Both must outlive it. `most`: users, and memberships, kept in memory.
  StoreAuthority(Store& store, const Clock& clock, std::size_t most = 100000)
      : store_(store), clock_(clock), most_(most) {}

  Status begin() const override;
  Status trouble() const override;
  Psk psk(const Identity& client) const override;
  std::optional<Identity> client_by_psk(const std::optional<Identity>& psk_name) const override;
  /// A user that has certificates in the store signs with one of these and no other; who is no user that is
  /// served signs nothing.
  Status may_sign(const Identity& client, const crypto::Certificate& certificate) const override;
  bool is_trusted_kms(const Identity& who) const override;
  Status may_request(const Identity& client, const TicketPolicy& desired) const override;
  Status may_resolve(const Identity& client, const Identity& sender,
                     const TicketPolicy& ticket) const override;
  std::vector<SecretBytes> ticket_keys() const override;
  std::int64_t max_lifetime(const Identity& client) const override;
  TicketFlags refused_flags(const Identity& client) const override;
  /// Whether the client is a user that is served. ErrorCode::auth_failure.
  Status is_user(const Identity& client, const char* rfc) const;

 private:
  struct Known {
    bool enabled = false;
    bool trusted_kms = false;
    Psk psk;
    std::vector<Bytes> certificates;  // their fingerprints
  };
  const Known* find(const Identity& id) const;
  /// The same, but of users that are enabled.
  const Known* served(const Identity& id) const;
  bool is_member(const Identity& group, const Identity& member) const;
  Status allowed(Rule::Kind kind, const Identity& who, const Identity& whom, const char* rfc) const;
  Status load() const;

  Store& store_;
  const Clock& clock_;
  std::size_t most_;
  // What was read, valid for the changes_ of the store.
  mutable std::optional<std::int64_t> changes_;
  mutable std::map<Identity, Known> users_;
  mutable std::map<Bytes, Identity> by_psk_name_;
  mutable std::map<std::pair<Identity, Identity>, bool> members_;
  mutable std::vector<Rule> rules_;
  mutable std::vector<DomainPolicy> policies_;
  mutable std::vector<SecretBytes> keys_;
  mutable std::optional<Error> trouble_;
};

/// Replay state that all processes share.
class StoreReplay final : public KmsReplay {
 public:
  /// `store` and `clock` must outlive it. `skew`: Policy::clock_skew.
  StoreReplay(Store& store, const Clock& clock, std::chrono::seconds skew)
      : store_(store), clock_(clock), skew_(skew) {}
  /// Verdict::full when the store cannot be asked.
  Verdict admit(const NeedReplayVerdict& question) override;

 private:
  Store& store_;
  const Clock& clock_;
  std::chrono::seconds skew_;
};

/// The audit trail, and the end of revoked tickets.
class StoreRecord final : public TicketRecord {
 public:
  /// `next`: told of what the store has kept; may be missing. All must outlive it.
  StoreRecord(Store& store, const Clock& clock, TicketRecord* next = nullptr)
      : store_(store), clock_(clock), next_(next) {}
  Status issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;
  Status resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;

 private:
  Status write(AuditEntry::Event event, const Identity& client, const TicketPolicy& policy,
               ByteView fingerprint);

  Store& store_;
  const Clock& clock_;
  TicketRecord* next_;
};

/// The same for private keys of MIKEY-IBAKE: nobody but users gets any.
class StoreKeyRecord final : public KeyRecord {
 public:
  /// `next`: told of what the store has kept; may be missing. All must outlive it.
  StoreKeyRecord(Store& store, const StoreAuthority& authority, const Clock& clock, KeyRecord* next = nullptr)
      : store_(store), authority_(authority), clock_(clock), next_(next) {}
  Status keys_issued(const Identity& client, std::span<const Identity> identities,
                     std::span<const ibc::KeyDate> dates) override;

 private:
  Store& store_;
  const StoreAuthority& authority_;
  const Clock& clock_;
  KeyRecord* next_;
};

/// A policy in one line of printable ASCII, e.g. "flags DEFGHINO, initiator sip:alice@example.com, responders
/// sip:bob@example.com, until 1790086400". At most 1000 characters.
std::string summary(const TicketPolicy& policy);

}  // namespace mikey::kms
