/// \file
/// A crypto session as an SDES attribute (RFC 4568), for peers and tools without MIKEY. It reveals the key in
/// clear text: for tools and tests, behind a decision of the user's.
#pragma once

#include <string>

#include "mikey/base/error.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::bind {

/// The value of an attribute line, without its line end: "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:4".
/// `tag` is 0 to 999999999. KEY is base64 of master key || master salt; a MKI follows as its number and
/// length. Names are those of RFC 4568, 5669, 6188 and 7714; suites without encryption become AES-CM with the
/// parameters UNENCRYPTED_SRTP and UNENCRYPTED_SRTCP. SDES has no ROC: a session of another one than 0 is
/// refused, as are keys of wrong length and MKIs of more than 128 octets (ErrorCode::bad_request).
Result<std::string> reveal_sdes_crypto(const keys::CryptoSession& session, std::uint32_t tag);

}  // namespace mikey::bind
