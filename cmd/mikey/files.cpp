#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace mikey::cmd {
namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, ByteView octets) {
  while (!octets.empty()) {
    const ssize_t n = ::write(fd, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    octets = octets.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// A file of another name in the same folder, for its owner only.
int open_beside(std::string& name) {
  name += ".XXXXXX";
  return ::mkostemp(name.data(), O_CLOEXEC);
}

}  // namespace

Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  File file(standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return bad_request("cannot open " + name + ": " + reason(errno));
  SecretBytes out(4096);
  std::size_t size = 0;
  while (true) {
    if (size == out.size()) {
      SecretBytes larger(2 * out.size());
      std::ranges::copy(out.reveal(), larger.reveal_mutable().begin());
      out = std::move(larger);
    }
    const ssize_t n = ::read(file.fd(), out.reveal_mutable().data() + size, out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return bad_request("cannot read " + name + ": " + reason(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
    if (size > most) return bad_request(name + " has more than " + std::to_string(most) + " octets");
  }
  out.truncate(size);
  return out;
}

Status write_whole_file(const std::string& path, ByteView octets, Readers readers, Existing existing) {
  std::string temporary = path;
  File file(open_beside(temporary));
  const auto failed = [&](const char* what) {
    const int error = errno;
    if (file.fd() >= 0) ::unlink(temporary.c_str());
    return bad_request(std::string("cannot ") + what + " " + path + ": " + reason(error));
  };
  if (file.fd() < 0) return failed("make");
  if (readers == Readers::everybody) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(file.fd(), 0644 & ~mask) != 0) return failed("make");
  }
  if (!write_all(file.fd(), octets)) return failed("write");
  const unsigned how = existing == Existing::keep ? RENAME_NOREPLACE : 0U;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), how) != 0)
    return failed(errno == EEXIST ? "overwrite" : "name");
  if (!file.close()) return bad_request("cannot write " + path + ": " + reason(errno));
  return {};
}

bool file_exists(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0;
}

Status make_folder(const std::string& path) {
  if (path.empty()) return {};
  std::error_code error;
  const mode_t mask = ::umask(077);
  std::filesystem::create_directories(path, error);
  ::umask(mask);
  if (error) return bad_request("cannot make the folder " + path + ": " + error.message());
  if (!std::filesystem::is_directory(path)) return bad_request(path + " is no folder");
  return {};
}

std::string in_folder(const std::string& folder, const std::string& name) {
  return folder.empty() || folder == "." ? name : folder.back() == '/' ? folder + name : folder + "/" + name;
}

}  // namespace mikey::cmd
