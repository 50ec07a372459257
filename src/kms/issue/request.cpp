// Ticket Request (RFC 6043 4.2.1): from the policy asked for to the policy granted, and the ticket.

#include <algorithm>

#include "mikey/kms/issuer.hpp"

namespace mikey::kms {
namespace {

Error refused(std::string why) {
  return bad_message(ErrorCode::invalid_tppar, "RFC 6043 6.10", std::move(why));
}

/// The TP payload, of which there is one.
Result<TicketPolicy> read_desired(const wire::Message& m) {
  if (m.count<wire::Tp>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.1.1", "the message must have one TP payload");
  const wire::Slot& at = *m.find(PayloadType::tp);
  return TicketPolicy::parse(m.get<wire::Tp>(at).policy, at.offset);
}

/// What is asked for must be something this KMS can make for this client at all.
Status check_desired(const TicketPolicy& p, const KmsRequest& asked, const Identity& self) {
  bool tgk = false;
  if (p.keys)
    for (const KeyWish& w : *p.keys) tgk = tgk || keys::is_forked(w.type);
  if (auto s = check_policy(p, false, tgk); !s) return s;
  if (p.prf != asked.message().hdr().prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 12.1",
                       "the Ticket Policy names another PRF function than the message");
  if (p.kms && *p.kms != self) return refused("the ticket is to be resolved by another KMS");
  if (!p.has(TicketFlag::d)) return refused("a ticket that the KMS makes has the D flag");
  if (p.initiator && *p.initiator != asked.client())
    return refused("the Ticket Policy names another Initiator");
  return {};
}

/// RFC 6043 6.2.1, 12.1: AES key sizes only, more than 128 bits under the 256-bit algorithms only; salts as
/// SRTP has them.
Status check_wishes(const std::vector<KeyWish>& wishes, PrfFunc prf) {
  for (const KeyWish& w : wishes) {
    const bool known = w.length == 16 || w.length == 24 || w.length == 32;
    if (!known || (w.length > 16 && prf == PrfFunc::mikey_1))
      return refused("a key of a length that is not granted");
    if (w.salt && *w.salt > 32) return refused("a salt of a length that is not granted");
  }
  return {};
}

constexpr std::size_t kMaxKeys = 32;

/// Keys that are given when nothing is said of them (RFC 6043 4.2.1.5: RECOMMENDED).
std::vector<KeyWish> default_wishes(PrfFunc prf) {
  return {{KeyDataType::tgk, prf == PrfFunc::mikey_1 ? 16U : 32U, std::nullopt, {}}};
}

struct Grant {
  TicketPolicy policy;
  SecretBytes tpk;
};

/// RFC 6043 6.10: the policy granted, K when it differs from `desired`. Leaving out E (mode 2) takes one
/// responder whose PSK can protect the ticket.
Result<Grant> grant(const TicketScheme& scheme, const TicketPolicy& desired,
                    const std::vector<KeyWish>& wishes, const Identity& client, const Identity& self,
                    const Authority& authority, std::int64_t now) {
  Grant g;
  g.policy = desired;
  g.policy.keys.reset();
  g.policy.kms = self;
  g.policy.initiator = client;
  g.policy.flags = desired.flags.without(authority.refused_flags(client)).without(TicketFlag::k);
  if (!g.policy.has(TicketFlag::e) && desired.responders.size() == 1)
    g.tpk = authority.psk(desired.responders.front());
  if (g.tpk.size() < 16 && !scheme.finds_key()) {
    g.policy.flags = g.policy.flags.with(TicketFlag::e);
    auto own = authority.ticket_keys();
    if (own.empty())
      return Error{ErrorCode::resource, Severity::system, "", std::nullopt,
                   "this KMS has no key for tickets"};
    g.tpk = std::move(own.front());
  }
  const std::int64_t latest = now + authority.max_lifetime(client);
  g.policy.end = std::min(desired.end.value_or(latest), latest);
  const bool intervals =
      std::ranges::any_of(wishes, [](const KeyWish& w) { return w.validity.type == KvType::interval; });
  if (g.policy.flags != desired.flags.without(TicketFlag::k) || g.policy.end != desired.end || intervals)
    g.policy.flags = g.policy.flags.with(TicketFlag::k);
  return g;
}

}  // namespace

Result<Bytes> Issuer::request(const KmsRequest& asked) const {
  auto desired = read_desired(asked.message());
  if (!desired) return std::move(desired).error();
  auto scheme = schemes().find(desired->kind);
  if (!scheme) return std::move(scheme).error();
  if (auto s = check_desired(*desired, asked, env_.self); !s) return std::move(s).error();
  if (auto s = authority_.may_request(asked.client(), *desired); !s) return std::move(s).error();

  const NtpTime now = env_.clock.read();
  const std::vector<KeyWish> wishes = desired->keys ? *desired->keys : default_wishes(desired->prf);
  if (wishes.size() > kMaxKeys) return refused("more than 32 keys in one ticket");
  if (auto s = check_wishes(wishes, desired->prf); !s) return std::move(s).error();
  auto g = grant(**scheme, *desired, wishes, asked.client(), env_.self, authority_, now.unix_seconds());
  if (!g) return std::move(g).error();
  const bool tgk = std::ranges::any_of(wishes, [](const KeyWish& w) { return keys::is_forked(w.type); });
  if (auto s = check_policy(g->policy, true, tgk); !s) return std::move(s).error();
  if (auto s = check_validity(g->policy, now); !s) return std::move(s).error();

  auto keys = make_ticket_keys(env_.rng, wishes);
  if (!keys) return std::move(keys).error();
  auto mpk = make_mpk(env_.rng, g->policy.prf);
  if (!mpk) return std::move(mpk).error();
  auto made =
      (*scheme)->seal(env_.crypto, env_.rng, g->policy, g->tpk.reveal(), *mpk, *keys, env_.clock.now());
  if (!made) return std::move(made).error();
  std::vector<keys::KeyEntry> mpks;
  mpks.push_back({KeyDataType::mpk, std::move(made->mpk.initiator), {}, false, mpk->validity});
  if (g->policy.has(TicketFlag::i)) {
    mpks.push_back({KeyDataType::mpk, std::move(made->mpk.responder), {}, false, {}});
    if (auto s = give_spi(env_.rng, mpks.back()); !s) return std::move(s).error();
  }
  if (record_ != nullptr) {
    auto id = made->core.fingerprint(env_.crypto);
    if (!id) return std::move(id).error();
    if (auto s = record_->issued(asked.client(), g->policy, *id); !s) return std::move(s).error();
  }
  return asked.granted(env_, made->core, mpks, *keys);
}

}  // namespace mikey::kms
