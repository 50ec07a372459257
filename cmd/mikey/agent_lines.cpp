#include "agent_lines.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace mikey::cmd {
namespace {

/// Waits until a descriptor that does not block is ready.
bool wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, -1) >= 0 || errno == EINTR;
}

bool try_again(int fd, short events) {
  if (errno == EINTR) return true;
  return (errno == EAGAIN || errno == EWOULDBLOCK) && wait_for(fd, events);
}

}  // namespace

bool LineReader::refill() {
  while (true) {
    const ssize_t n = ::read(fd_, block_.reveal_mutable().data(), block_.size());
    if (n < 0 && try_again(fd_, POLLIN)) continue;
    failed_ = n < 0;
    at_ = 0;
    end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n > 0;
  }
}

LineReader::Got LineReader::next() {
  wipe_line();
  bool any = false;
  bool too_long = false;
  while (true) {
    if (at_ == end_ && !refill()) {
      if (failed_) return Got::failure;
      if (!any) return Got::end;
      return too_long ? Got::too_long : Got::line;
    }
    any = true;
    const std::string_view rest = as_text(block_.reveal()).substr(at_, end_ - at_);
    const std::size_t eol = rest.find('\n');
    const std::string_view part = rest.substr(0, eol);
    too_long = too_long || part.size() > longest_ - line_.size();
    if (too_long) {
      wipe_line();
    } else {
      line_ += part;
    }
    at_ += part.size() + (eol == std::string_view::npos ? 0 : 1);
    if (eol != std::string_view::npos) return too_long ? Got::too_long : Got::line;
  }
}

void LineReader::wipe_line() {
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(line_.data())), line_.size()});
  line_.clear();
  if (line_.capacity() > 2 * kBlock) line_ = {};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && try_again(fd, POLLOUT)) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Served serve_lines(const std::function<std::optional<std::string>(std::string_view)>& handle,
                   const std::string& too_long) {
  LineReader in(STDIN_FILENO, kMaxLine);
  while (true) {
    std::optional<std::string> answer;
    switch (in.next()) {
      case LineReader::Got::line:
        answer = handle(in.line());
        in.wipe_line();
        break;
      case LineReader::Got::too_long:
        answer = too_long;
        break;
      case LineReader::Got::end:
        return Served::to_the_end;
      case LineReader::Got::failure:
        return Served::input_failed;
    }
    if (!answer) continue;
    *answer += '\n';
    const bool written = write_all(STDOUT_FILENO, *answer);
    wipe({static_cast<std::uint8_t*>(static_cast<void*>(answer->data())), answer->size()});
    if (!written) return Served::output_closed;
  }
}

}  // namespace mikey::cmd
