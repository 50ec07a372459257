// What an Initiator wants, checked before anything is sent (RFC 6043 4.1.1, 6.10, 9).

#include <algorithm>

#include "exchange/ticket/ticket.hpp"

namespace mikey::ticket {
namespace {

constexpr std::string_view kDefaultFlags[] = {"DEFGHINO", "DFGHNO", "EFGHILNO", "FGHLNO"};

Result<TicketFlags> choose_flags(const TicketRequest& r, bool given_key) {
  if (r.mode < 1 || r.mode > 4) return bad_request("ticket.mode: expected 1 to 4", "RFC 6043 4.1.1");
  TicketFlags flags = r.flags.value_or(*TicketFlags::parse(kDefaultFlags[r.mode - 1]));
  if (given_key) flags = flags.with(TicketFlag::l);
  if (flags.has(TicketFlag::d) != (r.mode <= 2) || flags.has(TicketFlag::e) != (r.mode == 1 || r.mode == 3))
    return bad_request("ticket.flags: D and E do not fit mode " + std::to_string(r.mode), "RFC 6043 6.10");
  if (flags.has(TicketFlag::k)) return bad_request("ticket.flags: K is the KMS's to set", "RFC 6043 6.10");
  return flags;
}

/// The keys to ask for, or to put into a ticket of one's own.
Result<std::vector<KeyWish>> choose_keys(const TicketOffer& o, const engine::Proposal& p, bool given_key) {
  std::vector<KeyDataType> types;
  if (o.request.keys) {
    types = *o.request.keys;
  } else if (!given_key) {
    types = {o.terms.key.tek ? KeyDataType::tek : KeyDataType::tgk};
  }
  const std::vector<keys::Suite> suites = p.suites();
  const keys::SuiteInfo& first = keys::info(suites.front());
  const bool one_salt =
      std::ranges::all_of(suites, [&](keys::Suite s) { return keys::info(s).salt_len == first.salt_len; });
  const bool salt = o.terms.key.with_salt.value_or(one_salt);
  if (salt && !one_salt)
    return bad_request("with_salt: the salts of the suites differ in length", "RFC 3830 6.13");
  std::vector<KeyWish> out;
  for (const KeyDataType t : types) {
    KeyWish w;
    const bool tek = t == KeyDataType::tek;
    if (!tek && t != KeyDataType::tgk && t != KeyDataType::gtgk)
      return bad_request("ticket.keys: expected tgk, gtgk or tek", "RFC 6043 6.2.1");
    w.type = salt ? static_cast<KeyDataType>(wire::to_number(t) + 1) : t;
    w.length = o.terms.key.length.value_or(tek ? first.key_len : 16U);
    if (salt) w.salt = first.salt_len;
    if (out.empty()) w.validity = o.terms.validity;
    out.push_back(std::move(w));
  }
  return out;
}

/// RFC 6043 12.1: keys of more than 128 bits need the 256-bit algorithms.
Status check_lengths(const std::vector<KeyWish>& wishes, const std::vector<keys::KeyEntry>& own,
                     PrfFunc prf) {
  std::size_t longest = keys::longest_key(own, true);
  for (const KeyWish& w : wishes) longest = std::max(longest, w.length);
  if (longest > 16 && prf == PrfFunc::mikey_1)
    return bad_request("keys of more than 128 bits need the PRF HMAC-SHA-256", "RFC 6043 12.1");
  if (longest > 0xFF)
    return bad_request("a key of more than 255 octets has no RAND as long", "RFC 6043 12.1");
  return {};
}

/// RFC 6043 9: one member more for a group whose key is in a ticket. What all have alike must be possible to
/// have alike.
Status check_group(const Env& env, const TicketOffer& o) {
  const keys::Bundle& group = *o.terms.group;
  const auto refuse = [](const char* why, const char* rfc) { return bad_request(why, rfc); };
  if (!group.ticket || !o.ticket)
    return refuse("the ticket of that CSB is not held: it must not be used again, or its time is over",
                  "RFC 6043 5.3");
  const TicketPolicy& policy = o.ticket->policy;
  if (policy.has(TicketFlag::i) && policy.initiator != env.self)
    return refuse("with key forking only who requested the ticket can call with it", "RFC 6043 9.1");
  if (!o.terms.key.given.empty()) return refuse("key: who joins gets the ticket's keys", "RFC 6043 9");
  if (policy.has(TicketFlag::g))
    return refuse("the keys of that CSB depend on a RAND of its Responder", "RFC 6043 9");
  for (const keys::CryptoSession& s : group.sessions) {
    const auto key = std::ranges::find_if(
        o.ticket->keys, [&](const keys::KeyEntry& k) { return k.validity.spi == s.validity.spi; });
    if (key == o.ticket->keys.end())
      return refuse("that CSB has keys by now which the ticket does not hold", "RFC 6043 9");
    if (policy.has(TicketFlag::i) && keys::is_forked(key->type))
      return refuse("key forking gives each member a key of its own", "RFC 6043 9.1");
  }
  return {};
}

}  // namespace

Result<Plan> make_plan(const Env& env, const TicketOffer& o) {
  if (o.terms.to.empty()) return bad_request("to: an exchange needs a peer");
  if (o.terms.group)
    if (auto s = check_group(env, o); !s) return std::move(s).error();
  if (o.terms.validity.type == KvType::interval)
    return bad_request("interval: a key of MIKEY-TICKET has an SPI", "RFC 6043 6.2.1");
  Plan plan;
  plan.group = o.terms.group;
  plan.peer = o.terms.to;
  plan.prf = env.policy.prf.front();
  plan.extensions = o.terms.extensions;
  auto proposal = engine::propose(env.policy, o.terms, nullptr);
  if (!proposal) return std::move(proposal).error();
  plan.proposal = std::move(*proposal);
  const bool given = !o.terms.key.given.empty();
  auto flags = choose_flags(o.request, given);
  if (!flags) return std::move(flags).error();
  if (given) {
    const std::vector<keys::Suite> suites = plan.proposal.suites();
    auto key = engine::make_key(env.rng, suites, o.terms.key, o.terms.validity);
    if (!key) return std::move(key).error();
    plan.own_keys.push_back(std::move(*key));
    if (auto s = give_spi(env.rng, plan.own_keys.front()); !s) return std::move(s).error();
  }
  auto wishes = choose_keys(o, plan.proposal, given);
  if (!wishes) return std::move(wishes).error();
  if (auto s = check_lengths(*wishes, plan.own_keys, plan.prf); !s) return std::move(s).error();

  TicketPolicy& p = plan.desired;
  p.kind = o.request.kind;
  p.prf = plan.prf;
  p.flags = *flags;
  if (o.request.mode < 4) p.kms = o.link.kms;
  p.initiator = env.self;
  const std::int64_t now = env.clock.read().unix_seconds();
  p.start = now - env.policy.clock_skew.count();
  p.end = now + o.request.lifetime;
  p.rekey = o.request.rekey;
  p.applications = o.request.applications;
  p.responders = o.request.responders;
  if (p.responders.empty()) p.responders = {o.terms.to};
  const bool tgk = std::ranges::any_of(*wishes, [](const KeyWish& w) { return keys::is_forked(w.type); });
  if (auto s = check_policy(p, false, tgk); !s) return bad_request(s.error().detail, s.error().rfc);
  p.keys = std::move(*wishes);
  return plan;
}

}  // namespace mikey::ticket
