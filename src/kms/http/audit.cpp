#include "mikey/kms/audit.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kms/http/json.hpp"

namespace mikey::kms {
namespace {

int open_for_appending(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
}

void append_member(std::string& to, std::string_view name, std::string_view value) {
  to += ',';
  http::append_json(to, name);
  to += ':';
  http::append_json(to, value);
}

}  // namespace

Result<std::shared_ptr<AuditFile>> AuditFile::open(std::string path, const Clock& clock) {
  const int fd = open_for_appending(path);
  if (fd < 0) return bad_request("the audit trail cannot be opened: " + path + ": " + std::strerror(errno));
  return std::shared_ptr<AuditFile>(new AuditFile(std::move(path), fd, clock));
}

AuditFile::~AuditFile() {
  ::close(fd_);
}

Status AuditFile::reopen() {
  const int fd = open_for_appending(path_);
  if (fd < 0) return bad_request("the audit trail cannot be opened: " + path_ + ": " + std::strerror(errno));
  const std::scoped_lock lock(mutex_);
  ::close(fd_);
  fd_ = fd;
  return {};
}

Status AuditFile::write(std::string_view event, const Identity& client, const TicketPolicy& policy,
                        ByteView ticket) {
  std::string line = R"({"time":")" + to_string(clock_.read()) + R"(","event":)";
  http::append_json(line, event);
  append_member(line, "client", client.name());
  if (policy.initiator) append_member(line, "initiator", policy.initiator->name());
  line += R"(,"responders":[)";
  for (std::size_t i = 0; i < policy.responders.size(); ++i) {
    if (i > 0) line += ',';
    http::append_json(line, policy.responders[i].name());
  }
  line += ']';
  if (policy.kms) append_member(line, "kms", policy.kms->name());
  append_member(line, "ticket", to_hex(ticket));
  line += "}\n";
  const std::scoped_lock lock(mutex_);
  ssize_t n = 0;
  do {  // one write() of a file opened for appending: lines of several processes do not mix
    n = ::write(fd_, line.data(), line.size());
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(line.size())) return {};
  return Error{
      ErrorCode::resource, Severity::system, "", std::nullopt,
      std::string("the audit trail cannot be written: ") + (n < 0 ? std::strerror(errno) : "no room")};
}

Status AuditedTickets::issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = file_->write("issued", client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->issued(client, policy, fingerprint);
}

Status AuditedTickets::resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = file_->write("resolved", client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->resolved(client, policy, fingerprint);
}

}  // namespace mikey::kms
