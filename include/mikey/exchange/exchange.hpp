/// \file
/// One party's half of one exchange, in any mode.
///
/// The exchange opens no socket, keeps no thread and asks no clock but the one it is given. Its owner carries
/// messages, answers needs, and gets a bundle:
///
///     auto ex = Exchange::initiate(env, PskOffer{...});
///     for (Action& a : ex->start()) ...            // Send: carry it; Ready: keys are there
///     for (Action& a : ex->receive(answer)) ...    // Reject: that message was bad, the exchange goes on
///     waiting
#pragma once

#include <map>
#include <memory>

#include "mikey/crypto/provider.hpp"
#include "mikey/exchange/offer.hpp"
#include "mikey/exchange/pki.hpp"
#include "mikey/exchange/policy.hpp"
#include "mikey/wire/message.hpp"

namespace mikey {

/// The CSB IDs that are in use with a peer, so that an Initiator does not choose one of them (RFC 3830 6.1).
class CsbIds {
 public:
  CsbIds() = default;
  CsbIds(const CsbIds&) = delete;
  CsbIds& operator=(const CsbIds&) = delete;
  virtual bool in_use(std::uint32_t csb_id, const Identity& peer) const = 0;

 protected:
  ~CsbIds() = default;
};

/// What surrounds an exchange. All of it must outlive the exchange.
struct Env {
  const crypto::Provider& crypto;
  Rng& rng;
  const Clock& clock;  ///< two messages must not get the same time: see UniqueClock
  const Policy& policy;
  const Identity& self;               ///< goes into IDi or IDr
  const Pki* pki = nullptr;           ///< for modes with certificates
  const RsarGroup* group = nullptr;   ///< what a Responder hands out to those who ask for a group's key
  const CsbIds* csb_ids = nullptr;    ///< an owner of several CSBs says which IDs it uses
  const SakkeStore* sakke = nullptr;  ///< for MIKEY-SAKKE
  SakkeCache* sakke_cache = nullptr;  ///< makes repeated peers quick; may be missing
  /// The message is a stored one whose owner takes it up to this age (RFC 6509 2.5); the freshness of others
  /// is the policy's clock skew.
  std::optional<std::chrono::seconds> stored = std::nullopt;
  const TicketSettings* ticket = nullptr;  ///< for MIKEY-TICKET
  const IbakeSettings* ibake = nullptr;    ///< for MIKEY-IBAKE
};

/// A clock that never says the same time twice, as RFC 3830 5.2 wants of timestamps. When the clock inside
/// steps back it counts on in the smallest units; not by a minute and more, since then the time was wrong
/// before, and everybody would refuse it.
class UniqueClock final : public Clock {
 public:
  explicit UniqueClock(const Clock& inner) : inner_(inner) {}
  NtpTime now() const override;
  NtpTime read() const override { return inner_.now(); }
  const Clock& inner() const { return inner_; }

 private:
  const Clock& inner_;
  mutable NtpTime last_{};
  mutable bool used_ = false;
};

// ------------------------------------------------------------------ what an exchange wants

enum class Destination : std::uint8_t { peer, kms };

/// A message to carry.
struct Send {
  Destination to = Destination::peer;
  Identity name;  ///< whom; empty when the receiver is not known by name
  Bytes message;
  bool reply_expected = false;
};

/// Who claims to have sent the message, and what is known of them: answered with PskSupplied.
struct NeedPsk {
  std::optional<Identity> peer;  ///< nothing: the message names no Initiator
  std::uint32_t csb_id = 0;
  bool null_protected = false;  ///< the message uses neither encryption nor MAC: no key is needed
};

/// The CSB with that peer and CSB ID, if there is one: answered with BundleSupplied. Asked in modes with
/// certificates.
struct NeedBundle {
  Identity peer;
  std::uint32_t csb_id = 0;
};

/// A certificate that a message names by URL: answered with CertificateSupplied, or NotFound.
struct NeedCertificate {
  std::string url;  ///< as it stood in the message; look well before you fetch it
};

/// Whether an authenticated message is new: answered with ReplayVerdict. Asked after authentication only, so
/// that a forger cannot fill the cache (RFC 3830 5.4).
struct NeedReplayVerdict {
  Identity peer;
  std::uint32_t csb_id = 0;
  NtpTime t;
};

/// What is known of a ticket that came, before anything is authentic: answered with TicketSupplied.
struct NeedTicket {
  Bytes fingerprint;  ///< TicketCore::fingerprint
  std::optional<Identity>
      maker;  ///< who may share the ticket's key with this party (RFC 6043 4.1.1, modes 2 and 4)
  Identity peer;
  std::uint32_t csb_id = 0;
  NtpTime t;
};

using Need = std::variant<NeedPsk, NeedBundle, NeedCertificate, NeedReplayVerdict, NeedTicket>;

/// Whom a need is about, if it says so; else `otherwise`.
Identity asked_about(const Need& need, Identity otherwise);

/// Call wake() at this time unless the exchange has ended.
struct Wake {
  NtpTime at;
};

/// Keys are agreed.
struct Ready {
  keys::BundlePtr bundle;
};

/// A message was bad, or the exchange cannot go on. Established bundles are as they were.
struct Reject {
  Error error;
  bool ended = false;      ///< the exchange is over; otherwise it goes on waiting for the genuine message
  bool from_peer = false;  ///< the peer said so in an error message
  std::vector<keys::Suite> supported;  ///< what the peer supports, from its error message
};

/// A ticket to be kept by an Initiator who may use it again (RFC 6043 5.3).
struct KeepTicket {
  std::shared_ptr<const HeldTicket> ticket;
};

/// A ticket that a Responder knows from now on: to refuse it when it comes again, or to use it again (RFC
/// 6043 5.3).
struct KeepResolved {
  Bytes fingerprint;
  std::shared_ptr<const ResolvedTicket> ticket;
  std::optional<std::int64_t> end;  ///< seconds since 1970; after that it is refused anyway
  std::shared_ptr<const HeldTicket>
      held;  ///< to call on with, when the ticket may be used again (RFC 6043 9)
};

/// Private keys from a KMS, to be added to IbakeSettings::store before the exchange goes on (RFC
/// 6267 4.2.1.4).
struct KeepPrivateKeys {
  std::vector<ibc::IbakeKey> keys;
};

using Action = std::variant<Send, Need, Wake, Ready, Reject, KeepTicket, KeepResolved, KeepPrivateKeys>;
using Step = std::vector<Action>;

// ------------------------------------------------------------------ answers to needs

struct PskSupplied {
  Identity peer;  ///< who it is; must equal the one claimed, if one was
  Psk psk;
  keys::BundlePtr bundle;  ///< the CSB with that peer and CSB ID, if there is one
};

struct BundleSupplied {
  keys::BundlePtr bundle;
  bool own_update = false;  ///< an update of it by this party waits for its answer (RFC 6043 5.2)
};

struct CertificateSupplied {
  std::string url;
  Bytes der;
};
using FetchedCertificates = std::map<std::string, Bytes>;

/// There is no such peer, key or bundle; the message is answered as unauthentic.
struct NotFound {
  Error error;
  std::string url = {};  ///< of a certificate; empty: of whatever was asked for
};

enum class Verdict : std::uint8_t { fresh, replayed, stale, full };
struct ReplayVerdict {
  Verdict verdict = Verdict::replayed;
};

/// What a Responder knows when a TRANSFER_INIT comes.
struct TicketSupplied {
  Verdict look = Verdict::fresh;  ///< what the replay cache would say; nothing is remembered yet
  bool csb_exists = false;        ///< a CSB with that peer and CSB ID
  std::shared_ptr<const ResolvedTicket> resolved;  ///< the ticket came before
  Psk tpk;                                         ///< shared with NeedTicket::maker
  Psk kms_psk;                                     ///< shared with one's KMS
};

using Supply =
    std::variant<PskSupplied, BundleSupplied, CertificateSupplied, NotFound, ReplayVerdict, TicketSupplied>;

// ------------------------------------------------------------------ the exchange

namespace engine {
class Machine;
}

class Exchange {
 public:
  /// Begins a new CSB. Draws its randomness and builds its first message here. Fails on requests that cannot
  /// be met.
  static Result<Exchange> initiate(const Env& env, Offer offer);
  /// Begins an update of `bundle` (RFC 3830 4.5), which must be one that can be updated in the mode of the
  /// offer.
  static Result<Exchange> update(const Env& env, keys::BundlePtr bundle, Offer offer);
  /// Waits for a first message; its header says the mode.
  static Exchange respond(const Env& env);

  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;
  ~Exchange();

  /// The Initiator's first step.
  Step start();
  /// A message from the peer or a KMS. A bad one is rejected and changes nothing.
  Step receive(ByteView message);
  /// The same for one that was parsed already.
  Step receive(wire::Message message);
  /// The answer to the need of the last step. Without an open need it is a Reject.
  Step supply(Supply answer);
  /// Time has passed.
  Step wake(NtpTime now);

  std::uint32_t csb_id() const;
  /// The CSB ID of the message waited for: another one while a KMS is asked (RFC 6043 4.2.1.1).
  std::uint32_t awaited_csb_id() const;
  /// Whether nothing can happen any more.
  bool ended() const;
  Mode mode() const;
  /// Whether a message of this data type could be taken now.
  bool awaits(DataType type) const;
  /// The timestamp of the Initiator's message, to tell exchanges of one CSB apart.
  std::optional<NtpTime> timestamp() const;
  /// The CSB that the message sent would update, while its answer is waited for. MIKEY-TICKET only.
  keys::BundlePtr updates() const;
  /// The certificate URL of an open NeedCertificate.
  std::optional<std::string> wanted_url() const;
  /// Whether a NeedCertificate for this URL is open: an Initiator may wait for several, as anybody may have
  /// sent an answer that names one.
  bool wants(const std::string& url) const;

 private:
  explicit Exchange(std::unique_ptr<engine::Machine> machine);
  std::unique_ptr<engine::Machine> machine_;
};

/// Whether a message of this data type begins an exchange that this library can answer.
bool opens_exchange(DataType type);

/// Whether messages of this data type only ever answer another one.
bool is_response(DataType type);

}  // namespace mikey
