/// \file
/// One MIKEY party: any number of exchanges, the bundles they made, the replay cache, and the credentials.
#pragma once

#include <map>
#include <set>

#include "mikey/exchange/exchange.hpp"
#include "mikey/keys/replay_cache.hpp"

namespace mikey {

/// What a party knows of itself and of others.
struct Credentials {
  std::map<Identity, Psk> psk;  ///< by peer or KMS
  Pki pki;                      ///< own certificates and keys, and whom to trust
  std::optional<RsarGroup> rsar_group;
  SakkeStore sakke;                      ///< identity-based keys
  std::optional<TicketSettings> ticket;  ///< MIKEY-TICKET: one's KMS, and what is answered for
  TicketRequest ticket_request;          ///< what tickets are asked for unless a request says otherwise
  std::optional<IbakeSettings> ibake;    ///< MIKEY-IBAKE: one's KMS, private keys, and for whom is answered
};

struct PartyLimits {
  std::size_t waiting = 10000;   ///< exchanges that wait for an answer
  std::size_t bundles = 100000;  ///< established bundles
  std::size_t replay_entries = 1000000;
  std::size_t sakke_signers = 256;  ///< peers for which tables are kept (SakkeCache)
  std::size_t sakke_receivers = 32;
  std::size_t tickets = 100000;  ///< tickets kept for reuse, and tickets resolved, each
};

enum class Source : std::uint8_t { peer, kms };

/// What came of one call.
struct Outcome {
  enum class State : std::uint8_t { waiting, established, failed };
  State state = State::failed;
  std::optional<std::uint32_t> csb_id;
  std::vector<Send> send;
  keys::BundlePtr bundle;              ///< with established
  std::optional<Error> error;          ///< with failed
  std::vector<keys::Suite> supported;  ///< what the peer says it supports, with an error message of its
  std::optional<std::string> need_certificate_url;  ///< waiting: fetch this and hand it to supply_certificate
};

/// A request to begin or update a CSB.
struct InitiateRequest {
  Mode mode = Mode::psk;
  Terms terms;
  /// An established CSB. With `terms.to`: the request is an update of it; in MIKEY-TICKET and MIKEY-IBAKE one
  /// that waits for its answer gives way to it. Begun by this party with others only, and terms.key.given:
  /// `terms.to` joins it with that key (RFC 3830 8; class Group does more of that). In MIKEY-TICKET, begun by
  /// whomever with others only: `terms.to` is called with the ticket of that CSB, its RANDRi and its crypto
  /// sessions, and so has the same keys (RFC 6043 9).
  std::optional<std::uint32_t> csb_id;
  DhGroup group = DhGroup::oakley_5;    ///< DH modes
  bool rsar_group = false;              ///< RSA-R: ask for a group's key
  std::optional<EnvelopeCache> cache;   ///< PK: the C flag, in place of the policy's
  SakkeTerms sakke;                     ///< MIKEY-SAKKE
  std::optional<TicketRequest> ticket;  ///< MIKEY-TICKET, in place of Credentials::ticket_request
  IbakeTerms ibake;                     ///< MIKEY-IBAKE
};

/// Owner of exchanges. Not thread-safe; moves no data by itself.
class Party final : private CsbIds {
 public:
  /// The provider, generator and clock must outlive the party.
  Party(Identity self, Policy policy, Credentials credentials, const crypto::Provider& provider, Rng& rng,
        const Clock& clock, PartyLimits limits = {});

  /// The error is of the request (Severity::request) and nothing has begun.
  Result<Outcome> initiate(InitiateRequest request);
  /// Takes what arrived.
  Outcome receive(Source from, ByteView message);
  /// Opens a MIKEY-SAKKE message that was stored for this party, e.g. beside a voice mail (RFC 6509 2.5). Its
  /// timestamp may be up to `max_age` old, beyond the clock skew; the key set of its period must still be
  /// held. It may be opened again and again, so nothing is asked of the replay cache; its bundle is handed
  /// out and not kept, so that no CSB of the present is touched.
  Outcome open_stored(ByteView message, std::chrono::seconds max_age);
  /// Opens a key for deferred content that a mailbox took for this party (RFC 6267 7.5): see open_esk().
  Result<ContentKey> open_content_key(const StoredKey& stored) const;
  /// The certificate (DER) that an Outcome asked for by its URL, or the reason why there is none. One outcome
  /// for each exchange that waited for it.
  std::vector<Outcome> supply_certificate(const std::string& url, Result<Bytes> der);
  /// Ends exchanges that have waited too long; their errors. Call it now and then.
  std::vector<Outcome> expire();
  /// Destroys all bundles and exchanges with that CSB ID. ErrorCode::bad_request when there are none.
  Status forget(std::uint32_t csb_id);
  /// Destroys the bundle with that CSB ID and peer, where a group has others. ErrorCode::bad_request when
  /// there is none.
  Status forget(std::uint32_t csb_id, const Identity& peer);

  keys::BundlePtr bundle(std::uint32_t csb_id, const Identity& peer) const;
  const Identity& self() const { return self_; }
  const Policy& policy() const { return policy_; }
  Credentials& credentials() { return credentials_; }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t bundles() const { return bundles_.size(); }
  std::size_t tickets() const { return tickets_.size(); }
  keys::ReplayCache& replay_cache() { return replay_; }

 private:
  friend class Group;
  using Waiting = std::multimap<std::uint32_t, Exchange>;

  /// An exchange that waits for a certificate: its first message is here and it is kept in `responder`, or it
  /// is one of those in waiting_.
  struct Fetching {
    std::string url;
    std::uint32_t csb_id = 0;
    NtpTime since;
    std::optional<Exchange> responder;
  };

  Env env() {
    return {provider_,
            rng_,
            clock_,
            policy_,
            self_,
            &credentials_.pki,
            credentials_.rsar_group ? &*credentials_.rsar_group : nullptr,
            this,
            &credentials_.sakke,
            &sakke_cache_,
            std::nullopt,
            credentials_.ticket ? &*credentials_.ticket : nullptr,
            credentials_.ibake ? &*credentials_.ibake : nullptr};
  }
  bool in_use(std::uint32_t csb_id, const Identity& peer) const override {
    return waiting_.contains(csb_id) || bundle(csb_id, peer) != nullptr;
  }
  Psk shared_key(const Identity& with) const;
  /// The same, or a cached envelope key that may stand for it.
  Psk psk_for(const Identity& peer) const;
  keys::BundlePtr group_bundle(const InitiateRequest& request) const;
  /// The ticket with that fingerprint, if it may be used again.
  std::shared_ptr<const HeldTicket> held_ticket(const Bytes& fingerprint) const;
  /// This party's update of that bundle, which waits for its answer.
  Waiting::iterator find_update(const keys::Bundle& bundle);
  Result<Offer> make_offer(InitiateRequest& request, const keys::Bundle* old) const;
  Result<Offer> ticket_offer(InitiateRequest& request, const keys::Bundle* old) const;
  Outcome run(Exchange& exchange, Step step);
  Supply answer(const Need& need);
  Supply answer_ticket(const NeedTicket& q);
  /// Forgets tickets whose time is over.
  void prune_tickets();
  Waiting::iterator find_waiting(const wire::Message& message);
  std::vector<Outcome> further_fetches(const Step& step, const Fetching& f);
  bool remember_fetch(const std::string& url, std::uint32_t csb_id);
  Outcome deliver(Waiting::iterator it, wire::Message message);
  Outcome returned_value(const wire::Message& message);
  Outcome first_message(wire::Message message);
  Outcome broken(ByteView octets, const Error& error);
  Outcome error_message(wire::Message message);

  Identity self_;
  Policy policy_;
  Credentials credentials_;
  const crypto::Provider& provider_;
  Rng& rng_;
  UniqueClock clock_;
  PartyLimits limits_;
  keys::ReplayCache replay_;
  SakkeCache sakke_cache_;
  Waiting waiting_;
  std::vector<Fetching> fetching_;
  std::map<std::pair<std::uint32_t, Identity>, keys::BundlePtr> bundles_;
  struct Resolved {
    std::shared_ptr<const ResolvedTicket> ticket;
    std::optional<std::int64_t> end;
    std::shared_ptr<const HeldTicket> held;
  };
  std::map<Bytes, Resolved> resolved_;                             // by fingerprint
  std::map<Identity, std::shared_ptr<const HeldTicket>> tickets_;  // by peer
};

}  // namespace mikey
