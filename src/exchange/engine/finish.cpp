#include "exchange/engine/finish.hpp"

#include "mikey/keys/session_keys.hpp"

namespace mikey::engine {

Result<Draft> respond_draft(const Env& env, const wire::Message& m, Accepted& a, bool answers) {
  Opening o;
  o.peer = a.peer;
  o.csb_id = m.hdr().csb_id;
  o.prf = m.hdr().prf;
  o.rand = a.rand;
  o.old = a.old;
  o.proposal = a.proposal;
  Draft d = begin_draft(a.mode, Role::responder, o);
  if (a.keys.empty() && a.old)
    for (const keys::KeyEntry& k : a.old->keys) a.keys.push_back(k.clone());
  d->keys = std::move(a.keys);
  if (d->keys.empty()) return bad_message(ErrorCode::unspecified, "RFC 3830 3", "the message brings no key");
  d->sessions = make_sessions(a.proposal, d->keys.front().validity);
  d->extensions = extensions_of(m);
  if (auto ok = keys::derive_session_keys(env.crypto, d.edit()); !ok) return std::move(ok).error();
  if (answers) {
    if (auto ok = fill_ssrcs(env.rng, a.proposal.cs); !ok) return std::move(ok).error();
    for (std::size_t i = 0; i < d->sessions.size(); ++i) d->sessions[i].ssrc = a.proposal.cs[i].ssrc;
  }
  return d;
}

Status rekey(const Env& env, Draft& draft) {
  return keys::derive_session_keys(env.crypto, draft.edit());
}

Result<Bytes> verification_message(const Env& env, const wire::Message& m, DataType type,
                                   const std::vector<wire::SrtpId>& cs, const Timestamp& t,
                                   const keys::MessageKeys& keys, MacAlg alg, ByteView id_i) {
  Bytes map;
  wire::ChainBuilder b(response_header(m, type, cs, map));
  b.add(wire::T{t.type, Octets(t.value)});
  b.add(id_payload(env.self));
  const Bytes room(*wire::mac_size(alg));
  b.add(wire::Ver{alg, Octets(room)});
  if (auto ok = fill_verification(keys, alg, b, id_i, env.self.data, t.value); !ok)
    return std::move(ok).error();
  return std::move(b).finish();
}

Status conclude_draft(const Env& env, Draft& draft, const std::vector<wire::SrtpId>& cs,
                      const wire::Message& m) {
  for (std::size_t i = 0; i < cs.size() && i < draft->sessions.size(); ++i) {
    draft->sessions[i].ssrc = cs[i].ssrc;
    draft->sessions[i].roc = cs[i].roc;
  }
  draft->extensions = extensions_of(m);
  return keys::derive_session_keys(env.crypto, draft.edit());
}

}  // namespace mikey::engine
