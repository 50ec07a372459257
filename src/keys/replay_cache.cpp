#include "mikey/keys/replay_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace mikey::keys {
namespace {

constexpr std::uint32_t kMagic = 0x4D4B5243;  // "MKRC"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kKey = 16;
constexpr std::size_t kAfterKey = 8 + kKey;
constexpr std::size_t kHead = kAfterKey + 12;
constexpr std::size_t kEntry = 20;
constexpr std::size_t kDigest = 32;

/// a - b modulo 2^32: the era change of 2036 is nothing special.
std::int32_t difference(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b);
}

std::uint32_t seconds_of(NtpTime t) {
  return static_cast<std::uint32_t>(t.value >> 32);
}

}  // namespace

void ReplayCache::FreeSlots::operator()(Slot* p) const noexcept {
  std::free(p);
}

ReplayCache::ReplayCache(const crypto::Provider& provider, Rng& rng, std::chrono::seconds skew,
                         std::size_t max_entries)
    : provider_(provider),
      key_(kKey),
      skew_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(skew.count(), 1, 1 << 20))),
      max_entries_(std::clamp<std::size_t>(max_entries, 1, std::size_t{1} << 28)),
      buckets_(std::max<std::size_t>(4, (max_entries_ + max_entries_ / 2) / kWays + 1)),
      per_second_(2 * std::size_t{skew_} + 4) {
  clear();
  keyed_ = rng.fill(key_.reveal_mutable(), "replay cache key").ok();
}

ReplayCache::Slot* ReplayCache::bucket(std::uint64_t hash) {
  return slots_.get() + static_cast<std::size_t>((hash >> 32) * buckets_ >> 32) * kWays;  // buckets_ < 2^32
}

// A slot that was never used has seconds 0 and no parts; its fingerprint is all zeros, which a keyed hash
// gives once in 2^128 messages.
bool ReplayCache::alive(const Slot& s) const {
  const bool used = (s.parts[0] | s.parts[1] | s.parts[2] | s.parts[3]) != 0;
  return used && difference(s.seconds, oldest_) >= 0;
}

bool ReplayCache::matches(const Slot& s, const Entry& e) const {
  return s.parts[0] == static_cast<std::uint32_t>(e.high >> 32) &&
         s.parts[1] == static_cast<std::uint32_t>(e.high) &&
         s.parts[2] == static_cast<std::uint32_t>(e.low >> 32) &&
         s.parts[3] == static_cast<std::uint32_t>(e.low);
}

std::uint32_t* ReplayCache::counter(std::uint32_t seconds) {
  return &per_second_[seconds % per_second_.size()];
}

/// Forgets everything older than `to`. The counters of those seconds are given back.
void ReplayCache::move_oldest(std::uint32_t to) {
  const std::int32_t steps = difference(to, oldest_);
  if (steps <= 0) return;
  if (static_cast<std::size_t>(steps) >= per_second_.size()) {
    std::ranges::fill(per_second_, 0U);
    live_ = 0;
    oldest_ = to;
    return;
  }
  for (; oldest_ != to; ++oldest_) {
    std::uint32_t* c = counter(oldest_);
    live_ -= *c;
    *c = 0;
  }
}

void ReplayCache::advance(NtpTime now) {
  const std::uint32_t s = seconds_of(now);
  if (!started_) {
    started_ = true;
    oldest_ = s - skew_ - 1;
  } else if (difference(oldest_, s) > static_cast<std::int32_t>(2 * skew_ + 2)) {  // the clock was set back
    clear();
    oldest_ = s + skew_ + 2;
  } else {
    move_oldest(s - skew_ - 1);
  }
}

void ReplayCache::lost_track(NtpTime now) {
  advance(now);
  move_oldest(seconds_of(now) + skew_ + 2);
}

/// Second by second the oldest go, until there is room again or the window is at its narrowest.
void ReplayCache::adapt(std::uint32_t now) {
  while (crowded() && difference(now - narrowest(), oldest_) > 0) {
    std::uint32_t to = oldest_ + 1;
    while (*counter(to - 1) == 0 && difference(now - narrowest(), to) > 0) ++to;
    move_oldest(to);
  }
}

/// How far ahead of `now` a timestamp may lie: while it is crowded no farther than in the past.
std::uint32_t ReplayCache::skew_ahead(std::uint32_t now) const {
  if (!crowded()) return skew_;
  const std::int32_t past = difference(now, oldest_);
  return std::clamp(past < 0 ? 0U : static_cast<std::uint32_t>(past), narrowest(), skew_);
}

std::optional<ReplayCache::Entry> ReplayCache::entry(const Identity& peer, std::uint32_t csb_id,
                                                     NtpTime t) const {
  std::array<std::uint8_t, 13> fixed{};
  store_be(fixed.data(), csb_id);
  store_be(fixed.data() + 4, t.value);
  fixed[12] = static_cast<std::uint8_t>(peer.type);
  std::array<std::uint8_t, 16> print{};
  const std::array<ByteView, 2> parts{fixed, peer.data};
  if (!keyed_ || !provider_.hmac(crypto::Hash::sha1, key_.reveal(), parts, print)) return std::nullopt;
  return Entry{load_be<std::uint64_t>(print.data()), load_be<std::uint64_t>(print.data() + 8), seconds_of(t)};
}

/// Where `e` is, or could be: the emptier of its two buckets.
ReplayCache::Place ReplayCache::find(const Entry& e) {
  const std::array<Slot*, 2> both{bucket(e.high), bucket(e.low)};
  std::array<Slot*, 2> room{nullptr, nullptr};
  std::array<std::size_t, 2> used{0, 0};
  for (std::size_t b = 0; b < 2; ++b) {
    for (Slot* p = both[b]; p != both[b] + kWays; ++p) {
      if (!alive(*p)) {
        room[b] = p;
        continue;
      }
      if (matches(*p, e)) return {p, true};
      ++used[b];
    }
  }
  return {used[0] <= used[1] ? room[0] : room[1], false};
}

void ReplayCache::put(const Entry& e, Slot& to) {
  to = {{static_cast<std::uint32_t>(e.high >> 32), static_cast<std::uint32_t>(e.high),
         static_cast<std::uint32_t>(e.low >> 32), static_cast<std::uint32_t>(e.low)},
        e.seconds};
  ++*counter(e.seconds);
  ++live_;
}

/// The verdict on `e`; when it is fresh, `to` is where it belongs.
ReplayCache::Verdict ReplayCache::judge(const Entry& e, NtpTime now, Slot** to) {
  if (!slots_) return Verdict::full;
  const std::uint32_t s = seconds_of(now);
  advance(now);
  adapt(s);
  if (difference(e.seconds, oldest_) < 0) return Verdict::stale;
  const Place at = find(e);
  if (at.known) return Verdict::replay;
  if (difference(e.seconds, s) > static_cast<std::int32_t>(skew_ahead(s)) + 1) return Verdict::stale;
  *to = at.slot;
  return at.slot == nullptr || live_ >= max_entries_ ? Verdict::full : Verdict::fresh;
}

ReplayCache::Verdict ReplayCache::check(const Identity& peer, std::uint32_t csb_id, NtpTime t, NtpTime now) {
  const auto e = entry(peer, csb_id, t);
  Slot* place = nullptr;
  return e ? judge(*e, now, &place) : Verdict::full;
}

ReplayCache::Verdict ReplayCache::check_and_add(const Identity& peer, std::uint32_t csb_id, NtpTime t,
                                                NtpTime now) {
  const auto e = entry(peer, csb_id, t);
  if (!e) return Verdict::full;
  const Verdict v = insert(*e, now);
  if (v == Verdict::fresh && observer_) observer_(*e);
  return v;
}

ReplayCache::Verdict ReplayCache::insert(const Entry& e, NtpTime now) {
  Slot* to = nullptr;
  const Verdict v = judge(e, now, &to);
  if (v == Verdict::fresh) put(e, *to);
  return v;
}

std::size_t ReplayCache::size(NtpTime now) {
  advance(now);
  return live_;
}

std::chrono::seconds ReplayCache::accepted_skew(NtpTime now) {
  advance(now);
  return std::chrono::seconds(std::clamp<std::int64_t>(difference(seconds_of(now), oldest_), 0, skew_));
}

void ReplayCache::clear() {
  slots_.reset();  // before the new ones are taken
  slots_.reset(static_cast<Slot*>(std::calloc(buckets_ * kWays, sizeof(Slot))));
  std::ranges::fill(per_second_, 0U);
  live_ = 0;
}

// Form: magic, version, key (16), skew (4), oldest second (4), count (4), entries of 16 + 4 octets, SHA-256
// of all that.
Result<Bytes> ReplayCache::snapshot(NtpTime now) {
  if (!keyed_ || !slots_) return crypto_error("the replay cache could not be set up");
  advance(now);
  Bytes out(kHead);
  out.reserve(kHead + live_ * kEntry + kDigest);
  store_be(out.data(), kMagic);
  store_be(out.data() + 4, kVersion);
  std::ranges::copy(key_.reveal(), out.begin() + 8);
  store_be(out.data() + kAfterKey, skew_);
  store_be(out.data() + kAfterKey + 4, oldest_);
  store_be(out.data() + kAfterKey + 8, static_cast<std::uint32_t>(live_));
  for (const Slot& s : std::span<const Slot>(slots_.get(), buckets_ * kWays)) {
    if (!alive(s)) continue;
    const std::size_t at = out.size();
    out.resize(at + kEntry);
    for (std::size_t i = 0; i < 4; ++i) store_be(out.data() + at + 4 * i, s.parts[i]);
    store_be(out.data() + at + 16, s.seconds);
  }
  std::array<std::uint8_t, kDigest> digest{};
  const std::array<ByteView, 1> all{out};
  if (auto s = provider_.hash(crypto::Hash::sha256, all, digest); !s) return std::move(s).error();
  append(out, digest);
  return out;
}

Status ReplayCache::check_snapshot(ByteView octets) const {
  const auto bad = [](const char* why) { return bad_request(std::string("replay cache snapshot: ") + why); };
  if (octets.size() < kHead + kDigest) return bad("it is cut short");
  if (load_be<std::uint32_t>(octets.data()) != kMagic) return bad("these octets are something else");
  if (load_be<std::uint32_t>(octets.data() + 4) != kVersion) return bad("its version is not known");
  std::array<std::uint8_t, kDigest> digest{};
  const std::array<ByteView, 1> all{octets.first(octets.size() - kDigest)};
  if (auto s = provider_.hash(crypto::Hash::sha256, all, digest); !s) return s;
  if (!ct_equal(digest, octets.last(kDigest))) return bad("it is damaged");
  const std::size_t content = octets.size() - kHead - kDigest;
  if (load_be<std::uint32_t>(octets.data() + kAfterKey + 8) != content / kEntry || content % kEntry != 0)
    return bad("its count is wrong");
  if (load_be<std::uint32_t>(octets.data() + kAfterKey) > skew_)
    return bad("it is of a cache with a wider skew");
  return {};
}

Status ReplayCache::restore(ByteView octets, NtpTime now) {
  if (auto s = check_snapshot(octets); !s) return s;
  clear();
  if (!slots_) return Error{ErrorCode::resource, Severity::system, "", std::nullopt, "no memory"};
  key_ = SecretBytes(octets.subspan(8, kKey));
  keyed_ = started_ = true;
  oldest_ = load_be<std::uint32_t>(octets.data() + kAfterKey + 4);
  advance(now);
  bool lost = false;
  std::uint32_t refused = oldest_;  // timestamps before this are of entries that found no room
  const ByteView entries = octets.subspan(kHead, octets.size() - kHead - kDigest);
  for (std::size_t at = 0; at < entries.size(); at += kEntry) {
    const std::uint8_t* p = entries.data() + at;
    const Entry e{load_be<std::uint64_t>(p), load_be<std::uint64_t>(p + 8), load_be<std::uint32_t>(p + 16)};
    if (difference(e.seconds, oldest_) < 0) continue;
    const Place place = find(e);
    if (difference(e.seconds, seconds_of(now)) > static_cast<std::int32_t>(skew_) + 1) {
      lost = true;  // the clock was set back
    } else if (place.slot == nullptr || live_ >= max_entries_) {
      if (difference(e.seconds, refused) >= 0) refused = e.seconds + 1;
    } else if (!place.known) {
      put(e, *place.slot);
    }
  }
  move_oldest(refused);
  if (lost) lost_track(now);
  return {};
}

}  // namespace mikey::keys
