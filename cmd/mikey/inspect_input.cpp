#include "inspect_input.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "files.hpp"

namespace mikey::cmd {
namespace {

constexpr const char* kHex = "0123456789abcdefABCDEF: \t";
constexpr const char* kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_";

// What is rather meant as data than as the name of a file: more than a few characters of base64 or hex, or a
// line of something that has a message in it.
bool looks_like_data(const std::string& s) {
  if (s.find('\n') != std::string::npos || s.find("mikey ") != std::string::npos) return true;
  if (s.size() < 12 || s[0] == '/') return false;
  return s.find_first_not_of(kHex) == std::string::npos || s.find_first_not_of(kBase64) == std::string::npos;
}

}  // namespace

Result<Bytes> read_input(const std::optional<std::string>& argument) {
  if (!argument || *argument == "-") {
    if (::isatty(STDIN_FILENO) == 1)
      std::fputs("mikey inspect: reading standard input; end it with Ctrl-D\n", stderr);
    return read_all(STDIN_FILENO, "standard input");
  }
  struct stat st {};
  const bool is_there = ::stat(argument->c_str(), &st) == 0;
  if (is_there && S_ISDIR(st.st_mode)) return bad_request(*argument + " is a directory");
  if (is_there) return read_file(*argument);
  if (!looks_like_data(*argument))
    return bad_request("there is no file \"" + *argument + "\", and it is no message as base64 or hex");
  return to_bytes(as_bytes(*argument));
}

}  // namespace mikey::cmd
