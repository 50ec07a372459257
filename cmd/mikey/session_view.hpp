/// \file
/// What an exchange has agreed on, for people and for other programs.
#pragma once

#include <string>

#include "mikey/base/error.hpp"
#include "mikey/keys/bundle.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

/// The first 8 octets of a key's SHA-256 in hex: enough to compare, nothing to use.
std::string fingerprint(ByteView key);

/// A CSB and its crypto sessions, a line each. Keys and salts are shown by their fingerprints, with
/// `reveal_keys` as they are.
std::string sessions_text(const keys::Bundle& b, const Paint& paint, bool reveal_keys);

/// The forms in which a crypto session can be handed to software without MIKEY. All of them reveal its key.
enum class Export : std::uint8_t { sdes, gstreamer };

/// The crypto sessions in that form, a line each (GStreamer: one of caps for srtpdec, one of properties for
/// srtpenc). A session that cannot be expressed in it is an error.
Result<std::string> export_text(const keys::Bundle& b, Export form);

}  // namespace mikey::cmd
