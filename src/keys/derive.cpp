#include "mikey/keys/derive.hpp"

#include <array>

namespace mikey::keys {

Status derive(const crypto::Provider& provider, PrfFunc prf, ByteView key, Derivation what,
              std::uint8_t cs_id, std::uint32_t csb_id, ByteView rand, MutableBytes out) {
  constexpr std::size_t kFixed = 9;
  std::array<std::uint8_t, kFixed + 255>
      label;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  if (rand.size() > 255) return bad_request("RAND is longer than 255 octets", "RFC 3830 6.11");
  store_be(label.data(), static_cast<std::uint32_t>(what));
  label[4] = cs_id;
  store_be(label.data() + 5, csb_id);
  std::copy(rand.begin(), rand.end(), label.begin() + kFixed);
  return crypto::prf(provider, prf, key, ByteView(label).first(kFixed + rand.size()), out);
}

}  // namespace mikey::keys
