#include "mikey/keys/derive.hpp"

#include <algorithm>
#include <array>

namespace mikey::keys {

Status derive(const crypto::Provider& provider, PrfFunc prf, ByteView key, Derivation what,
              std::uint8_t cs_id, std::uint32_t csb_id, ByteView context, MutableBytes out) {
  constexpr std::size_t kFixed = 9;
  // Enough for every label of RFC 3830 and for two RANDs as RFC 6043 puts them; only forked keys need more.
  std::array<std::uint8_t, kFixed + 1 + 2 * 256>
      inline_label;  // NOLINT(*-pro-type-member-init): filled below
  Bytes long_label;
  MutableBytes label(inline_label);
  if (kFixed + context.size() > label.size()) {
    long_label.resize(kFixed + context.size());
    label = long_label;
  }
  store_be(label.data(), static_cast<std::uint32_t>(what));
  label[4] = cs_id;
  store_be(label.data() + 5, csb_id);
  std::ranges::copy(context, label.begin() + kFixed);
  return crypto::prf(provider, prf, key, label.first(kFixed + context.size()), out);
}

}  // namespace mikey::keys
