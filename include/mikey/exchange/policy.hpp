/// \file
/// What one party offers and accepts.
#pragma once

#include <algorithm>
#include <chrono>

#include "mikey/keys/bundle.hpp"

namespace mikey {

/// Choices of one party. Of each list the first entry is what is sent, all entries are accepted. The defaults
/// are those of RFC 3830: 4.2 (mandatory algorithms) and 6.10.1 (SRTP policy).
struct Policy {
  std::vector<keys::Suite> srtp{keys::Suite::aes_cm_128_hmac_sha1_80};  ///< in order of preference
  std::vector<PrfFunc> prf{PrfFunc::mikey_1};
  std::vector<EncrAlg> kemac_encryption{EncrAlg::aes_cm_128};
  std::vector<MacAlg> kemac_mac{MacAlg::hmac_sha_1_160};
  /// NULL encryption with NULL MAC may be sent and is accepted: keys in clear, for transports that protect
  /// them.
  bool allow_null = false;
  bool request_verification = true;      ///< the V flag of messages sent
  std::chrono::seconds clock_skew{300};  ///< how far a peer's timestamp may be off (RFC 3830 5.4)
  std::chrono::seconds patience{120};    ///< how long an exchange waits for an answer before it gives up

  template <class T>
  static bool has(const std::vector<T>& list, T x) {
    return std::ranges::find(list, x) != list.end();
  }
  bool accepts(keys::Suite s) const { return has(srtp, s); }
};

}  // namespace mikey
