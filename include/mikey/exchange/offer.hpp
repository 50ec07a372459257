/// \file
/// What an Initiator asks for.
#pragma once

#include <variant>

#include "mikey/crypto/certificate.hpp"
#include "mikey/exchange/ibake.hpp"
#include "mikey/exchange/sakke.hpp"
#include "mikey/exchange/ticket.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey {

/// One crypto session to set up.
struct Stream {
  std::uint32_t ssrc = 0;  ///< 0: the Responder chooses one
  std::uint32_t roc = 0;
  std::optional<keys::Suite> suite;  ///< default: the first of Policy::srtp
};

/// The key to be sent, in modes that send one.
struct KeyRequest {
  bool tek = false;                   ///< a TEK (SRTP master key) rather than a TGK
  std::optional<std::size_t> length;  ///< octets; default 16 for a TGK, the suite's for a TEK
  std::optional<bool> with_salt;      ///< default: yes where one salt fits all suites
  SecretBytes given;       ///< a key to be sent in place of a fresh one (groups, pre-encoded content)
  SecretBytes given_salt;  ///< its salt, where one is sent; default: a fresh one
  bool none = false;       ///< an update that keeps the key
};

/// What every mode can be asked for.
struct Terms {
  Identity to;
  std::optional<std::vector<Stream>>
      streams;  ///< default: one with SSRC 0; in an update: those of the bundle
  KeyRequest key;
  keys::Validity validity;
  std::vector<keys::Extension> extensions;  ///< general extensions to send
  bool empty_map = false;                   ///< no CS ID map at all (RFC 4563)
  std::optional<bool> verification;         ///< the V flag, in place of the policy's
  /// A CSB whose ID, RAND, crypto sessions and, unless `key` gives another, key the new one shares, so that
  /// both have the same TEKs (RFC 3830 8). Only in psk and pk, not in an update; `streams` has no say then.
  keys::BundlePtr group;
  /// Who may answer in place of `to`, where a call may be forwarded without the caller's knowledge (RFC 5197
  /// 5.3). In dh and rsar, whose answers are signed and whose messages then name no Responder, and in ibake.
  /// The bundle's peer is whoever answered.
  std::vector<Identity> accept;
};

/// RFC 3830 3.1. Also the form of an update under a cached envelope key (4.5).
struct PskOffer {
  Terms terms;
  Psk psk;  ///< shared with terms.to; empty only with NULL encryption and NULL MAC
};

/// RFC 3830 3.2. A fresh envelope key goes to the owner of `certificate`.
struct PkOffer {
  Terms terms;
  std::optional<crypto::Certificate> certificate;  ///< of terms.to
  std::optional<EnvelopeCache> cache;              ///< the C flag, in place of the policy's
};

/// RFC 3830 3.3. Of Terms::key only `none` (an update without new DH values) may be set.
struct DhOffer {
  Terms terms;
  DhGroup group = DhGroup::oakley_5;
};

/// RFC 4650.
struct DhhmacOffer {
  Terms terms;
  Psk psk;
  DhGroup group = DhGroup::oakley_5;
};

/// RFC 4738. The Responder makes the key, so Terms::key and Terms::validity have no say.
struct RsarOffer {
  Terms terms;
  bool group = false;  ///< ask for a group's key: the Responder chooses RAND, and may name another CSB ID
};

/// What an Initiator asks for in MIKEY-TICKET beyond its Terms (RFC 6043 4.1.1, 6.10).
struct TicketRequest {
  /// Who makes and who resolves the ticket: 1 KMS, KMS; 2 KMS, Responder; 3 Initiator, KMS; 4 Initiator,
  /// Responder.
  int mode = 1;
  std::optional<TicketFlags> flags;    ///< default: by mode DEFGHINO, DFGHNO, EFGHILNO, FGHLNO
  std::vector<Identity> responders;    ///< who may resolve; default: Terms::to
  std::int64_t lifetime = 86400;       ///< seconds from now
  std::optional<std::uint32_t> rekey;  ///< seconds between rekeyings
  std::vector<Identity> applications;  ///< none: all
  std::optional<std::vector<KeyDataType>>
      keys;  ///< tgk, gtgk, tek; default: one of Terms::key, none with a given key
  TicketKind kind;
  /// Whether a ticket that is held already is used again (5.3): never, when there is one, or else nothing
  /// begins.
  enum class Reuse : std::uint8_t { never, if_held, only };
  Reuse reuse = Reuse::never;
};

/// RFC 6043. An update of a CSB takes only `terms`.
struct TicketOffer {
  Terms terms;
  TicketRequest request;
  KmsLink link;                              ///< modes 1 to 3
  Psk peer_psk;                              ///< mode 4
  std::shared_ptr<const HeldTicket> ticket;  ///< to be used again
};

/// RFC 6509. The key is the SSV, 16 octets. There is no answer.
struct SakkeOffer {
  Terms terms;
  SakkeTerms sakke;
};

/// RFC 6267. Of Terms::key only `none` (an update without new values) may be set; of Terms::accept all are
/// accepted beside those of IbakeSettings.
struct IbakeOffer {
  Terms terms;
  IbakeTerms ibake;
  Psk kms_psk;  ///< shared with one's KMS, for the case that the private key is missing
};

using Offer =
    std::variant<PskOffer, PkOffer, DhOffer, DhhmacOffer, RsarOffer, SakkeOffer, TicketOffer, IbakeOffer>;

}  // namespace mikey
