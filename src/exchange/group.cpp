#include "mikey/exchange/group.hpp"

#include "exchange/engine/checks.hpp"
#include "exchange/engine/opening.hpp"
#include "mikey/keys/session_keys.hpp"

namespace mikey {
namespace {

KeyRequest copy_of(const KeyRequest& k) {
  return {k.tek, k.length, k.with_salt, k.given.clone(), k.given_salt.clone(), k.none};
}

/// Members who choose an SSRC of their own would each listen to another stream.
Status draw_ssrcs(Rng& rng, std::vector<Stream>& streams) {
  std::vector<wire::SrtpId> ids;
  ids.reserve(streams.size());
  for (const Stream& s : streams) ids.push_back({0, s.ssrc, s.roc});
  if (auto ok = engine::fill_ssrcs(rng, ids); !ok) return ok;
  for (std::size_t i = 0; i < streams.size(); ++i) streams[i].ssrc = ids[i].ssrc;
  return {};
}

}  // namespace

Result<Group> Group::make(Party& owner, const GroupSpec& spec) {
  if (spec.mode != Mode::psk && spec.mode != Mode::pk)
    return bad_request("groups are made in the modes psk and pk", "RFC 3830 8");
  if (spec.key.none || spec.streams.empty()) return bad_request("a group needs a key and a stream");
  Group g(owner, spec.mode, spec.verification);
  const Env env = owner.env();
  Terms terms;
  terms.to = owner.self();
  terms.streams = spec.streams;
  terms.key = copy_of(spec.key);
  terms.validity = spec.validity;
  if (auto ok = draw_ssrcs(env.rng, *terms.streams); !ok) return std::move(ok).error();
  auto opening = engine::open(env, terms, nullptr);
  if (!opening) return std::move(opening).error();
  engine::Draft draft = engine::begin_draft(spec.mode, Role::initiator, *opening);
  if (auto ok = engine::take_keys(env, *opening, terms, draft); !ok) return std::move(ok).error();
  draft->sessions = engine::make_sessions(opening->proposal, spec.validity);
  if (auto ok = keys::derive_session_keys(env.crypto, draft.edit()); !ok) return std::move(ok).error();
  g.bundle_ = engine::commit_unconfirmed(std::move(draft)).bundle;
  return g;
}

InitiateRequest Group::request_to(const Identity& member) const {
  InitiateRequest r;
  r.mode = mode_;
  r.terms.to = member;
  r.terms.verification = verification_;
  return r;
}

Result<Outcome> Group::add(const Identity& member) {
  if (members_.contains(member)) return bad_request(member.name() + " is a member already");
  InitiateRequest r = request_to(member);
  r.terms.group = bundle_;
  auto o = owner_->initiate(std::move(r));
  if (o) members_.insert(member);
  return o;
}

Status Group::remove(const Identity& member) {
  if (members_.erase(member) == 0) return bad_request(member.name() + " is not a member");
  // Without a bundle the exchange has not ended, and its answer will come to nothing.
  static_cast<void>(owner_->forget(bundle_->csb_id, member).ok());
  return {};
}

Result<std::vector<Group::Told>> Group::rekey(const keys::Validity& validity) {
  const Env env = owner_->env();
  const keys::KeyEntry& last = bundle_->keys.front();
  KeyRequest request;
  request.tek = last.is_tek();
  request.length = last.key.size();
  request.with_salt = last.has_salt;
  std::vector<keys::Suite> suites;
  for (const keys::CryptoSession& s : bundle_->sessions) suites.push_back(s.suite);
  auto key = engine::make_key(env.rng, suites, request, validity);
  if (!key) return std::move(key).error();
  auto next = bundle_->clone();
  next.keys.clear();
  next.keys.push_back(key->clone());
  for (keys::CryptoSession& s : next.sessions) s.validity = validity;
  if (auto ok = keys::derive_session_keys(env.crypto, next); !ok) return std::move(ok).error();
  bundle_ = std::make_shared<const keys::Bundle>(std::move(next));

  std::vector<Told> out;
  for (const Identity& member : members_) {
    InitiateRequest r = request_to(member);
    r.csb_id = bundle_->csb_id;
    r.terms.key = copy_of(request);
    r.terms.key.given = key->key.clone();
    r.terms.key.given_salt = key->salt.clone();
    r.terms.validity = validity;
    out.push_back({member, owner_->initiate(std::move(r))});
  }
  return out;
}

Result<std::vector<Group::Told>> Group::rekey_rsar(Party& owner) {
  auto& group = owner.credentials().rsar_group;
  if (!group) return bad_request("this party has no group for RSA-R", "RFC 4738 3.6");
  const Env env = owner.env();
  auto tgk = env.rng.secret(group->tgk.size(), "TGK");
  if (!tgk) return std::move(tgk).error();
  SecretBytes salt;
  if (!group->salt.empty()) {
    auto drawn = env.rng.secret(group->salt.size(), "SALT");
    if (!drawn) return std::move(drawn).error();
    salt = std::move(*drawn);
  }
  std::vector<keys::BundlePtr> old;
  for (const auto& [id, b] : owner.bundles_)
    if (b->mode == Mode::rsar && b->derive_csb_id == group->csb_id && b->csb_id != b->derive_csb_id)
      old.push_back(b);
  group->tgk = std::move(*tgk);
  group->salt = std::move(salt);
  std::vector<Told> out;
  for (const keys::BundlePtr& b : old) {
    InitiateRequest r;
    r.mode = Mode::rsar;
    r.csb_id = b->csb_id;
    r.terms.to = b->peer;
    r.terms.verification = false;
    r.terms.key.given = group->tgk.clone();
    r.terms.key.given_salt = group->salt.clone();
    r.terms.key.with_salt = !group->salt.empty();
    out.push_back({b->peer, owner.initiate(std::move(r))});
  }
  return out;
}

}  // namespace mikey
