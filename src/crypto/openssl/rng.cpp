#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstring>

#include "crypto/openssl/handles.hpp"
#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {
namespace {

/// How often this process and its ancestors have forked. A counter, since asking for the process ID at every
/// draw would cost a system call.
std::atomic<std::uint64_t>& fork_count() {
  static std::atomic<std::uint64_t> count{0};
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { count.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
  return count;
}

Status draw(MutableBytes out) {
  const detail::ErrorMark mark;
  if (out.size() > INT_MAX) return bad_request("too many random octets at once");
  if (RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1)
    return detail::library_error("drawing random octets");
  return {};
}

/// A draw costs the library 1.5 us whatever its length, so short ones are served from a block. Octets given
/// out are wiped at once, and a forked child throws away what it inherited.
class BlockRng final : public Rng {
 public:
  ~BlockRng() override { wipe(block_); }

  Status fill(MutableBytes out, std::string_view /*what*/) override {
    if (out.empty()) return {};
    if (out.size() > kBlock / 2) return draw(out);
    const std::uint64_t forks = forks_.load(std::memory_order_relaxed);
    if (forks != seen_forks_ || out.size() > left_) {
      left_ = 0;
      if (auto s = draw(block_); !s) return s;
      left_ = kBlock;
      seen_forks_ = forks;
    }
    const MutableBytes next = MutableBytes(block_).subspan(left_ - out.size(), out.size());
    std::memcpy(out.data(), next.data(), out.size());
    wipe(next);
    left_ -= out.size();
    return {};
  }

 private:
  static constexpr std::size_t kBlock = 512;

  const std::atomic<std::uint64_t>& forks_ = fork_count();
  std::uint64_t seen_forks_ = 0;
  std::size_t left_ = 0;  // unused octets, at the beginning of block_
  std::array<std::uint8_t, kBlock> block_{};
};

}  // namespace

std::unique_ptr<Rng> openssl_rng() {
  return std::make_unique<BlockRng>();
}

}  // namespace mikey::crypto
