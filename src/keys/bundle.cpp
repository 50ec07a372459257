#include "mikey/keys/bundle.hpp"

#include <algorithm>
#include <array>

namespace mikey {

namespace {
constexpr std::array<std::string_view, 8> kModes = {"psk",  "pk",     "dh",    "dhhmac",
                                                    "rsar", "ticket", "ibake", "sakke"};
}

std::string_view mode_name(Mode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

std::optional<Mode> mode_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kModes.size(); ++i)
    if (kModes[i] == name) return static_cast<Mode>(i);
  return std::nullopt;
}

std::string Identity::name() const {
  return type == IdType::byte_string ? to_hex(data) : std::string(as_text(data));
}

std::strong_ordering operator<=>(const Identity& a, const Identity& b) {
  if (const auto c = a.type <=> b.type; c != 0) return c;
  return std::lexicographical_compare_three_way(a.data.begin(), a.data.end(), b.data.begin(), b.data.end());
}

namespace keys {

CryptoSession CryptoSession::clone() const {
  return {cs_id, protocol, ssrc, roc, policy_no, suite, tek.clone(), salt.clone(), validity, roc_rate};
}

TicketCsb TicketCsb::clone() const {
  return {flags, initiator, responder, mpk.clone(), context, fingerprint, rand_i, rekey, rekey_by, updated};
}

Bundle Bundle::clone() const {
  Bundle b;
  b.csb_id = csb_id;
  b.mode = mode;
  b.role = role;
  b.peer = peer;
  b.prf = prf;
  b.rand = rand;
  b.derive_csb_id = derive_csb_id;
  b.map_type = map_type;
  for (const CryptoSession& s : sessions) b.sessions.push_back(s.clone());
  b.policies = policies;
  for (const KeyEntry& k : this->keys) b.keys.push_back(k.clone());
  b.transport_key = transport_key.clone();
  b.cache = cache;
  b.null_protected = null_protected;
  b.extensions = extensions;
  b.ticket = ticket;
  b.ibake = ibake;
  return b;
}

}  // namespace keys
}  // namespace mikey
