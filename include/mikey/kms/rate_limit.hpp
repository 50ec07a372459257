/// \file
/// How often somebody may ask: token buckets in a table of bounded size.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mikey/crypto/provider.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"

namespace mikey::kms {

struct RateLimit {
  double per_second = 0;  ///< 0: no limit
  double burst = 1;       ///< at least 1
};

/// Buckets by name. May be used from several threads at once. Never grows: when its place in the table is
/// taken, a newcomer replaces the neighbour that has been quiet longest, who gets a full bucket when it comes
/// again. Names are hashed under a key of its own, so that nobody can choose neighbours.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `entries`: at least 8; the table takes 24 octets for each. Draws "rate limit key" (16 octets).
  RateLimiter(const crypto::Provider& provider, Rng& rng, RateLimit limit, std::size_t entries = 65536);

  /// Takes a token. Without one: after how long there will be one, at least a second.
  std::optional<std::chrono::seconds> take(std::string_view name, Time now);
  /// Other numbers for the buckets there are.
  void set(RateLimit limit);

 private:
  struct Bucket {
    std::uint64_t name = 0;
    double tokens = 0;
    Time last{};
  };
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kLocks = 64;

  const crypto::Provider& provider_;
  SecretBytes key_;
  std::mutex limit_mutex_;
  RateLimit limit_;
  std::vector<Bucket> buckets_;
  std::array<std::mutex, kLocks> locks_;
};

/// Refuses tickets, and private keys of MIKEY-IBAKE, of a client that asks for more than its share, before
/// keys leave the KMS. Used by one thread; the limiter may be shared.
class LimitedTickets final : public TicketRecord, public KeyRecord {
 public:
  /// `next`, `next_of_keys`: told of what is within the limit; may be missing. All must outlive this object.
  explicit LimitedTickets(RateLimiter& limiter, TicketRecord* next = nullptr,
                          KeyRecord* next_of_keys = nullptr)
      : limiter_(limiter), next_(next), next_of_keys_(next_of_keys) {}
  Status issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;
  Status resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;
  /// One request takes one token, however many keys it is for.
  Status keys_issued(const Identity& client, std::span<const Identity> identities,
                     std::span<const ibc::KeyDate> dates) override;

  /// After which time the client that was refused may ask again; forgets it.
  std::optional<std::chrono::seconds> refused() { return std::exchange(refused_, std::nullopt); }

 private:
  Status take(const Identity& client);

  RateLimiter& limiter_;
  TicketRecord* next_;
  KeyRecord* next_of_keys_;
  std::optional<std::chrono::seconds> refused_;
};

}  // namespace mikey::kms
