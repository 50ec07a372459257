#include <map>

#include "bind/srtp/context.hpp"

namespace mikey::bind {
namespace {

using srtp::Context;
using srtp::Fate;
using srtp::KeyMaterial;
using srtp::Kind;

constexpr std::size_t kRtpHeader = 12;
constexpr std::size_t kRtcpHeader = 8;
constexpr std::size_t kMaxPacket = 65535;

// A crypto session and the contexts of its keys, the one in use first.
struct Slot {
  std::uint8_t cs_id = 0;
  std::uint32_t ssrc = 0;  // 0: any
  std::uint32_t roc = 0;   // of the map
  std::vector<std::unique_ptr<Context>> keys;
};

// RFC 3711 3.3.1: ROC and sequence number; and 9.2: no key protects more packets than that.
constexpr std::uint64_t kIndices = std::uint64_t{1} << 48;

// What is known of a stream whatever its key. Indices go on beyond 48 bits here, and are cut where they are
// used.
struct StreamState {
  bool seen = false;
  std::uint64_t highest = 0;  // index of the packet furthest on, or the map's ROC and sequence number 0
  std::uint64_t since = 0;    // index from which on the newest key is in use

  // RFC 3711 3.3.1: the index a sequence number stands for.
  std::uint64_t index(std::uint16_t seq) const {
    const std::uint64_t roc = highest >> 16;
    const auto last = static_cast<std::uint16_t>(highest);
    std::uint64_t v = roc;
    if (seen && last < 0x8000 && seq > last + 0x8000 && roc > 0) v = roc - 1;
    if (seen && last >= 0x8000 && seq < last - 0x8000) v = roc + 1;
    return v << 16 | seq;
  }
  // Whether a key may protect the packet of that index (RFC 3711 9.2, RFC 3830 6.14).
  bool allows(const KeyMaterial& key, std::uint64_t index) const {
    const std::uint64_t cut = index % kIndices;
    return (index < since || index - since < kIndices) && cut >= key.valid_from && cut <= key.valid_to;
  }
  // Whether fifteen sixteenths of what the newest key may protect are behind.
  bool nears_the_end(const KeyMaterial& key) const {
    const std::uint64_t last = std::min(key.valid_to, kIndices - 1);
    const std::uint64_t width = last - std::min(key.valid_from, last);
    return seen && (highest - std::min(since, highest) >= kIndices / 16 * 15 ||
                    (last < kIndices - 1 && highest % kIndices >= last - width / 16));
  }
  void advance(std::uint64_t index) {
    if (!seen || index > highest) highest = index;
    seen = true;
  }
};

// The part of a header both sides look at.
struct Header {
  std::uint32_t ssrc = 0;
  std::uint16_t seq = 0;  // RTP only
  std::size_t size = 0;
};

std::optional<Header> read_header(Kind kind, ByteView p) {
  const std::size_t fixed = kind == Kind::rtp ? kRtpHeader : kRtcpHeader;
  if (p.size() < fixed || p.size() > kMaxPacket || p[0] >> 6 != 2) return std::nullopt;
  Header h;
  h.size = fixed;
  h.ssrc = load_be<std::uint32_t>(p.data() + (kind == Kind::rtp ? 8 : 4));
  if (kind == Kind::rtcp) return h;
  h.seq = load_be<std::uint16_t>(p.data() + 2);
  h.size += (p[0] & std::size_t{15}) * 4;
  if ((p[0] & 0x10) != 0) {
    if (h.size + 4 > p.size()) return std::nullopt;
    h.size += 4 + std::size_t{load_be<std::uint16_t>(p.data() + h.size + 2)} * 4;
  }
  return h.size <= p.size() ? std::optional(h) : std::nullopt;
}

Error refused(std::string detail) {
  return bad_message(ErrorCode::unspecified, "RFC 3711 3.3", std::move(detail));
}

Error error_of(Fate fate) {
  switch (fate) {
    case Fate::auth_failure:
      return bad_message(ErrorCode::auth_failure, "RFC 3711 3.3",
                         "SRTP: the authentication tag does not match");
    case Fate::wrong_mki:
      return bad_message(ErrorCode::auth_failure, "RFC 3711 3.3", "SRTP: the MKI is of no key known");
    case Fate::replayed:
      return refused("SRTP: replayed packet");
    case Fate::too_old:
      return refused("SRTP: packet too old for the replay window");
    case Fate::malformed:
      return refused("SRTP: malformed packet");
    case Fate::key_expired:
      return refused("SRTP: the key may not be used for this packet any more");
    default:
      return crypto_error("libsrtp2 failed");
  }
}

void count(SrtpCounters& c, Fate fate) {
  switch (fate) {
    case Fate::done:
      ++c.done;
      break;
    case Fate::auth_failure:
    case Fate::wrong_mki:
      ++c.auth_failures;
      break;
    case Fate::replayed:
    case Fate::too_old:
      ++c.replays;
      break;
    case Fate::malformed:
      ++c.malformed;
      break;
    default:
      ++c.refused;
  }
}

// Of several keys' verdicts the one that says most.
Fate worse(Fate a, Fate b) {
  const auto weight = [](Fate f) {
    if (f == Fate::replayed || f == Fate::too_old) return 4;
    if (f == Fate::auth_failure) return 3;
    if (f == Fate::wrong_mki) return 2;
    return f == Fate::malformed ? 0 : 1;
  };
  return weight(b) > weight(a) ? b : a;
}

// The keys of a bundle for one crypto session: its own, and for a receiver the other TEKs that have an SPI.
Result<std::vector<KeyMaterial>> materials(const keys::Bundle& bundle, const keys::CryptoSession& session,
                                           SrtpDirection direction) {
  std::vector<KeyMaterial> out;
  Result<KeyMaterial> own = srtp::key_material(session);
  if (!own) return std::move(own).error();
  out.push_back(std::move(*own));
  if (direction == SrtpDirection::send) return out;
  const keys::SuiteInfo& info = keys::info(session.suite);
  for (std::size_t i = 1; i < bundle.keys.size(); ++i) {
    const keys::KeyEntry& k = bundle.keys[i];
    if (!k.is_tek() || k.validity.type != KvType::spi || k.validity.spi.empty()) continue;
    ByteView key = k.key.reveal();
    ByteView salt = k.salt.reveal();
    const SecretBytes none(info.salt_len);
    if (salt.empty() && key.size() == std::size_t{info.key_len} + info.salt_len) {  // cameras: key || salt
      salt = key.subspan(info.key_len);
      key = key.first(info.key_len);
    } else if (salt.empty()) {
      salt = none.reveal();  // RFC 3711 3.2.1: no salt is zeros
    }
    Result<KeyMaterial> m = srtp::key_material(session.suite, key, salt, k.validity);
    if (m) out.push_back(std::move(*m));  // one for another suite's crypto session does not fit this one
  }
  return out;
}

}  // namespace

struct SrtpSession::Impl {
  SrtpDirection direction = SrtpDirection::send;
  SrtpOptions options;
  std::vector<Slot> slots;
  std::map<std::uint32_t, StreamState> streams;
  SrtpCounters rtp, rtcp;
  Bytes spare;  // a packet's copy while several keys are tried

  SrtpCounters& counters(Kind kind) { return kind == Kind::rtp ? rtp : rtcp; }

  Result<std::vector<Slot>> build(const keys::Bundle& bundle) const;
  Status check(const std::vector<Slot>& made) const;
  Status merge(std::vector<Slot>&& made);
  static Status merge_sender(Slot& slot, const Slot& made);
  void merge_receiver(Slot& slot, Slot& made) const;
  Slot* slot_of(std::uint32_t ssrc);
  Result<StreamState*> state_of(const Slot& slot, std::uint32_t ssrc);
  Result<std::size_t> refuse(Kind kind, Fate fate);
  Fate attempt(Slot& slot, Context& key, const StreamState& state, Kind kind, const Header& h,
               MutableBytes packet, std::size_t& length);
  Result<std::size_t> protect(Kind kind, MutableBytes buffer, std::size_t length);
  Result<std::size_t> unprotect(Kind kind, MutableBytes packet);
};

// The slots a bundle asks for, each with its keys in contexts that have no stream yet.
Result<std::vector<Slot>> SrtpSession::Impl::build(const keys::Bundle& bundle) const {
  std::vector<Slot> out;
  for (const keys::CryptoSession& s : bundle.sessions) {
    const bool chosen =
        options.cs_ids.empty() || std::ranges::find(options.cs_ids, s.cs_id) != options.cs_ids.end();
    if (!chosen || s.protocol != ProtType::srtp) continue;
    Slot slot{s.cs_id, options.any_ssrc ? 0 : s.ssrc, s.roc, {}};
    Result<std::vector<KeyMaterial>> found = materials(bundle, s, direction);
    if (!found) return std::move(found).error();
    for (KeyMaterial& m : *found) {
      Result<std::unique_ptr<Context>> c = Context::create(std::move(m), direction, options);
      if (!c) return std::move(c).error();
      slot.keys.push_back(std::move(*c));
    }
    out.push_back(std::move(slot));
  }
  if (Status s = check(out); !s) return std::move(s).error();
  return out;
}

Status SrtpSession::Impl::check(const std::vector<Slot>& made) const {
  if (made.empty()) return bad_request("the bundle has no SRTP crypto session of those asked for");
  if (options.any_ssrc && made.size() != 1)
    return bad_request("several crypto sessions cannot all be for any SSRC: choose one by its CS ID");
  for (std::size_t i = 0; i < made.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (made[i].ssrc == made[j].ssrc)
        return bad_request("two crypto sessions of the same SSRC, or of none: choose one by its CS ID");
  return {};
}

// Senders keep their context, because only the library's own update keeps SRTCP indices.
Status SrtpSession::Impl::merge_sender(Slot& slot, const Slot& made) {
  return slot.keys.front()->change_key(made.keys.front()->material().clone());
}

// Receivers get new contexts before the old ones. A key they have already keeps its context, for a fresh one
// would have an empty replay window.
void SrtpSession::Impl::merge_receiver(Slot& slot, Slot& made) const {
  std::vector<std::unique_ptr<Context>> keys;
  for (std::unique_ptr<Context>& fresh : made.keys) {
    const auto known = std::ranges::find_if(
        slot.keys, [&](const auto& c) { return c && c->material().same_key(fresh->material()); });
    keys.push_back(std::move(known != slot.keys.end() ? *known : fresh));
  }
  const std::size_t keep = std::max(options.max_keys, keys.size());
  for (std::unique_ptr<Context>& old : slot.keys)
    if (old && keys.size() < keep) keys.push_back(std::move(old));
  slot.keys = std::move(keys);
}

Status SrtpSession::Impl::merge(std::vector<Slot>&& made) {
  for (Slot& m : made) {
    const auto it = std::ranges::find(slots, m.cs_id, &Slot::cs_id);
    if (it == slots.end()) {
      slots.push_back(std::move(m));
      continue;
    }
    it->ssrc = m.ssrc;
    it->roc = m.roc;  // for streams to come; those that run know theirs
    if (direction == SrtpDirection::receive) {
      merge_receiver(*it, m);
    } else if (Status s = merge_sender(*it, m); !s) {
      return s;
    }
    for (auto& [ssrc, state] : streams)
      if (slot_of(ssrc) == &*it) state.since = state.highest;
  }
  return {};
}

Slot* SrtpSession::Impl::slot_of(std::uint32_t ssrc) {
  Slot* any = nullptr;
  for (Slot& s : slots) {
    if (s.ssrc == ssrc && ssrc != 0) return &s;
    if (s.ssrc == 0) any = &s;
  }
  return any;
}

Result<StreamState*> SrtpSession::Impl::state_of(const Slot& slot, std::uint32_t ssrc) {
  const auto it = streams.find(ssrc);
  if (it != streams.end()) return &it->second;
  if (slot.ssrc == 0 && streams.size() >= options.max_streams) return refused("SRTP: too many SSRCs");
  return &streams.try_emplace(ssrc, StreamState{false, std::uint64_t{slot.roc} << 16}).first->second;
}

Result<std::size_t> SrtpSession::Impl::refuse(Kind kind, Fate fate) {
  count(counters(kind), fate);
  return error_of(fate);
}

Result<std::size_t> SrtpSession::Impl::protect(Kind kind, MutableBytes buffer, std::size_t length) {
  if (direction != SrtpDirection::send) return bad_request("this SRTP session receives");
  if (length > buffer.size()) return bad_request("the packet is longer than its buffer");
  const std::optional<Header> h = read_header(kind, buffer.first(length));
  if (!h) return refuse(kind, Fate::malformed);
  Slot* slot = slot_of(h->ssrc);
  if (slot == nullptr) {
    ++counters(kind).refused;
    return refused("SRTP: no crypto session has this SSRC");
  }
  Context& key = *slot->keys.front();
  if (buffer.size() - length < key.trailer(kind)) {
    ++counters(kind).refused;
    return bad_request("the buffer has no room for the SRTP trailer");
  }
  const Result<StreamState*> state = state_of(*slot, h->ssrc);
  if (!state) {
    ++counters(kind).refused;
    return state.error();
  }
  const std::uint64_t index = (*state)->index(h->seq);
  if (kind == Kind::rtp && !(*state)->allows(key.material(), index)) return refuse(kind, Fate::key_expired);
  if (Status s = key.prepare(h->ssrc, static_cast<std::uint32_t>(index >> 16)); !s)
    return std::move(s).error();
  const Fate fate = key.protect(kind, buffer.data(), length);
  if (fate != Fate::done) return refuse(kind, fate);
  if (kind == Kind::rtp) {
    key.started(h->ssrc);
    (*state)->advance(index);
  }
  count(counters(kind), fate);
  return length;
}

// One key's try at a packet. A stream that is new to the key and does not authenticate leaves no trace.
Fate SrtpSession::Impl::attempt(Slot& slot, Context& key, const StreamState& state, Kind kind,
                                const Header& h, MutableBytes packet, std::size_t& length) {
  if (packet.size() < h.size + key.trailer(kind)) return Fate::malformed;
  const std::uint64_t index = state.index(h.seq);
  if (kind == Kind::rtp && !state.allows(key.material(), index)) return Fate::key_expired;
  const bool added = !key.has(h.ssrc);
  if (!key.prepare(h.ssrc, static_cast<std::uint32_t>(index >> 16))) return Fate::failed;
  length = packet.size();
  const Fate fate = key.unprotect(kind, packet.data(), length);
  if (fate == Fate::done && kind == Kind::rtp) key.started(h.ssrc);
  if (fate != Fate::done && added && slot.ssrc == 0) key.remove(h.ssrc);
  return fate;
}

Result<std::size_t> SrtpSession::Impl::unprotect(Kind kind, MutableBytes packet) {
  if (direction != SrtpDirection::receive) return bad_request("this SRTP session sends");
  const std::optional<Header> h = read_header(kind, packet);
  if (!h) return refuse(kind, Fate::malformed);
  Slot* slot = slot_of(h->ssrc);
  if (slot == nullptr) {
    ++counters(kind).refused;
    return refused("SRTP: no crypto session has this SSRC");
  }
  const bool known = streams.contains(h->ssrc);
  const Result<StreamState*> state = state_of(*slot, h->ssrc);
  if (!state) {
    ++counters(kind).refused;
    return state.error();
  }
  if (slot->keys.size() > 1) spare.assign(packet.begin(), packet.end());
  Fate fate = Fate::malformed;
  std::size_t length = 0;
  bool spoilt = false;
  for (const std::unique_ptr<Context>& key : slot->keys) {
    if (spoilt) std::ranges::copy(spare, packet.begin());
    const Fate f = attempt(*slot, *key, **state, kind, *h, packet, length);
    spoilt = f == Fate::auth_failure || f == Fate::failed;
    fate = f == Fate::done ? f : worse(fate, f);
    if (fate == Fate::done) break;
  }
  if (fate != Fate::done) {
    if (!known) streams.erase(h->ssrc);
    return refuse(kind, fate);
  }
  if (kind == Kind::rtp) {
    (*state)->advance((*state)->index(h->seq));
  }
  count(counters(kind), fate);
  return length;
}

SrtpSession::SrtpSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SrtpSession::SrtpSession(SrtpSession&&) noexcept = default;
SrtpSession& SrtpSession::operator=(SrtpSession&&) noexcept = default;
SrtpSession::~SrtpSession() = default;

Status srtp_check(keys::Suite suite) {
  const keys::SuiteInfo& info = keys::info(suite);
  const SecretBytes key(info.key_len);
  const SecretBytes salt(info.salt_len);
  Result<KeyMaterial> m = srtp::key_material(suite, key.reveal(), salt.reveal(), {});
  if (!m) return std::move(m).error();
  auto context = Context::create(std::move(*m), SrtpDirection::send, {});
  if (!context) return std::move(context).error();
  return {};
}

Result<SrtpSession> SrtpSession::create(const keys::Bundle& bundle, SrtpDirection direction,
                                        const SrtpOptions& options) {
  if (options.window < 64 || options.window > 0x7FFF)
    return bad_request("a replay window has 64 to 32767 packets", "RFC 3711 3.3.2");
  auto impl = std::make_unique<Impl>();
  impl->direction = direction;
  impl->options = options;
  Result<std::vector<Slot>> slots = impl->build(bundle);
  if (!slots) return std::move(slots).error();
  impl->slots = std::move(*slots);
  return SrtpSession(std::move(impl));
}

Status SrtpSession::rekey(const keys::Bundle& bundle) {
  Result<std::vector<Slot>> made = impl_->build(bundle);
  if (!made) return std::move(made).error();
  return impl_->merge(std::move(*made));
}

void SrtpSession::forget_old_keys() {
  for (Slot& s : impl_->slots) s.keys.resize(1);
}

Result<std::size_t> SrtpSession::protect_rtp(MutableBytes buffer, std::size_t length) {
  return impl_->protect(Kind::rtp, buffer, length);
}
Result<std::size_t> SrtpSession::protect_rtcp(MutableBytes buffer, std::size_t length) {
  return impl_->protect(Kind::rtcp, buffer, length);
}
Result<std::size_t> SrtpSession::unprotect_rtp(MutableBytes packet) {
  return impl_->unprotect(Kind::rtp, packet);
}
Result<std::size_t> SrtpSession::unprotect_rtcp(MutableBytes packet) {
  return impl_->unprotect(Kind::rtcp, packet);
}

std::size_t SrtpSession::rtp_trailer() const {
  std::size_t n = 0;
  for (const Slot& s : impl_->slots) n = std::max(n, s.keys.front()->trailer(Kind::rtp));
  return n;
}

std::size_t SrtpSession::rtcp_trailer() const {
  std::size_t n = 0;
  for (const Slot& s : impl_->slots) n = std::max(n, s.keys.front()->trailer(Kind::rtcp));
  return n;
}

std::optional<std::uint32_t> SrtpSession::roc(std::uint32_t ssrc) const {
  const auto it = impl_->streams.find(ssrc);
  if (it == impl_->streams.end() || !it->second.seen) return std::nullopt;
  return static_cast<std::uint32_t>(it->second.highest >> 16);
}

bool SrtpSession::rekey_due() const {
  return std::ranges::any_of(impl_->streams, [this](const auto& stream) {
    const Slot* slot = impl_->slot_of(stream.first);
    return slot != nullptr && stream.second.nears_the_end(slot->keys.front()->material());
  });
}

SrtpDirection SrtpSession::direction() const {
  return impl_->direction;
}
const SrtpCounters& SrtpSession::rtp_counters() const {
  return impl_->rtp;
}
const SrtpCounters& SrtpSession::rtcp_counters() const {
  return impl_->rtcp;
}

}  // namespace mikey::bind
