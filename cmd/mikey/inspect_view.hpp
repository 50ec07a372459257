/// \file
/// A dissected message as text: a tree of its fields, and a map of its octets.
#pragma once

#include <string>

#include "mikey/wire/dissect.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

/// One line a field: offset, name, value, meaning. Ends with a line end, unless there is nothing to show.
std::string tree_text(const wire::Dissection& d, const Paint& paint);

/// 16 octets a line, a new line and colour for every payload, the names of the fields that begin in a line at
/// its right. With `mask` octets of keys are shown as "**".
std::string map_text(ByteView octets, const wire::Dissection& d, bool mask, const Paint& paint);

/// Why a message is malformed: what, where, which rule, and what to try. Lines with their ends.
std::string error_text(const Error& error, ByteView octets, const Paint& paint);

}  // namespace mikey::cmd
