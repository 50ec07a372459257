#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

Status write_file(const std::string& path, ByteView octets, Readers readers, bool replace) {
  const Draft draft(path);
  if (draft.fd() < 0) return failed("write", path, errno);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = readers == Readers::owner ? mode_t{0600} : (mode_t{0666} & ~mask);
  if (::fchmod(draft.fd(), mode) != 0 || !write_all_to(draft.fd(), octets) || ::fsync(draft.fd()) != 0)
    return failed("write", path, errno);
  const int done = replace ? ::rename(draft.name(), path.c_str()) : ::link(draft.name(), path.c_str());
  if (done == 0) return {};
  if (errno == EEXIST) return bad_request(path + " exists already and is left as it is");
  return failed("write", path, errno);
}

}  // namespace mikey::cmd
