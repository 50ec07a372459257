/// \file
/// From what an Initiator asks for to what goes into its message.
#pragma once

#include "mikey/exchange/exchange.hpp"

namespace mikey::engine {

/// Crypto sessions and policies as they stand in a message.
struct Proposal {
  CsIdMapType map_type = CsIdMapType::srtp_id;
  std::vector<wire::SrtpId> cs;
  std::map<std::uint8_t, keys::Suite> policies;  ///< all that are in force
  std::vector<std::uint8_t> announced;           ///< numbers of those to be sent as SP payloads

  /// The suite of each crypto session; the default one when there is none.
  std::vector<keys::Suite> suites() const;
  keys::Suite suite(std::uint8_t policy_no) const;
};

/// RFC 3830 6.1.1 and 6.10. `old` is the bundle an update starts from, else nullptr (RFC 4.5: its policies
/// stay unless a number is sent again, its sessions stay unless the map lists others).
Result<Proposal> propose(const Policy& policy, const Terms& terms, const keys::Bundle* old);

/// A fresh or given key that fits all `suites`. Draws "TGK" or "TEK", then "SALT".
Result<keys::KeyEntry> make_key(Rng& rng, std::span<const keys::Suite> suites, const KeyRequest& request,
                                const keys::Validity& validity);

/// The crypto sessions of a bundle, without keys yet.
std::vector<keys::CryptoSession> make_sessions(const Proposal& p, const keys::Validity& validity);

/// Adds the SP payloads of `p` to a message.
Status add_policies(wire::ChainBuilder& message, const Proposal& p);
/// Adds SP payloads that list all suites of `policy`, as error messages do (RFC 3830 5.1.2).
Status add_supported(wire::ChainBuilder& message, const Policy& policy);
void add_extensions(wire::ChainBuilder& message, std::span<const keys::Extension> extensions);

/// The Key data sub-payload of a key.
wire::KeyData key_data(const keys::KeyEntry& key);
wire::Kv kv_of(const keys::Validity& v);
keys::Validity validity_of(const wire::Kv& kv);

}  // namespace mikey::engine
