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

template <class List, class Text>
void append_list(std::string& to, std::string_view name, const List& list, Text text) {
  to += ',';
  http::append_json(to, name);
  to += ":[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) to += ',';
    http::append_json(to, text(list[i]));
  }
  to += ']';
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

std::string AuditFile::begin(std::string_view event, const Identity& client) const {
  std::string line = R"({"time":")" + to_string(clock_.read()) + R"(","event":)";
  http::append_json(line, event);
  append_member(line, "client", client.name());
  return line;
}

Status AuditFile::append(std::string line) {
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

Status AuditFile::write(std::string_view event, const Identity& client, const TicketPolicy& policy,
                        ByteView ticket) {
  std::string line = begin(event, client);
  if (policy.initiator) append_member(line, "initiator", policy.initiator->name());
  append_list(line, "responders", policy.responders, [](const Identity& id) { return id.name(); });
  if (policy.kms) append_member(line, "kms", policy.kms->name());
  append_member(line, "ticket", to_hex(ticket));
  return append(std::move(line));
}

Status AuditFile::write(const Identity& client, std::span<const Identity> identities,
                        std::span<const ibc::KeyDate> dates) {
  std::string line = begin("keys", client);
  append_list(line, "identities", identities, [](const Identity& id) { return id.name(); });
  append_list(line, "dates", dates, [](const ibc::KeyDate& d) { return ibc::date_text(d); });
  return append(std::move(line));
}

Status AuditedTickets::issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = file_->write("issued", client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->issued(client, policy, fingerprint);
}

Status AuditedTickets::resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) {
  if (auto s = file_->write("resolved", client, policy, fingerprint); !s) return s;
  return next_ == nullptr ? Status() : next_->resolved(client, policy, fingerprint);
}

Status AuditedTickets::keys_issued(const Identity& client, std::span<const Identity> identities,
                                   std::span<const ibc::KeyDate> dates) {
  if (auto s = file_->write(client, identities, dates); !s) return s;
  return next_of_keys_ == nullptr ? Status() : next_of_keys_->keys_issued(client, identities, dates);
}

}  // namespace mikey::kms
