/// \file
/// What the products in the field write, tolerate and refuse, as data.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mikey/keys/suite.hpp"
#include "mikey/profile/level.hpp"

namespace mikey::profile {

enum class Peer : std::uint8_t { strict, onvif, gstreamer, live555, genetec, gortsplib, milestone, mcx };

/// What a peer makes of a rule of lint, where that differs from a strict reader.
struct Habit {
  std::string_view rule;  ///< Rule::id
  Level level;            ///< note: it tolerates or does that itself; error: it refuses or fails
  std::string_view why;   ///< the fact behind it
};

/// One peer. All of it is static data.
struct PeerProfile {
  Peer peer;
  std::string_view name;                  ///< "gstreamer"
  std::string_view title;                 ///< "GStreamer 1.22 and later (rtspsrc, gst-rtsp-server)"
  std::span<const Habit> common{};        ///< habits shared by a family of products
  std::span<const Habit> own{};           ///< its own; these go first
  std::span<const keys::Suite> suites{};  ///< SRTP suites it can use; empty: not known to be limited
  std::optional<DataType> only_type{};    ///< the one kind of first message it takes
  std::size_t max_trailing_zeros = 0;     ///< zero octets after the message that it sends or lets pass
  bool tag_in_auth_key_len = false;       ///< SP parameter 3 means the tag, see exchange::CameraTolerance

  /// The habit about a rule, or nullptr.
  const Habit* habit(std::string_view rule) const;
};

const PeerProfile& profile_of(Peer peer);
/// In the order of the enumeration.
std::span<const PeerProfile> all_profiles();
/// By PeerProfile::name, or nullptr.
const PeerProfile* profile_by_name(std::string_view name);

}  // namespace mikey::profile
