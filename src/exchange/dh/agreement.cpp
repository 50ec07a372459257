#include "exchange/dh/agreement.hpp"

namespace mikey::dh {

Result<Half> open_half(const Env& env, const Terms& terms, DhGroup group, const keys::Bundle* old) {
  if (terms.key.tek || terms.key.length || !terms.key.given.empty())
    return bad_request("the key comes from the Diffie-Hellman exchange and cannot be asked for",
                       "RFC 3830 3.3");
  if (terms.group)
    return bad_request("a Diffie-Hellman key is between two and cannot be a group's", "RFC 3830 8");
  Half h;
  h.validity = terms.validity;
  if (terms.key.none) {
    if (old == nullptr) return bad_request("only an update can do without DH values", "RFC 3830 4.5");
    return h;
  }
  auto pair = crypto::dh_generate(group, env.rng, env.policy.dh_exponent);
  if (!pair) return std::move(pair).error();
  h.pair = std::make_shared<const crypto::DhKeyPair>(std::move(*pair));
  return h;
}

void add_half(wire::ChainBuilder& b, const Half& h) {
  if (h.pair) b.add(wire::Dh{h.pair->group, Octets(h.pair->public_value), 0, engine::kv_of(h.validity)});
}

namespace {

Result<keys::KeyEntry> agree(const crypto::DhKeyPair& own, const wire::Dh& theirs, std::size_t offset,
                             const keys::Validity& validity) {
  auto tgk = crypto::dh_shared(own, theirs.value);
  if (!tgk) {
    Error e = std::move(tgk).error();
    e.offset = offset;
    return e;
  }
  keys::KeyEntry k;
  k.type = KeyDataType::tgk;
  k.key = std::move(*tgk);
  k.validity = validity;
  return k;
}

}  // namespace

Result<Answer> answer(const Env& env, const wire::Message& m, Mode mode, const Identity& peer,
                      keys::BundlePtr old, const Bytes& rand) {
  if (old)
    if (auto ok = engine::check_same_kind(*old, mode, m); !ok) return std::move(ok).error();
  const std::size_t n = m.count<wire::Dh>();
  if (n > 1 || (n == 0 && !old))
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.3",
                       n == 0 ? "there is no DH payload" : "more than one DH payload");
  auto proposal = engine::accept_proposal(env.policy, m, old.get());
  if (!proposal) return std::move(proposal).error();
  engine::Accepted a{mode, peer, std::move(old), rand, std::move(*proposal), {}};
  Answer out;
  if (n == 1) {
    const wire::Slot& at = *m.find(PayloadType::dh);
    out.dhi = m.get<wire::Dh>(at);
    if (!Policy::has(env.policy.dh_groups, out.dhi->group))
      return bad_message(ErrorCode::invalid_dh, "RFC 3830 6.4", "the DH group is not accepted here",
                         at.offset);
    if (auto ok = crypto::dh_check(out.dhi->group, out.dhi->value); !ok) {  // before the costly half
      Error e = std::move(ok).error();
      e.offset = at.offset;
      return e;
    }
    auto pair = crypto::dh_generate(out.dhi->group, env.rng, env.policy.dh_exponent);
    if (!pair) return std::move(pair).error();
    auto key = agree(*pair, *out.dhi, at.offset, engine::validity_of(out.dhi->kv));
    if (!key) return std::move(key).error();
    a.keys.push_back(std::move(*key));
    out.pair = std::make_shared<const crypto::DhKeyPair>(std::move(*pair));
  }
  auto draft = engine::respond_draft(env, m, a, true);
  if (!draft) return std::move(draft).error();
  out.draft = std::move(*draft);
  out.cs = std::move(a.proposal.cs);
  return out;
}

wire::ChainBuilder answer_message(const Env& env, const wire::Message& m, DataType type, const Answer& a,
                                  const engine::Timestamp& t, const Identity& peer,
                                  const std::function<void(wire::ChainBuilder&)>& certificates) {
  Bytes map;
  wire::ChainBuilder b(engine::response_header(m, type, a.cs, map));
  b.add(wire::T{t.type, Octets(t.value)});
  b.add(engine::id_payload(env.self));
  if (certificates) certificates(b);
  b.add(engine::id_payload(peer));
  if (a.dhi) {
    b.add(wire::Dh{a.dhi->group, Octets(a.pair->public_value), 0, a.dhi->kv});
    b.add(*a.dhi);
  }
  return b;
}

Result<engine::Draft> conclude(const Env& env, Mode mode, const engine::Opening& o, const Half& h,
                               const wire::Message& m) {
  auto cs = engine::check_answer(m, o.proposal, o.prf);
  if (!cs) return std::move(cs).error();
  const std::size_t expected = h.pair ? 2 : 0;
  if (m.count<wire::Dh>() != expected)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.3",
                       "the response must bring DHr and DHi, and only in answer to DHi");
  engine::Draft draft = engine::begin_draft(mode, Role::initiator, o);
  if (h.pair) {
    const auto both = m.all<wire::Dh>();
    const wire::Dh own{h.pair->group, Octets(h.pair->public_value), 0, engine::kv_of(h.validity)};
    const std::size_t at = m.find(PayloadType::dh)->offset;
    if (both[1].group != own.group || both[1].value != own.value || both[1].kv != own.kv)
      return bad_message(ErrorCode::unspecified, "RFC 3830 3.3",
                         "the response does not return DHi as it was sent", at);
    if (both[0].group != own.group)
      return bad_message(ErrorCode::invalid_dh, "RFC 3830 3.3", "DHr is of another group than DHi", at);
    auto key = agree(*h.pair, both[0], at, h.validity);
    if (!key) return std::move(key).error();
    draft->keys.push_back(std::move(*key));
  } else {
    for (const keys::KeyEntry& k : o.old->keys) draft->keys.push_back(k.clone());
  }
  draft->sessions = engine::make_sessions(o.proposal, draft->keys.front().validity);
  if (auto ok = engine::conclude_draft(env, draft, *cs, m); !ok) return std::move(ok).error();
  return draft;
}

Result<std::optional<Identity>> response_ids(const wire::Message& m, const Identity& self) {
  const auto ids = m.all<wire::Id>();
  if (ids.empty() || ids.size() > 2)
    return bad_message(ErrorCode::unspecified, "RFC 3830 3.3",
                       "the response must have IDi, and may have IDr before it");
  if (engine::identity_of(ids.back()) != self)
    return bad_message(ErrorCode::invalid_id, "RFC 3830 3.3", "the IDi of the response is not this party",
                       m.find(PayloadType::id)->offset);
  if (ids.size() == 1) return std::optional<Identity>();
  return std::optional(engine::identity_of(ids.front()));
}

}  // namespace mikey::dh
