/// \file
/// What a KMS's store holds, as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mikey/exchange/ticket_policy.hpp"

namespace mikey::kms {

/// Tickets are valid for 30 days at most where no policy says otherwise.
inline constexpr std::int64_t kDefaultLifetime = 2592000;

/// Somebody the KMS knows: a client, or another KMS (RFC 6043 10).
struct User {
  Identity id;
  bool enabled = true;       ///< a user that is not is refused, and so are the tickets it asked for
  bool trusted_kms = false;  ///< may resolve for its own clients
  bool other_kms = false;    ///< is asked about its tickets
  std::string note = {};     ///< for people; printable ASCII, 200 characters at most
};

/// A user as lists show it.
struct UserLine {
  User user;
  bool has_psk = false;
  std::optional<Bytes> psk_name;  ///< what IDRpsk calls the key
  std::int64_t certificates = 0;  ///< how many there are
};

/// A name with stars: `*` is everybody; otherwise a star stands for any characters but `@`, so that
/// `sip:*@example.com` is everybody of that domain and no name with a second `@` in it.
bool is_pattern(std::string_view text);
bool matches(std::string_view pattern, std::string_view name);

/// Who may do what. Rules have no order: what one forbids no other allows, and once one allows something of a
/// kind, nothing else of that kind is allowed.
struct Rule {
  enum class Kind : std::uint8_t {
    call = 1,     ///< `who` may ask for tickets to `whom`, a user or a group
    resolve = 2,  ///< `who`, being among a ticket's responders, may resolve tickets asked for by `whom`
  };
  std::int64_t id = 0;  ///< given by the store
  Kind kind = Kind::call;
  bool allow = true;
  std::string who;   ///< pattern
  std::string whom;  ///< pattern
};

/// What holds for the tickets of those whose names match; of several the strictest.
struct DomainPolicy {
  std::string pattern;
  std::optional<std::int64_t> max_lifetime;  ///< seconds
  TicketFlags refused;
};

/// A key that protects tickets.
struct TicketKey {
  enum class State : std::uint8_t {
    current = 1,  ///< seals
    old = 2,      ///< opens, until open_until
    retired = 3,  ///< is deleted
  };
  std::int64_t id = 0;
  State state = State::current;
  std::int64_t made = 0;                        ///< seconds since 1970, as all times here
  std::optional<std::int64_t> open_until = {};  ///< the last second in which it opens
};

struct UserCertificate {
  Identity owner;
  Bytes fingerprint;  ///< SHA-256 of the certificate
  Bytes der;
};

/// A line of the audit trail.
struct AuditEntry {
  enum class Event : std::uint8_t {
    issued = 1,
    resolved = 2,
    refused = 3,  ///< the ticket was revoked
    keys = 4,     ///< private keys of MIKEY-IBAKE were issued
  };
  std::int64_t id = 0;
  std::int64_t t = 0;
  Event event = Event::issued;
  Identity client;      ///< for whom
  Bytes fingerprint;    ///< of the ticket: TicketCore::fingerprint; empty with Event::keys
  std::string summary;  ///< of its policy, or of the keys; printable ASCII
};

struct AuditFilter {
  std::optional<Identity> client = {};
  std::optional<Bytes> fingerprint = {};
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
  std::int64_t most = 1000;  ///< the latest ones; oldest first in the result
};

struct Revocation {
  Bytes fingerprint;
  std::int64_t t = 0;
  std::string reason;  ///< printable ASCII, 200 characters at most
};

}  // namespace mikey::kms
