/// \file
/// Findings of lint as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "mikey/profile/lint.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

/// A line that counts them, then each with its place and advice.
std::string lint_text(const std::vector<profile::Finding>& findings, const profile::PeerProfile& peer,
                      const Paint& paint);

/// `[{"id", "severity", "offset", "rfc", "detail", "advice"}...]`, on one line.
std::string lint_json(const std::vector<profile::Finding>& findings);

/// The peers that can be named, with their titles, a line each.
std::string peers_text();

/// The rules of lint, a line each: id, level for a strict reader, source.
std::string rules_text();

}  // namespace mikey::cmd
