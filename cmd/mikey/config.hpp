/// \file
/// The configuration of `mikey agent`.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "mikey/exchange/party.hpp"

namespace mikey::cmd {

/// All that a configuration file says.
struct Config {
  Identity identity;
  Policy policy;
  Credentials credentials;
  std::map<Identity, Identity> psk_names;  ///< what IDRpsk calls a key -> whose it is (RFC 6043 4.2.1.2)
  std::vector<std::string> warnings;       ///< lines for the log, e.g. keys that mean nothing
};

/// Reads the configuration at `path`. The error is one line that names the file, the key and what was
/// expected.
std::variant<Config, std::string> load_config(const std::string& path);

/// The same of a text, as if it stood at `path`: relative paths start from its folder.
std::variant<Config, std::string> parse_config(const std::string& path, std::string_view text);

/// An identity of type `type` as configurations and requests write it: byte strings in hex. Nothing when it
/// is not hex, when it is empty, or too long for an ID payload (65535 octets).
std::optional<Identity> parse_identity(IdType type, std::string_view text);

}  // namespace mikey::cmd
