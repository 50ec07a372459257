/// \file
/// Files as the tool reads and writes them. Errors are requests' (ErrorCode::bad_request) and name the file.
#pragma once

#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"
#include "mikey/base/secret.hpp"

namespace mikey::cmd {

/// Most octets of a file or of standard input that are read.
inline constexpr std::size_t kMaxInput = std::size_t{256} << 20;

/// All there is to read from a file descriptor; `name` is what errors call it.
Result<Bytes> read_all(int fd, const std::string& name, std::size_t most = kMaxInput);
/// All of a file, which may be a FIFO.
Result<Bytes> read_file(const std::string& path, std::size_t most = kMaxInput);

/// All of a file that holds keys, or of standard input for "-"; more than `most` octets are an error.
Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most);

/// Who may read what is written.
enum class Readers : std::uint8_t { owner, everybody };
/// What becomes of a file that is there.
enum class Existing : std::uint8_t { keep, replace };

/// Makes a file that is complete as soon as it is there, of mode 0600 or 0666 less the umask. One that exists
/// is an error with Existing::keep; whoever reads it meanwhile sees the old one or the new one, whole.
Status write_file(const std::string& path, ByteView octets, Readers readers, Existing existing);

bool file_exists(const std::string& path);
/// Makes a folder, for its owner only, and those above it; one that exists is fine.
Status make_folder(const std::string& path);

/// "DIR/NAME", or NAME for the empty folder.
std::string in_folder(const std::string& folder, const std::string& name);

}  // namespace mikey::cmd
