#include "exchange/engine/opening.hpp"

#include "exchange/engine/checks.hpp"
#include "exchange/engine/machine.hpp"

namespace mikey::engine {

// So many collisions in a row mean that the generator repeats itself.
Result<std::uint32_t> choose_csb_id(const Env& env, const Identity& peer) {
  for (int i = 0; i < 16; ++i) {
    auto id = env.rng.u32("CSB ID");
    if (!id) return std::move(id).error();
    if (*id != 0 && (env.csb_ids == nullptr || !env.csb_ids->in_use(*id, peer))) return *id;
  }
  return crypto_error("the generator draws CSB IDs that are in use");
}

Result<Opening> open(const Env& env, const Terms& terms, keys::BundlePtr old) {
  if (terms.to.empty()) return bad_request("to: an exchange needs a peer");
  Opening o;
  o.peer = terms.to;
  o.old = std::move(old);
  o.extensions = terms.extensions;
  o.accept = terms.accept;
  if (o.old && terms.group) return bad_request("an update cannot join a group", "RFC 3830 8");
  if (const keys::Bundle* base = o.old ? o.old.get() : terms.group.get()) {
    o.csb_id = base->csb_id;
    o.rand = base->rand;
    o.prf = base->prf;
  } else {
    auto id = choose_csb_id(env, o.peer);
    if (!id) return std::move(id).error();
    o.csb_id = *id;
    auto rand = env.rng.bytes(16, "RAND");
    if (!rand) return std::move(rand).error();
    o.rand = std::move(*rand);
    o.prf = env.policy.prf.front();
  }
  auto p = propose(env.policy, terms, o.old.get());
  if (!p) return std::move(p).error();
  o.proposal = std::move(*p);
  o.t.resize(8);
  store_be(o.t.data(), env.clock.now().value);
  return o;
}

Status add_head(wire::ChainBuilder& b, const Env& env, const Opening& o,
                const std::function<void(wire::ChainBuilder&)>& certificates) {
  b.add(wire::T{TsType::ntp_utc, Octets(o.t)});
  if (!o.old && !o.rand.empty()) b.add(wire::Rand{Octets(o.rand)});
  b.add(id_payload(env.self));
  if (certificates) certificates(b);
  if (o.accept.empty()) b.add(id_payload(o.peer));
  if (auto s = add_policies(b, o.proposal); !s) return s;
  add_extensions(b, o.extensions);
  return {};
}

Draft begin_draft(Mode mode, Role role, const Opening& o) {
  keys::Bundle b;
  b.csb_id = o.csb_id;
  b.derive_csb_id = o.old ? o.old->derive_csb_id : o.csb_id;
  b.mode = o.old ? o.old->mode : mode;
  b.role = role;
  b.peer = o.peer;
  b.prf = o.prf;
  b.rand = o.rand;
  b.map_type = o.proposal.map_type;
  b.policies = o.proposal.policies;
  return Draft(std::move(b));
}

Status take_keys(const Env& env, const Opening& o, const Terms& terms, Draft& draft) {
  if (terms.key.none) {
    if (!o.old) return bad_request("only an update can do without a key", "RFC 3830 4.5");
    for (const keys::KeyEntry& k : o.old->keys) draft->keys.push_back(k.clone());
    return {};
  }
  if (terms.group) {
    if (terms.group->keys.empty()) return bad_request("the group has no key", "RFC 3830 8");
    const keys::KeyEntry& shared = terms.group->keys.front();
    const SecretBytes& given = terms.key.given;
    if (given.empty() || ct_equal(given.reveal(), shared.key.reveal())) {  // with the salt that belongs to it
      draft->keys.push_back(shared.clone());
      return {};
    }
  }
  auto key = make_key(env.rng, o.proposal.suites(), terms.key, terms.validity);
  if (!key) return std::move(key).error();
  draft->keys.push_back(std::move(*key));
  return {};
}

Step sent(const Opening& o, const Env& env, Bytes message, std::optional<Ready> ready) {
  Send send{Destination::peer, o.peer, std::move(message), !ready};
  if (ready) return actions(std::move(send), std::move(*ready));
  return actions(std::move(send), Wake{o.time() + env.policy.patience});
}

}  // namespace mikey::engine
