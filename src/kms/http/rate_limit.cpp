#include "mikey/kms/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace mikey::kms {

RateLimiter::RateLimiter(const crypto::Provider& provider, Rng& rng, RateLimit limit, std::size_t entries)
    : provider_(provider), limit_(limit), buckets_(std::max(entries, kWays) / kWays * kWays) {
  if (auto key = rng.secret(16, "rate limit key")) key_ = std::move(*key);
}

void RateLimiter::set(RateLimit limit) {
  const std::scoped_lock lock(limit_mutex_);
  limit_ = limit;
}

std::optional<std::chrono::seconds> RateLimiter::take(std::string_view name, Time now) {
  RateLimit limit;
  {
    const std::scoped_lock lock(limit_mutex_);
    limit = limit_;
  }
  if (limit.per_second <= 0) return std::nullopt;
  std::array<std::uint8_t, 16> digest{};
  const std::array<ByteView, 1> parts{as_bytes(name)};
  // Without a hash nobody can be told from anybody: all share one bucket then.
  if (auto s = provider_.hmac(crypto::Hash::sha256, key_.reveal(), parts, digest); !s) digest.fill(0);
  const std::uint64_t id = load_be<std::uint64_t>(digest.data()) | 1U;  // 0 is an empty place
  const std::size_t set = load_be<std::uint64_t>(digest.data() + 8) % (buckets_.size() / kWays);
  const std::scoped_lock lock(locks_[set % kLocks]);
  const auto ways = std::span(buckets_).subspan(set * kWays, kWays);
  auto it = std::ranges::find(ways, id, &Bucket::name);
  if (it == ways.end()) {
    it = std::ranges::min_element(ways, {}, &Bucket::last);
    *it = {id, limit.burst, now};
  }
  Bucket& b = *it;
  const double passed = std::chrono::duration<double>(now - b.last).count();
  b.tokens = std::min(limit.burst, b.tokens + std::max(0.0, passed) * limit.per_second);
  b.last = std::max(b.last, now);
  if (b.tokens >= 1) {
    b.tokens -= 1;
    return std::nullopt;
  }
  const double wait = std::ceil((1 - b.tokens) / limit.per_second);
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(wait, 1.0, 3600.0)));
}

Status LimitedTickets::take(const Identity& client) {
  const std::string name = std::to_string(static_cast<unsigned>(client.type)) + ":";
  auto wait = limiter_.take(name + std::string(as_text(client.data)), std::chrono::steady_clock::now());
  if (!wait) return {};
  refused_ = wait;
  return bad_message(ErrorCode::resource, "", "the client asks too often");
}

Status LimitedTickets::issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = take(client); !s) return s;
  return next_ == nullptr ? Status() : next_->issued(client, policy, fingerprint);
}

Status LimitedTickets::resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = take(client); !s) return s;
  return next_ == nullptr ? Status() : next_->resolved(client, policy, fingerprint);
}

Status LimitedTickets::keys_issued(const Identity& client, std::span<const Identity> identities,
                                   std::span<const ibc::KeyDate> dates) {
  if (auto s = take(client); !s) return s;
  return next_of_keys_ == nullptr ? Status() : next_of_keys_->keys_issued(client, identities, dates);
}

}  // namespace mikey::kms
