#include "keys/fingerprint_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

namespace mikey::keys {
namespace {

constexpr std::size_t kSegment = 4096;  // buckets, about: 640 KiB
constexpr std::size_t kFirst = 16;      // buckets, or up to twice as many

/// The bucket of a hash among `buckets`, less than 2^32. Among twice as many it is in one of that bucket's
/// two halves.
std::size_t index(std::uint32_t hash, std::size_t buckets) {
  return static_cast<std::size_t>(std::uint64_t{hash} * buckets >> 32);
}

std::uint32_t upper(std::uint64_t v) {
  return static_cast<std::uint32_t>(v >> 32);
}

}  // namespace

void FingerprintTable::Free::operator()(Slot* p) const noexcept {
  std::free(p);
}

FingerprintTable::FingerprintTable(std::size_t slots) {
  const std::size_t buckets = std::max<std::size_t>(4, slots / kWays + 1);
  segments_.resize(std::bit_floor(std::max<std::size_t>(1, buckets / kSegment)));
  first_ = (buckets + segments_.size() - 1) / segments_.size();
  std::size_t doublings = 0;
  for (; first_ >= 2 * kFirst; first_ = (first_ + 1) / 2) ++doublings;
  full_ = first_ << doublings;
}

// A slot that was never used has seconds 0 and no parts; its fingerprint is all zeros, which a keyed hash
// gives once in 2^128 messages.
bool FingerprintTable::alive(const Slot& s, std::uint32_t oldest) {
  const bool used = (s.parts[0] | s.parts[1] | s.parts[2] | s.parts[3]) != 0;
  return used && static_cast<std::int32_t>(s.seconds - oldest) >= 0;
}

FingerprintTable::Place FingerprintTable::find(std::uint64_t high, std::uint64_t low, std::uint32_t oldest) {
  Slot wanted{};
  put(high, low, 0, wanted);
  const auto matches = [&wanted](const Slot& s) { return std::ranges::equal(s.parts, wanted.parts); };
  Segment& segment = segments_[wanted.parts[1] & (segments_.size() - 1)];
  do {
    if (!segment.slots) continue;
    const auto bucket = [&](std::uint64_t h) {
      return segment.slots.get() + index(upper(h), segment.buckets) * kWays;
    };
    const std::array<Slot*, 2> both{bucket(high), bucket(low)};
    std::array<Slot*, 2> room{nullptr, nullptr};
    std::array<std::size_t, 2> used{0, 0};
    for (std::size_t b = 0; b < 2; ++b)
      for (Slot* p = both[b]; p != both[b] + kWays; ++p) {
        if (!alive(*p, oldest)) {
          room[b] = p;
          continue;
        }
        if (matches(*p)) return {p, true};
        ++used[b];
      }
    // The emptier bucket has room if one of them has.
    if (Slot* const free = used[0] <= used[1] ? room[0] : room[1]) return {free, false};
  } while (grow(segment, oldest));
  return {};
}

void FingerprintTable::put(std::uint64_t high, std::uint64_t low, std::uint32_t seconds, Slot& to) {
  to = {{upper(high), static_cast<std::uint32_t>(high), upper(low), static_cast<std::uint32_t>(low)},
        seconds};
}

/// False when it is as large as it may be, or there is no memory.
bool FingerprintTable::grow(Segment& s, std::uint32_t oldest) const {
  if (s.buckets >= full_) return false;
  Segment larger;
  larger.buckets = s.buckets == 0 ? first_ : 2 * s.buckets;
  larger.slots.reset(static_cast<Slot*>(std::calloc(larger.buckets, kBucket)));
  if (!larger.slots) return false;
  for (std::size_t b = 0; b < s.buckets; ++b) {
    std::array<std::size_t, 2> used{0, 0};  // of the two buckets that come of this one: eight have room there
    for (const Slot* p = &s.slots[b * kWays]; p != &s.slots[b * kWays] + kWays; ++p) {
      if (!alive(*p, oldest)) continue;
      const std::uint32_t hash = index(p->parts[0], s.buckets) == b ? p->parts[0] : p->parts[2];
      const std::size_t half = index(hash, larger.buckets) - 2 * b;
      larger.slots[(2 * b + half) * kWays + used[half]++] = *p;
    }
  }
  s = std::move(larger);
  return true;
}

void FingerprintTable::clear() {
  for (Segment& s : segments_) s = {};
}

std::size_t FingerprintTable::memory() const {
  std::size_t buckets = 0;
  for (const Segment& s : segments_) buckets += s.buckets;
  return buckets * kBucket;
}

}  // namespace mikey::keys
