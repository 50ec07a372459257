/// \file
/// Tickets of MIKEY-TICKET (RFC 6043 6.10, 11, A): how they are made and opened, and what parties keep of
/// them.
#pragma once

#include <map>
#include <memory>

#include "mikey/exchange/ticket_policy.hpp"
#include "mikey/keys/ticket_keys.hpp"
#include "mikey/wire/message.hpp"

namespace mikey {

/// A TICKET payload without Initiator Data, as octets from Ticket Type to the end of Ticket Data.
struct TicketCore {
  Bytes octets;

  /// That of a payload of a received message; `at` is where it stands.
  static TicketCore of(const wire::Message& m, const wire::Slot& at);
  /// Octets of the body of a TICKET payload with these Initiator Data. ErrorCode::bad_request when they do
  /// not fit.
  Result<Bytes> with(ByteView initiator_data) const;
  /// SHA-256 of the octets: what a ticket is known by.
  Result<Bytes> fingerprint(const crypto::Provider& provider) const;
};

/// A ticket that was just made, with the keys it encodes that its user needs.
struct NewTicket {
  TicketCore core;
  keys::MpkPair mpk;
};

/// What a ticket encodes. MPKr is known to the Initiator and whoever opens the ticket only.
struct OpenedTicket {
  keys::MpkPair mpk;
  keys::Validity mpk_validity;       ///< of the MPK; each has an SPI (RFC 6043 6.2.1)
  std::vector<keys::KeyEntry> keys;  ///< TEKs, TGKs, GTGKs
};

struct Env;
struct HeldTicket;

/// One Ticket Type (RFC 6043 11): the form of the Ticket Data. An implementation is immutable and may be used
/// from several threads at once.
class TicketScheme {
 public:
  virtual ~TicketScheme() = default;
  virtual TicketKind kind() const = 0;
  /// Makes a ticket under `policy`, which is of this kind, protected by `tpk`. `mpk`: a key of type MPK with
  /// its SPI. `t`: time of issue.
  virtual Result<NewTicket> seal(const crypto::Provider& provider, Rng& rng, const TicketPolicy& policy,
                                 ByteView tpk, const keys::KeyEntry& mpk,
                                 std::span<const keys::KeyEntry> keys, NtpTime t) const = 0;
  /// Opens the Ticket Data of a ticket whose policy was read. ErrorCode::auth_failure when `tpk` does not fit
  /// or anything in policy or data was changed.
  virtual Result<OpenedTicket> open(const crypto::Provider& provider, const TicketPolicy& policy,
                                    const TicketCore& core, ByteView ticket_data, ByteView tpk) const = 0;

  /// Whether the type itself looks after what protects a ticket when its responder has no key that could; the
  /// KMS then does not put its own in place of it.
  virtual bool finds_key() const { return false; }

  /// What an Initiator sends to the Responder in place of TRANSFER_INIT, and what it has then.
  struct Instead {
    Bytes message;
    keys::BundlePtr bundle;
  };
  /// The processing that a granted ticket without the N flag needs of its Initiator (RFC 6043 6.10).
  /// ErrorCode::invalid_ticket in types that have none.
  virtual Result<Instead> call(const Env& env, const HeldTicket& ticket, ByteView ticket_data) const;
};

/// The MIKEY base ticket (RFC 6043 A). Draws "RAND of the ticket".
const TicketScheme& mikey_base_ticket();

/// The Ticket Types a party or KMS knows. The base ticket is always among them.
class TicketSchemes {
 public:
  /// Takes the place of one of the same kind.
  void add(std::shared_ptr<const TicketScheme> scheme);
  /// ErrorCode::invalid_ticket for an unknown kind.
  Result<const TicketScheme*> find(const TicketKind& kind) const;

 private:
  std::map<TicketKind, std::shared_ptr<const TicketScheme>> others_;
};

/// RFC 6043 6.10: Initiator Data for a message whose V ends with `mac`: Vi, and Vr under MPKr.
Result<Bytes> make_initiator_data(const crypto::Provider& provider, PrfFunc policy_prf, ByteView mpk_r,
                                  MacAlg alg, ByteView mac);
/// Octets of Initiator Data for MACs of this algorithm.
std::size_t initiator_data_size(MacAlg alg);
/// What the KMS verifies when keys are forked (RFC 6043 4.2.3.4): Vr. ErrorCode::auth_failure.
Status check_initiator_data(const crypto::Provider& provider, PrfFunc policy_prf, ByteView mpk_r,
                            ByteView initiator_data);
/// The MAC in Vi, which the Responder compares with that of the message (RFC 6043 4.2.3.6).
Result<Bytes> initiator_data_mac(ByteView initiator_data);

/// Makes keys as wished: random, each with the SPI wished for or a random one. Draws "SALT" and "session key"
/// for each, then "SPI"s.
Result<std::vector<keys::KeyEntry>> make_ticket_keys(Rng& rng, std::span<const KeyWish> wishes);
/// A random MPK for tickets under `prf`. Draws "MPK", "SPI".
Result<keys::KeyEntry> make_mpk(Rng& rng, PrfFunc prf);
/// Gives the key an SPI unless it has one (RFC 6043 6.2.1). Draws "SPI".
Status give_spi(Rng& rng, keys::KeyEntry& key);

/// A ticket an Initiator holds and may use.
struct HeldTicket {
  Identity to;
  TicketPolicy policy;
  TicketCore core;
  keys::MpkPair mpk;  ///< MPKr only with key forking, and not of a Responder's
  std::vector<keys::KeyEntry> keys;
  Bytes fingerprint;  ///< TicketCore::fingerprint
};

/// What a Responder learnt of a ticket (RFC 6043 5.3: used again when the ticket is).
struct ResolvedTicket {
  SecretBytes mpk_i;
  SecretBytes mpk_r;  ///< MPKr' with key forking, else empty
  std::vector<keys::KeyEntry> keys;
  std::optional<Identity> answer_as;  ///< IDRr of RESOLVE_RESP, repeated in TRANSFER_RESP
  std::optional<Bytes> rand_kms;      ///< RANDRkms, likewise
};

/// How to speak with a KMS.
struct KmsLink {
  Identity kms;
  bool public_key = false;           ///< certificate and envelope key rather than the PSK
  Psk psk;                           ///< shared with the KMS
  std::optional<Identity> psk_name;  ///< sent as IDRpsk
};

/// What a party is in MIKEY-TICKET, beside what it asks for.
struct TicketSettings {
  Identity kms;
  bool public_key = false;  ///< how it authenticates to the KMS
  std::optional<Identity> psk_name;
  std::vector<Identity> groups;                    ///< identities of groups it answers for
  std::optional<std::vector<Bytes>> applications;  ///< application IDs it knows; nothing: any
  /// Without key forking, callers other than the ticket's IDRi that are among its responders are accepted
  /// (RFC 6043 9, decentralized signalling).
  bool decentralized = false;
  SecretBytes content_key;  ///< the TEK it supplies when nobody else gave a key (RFC 6043 8)
  TicketSchemes schemes;
};

}  // namespace mikey
