/// \file
/// Where `mikey inspect` gets its messages from.
#pragma once

#include <optional>
#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::cmd {

/// The octets that `argument` means: the file of that name; else, when it is one, a message itself as base64
/// or hex; standard input for "-" and without an argument. The error's detail is one sentence for people.
Result<Bytes> read_input(const std::optional<std::string>& argument);

}  // namespace mikey::cmd
