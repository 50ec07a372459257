#include "mikey/base/rng.hpp"

#include <array>

namespace mikey {

Result<Bytes> Rng::bytes(std::size_t n, std::string_view what) {
  Bytes out(n);
  if (auto s = fill(out, what); !s) return std::move(s).error();
  return out;
}

Result<SecretBytes> Rng::secret(std::size_t n, std::string_view what) {
  SecretBytes out(n);
  if (auto s = fill(out.reveal_mutable(), what); !s) return std::move(s).error();
  return out;
}

Result<std::uint32_t> Rng::u32(std::string_view what) {
  std::array<std::uint8_t, 4> b{};
  if (auto s = fill(b, what); !s) return std::move(s).error();
  return load_be<std::uint32_t>(b.data());
}

}  // namespace mikey
