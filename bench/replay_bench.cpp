/// \file
/// Look-ups in a replay cache that holds a million live entries, beside the same look-ups in one that holds a
/// thousand: the ratio says how flat the cost is. Both compute one HMAC and read two places; what the larger
/// one costs more are misses of the processor's caches, as the row of a hundred thousand shows. Half of the
/// look-ups find their entry.
#include "mikey/keys/replay_cache.hpp"
#include "row.hpp"

namespace mikey::bench {
namespace {

using keys::ReplayCache;

constexpr std::size_t kMany = 1000000;
constexpr std::size_t kSome = 100000;
constexpr std::size_t kFew = 1000;
constexpr NtpTime kNow = NtpTime::from_unix(1790000000);

/// A cache and what was put in: message i has CSB ID i and a time within five minutes of now.
class Filled {
 public:
  /// Above three quarters of its room a cache begins to forget, so there is more of it.
  explicit Filled(std::size_t entries)
      : rng_(crypto::openssl_rng()),
        cache_(crypto::openssl(), *rng_, std::chrono::seconds(300), entries / 2 * 3),
        entries_(entries) {
    for (std::uint32_t i = 0; i < entries_; ++i)
      if (cache_.check_and_add(peer_, i, time(i), kNow) != ReplayCache::Verdict::fresh)
        fail("replay/1M", "an entry was not taken");
    if (cache_.size(kNow) != entries_) fail("replay/1M", "entries were forgotten");
  }

  /// In an order that no prefetcher foresees.
  void look_up(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      const auto id = static_cast<std::uint32_t>((state_ >> 32) % (2 * entries_));
      const auto expected = id < entries_ ? ReplayCache::Verdict::replay : ReplayCache::Verdict::fresh;
      if (cache_.check(peer_, id, time(id), kNow) != expected) fail("replay/1M", "a verdict is wrong");
    }
  }

 private:
  static NtpTime time(std::uint32_t i) { return NtpTime{kNow.value - (std::uint64_t{i % 300} << 32) - i}; }

  std::unique_ptr<Rng> rng_;
  ReplayCache cache_;
  std::size_t entries_;
  std::uint64_t state_ = 1;
  Identity peer_ = Identity::uri("sip:alice@example.com");
};

/// Filled when it is first measured: a million entries take a second.
class OnDemand {
 public:
  explicit OnDemand(std::size_t entries) : entries_(entries) {}
  void look_up(std::size_t n) {
    if (!filled_) filled_ = std::make_unique<Filled>(entries_);
    filled_->look_up(n);
  }

 private:
  std::size_t entries_;
  std::unique_ptr<Filled> filled_;
};

void add_rows(Table& table) {
  const auto many = std::make_shared<OnDemand>(kMany);
  const auto some = std::make_shared<OnDemand>(kSome);
  const auto few = std::make_shared<OnDemand>(kFew);
  const auto rng = crypto::openssl_rng();
  const auto octets = static_cast<double>(
      ReplayCache(crypto::openssl(), *rng, std::chrono::seconds(300), kMany / 2 * 3).max_memory());
  table.push_back({.name = "replay/1M",
                   .ours = [many](std::size_t n) { many->look_up(n); },
                   .peer = "the same with 1,000 entries",
                   .theirs = [few](std::size_t n) { few->look_up(n); },
                   .facts = {{"octets_per_entry", octets / kMany}, {"octets", octets}}});
  table.push_back({.name = "replay/100k",
                   .ours = [some](std::size_t n) { some->look_up(n); },
                   .peer = "the same with 1,000 entries",
                   .theirs = [few](std::size_t n) { few->look_up(n); }});
}

const Rows kRows(add_rows);

}  // namespace
}  // namespace mikey::bench
