#include "mikey/keys/replay_cache.hpp"

#include <algorithm>
#include <array>

namespace mikey::keys {
namespace {

constexpr std::uint32_t kMagic = 0x4D4B5243;  // "MKRC"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kKey = 16;
constexpr std::size_t kHead = 8 + kKey + 4 + 8;
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
      buckets_(std::max<std::size_t>(4, (max_entries_ + max_entries_ / 2) / kWays + 1)),
      slots_(buckets_ * kWays),
      per_second_(2 * std::size_t{skew_} + 4) {
  broken_ = !rng.fill(key_.reveal_mutable(), "replay cache key").ok();
}

ReplayCache::Slot* ReplayCache::bucket(std::uint64_t hash) {
  return slots_.data() + static_cast<std::size_t>((hash >> 32) * buckets_ >> 32) * kWays;  // buckets_ < 2^32
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
    return;
  }
  if (difference(s - skew_ - 1, oldest_) > 0) move_oldest(s - skew_ - 1);
}

/// Above three quarters the window shrinks second by second until enough has gone; it never gets shorter than
/// a tenth.
void ReplayCache::adapt(std::uint32_t now) {
  const std::uint32_t floor = std::max(1U, skew_ / 10);
  while (live_ > max_entries_ / 4 * 3 && difference(now - floor, oldest_) > 0) {
    std::uint32_t to = oldest_ + 1;
    while (*counter(to - 1) == 0 && difference(now - floor, to) > 0) ++to;
    move_oldest(to);
  }
}

ReplayCache::Verdict ReplayCache::check_and_add(const Identity& peer, std::uint32_t csb_id, NtpTime t,
                                                NtpTime now) {
  std::array<std::uint8_t, 13> fixed{};
  store_be(fixed.data(), csb_id);
  store_be(fixed.data() + 4, t.value);
  fixed[12] = static_cast<std::uint8_t>(peer.type);
  std::array<std::uint8_t, 16> print{};
  const std::array<ByteView, 2> parts{fixed, peer.data};
  if (broken_ || !provider_.hmac(crypto::Hash::sha1, key_.reveal(), parts, print)) return Verdict::full;
  const Entry e{load_be<std::uint64_t>(print.data()), load_be<std::uint64_t>(print.data() + 8),
                seconds_of(t)};
  const Verdict v = insert(e, now);
  if (v == Verdict::fresh && observer_) observer_(e);
  return v;
}

ReplayCache::Verdict ReplayCache::insert(const Entry& e, NtpTime now) {
  advance(now);
  const std::uint32_t s = seconds_of(now);
  if (difference(e.seconds, s) > static_cast<std::int32_t>(skew_) + 1)
    return Verdict::stale;  // from too far ahead
  std::array<Slot*, 2> both{bucket(e.high), bucket(e.low)};
  std::array<Slot*, 2> room{nullptr, nullptr};
  std::array<std::size_t, 2> used{0, 0};
  for (std::size_t b = 0; b < 2; ++b) {
    for (Slot* p = both[b]; p != both[b] + kWays; ++p) {
      if (!alive(*p)) {
        room[b] = p;
        continue;
      }
      if (matches(*p, e)) return Verdict::replay;
      ++used[b];
    }
  }
  if (difference(e.seconds, oldest_) < 0) return Verdict::stale;
  if (live_ >= max_entries_ / 4 * 3) adapt(s);
  if (difference(e.seconds, oldest_) < 0) return Verdict::stale;
  Slot* to = used[0] <= used[1] ? room[0] : room[1];
  if (to == nullptr || live_ >= max_entries_) return Verdict::full;
  to->parts[0] = static_cast<std::uint32_t>(e.high >> 32);
  to->parts[1] = static_cast<std::uint32_t>(e.high);
  to->parts[2] = static_cast<std::uint32_t>(e.low >> 32);
  to->parts[3] = static_cast<std::uint32_t>(e.low);
  to->seconds = e.seconds;
  ++*counter(e.seconds);
  ++live_;
  return Verdict::fresh;
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
  std::ranges::fill(slots_, Slot{});
  std::ranges::fill(per_second_, 0U);
  live_ = 0;
}

// Form: magic, version, key (16), oldest second (4), count (8), entries of 16 + 4 octets, SHA-256 of all
// that.
Result<Bytes> ReplayCache::snapshot(NtpTime now) {
  advance(now);
  Bytes out(kHead);
  store_be(out.data(), kMagic);
  store_be(out.data() + 4, kVersion);
  std::ranges::copy(key_.reveal(), out.begin() + 8);
  store_be(out.data() + 8 + kKey, oldest_);
  store_be(out.data() + 12 + kKey, static_cast<std::uint64_t>(live_));
  out.reserve(kHead + live_ * kEntry + kDigest);
  for (const Slot& s : slots_) {
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

Status ReplayCache::restore(ByteView octets, NtpTime now) {
  const auto bad = [](const char* why) { return bad_request(std::string("replay cache snapshot: ") + why); };
  if (octets.size() < kHead + kDigest) return bad("it is cut short");
  if (load_be<std::uint32_t>(octets.data()) != kMagic) return bad("these octets are something else");
  if (load_be<std::uint32_t>(octets.data() + 4) != kVersion) return bad("its version is not known");
  const ByteView body = octets.first(octets.size() - kDigest);
  std::array<std::uint8_t, kDigest> digest{};
  const std::array<ByteView, 1> all{body};
  if (auto s = provider_.hash(crypto::Hash::sha256, all, digest); !s) return s;
  if (!ct_equal(digest, octets.last(kDigest))) return bad("it is damaged");
  const auto count = load_be<std::uint64_t>(octets.data() + 12 + kKey);
  if (count != (body.size() - kHead) / kEntry || (body.size() - kHead) % kEntry != 0)
    return bad("its count is wrong");
  if (count > max_entries_) return bad("it has more entries than this cache may hold");

  clear();
  key_ = SecretBytes(octets.subspan(8, kKey));
  broken_ = false;
  started_ = true;
  oldest_ = load_be<std::uint32_t>(octets.data() + 8 + kKey);
  advance(now);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = body.data() + kHead + i * kEntry;
    insert({load_be<std::uint64_t>(p), load_be<std::uint64_t>(p + 8), load_be<std::uint32_t>(p + 16)}, now);
  }
  return {};
}

}  // namespace mikey::keys
