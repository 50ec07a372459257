/// \file
/// The crypto session bundle (CSB): what an exchange leaves behind.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "mikey/base/clock.hpp"
#include "mikey/base/iana.hpp"
#include "mikey/base/secret.hpp"
#include "mikey/keys/suite.hpp"

namespace mikey {

/// The key exchange methods.
enum class Mode : std::uint8_t { psk, pk, dh, dhhmac, rsar, ticket, ibake, sakke };
/// "psk", "pk", ...
std::string_view mode_name(Mode mode);
std::optional<Mode> mode_by_name(std::string_view name);

enum class Role : std::uint8_t { initiator, responder };

/// An identity as ID payloads carry it (RFC 3830 6.7). The data of a NAI or URI is UTF-8 without a
/// terminator.
struct Identity {
  IdType type = IdType::uri;
  Bytes data;

  static Identity uri(std::string_view s) { return {IdType::uri, to_bytes(as_bytes(s))}; }
  static Identity nai(std::string_view s) { return {IdType::nai, to_bytes(as_bytes(s))}; }
  /// Text for people and for look-up: the string itself, or hex for a byte string.
  std::string name() const;
  bool empty() const { return data.empty(); }
  friend bool operator==(const Identity&, const Identity&) = default;
  /// Out of line: gcc 12 believes that comparing an empty vector of octets inline may read 2^63 of them.
  friend std::strong_ordering operator<=>(const Identity& a, const Identity& b);
};

namespace keys {

/// Key validity (RFC 3830 6.14).
struct Validity {
  KvType type = KvType::null;
  Bytes spi;         ///< SPI/MKI, when type is spi; up to 255 octets
  Bytes valid_from;  ///< when type is interval: the octets as they travelled (SRTP: a 48-bit index)
  Bytes valid_to;
  friend bool operator==(const Validity&, const Validity&) = default;
};

/// One key carried or agreed by an exchange: a TGK or a TEK, with what came beside it. Kept where a re-key
/// needs it.
struct KeyEntry {
  KeyDataType type = KeyDataType::tgk;
  SecretBytes key;
  SecretBytes salt;  ///< empty when the type carries none
  bool has_salt = false;
  Validity validity;

  bool is_tek() const { return type == KeyDataType::tek || type == KeyDataType::tek_salt; }
  KeyEntry clone() const { return {type, key.clone(), salt.clone(), has_salt, validity}; }
};

/// One crypto session: all that SRTP needs to start.
struct CryptoSession {
  std::uint8_t cs_id = 0;  ///< position in the CS ID map from 1, or the CS ID of a GENERIC-ID map
  ProtType protocol = ProtType::srtp;
  std::uint32_t ssrc = 0;
  std::uint32_t roc = 0;
  std::uint8_t policy_no = 0;
  Suite suite = Suite::aes_cm_128_hmac_sha1_80;
  Tek tek;                     ///< SRTP master key, info(suite).key_len octets
  Salt salt;                   ///< SRTP master salt, info(suite).salt_len octets
  Validity validity;           ///< validity.spi is the MKI
  std::uint16_t roc_rate = 0;  ///< RFC 4771: the ROC goes with every roc_rate-th packet; 0: never

  CryptoSession clone() const;
};

struct Extension {
  GeneralExtType type{};
  Bytes data;
  friend bool operator==(const Extension&, const Extension&) = default;
};

/// What an update of a CSB of MIKEY-TICKET needs of the exchange that made it (RFC 6043 5.2).
struct TicketCsb {
  std::uint16_t flags = 0;  ///< of the Ticket Policy
  Identity initiator;       ///< Identity_i and Identity_r, whoever starts the update
  Identity responder;
  SecretBytes mpk;         ///< MPKi or MPKr', which protected the last message of that exchange
  Bytes context;           ///< of its message keys (MessageKeys)
  Bytes fingerprint = {};  ///< of the ticket (TicketCore::fingerprint)
  Bytes rand_i = {};       ///< RANDRi
  std::optional<std::uint32_t> rekey = std::nullopt;  ///< seconds between two rekeyings, at most (6.10, TRr)
  /// New keys must be agreed by then, by an update or by a new exchange; their sessions must not go on after
  /// it.
  std::optional<NtpTime> rekey_by = std::nullopt;
  std::optional<NtpTime> updated = std::nullopt;  ///< timestamp of the peer's last update

  TicketCsb clone() const;
};

/// What an update of a CSB of MIKEY-IBAKE needs of the exchanges before it (RFC 6267 5.3), and what came
/// beside its key.
struct IbakeCsb {
  Identity initiator;        ///< of the first exchange, whoever starts an update
  Identity responder;        ///< whoever answered
  SecretBytes mpk;           ///< of the last exchange with new values
  NtpTime peer_time;         ///< T of the peer's last update: an earlier one is a replay
  SecretBytes content_key;   ///< SK, for deferred content; empty: none
  Identity content_owner;    ///< for whom the content key is stored sealed, as this party cannot read it
  NtpTime content_time;      ///< T of the message it came in
  Bytes sealed_content_key;  ///< Encr data of ESK
};

/// A CSB. Shared as `std::shared_ptr<const Bundle>`; an update makes a new one. Printing is left to callers,
/// who must ask each secret to reveal itself.
struct Bundle {
  std::uint32_t csb_id = 0;
  Mode mode = Mode::psk;
  Role role = Role::initiator;  ///< of this party, in the exchange that made this bundle
  Identity peer;                ///< the authenticated other party; empty data for an anonymous one
  PrfFunc prf = PrfFunc::mikey_1;
  Bytes rand;  ///< RAND of the first exchange; stays for all re-keys (RFC 3830 4.5)
  std::uint32_t derive_csb_id =
      0;  ///< CSB ID in TEK derivations; differs from csb_id with RFC 4738's CSB_ID extension
  CsIdMapType map_type = CsIdMapType::srtp_id;
  std::vector<CryptoSession> sessions;
  std::map<std::uint8_t, Suite> policies;  ///< by policy number
  std::vector<KeyEntry> keys;              ///< TGKs or TEKs; the first one keys the sessions
  SecretBytes transport_key;  ///< PSK or cached envelope key that protects updates; empty when none
  EnvelopeCache cache = EnvelopeCache::no_cache;  ///< how the envelope key may be used again (RFC 3830 6.3)
  bool null_protected = false;  ///< made without encryption and authentication (cameras); updates may be too
  std::vector<Extension> extensions;        ///< general extensions received
  std::shared_ptr<const TicketCsb> ticket;  ///< MIKEY-TICKET only
  std::shared_ptr<const IbakeCsb> ibake;    ///< MIKEY-IBAKE only

  /// A deliberate copy, secrets included.
  Bundle clone() const;
};

using BundlePtr = std::shared_ptr<const Bundle>;

}  // namespace keys
}  // namespace mikey
