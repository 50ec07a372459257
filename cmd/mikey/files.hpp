/// \file
/// Files as the tool reads and writes them. Errors are requests' (ErrorCode::bad_request) and name the file.
#pragma once

#include <string>

#include "mikey/base/bytes.hpp"
#include "mikey/base/error.hpp"

namespace mikey::cmd {

/// Most octets of a file or of standard input that are read.
inline constexpr std::size_t kMaxInput = std::size_t{256} << 20;

/// All there is to read from a file descriptor; `name` is what errors call it.
Result<Bytes> read_all(int fd, const std::string& name, std::size_t most = kMaxInput);
/// All of a file, which may be a FIFO.
Result<Bytes> read_file(const std::string& path, std::size_t most = kMaxInput);

/// Who may read what is written.
enum class Readers : std::uint8_t { owner, everybody };

/// Makes a file that is complete as soon as it is there. One that exists is an error, or replaced with
/// `replace`; whoever reads it meanwhile sees the old one or the new one, whole.
Status write_file(const std::string& path, ByteView octets, Readers readers, bool replace);

}  // namespace mikey::cmd
