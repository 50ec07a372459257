#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace mikey::cmd {
namespace {

constexpr std::size_t kBlock = 1 << 16;

std::string system_text(int error) {
  return std::strerror(error);  // NOLINT(concurrency-mt-unsafe): the tool has one thread
}

Error failed(const char* what, const std::string& path, int error) {
  return bad_request(std::string("cannot ") + what + ' ' + path + ": " + system_text(error));
}

bool write_all_to(int fd, ByteView octets) {
  while (!octets.empty()) {
    const ssize_t n = ::write(fd, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    octets = octets.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// A file beside the one that is to be; gone unless it was put in its place.
class Draft {
 public:
  explicit Draft(const std::string& path) : name_(path + ".XXXXXX"), fd_(::mkstemp(name_.data())) {}
  ~Draft() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(name_.c_str());  // a second name that link() has made stays
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  int fd() const { return fd_; }
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  int fd_;
};

// The umask can only be read by changing it, which threads that write files at once must not do.
mode_t file_mask() {
  static const mode_t mask = [] {
    const mode_t now = ::umask(077);
    ::umask(now);
    return now;
  }();
  return mask;
}

}  // namespace

Result<Bytes> read_all(int fd, const std::string& name, std::size_t most) {
  Bytes out;
  std::array<std::uint8_t, kBlock> block{};
  while (true) {
    const ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", name, errno);
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > most)
      return bad_request(name + " is larger than " + std::to_string(most >> 20) + " MiB");
    append(out, ByteView(block).first(static_cast<std::size_t>(n)));
  }
}

Result<Bytes> read_file(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", path, errno);
  auto octets = read_all(fd, path, most);
  ::close(fd);
  return octets;
}

Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", name, errno);
  SecretBytes out(4096);
  std::size_t size = 0;
  Status s;
  while (s) {
    if (size == out.size()) {
      SecretBytes larger(2 * out.size());
      std::ranges::copy(out.reveal(), larger.reveal_mutable().begin());
      out = std::move(larger);
    }
    const ssize_t n = ::read(fd, out.reveal_mutable().data() + size, out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) s = failed("read", name, errno);
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
    if (size > most) s = bad_request(name + " has more than " + std::to_string(most) + " octets");
  }
  if (!standard) ::close(fd);
  if (!s) return std::move(s).error();
  out.truncate(size);
  return out;
}

Status write_file(const std::string& path, ByteView octets, Readers readers, Existing existing) {
  const Draft draft(path);
  if (draft.fd() < 0) return failed("write", path, errno);
  const mode_t mode = readers == Readers::owner ? mode_t{0600} : (mode_t{0666} & ~file_mask());
  if (::fchmod(draft.fd(), mode) != 0 || !write_all_to(draft.fd(), octets) || ::fsync(draft.fd()) != 0)
    return failed("write", path, errno);
  const int done = existing == Existing::replace ? ::rename(draft.name(), path.c_str())
                                                 : ::link(draft.name(), path.c_str());
  if (done == 0) return {};
  if (errno == EEXIST) return bad_request(path + " exists already and is left as it is");
  return failed("write", path, errno);
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
