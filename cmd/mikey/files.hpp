/// \file
/// Files that hold keys: read with a bound, written at once or not at all.
#pragma once

#include <string>

#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::cmd {

/// The octets of a file, or of standard input for "-". The error's detail is one sentence for people.
Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most);

enum class Existing : std::uint8_t { keep, replace };
enum class Readers : std::uint8_t { owner, everybody };

/// Writes a file with mode 0600 or 0644 (less what the umask takes). It appears whole: a crash leaves the old
/// one or none. With Existing::keep one that exists is an error and stays.
Status write_whole_file(const std::string& path, ByteView octets, Readers readers, Existing existing);

bool file_exists(const std::string& path);
/// Makes a folder, for its owner only, and those above it; one that exists is fine.
Status make_folder(const std::string& path);

/// "DIR/NAME", or NAME for the empty folder.
std::string in_folder(const std::string& folder, const std::string& name);

}  // namespace mikey::cmd
