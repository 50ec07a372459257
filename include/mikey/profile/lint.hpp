/// \file
/// What is doubtful, wrong or merely worth knowing about a message that parses, and what to change.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mikey/base/clock.hpp"
#include "mikey/profile/level.hpp"
#include "mikey/profile/peer.hpp"
#include "mikey/wire/message.hpp"

namespace mikey::profile {

/// One kind of finding.
struct Rule {
  std::string_view id;      ///< kebab-case; stays the same from version to version
  Level level;              ///< for a strict reader of the RFCs; `off` where only some peer minds
  const char* rfc;          ///< where the rule stands
  std::string_view advice;  ///< what to change, or what follows
};

/// All rules, alphabetically.
std::span<const Rule> rules();

/// The rule of that name, or nullptr.
const Rule* rule_by_id(std::string_view id);

/// One thing found.
struct Finding {
  std::string_view id;
  Level severity = Level::note;
  std::size_t offset = 0;  ///< octet of the message
  const char* rfc = "";
  std::string detail;  ///< what was found here; holds no key
  std::string advice;  ///< what to change; with a peer's own reason
};

/// Checks `message` against the RFCs and against what `peer` is known to tolerate, require and refuse. Checks
/// that compare the timestamp with the clock are made when `now` is given. Findings come in the order of
/// their offsets.
std::vector<Finding> lint(const wire::Message& message, const PeerProfile& peer,
                          std::optional<NtpTime> now = std::nullopt);

}  // namespace mikey::profile
