/// \file
/// Where a replay cache keeps what it knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mikey::keys {

/// Fingerprints of 128 bits, each with the second of its timestamp, in memory that grows with them.
///
/// A fingerprint may be in two buckets of eight slots, so a look-up reads two places. When neither has room,
/// more is taken for one segment of the table, which doubles: an entry of bucket i moves to bucket 2i or
/// 2i + 1. A large table has many segments of about a megabyte, so that no message waits for all of it to
/// move, and a server that has few messages takes little memory.
class FingerprintTable {
 public:
  struct Slot {
    std::uint32_t parts[4];
    std::uint32_t seconds;
  };
  struct Place {
    Slot* slot = nullptr;  ///< none when there is no room left, or no memory
    bool known = false;    ///< it is there already
  };

  /// Room for `slots` or somewhat more, at most; none of it is taken yet.
  explicit FingerprintTable(std::size_t slots);

  /// Where the fingerprint is, or could be: a free slot in the emptier of its buckets. Slots of seconds
  /// before `oldest` are free. Valid until the next call.
  Place find(std::uint64_t high, std::uint64_t low, std::uint32_t oldest);
  static void put(std::uint64_t high, std::uint64_t low, std::uint32_t seconds, Slot& to);

  void clear();
  /// Octets taken now, and at most.
  std::size_t memory() const;
  std::size_t max_memory() const { return segments_.size() * full_ * kBucket; }

  template <class F>
  void for_each(std::uint32_t oldest, F f) const {
    for (const Segment& s : segments_)
      for (std::size_t i = 0; i < s.buckets * kWays; ++i)
        if (alive(s.slots[i], oldest)) f(s.slots[i]);
  }

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kBucket = kWays * sizeof(Slot);

  struct Free {
    void operator()(Slot* p) const noexcept;
  };
  struct Segment {
    std::unique_ptr<Slot[], Free> slots;
    std::size_t buckets = 0;
  };

  static bool alive(const Slot& s, std::uint32_t oldest);
  bool grow(Segment& s, std::uint32_t oldest) const;

  std::size_t first_ = 0;  // buckets of a segment when it gets its first entry
  std::size_t full_ = 0;   // and at most: first_ times a power of two
  std::vector<Segment> segments_;
};

}  // namespace mikey::keys
