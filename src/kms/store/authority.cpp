#include "mikey/kms/store_authority.hpp"

#include <algorithm>

namespace mikey::kms {
namespace {

constexpr std::size_t kMostSummary = 1000;

Error not_now(const Error& why) {
  Error e = why;
  e.code = ErrorCode::resource;
  e.severity = Severity::system;
  return e;
}

/// A name in printable ASCII.
void add_name(std::string& to, const Identity& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : id.name()) {
    if (c > ' ' && c <= '~' && c != '\\') {
      to.push_back(c);
    } else {
      const auto octet = static_cast<std::uint8_t>(c);
      to.append({'\\', 'x', kDigits[octet >> 4], kDigits[octet & 15]});
    }
  }
}

std::string cut(std::string text) {
  if (text.size() <= kMostSummary) return text;
  text.resize(kMostSummary - 3);
  return text + "...";
}

/// Makes room by forgetting all: what is needed comes back with the next messages.
template <class Map>
void bound(Map& map, std::size_t most) {
  if (map.size() >= most) map.clear();
}

}  // namespace

// ------------------------------------------------------------------ what is kept in memory

Status StoreAuthority::begin() const {
  trouble_.reset();
  (void)store_.take_failure();
  auto now = store_.changes();
  if (!now) return not_now(now.error());
  if (changes_ == *now) return {};
  changes_.reset();
  users_.clear();
  by_psk_name_.clear();
  members_.clear();
  if (auto s = load(); !s) return not_now(s.error());
  changes_ = *now;
  return {};
}

Status StoreAuthority::load() const {
  auto rules = store_.rules();
  if (!rules) return std::move(rules).error();
  auto policies = store_.policies();
  if (!policies) return std::move(policies).error();
  auto keys = store_.ticket_keys(clock_.read().unix_seconds());
  if (!keys) return std::move(keys).error();
  rules_ = std::move(*rules);
  policies_ = std::move(*policies);
  keys_ = std::move(*keys);
  return {};
}

Status StoreAuthority::trouble() const {
  if (auto e = store_.take_failure()) trouble_ = not_now(*e);
  return trouble_ ? Status(*trouble_) : Status();
}

// Who is not known is asked for again the next time: a stranger's inventions must not push out what is.
const StoreAuthority::Known* StoreAuthority::find(const Identity& id) const {
  if (const auto it = users_.find(id); it != users_.end()) return &it->second;
  auto user = store_.user(id);
  if (!user || !*user) return nullptr;
  Known known{(*user)->enabled, (*user)->trusted_kms, Psk(), {}};
  if (known.enabled) {
    auto psk = store_.psk(id);
    if (!psk) return nullptr;
    known.psk = std::move(*psk);
    auto certificates = store_.certificates(id);
    if (!certificates) return nullptr;
    for (UserCertificate& c : *certificates) known.certificates.push_back(std::move(c.fingerprint));
  }
  bound(users_, most_);
  return &users_.emplace(id, std::move(known)).first->second;
}

const StoreAuthority::Known* StoreAuthority::served(const Identity& id) const {
  const Known* known = find(id);
  return known != nullptr && known->enabled ? known : nullptr;
}

Psk StoreAuthority::psk(const Identity& client) const {
  const Known* known = served(client);
  return known == nullptr ? Psk() : known->psk.clone();
}

std::optional<Identity> StoreAuthority::client_by_psk(const std::optional<Identity>& psk_name) const {
  if (psk_name)
    if (const auto it = by_psk_name_.find(psk_name->data); it != by_psk_name_.end()) return it->second;
  auto owner = store_.owner_of_psk(psk_name);
  if (!owner || !*owner) return std::nullopt;
  if (psk_name) {
    bound(by_psk_name_, most_);
    by_psk_name_.emplace(psk_name->data, **owner);
  }
  return std::move(*owner);
}

Status StoreAuthority::may_sign(const Identity& client, const crypto::Certificate& certificate) const {
  constexpr const char* kRfc = "RFC 3830 4.3";  // certificates: their use is a matter of policy
  const Known* known = served(client);
  if (auto s = trouble(); !s) return s;
  if (known == nullptr) return bad_message(ErrorCode::auth_failure, kRfc, "who signs is no user of this KMS");
  if (known->certificates.empty()) return {};
  const Bytes fingerprint = certificate.fingerprint(crypto::Hash::sha256);
  if (std::ranges::find(known->certificates, fingerprint) != known->certificates.end()) return {};
  return bad_message(ErrorCode::invalid_cert, kRfc,
                     "it is signed with a certificate that is not among the user's in the store");
}

bool StoreAuthority::is_trusted_kms(const Identity& who) const {
  const Known* known = served(who);
  return known != nullptr && known->trusted_kms;
}

bool StoreAuthority::is_member(const Identity& group, const Identity& member) const {
  const auto key = std::pair(group, member);
  if (const auto it = members_.find(key); it != members_.end()) return it->second;
  auto found = store_.is_member(group, member);
  if (!found) return false;
  bound(members_, most_);
  members_.emplace(key, *found);
  return *found;
}

// ------------------------------------------------------------------ who may do what

Status StoreAuthority::allowed(Rule::Kind kind, const Identity& who, const Identity& whom,
                               const char* rfc) const {
  const std::string a = who.name();
  const std::string b = whom.name();
  bool only_some = false;
  bool yes = false;
  for (const Rule& r : rules_) {
    if (r.kind != kind) continue;
    only_some = only_some || r.allow;
    if (!matches(r.who, a) || !matches(r.whom, b)) continue;
    if (!r.allow) return bad_message(ErrorCode::auth_failure, rfc, "a rule of this KMS forbids it");
    yes = true;
  }
  if (yes || !only_some) return {};
  return bad_message(ErrorCode::auth_failure, rfc, "no rule of this KMS allows it");
}

Status StoreAuthority::is_user(const Identity& client, const char* rfc) const {
  if (served(client) != nullptr) return {};
  return bad_message(ErrorCode::auth_failure, rfc, "the client is no user of this KMS");
}

Status StoreAuthority::may_request(const Identity& client, const TicketPolicy& desired) const {
  constexpr const char* kRfc = "RFC 6043 4.2.1.4";
  if (auto s = is_user(client, kRfc); !s) return s;
  for (const Identity& r : desired.responders)
    if (auto s = allowed(Rule::Kind::call, client, r, kRfc); !s) return s;
  return {};
}

Status StoreAuthority::may_resolve(const Identity& client, const Identity& sender,
                                   const TicketPolicy& ticket) const {
  constexpr const char* kRfc = "RFC 6043 4.2.3.4";
  const auto refused = [&](const char* why) { return bad_message(ErrorCode::auth_failure, kRfc, why); };
  if (auto s = is_user(sender, kRfc); !s) return s;  // the client, or the KMS it belongs to
  const bool among = std::ranges::any_of(
      ticket.responders, [&](const Identity& r) { return r == client || is_member(r, client); });
  if (!among) return refused("the client may not resolve this ticket");
  if (!ticket.initiator) return refused("the ticket does not say who asked for it");
  if (served(*ticket.initiator) == nullptr)
    return refused("whoever asked for the ticket is no user any more");
  return allowed(Rule::Kind::resolve, client, *ticket.initiator, kRfc);
}

std::vector<SecretBytes> StoreAuthority::ticket_keys() const {
  std::vector<SecretBytes> out;
  for (const SecretBytes& k : keys_) out.push_back(k.clone());
  return out;
}

std::int64_t StoreAuthority::max_lifetime(const Identity& client) const {
  std::optional<std::int64_t> least;
  for (const DomainPolicy& p : policies_)
    if (p.max_lifetime && matches(p.pattern, client.name()))
      least = least ? std::min(*least, *p.max_lifetime) : *p.max_lifetime;
  return least.value_or(kDefaultLifetime);
}

TicketFlags StoreAuthority::refused_flags(const Identity& client) const {
  std::uint16_t bits = 0;
  for (const DomainPolicy& p : policies_)
    if (matches(p.pattern, client.name())) bits = static_cast<std::uint16_t>(bits | p.refused.bits());
  return TicketFlags(bits);
}

// ------------------------------------------------------------------ replays and the audit trail

Verdict StoreReplay::admit(const NeedReplayVerdict& question) {
  auto verdict = store_.admit(question, clock_.read(), skew_);
  return verdict ? *verdict : Verdict::full;
}

Status StoreRecord::write(AuditEntry::Event event, const Identity& client, const TicketPolicy& policy,
                          ByteView fingerprint) {
  auto good =
      store_.record({0, clock_.read().unix_seconds(), event, client, to_bytes(fingerprint), summary(policy)});
  if (!good) return not_now(good.error());
  if (!*good) return bad_message(ErrorCode::invalid_ticket, "RFC 6043 6.10", "the ticket was revoked");
  return {};
}

Status StoreRecord::issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = write(AuditEntry::Event::issued, client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->issued(client, policy, fingerprint);
}

Status StoreRecord::resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = write(AuditEntry::Event::resolved, client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->resolved(client, policy, fingerprint);
}

Status StoreKeyRecord::keys_issued(const Identity& client, std::span<const Identity> identities,
                                   std::span<const ibc::KeyDate> dates) {
  if (auto s = authority_.is_user(client, "RFC 6267 4.2.1.2"); !s) return s;
  std::string what = "identities";
  for (const Identity& id : identities) {
    what.push_back(' ');
    add_name(what, id);
  }
  what += ", " + std::to_string(dates.size()) + " dates";
  auto kept =
      store_.record({0, clock_.read().unix_seconds(), AuditEntry::Event::keys, client, {}, cut(what)});
  if (!kept) return not_now(kept.error());
  // Others would have to wait while the keys are computed.
  if (auto s = store_.flush(); !s) return not_now(s.error());
  return next_ == nullptr ? Status() : next_->keys_issued(client, identities, dates);
}

std::string summary(const TicketPolicy& policy) {
  std::string out = "flags " + policy.flags.letters();
  if (policy.initiator) {
    out += ", initiator ";
    add_name(out, *policy.initiator);
  }
  out += ", responders";
  for (const Identity& r : policy.responders) {
    out.push_back(' ');
    add_name(out, r);
  }
  if (policy.start) out += ", from " + std::to_string(*policy.start);
  if (policy.end) out += ", until " + std::to_string(*policy.end);
  return cut(std::move(out));
}

}  // namespace mikey::kms
