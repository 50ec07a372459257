/// \file
/// The replay cache of RFC 3830 5.4.
#pragma once

#include <chrono>
#include <functional>

#include "mikey/base/clock.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::keys {

/// Remembers authenticated messages for as long as their timestamps would be accepted.
///
/// A message is known by its sender, CSB ID and timestamp, of which 128 bits of a keyed hash are kept: nobody
/// can choose messages that collide. Memory is taken once and never grows: 30 octets for each entry allowed.
/// A look-up reads two places, however full the cache is. When it fills up, the oldest timestamps that are
/// still accepted move closer to now (the adaptive skew of RFC 3830 5.4), which lets old entries go; they
/// never move back, so that nothing forgotten can be accepted again. Not thread-safe.
class ReplayCache {
 public:
  enum class Verdict : std::uint8_t {
    fresh,   ///< not seen before; it has been added
    replay,  ///< seen before
    stale,   ///< too old for what the cache can still remember
    full,    ///< no room: it cannot be known, and must not be accepted
  };

  /// `max_entries`: 1 to 2^28. Draws "replay cache key" (16 octets) from `rng`; `skew`: the widest window, at
  /// least 1 s.
  ReplayCache(const crypto::Provider& provider, Rng& rng, std::chrono::seconds skew,
              std::size_t max_entries = 1000000);

  /// Judges a message with timestamp `t` of `peer`, and adds it when fresh. `now` should not run backwards.
  Verdict check_and_add(const Identity& peer, std::uint32_t csb_id, NtpTime t, NtpTime now);

  /// Entries that are still remembered at `now`.
  std::size_t size(NtpTime now);
  std::size_t capacity() const { return max_entries_; }
  std::size_t memory() const {
    return slots_.size() * sizeof(Slot) + per_second_.size() * sizeof(std::uint32_t);
  }
  /// How far in the past a timestamp may lie now: the skew configured, or less under load.
  std::chrono::seconds accepted_skew(NtpTime now);

  /// Called with each entry added, e.g. to tell other processes; they hand it to `insert`.
  struct Entry {
    std::uint64_t high = 0;  ///< the 128-bit fingerprint
    std::uint64_t low = 0;
    std::uint32_t seconds = 0;  ///< upper half of the NTP timestamp
  };
  void on_added(std::function<void(const Entry&)> observer) { observer_ = std::move(observer); }
  /// Adds an entry made by a cache with the same key (a restored snapshot has it).
  Verdict insert(const Entry& e, NtpTime now);

  /// Everything remembered at `now`, as octets that `restore` takes: for a restart without a gap. It holds
  /// the fingerprint key, so keep it from those who could send messages.
  Result<Bytes> snapshot(NtpTime now);
  /// Replaces the content. Octets that are not a whole, undamaged snapshot change nothing.
  Status restore(ByteView snapshot, NtpTime now);

 private:
  struct Slot {
    std::uint32_t parts[4] = {0, 0, 0, 0};
    std::uint32_t seconds = 0;
  };
  static constexpr std::size_t kWays = 8;

  Slot* bucket(std::uint64_t hash);
  bool alive(const Slot& s) const;
  bool matches(const Slot& s, const Entry& e) const;
  void advance(NtpTime now);
  void move_oldest(std::uint32_t to);
  std::uint32_t* counter(std::uint32_t seconds);
  void adapt(std::uint32_t now);
  void clear();

  const crypto::Provider& provider_;
  SecretBytes key_;
  std::uint32_t skew_;
  std::size_t max_entries_;
  std::size_t buckets_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> per_second_;  // live entries by the second of their timestamp
  std::size_t live_ = 0;
  std::uint32_t oldest_ = 0;  // timestamps before this second are not accepted
  bool started_ = false;
  bool broken_ = false;  // there was no key to be had
  std::function<void(const Entry&)> observer_;
};

}  // namespace mikey::keys
