/// \file
/// Reading of key material, in clear (KeyContentType) or wrapped (EncKeyContentType).
#pragma once

#include <span>

#include "kms/xml/dom.hpp"
#include "mikey/crypto/provider.hpp"
#include "mikey/kms/document.hpp"

namespace mikey::kms::xml {

struct KeySize {
  std::size_t octets = 0;  ///< 0: any
  bool point = false;      ///< 04 || x || y
};
KeySize rsk_size();
KeySize ssk_size();
KeySize pvt_size();

/// The key in `e`. It stays wrapped when `keys` is empty.
Result<KeyContent> read_key(const crypto::Provider& provider, std::span<const SecurityKey> keys, Element e,
                            KeySize size);

}  // namespace mikey::kms::xml
