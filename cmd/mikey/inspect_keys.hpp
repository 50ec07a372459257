/// \file
/// MIKEY-SAKKE messages opened with key files: whose signature it is, what key they carry.
#pragma once

#include <string>
#include <vector>

#include "mikey/ibc/key_set.hpp"
#include "mikey/wire/message.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

/// What is known to open messages with.
struct OpeningKeys {
  std::vector<ibc::Kms> kms;
  std::vector<ibc::KeySet> sets;
  bool reveal = false;  ///< tell keys themselves, not their fingerprints
  bool any() const { return !kms.empty(); }
};

/// Reads key files, JSON or XML; each key set must fit one of the KMSs.
Result<OpeningKeys> read_opening_keys(const std::vector<std::string>& keys,
                                      const std::vector<std::string>& kms);

/// What came of it. Lines are (name, text); keys are shown as fingerprints unless they may be revealed.
struct Opened {
  bool applies = false;  ///< it is a MIKEY-SAKKE message
  bool good = true;      ///< nothing that was tried has failed
  std::vector<std::pair<std::string, std::string>> lines;
};
Opened open_message(const wire::Message& message, const OpeningKeys& keys);

std::string opened_text(const Opened& opened, const Paint& paint);
/// `{"good": true, "signature": "...", ...}`, on one line.
std::string opened_json(const Opened& opened);

}  // namespace mikey::cmd
