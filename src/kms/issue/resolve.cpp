// Ticket Resolve (RFC 6043 4.2.3): the keys of a ticket for a responder who may have them, forked for it.

#include <algorithm>

#include "mikey/kms/issuer.hpp"

namespace mikey::kms {
namespace {

struct Presented {
  TicketPolicy policy;
  TicketCore core;
  ByteView ticket_data;
  ByteView initiator_data;
};

Result<Presented> read_ticket(const wire::Message& m) {
  if (m.count<wire::Ticket>() != 1)
    return bad_message(ErrorCode::unspecified, "RFC 6043 4.2.3.1",
                       "the message must have one TICKET payload");
  const wire::Slot& at = *m.find(PayloadType::ticket);
  const auto t = m.get<wire::Ticket>(at);
  auto policy = TicketPolicy::parse(t.policy, at.offset);
  if (!policy) return std::move(policy).error();
  return Presented{std::move(*policy), TicketCore::of(m, at), t.ticket_data, t.initiator_data};
}

/// The keys that may protect the ticket (RFC 6043 4.1.1): one's own in mode 1; the sole responder's PSK in
/// mode 2, whose tickets a KMS may resolve too; the PSK of who made it in mode 3.
std::vector<SecretBytes> candidates(const TicketPolicy& p, const Authority& authority) {
  std::vector<SecretBytes> out;
  if (!p.has(TicketFlag::d)) {
    if (p.initiator) out.push_back(authority.psk(*p.initiator));
  } else {
    if (!p.has(TicketFlag::e) && p.responders.size() == 1) out.push_back(authority.psk(p.responders.front()));
    for (SecretBytes& k : authority.ticket_keys()) out.push_back(std::move(k));
  }
  std::erase_if(out, [](const SecretBytes& k) { return k.size() < 16; });
  return out;
}

}  // namespace

Result<Bytes> Issuer::resolve(const KmsRequest& asked) const {
  auto t = read_ticket(asked.message());
  if (!t) return std::move(t).error();
  const TicketPolicy& policy = t->policy;
  auto scheme = schemes().find(policy.kind);
  if (!scheme) return std::move(scheme).error();
  if (auto s = check_policy(policy, true); !s) return std::move(s).error();
  if (auto s = check_validity(policy, env_.clock.read()); !s) return std::move(s).error();
  if (policy.kms && *policy.kms != env_.self)
    return bad_message(ErrorCode::invalid_id, "RFC 6043 10", "the ticket is another KMS's");
  if (policy.prf != asked.message().hdr().prf)
    return bad_message(ErrorCode::invalid_prf, "RFC 6043 12.1",
                       "the Ticket Policy names another PRF function than the message");

  Result<OpenedTicket> opened =
      bad_message(ErrorCode::auth_failure, "RFC 6043 A.1", "there is no key for the ticket");
  for (const SecretBytes& tpk : candidates(policy, authority_)) {
    opened = (*scheme)->open(env_.crypto, policy, t->core, t->ticket_data, tpk.reveal());
    if (opened || opened.error().code != ErrorCode::auth_failure) break;
  }
  if (!opened) return std::move(opened).error();
  if (auto s = authority_.may_resolve(asked.client(), asked.sender(), policy); !s)
    return std::move(s).error();
  const bool tgk = std::ranges::any_of(opened->keys, [](const auto& k) { return keys::is_forked(k.type); });
  if (auto s = check_policy(policy, true, tgk); !s) return std::move(s).error();

  std::vector<keys::KeyEntry> mpks;
  mpks.push_back({KeyDataType::mpk, std::move(opened->mpk.initiator), {}, false, opened->mpk_validity});
  std::optional<Identity> answer_as;
  std::optional<Bytes> rand_kms;
  const ByteView mpk_r = opened->mpk.responder.reveal();
  const auto record = [&]() -> Status {
    if (record_ == nullptr) return {};
    auto id = t->core.fingerprint(env_.crypto);
    if (!id) return std::move(id).error();
    return record_->resolved(asked.client(), policy, *id);
  };
  if (!policy.has(TicketFlag::i)) {
    if (auto s = record(); !s) return std::move(s).error();
    return asked.resolved(env_, mpks, opened->keys, answer_as, rand_kms);
  }

  // RFC 6043 4.2.3.5: MPKr and TGKs forked with the identity that answers and a RAND as long as the longest
  // of them.
  if (auto s = check_initiator_data(env_.crypto, policy.prf, mpk_r, t->initiator_data); !s)
    return std::move(s).error();
  const auto n = keys::ticket_rand_size(std::max(mpk_r.size(), keys::longest_key(opened->keys, true)));
  if (!n)
    return bad_message(ErrorCode::unspecified, "RFC 6043 12.1", "the ticket holds a key too long for a RAND");
  auto rand = env_.rng.bytes(*n, "RANDRkms");
  if (!rand) return std::move(rand).error();
  rand_kms = std::move(*rand);
  answer_as = asked.client();
  const keys::Modifier modifier{answer_as->data, *rand_kms};
  auto forked = keys::forked(env_.crypto, policy.prf, keys::Derivation::forked_mpk_r, mpk_r, modifier);
  if (!forked) return std::move(forked).error();
  auto keys = keys::fork_keys(env_.crypto, policy.prf, opened->keys, modifier);
  if (!keys) return std::move(keys).error();
  mpks.push_back({KeyDataType::mpk, std::move(*forked), {}, false, {}});
  if (auto s = give_spi(env_.rng, mpks.back()); !s) return std::move(s).error();
  if (auto s = record(); !s) return std::move(s).error();
  return asked.resolved(env_, mpks, *keys, answer_as, rand_kms);
}

}  // namespace mikey::kms
