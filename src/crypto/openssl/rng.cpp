#include <openssl/rand.h>
#include <unistd.h>

#include <array>

#include "mikey/crypto/provider.hpp"

namespace mikey::crypto {
namespace {

/// RAND_priv_bytes takes about 1.5 us whatever it is asked for, so octets are drawn in blocks. They are wiped
/// as they go out, and a child process does not use its parent's.
class OpenSslRng final : public Rng {
 public:
  ~OpenSslRng() override { wipe(block_); }
  OpenSslRng() = default;
  OpenSslRng(const OpenSslRng&) = delete;
  OpenSslRng& operator=(const OpenSslRng&) = delete;

  Status fill(MutableBytes out, std::string_view /*what*/) override {
    if (out.size() > block_.size()) return draw(out);
    const pid_t pid = getpid();
    if (left_ < out.size() || pid != pid_) {
      if (auto s = draw(block_); !s) return s;
      left_ = block_.size();
      pid_ = pid;
    }
    const MutableBytes from = MutableBytes(block_).subspan(block_.size() - left_, out.size());
    std::copy(from.begin(), from.end(), out.begin());
    wipe(from);
    left_ -= out.size();
    return {};
  }

 private:
  static Status draw(MutableBytes out) {
    if (out.size() > 0x7FFFFFFF || RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1)
      return crypto_error("the random generator failed");
    return {};
  }

  std::array<std::uint8_t, 512> block_{};
  std::size_t left_ = 0;
  pid_t pid_ = -1;
};

}  // namespace

std::unique_ptr<Rng> openssl_rng() {
  return std::make_unique<OpenSslRng>();
}

}  // namespace mikey::crypto
