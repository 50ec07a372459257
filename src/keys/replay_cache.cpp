#include "mikey/keys/replay_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "keys/fingerprint_table.hpp"

namespace mikey::keys {
namespace {

constexpr std::uint32_t kMagic = 0x4D4B5243;  // "MKRC"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kKey = 16;
constexpr std::size_t kAfterKey = 8 + kKey;
constexpr std::size_t kHead = kAfterKey + 16;
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

ReplayCache::ReplayCache(const crypto::Provider& provider, Rng& rng, std::chrono::seconds skew,
                         std::size_t max_entries)
    : provider_(provider),
      key_(kKey),
      skew_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(skew.count(), 1, 1 << 20))),
      max_entries_(std::clamp<std::size_t>(max_entries, 1, std::size_t{1} << 28)),
      table_(std::make_unique<FingerprintTable>(max_entries_ + max_entries_ / 2)),
      per_second_(std::bit_ceil(2 * std::size_t{skew_} + 4)) {
  keyed_ = rng.fill(key_.reveal_mutable(), "replay cache key").ok();
}

ReplayCache::ReplayCache(ReplayCache&& other) noexcept = default;
ReplayCache::~ReplayCache() = default;

std::size_t ReplayCache::memory() const {
  return table_->memory() + per_second_.size() * sizeof(std::uint32_t);
}

std::size_t ReplayCache::max_memory() const {
  return table_->max_memory() + per_second_.size() * sizeof(std::uint32_t);
}

// The number of counters is a power of two, so that they go round without a break when the NTP era ends.
std::uint32_t* ReplayCache::counter(std::uint32_t seconds) {
  return &per_second_[seconds % per_second_.size()];
}

void ReplayCache::count(std::uint32_t seconds) {
  ++*counter(seconds);
  ++live_;
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
    latest_ = s;
    oldest_ = s - skew_ - 1;
  } else if (difference(latest_, s) > static_cast<std::int32_t>(3 * skew_)) {  // the clock was wrong
    clear();
    latest_ = s;
    oldest_ = s + skew_ + 2;
  } else if (difference(s, latest_) > 0) {
    latest_ = s;
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

/// The verdict on `e`; `add`: when it is fresh, it is kept.
ReplayCache::Verdict ReplayCache::judge(const Entry& e, NtpTime now, bool add) {
  const std::uint32_t s = seconds_of(now);
  advance(now);
  adapt(s);
  if (difference(e.seconds, oldest_) < 0) return Verdict::stale;
  const FingerprintTable::Place at = table_->find(e.high, e.low, oldest_);
  if (at.known) return Verdict::replay;
  if (difference(e.seconds, s) > static_cast<std::int32_t>(skew_ahead(s)) + 1) return Verdict::stale;
  if (at.slot == nullptr || live_ >= max_entries_) return Verdict::full;
  if (add) {
    FingerprintTable::put(e.high, e.low, e.seconds, *at.slot);
    count(e.seconds);
  }
  return Verdict::fresh;
}

ReplayCache::Verdict ReplayCache::check(const Identity& peer, std::uint32_t csb_id, NtpTime t, NtpTime now) {
  const auto e = entry(peer, csb_id, t);
  return e ? judge(*e, now, false) : Verdict::full;
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
  return judge(e, now, true);
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
  table_->clear();
  std::ranges::fill(per_second_, 0U);
  live_ = 0;
}

// Form: magic, version, key (16), skew, latest time, oldest second accepted, count (4 each), entries of 16 +
// 4 octets, SHA-256 of all that.
Result<Bytes> ReplayCache::snapshot(NtpTime now) {
  if (!keyed_) return crypto_error("the replay cache could not be set up");
  advance(now);
  Bytes out(kHead);
  out.reserve(kHead + live_ * kEntry + kDigest);
  store_be(out.data(), kMagic);
  store_be(out.data() + 4, kVersion);
  std::ranges::copy(key_.reveal(), out.begin() + 8);
  store_be(out.data() + kAfterKey, skew_);
  store_be(out.data() + kAfterKey + 4, latest_);
  store_be(out.data() + kAfterKey + 8, oldest_);
  store_be(out.data() + kAfterKey + 12, static_cast<std::uint32_t>(live_));
  table_->for_each(oldest_, [&out](const FingerprintTable::Slot& s) {
    const std::size_t at = out.size();
    out.resize(at + kEntry);
    for (std::size_t i = 0; i < 4; ++i) store_be(out.data() + at + 4 * i, s.parts[i]);
    store_be(out.data() + at + 16, s.seconds);
  });
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
  const std::uint8_t* head = octets.data() + kAfterKey;
  const std::size_t content = octets.size() - kHead - kDigest;
  if (load_be<std::uint32_t>(head + 12) != content / kEntry || content % kEntry != 0)
    return bad("its count is wrong");
  const auto skew = load_be<std::uint32_t>(head);
  if (skew > skew_) return bad("it is of a cache with a wider skew");
  const std::int64_t lead = difference(load_be<std::uint32_t>(head + 8), load_be<std::uint32_t>(head + 4));
  if (lead < -std::int64_t{skew} - 1 || lead > std::int64_t{skew} + 2) return bad("its times are impossible");
  return {};
}

Status ReplayCache::restore(ByteView octets, NtpTime now) {
  if (auto s = check_snapshot(octets); !s) return s;
  clear();
  key_ = SecretBytes(octets.subspan(8, kKey));
  keyed_ = started_ = true;
  latest_ = load_be<std::uint32_t>(octets.data() + kAfterKey + 4);
  oldest_ = load_be<std::uint32_t>(octets.data() + kAfterKey + 8);
  advance(now);
  std::uint32_t refused = oldest_;  // timestamps before this are of entries that found no room
  const ByteView entries = octets.subspan(kHead, octets.size() - kHead - kDigest);
  for (std::size_t at = 0; at < entries.size(); at += kEntry) {
    const std::uint8_t* p = entries.data() + at;
    const Entry e{load_be<std::uint64_t>(p), load_be<std::uint64_t>(p + 8), load_be<std::uint32_t>(p + 16)};
    if (difference(e.seconds, oldest_) < 0) continue;
    // Farther ahead than any time allowed: accepted by a clock that was wrong.
    if (difference(e.seconds, latest_) > static_cast<std::int32_t>(skew_) + 1) continue;
    const FingerprintTable::Place place = table_->find(e.high, e.low, oldest_);
    if (place.known) continue;
    if (place.slot != nullptr && live_ < max_entries_) {
      FingerprintTable::put(e.high, e.low, e.seconds, *place.slot);
      count(e.seconds);
    } else if (difference(e.seconds, refused) >= 0) {
      refused = e.seconds + 1;
    }
  }
  move_oldest(refused);
  return {};
}

}  // namespace mikey::keys
