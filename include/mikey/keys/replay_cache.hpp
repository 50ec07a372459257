/// \file
/// The replay cache of RFC 3830 5.4.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "mikey/base/clock.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::keys {

class FingerprintTable;

/// Remembers authenticated messages for as long as their timestamps would be accepted.
///
/// A message is known by its sender, CSB ID and timestamp, of which 128 bits of a keyed hash are kept: nobody
/// can choose messages that collide. Memory is taken as entries come, at most 32 octets for each entry
/// allowed, and 8 to 16 for each second of skew. A look-up reads two places, however full the cache is. Above
/// three quarters of its room the window of accepted timestamps shrinks on both sides (the adaptive skew of
/// RFC 3830 5.4), down to a tenth: old entries go, and the rest of the room is kept for messages whose
/// senders' clocks are right. The oldest timestamp accepted never moves back, so that nothing forgotten can
/// be accepted again. Not thread-safe.
class ReplayCache {
 public:
  enum class Verdict : std::uint8_t {
    fresh,   ///< not seen before; it has been added
    replay,  ///< seen before
    stale,   ///< older than what the cache can still remember, or from too far ahead
    full,    ///< no room: it cannot be known, and must not be accepted
  };

  /// `max_entries`: 1 to 2^28. Draws "replay cache key" (16 octets) from `rng`; `skew`: the widest window, at
  /// least 1 s.
  ReplayCache(const crypto::Provider& provider, Rng& rng, std::chrono::seconds skew,
              std::size_t max_entries = 1000000);
  ReplayCache(ReplayCache&& other) noexcept;
  ~ReplayCache();

  /// Judges a message with timestamp `t` of `peer`, and adds it when fresh. Only for messages whose sender
  /// was authenticated: anything else would let strangers fill the cache. `now` may step back; when it does
  /// so by more than three times the skew, it was wrong before, and this means `lost_track`: what was
  /// accepted by the wrong clock is forgotten.
  Verdict check_and_add(const Identity& peer, std::uint32_t csb_id, NtpTime t, NtpTime now);
  /// What `check_and_add` would say, but nothing is added: spares the cost of authenticating a replay.
  Verdict check(const Identity& peer, std::uint32_t csb_id, NtpTime t, NtpTime now);

  /// Some messages that were accepted are not in this cache, e.g. because it was lost in a restart: refuses
  /// all whose timestamps are not after now + skew, that is, everything until the skew has passed (RFC
  /// 3830 5.4).
  void lost_track(NtpTime now);

  /// Entries that are still remembered at `now`.
  std::size_t size(NtpTime now);
  std::size_t capacity() const { return max_entries_; }
  /// Octets taken now, and at most.
  std::size_t memory() const;
  std::size_t max_memory() const;
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
  /// Replaces the content and the key. Octets that are not a whole, undamaged snapshot change nothing; the
  /// digest finds damage, it does not prove who wrote them. A snapshot of a cache with a wider skew is
  /// refused (call lost_track then); entries for which a smaller cache has no room make all timestamps up to
  /// theirs unacceptable.
  Status restore(ByteView snapshot, NtpTime now);

 private:
  std::optional<Entry> entry(const Identity& peer, std::uint32_t csb_id, NtpTime t) const;
  Verdict judge(const Entry& e, NtpTime now, bool add);
  Status check_snapshot(ByteView octets) const;
  std::uint32_t narrowest() const { return std::max(1U, skew_ / 10); }
  bool crowded() const { return live_ >= max_entries_ - max_entries_ / 4; }
  std::uint32_t skew_ahead(std::uint32_t now) const;
  void advance(NtpTime now);
  void move_oldest(std::uint32_t to);
  std::uint32_t* counter(std::uint32_t seconds);
  void count(std::uint32_t seconds);
  void adapt(std::uint32_t now);
  void clear();

  const crypto::Provider& provider_;
  SecretBytes key_;
  std::uint32_t skew_;
  std::size_t max_entries_;
  std::unique_ptr<FingerprintTable> table_;
  std::vector<std::uint32_t> per_second_;  // live entries by the second of their timestamp
  std::size_t live_ = 0;
  std::uint32_t latest_ = 0;  // the latest time it has been told
  std::uint32_t oldest_ = 0;  // timestamps before this second are not accepted
  bool started_ = false;
  bool keyed_ = false;  // a cache without a key knows nothing and is full
  std::function<void(const Entry&)> observer_;
};

}  // namespace mikey::keys
