/// \file
/// A crypto session as GStreamer's srtpdec and srtpenc take it. Everything here reveals keys in clear text:
/// for tools and tests, behind a decision of the user's.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mikey/base/error.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey::bind {

/// Caps for srtpdec: "application/x-srtp, ssrc=(uint)..., srtp-key=(buffer)...". The SSRC is the crypto
/// session's unless another is given. The key is master key || master salt. Errors (ErrorCode::bad_request):
/// a suite GStreamer does not have (AES-192, F8, SEED, and none without encryption), keys of wrong length.
Result<std::string> reveal_gst_caps(const keys::CryptoSession& session,
                                    std::optional<std::uint32_t> ssrc = std::nullopt);

/// Properties for srtpenc by name and value as gst-launch takes them: "key", "mki" (when there is one),
/// "rtp-cipher", "rtp-auth", "rtcp-cipher", "rtcp-auth". srtpenc has no ROC: it starts at 0, so a session of
/// another ROC is refused.
Result<std::vector<std::pair<std::string, std::string>>> reveal_gst_enc_properties(
    const keys::CryptoSession& session);

}  // namespace mikey::bind
