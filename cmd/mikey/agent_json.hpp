/// \file
/// JSON as the agent reads it: bounded in depth and size, without duplicate keys, and never an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "mikey/base/error.hpp"

namespace mikey::cmd {

/// Answers keep the order in which their members are set.
using Json = nlohmann::ordered_json;

/// Deepest nesting of arrays and objects of a request.
inline constexpr std::size_t kMaxDepth = 64;
/// Most values (numbers, strings, arrays, ...) a request may consist of.
inline constexpr std::size_t kMaxValues = 16384;

/// A request line.
struct ParsedLine {
  nlohmann::json value;
  std::string id = "null";  ///< the text of the member "id" of an object, as it was written; valid JSON
  std::optional<Error> complaint;  ///< why it is no request, although its id could be read
};

/// Reads one line. The error says at which octet it stopped being JSON, or which bound it broke.
Result<ParsedLine> parse_line(std::string_view line);

/// One line of JSON text that is valid UTF-8 whatever strings it holds.
std::string to_line(const Json& value);

/// The line of an answer, which has members: `id` is JSON text and comes first.
std::string with_id(std::string_view id, const Json& answer);

/// Overwrites the string member `name` of an object, if there is one.
void wipe_member(nlohmann::json& object, const char* name);

}  // namespace mikey::cmd
