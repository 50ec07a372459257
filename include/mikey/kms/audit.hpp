/// \file
/// An audit trail of tickets and private keys in a file: one JSON object a line, on disk before the keys
/// leave the KMS.
///
/// Part of the library mikey_kms_http (CMake mikey::kms_http).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "mikey/base/clock.hpp"
#include "mikey/kms/issuer.hpp"
#include "mikey/kms/key_issuer.hpp"

namespace mikey::kms {

/// {"time":"..","event":"issued"|"resolved","client":"..","initiator":"..","responders":["..",".."],
/// "kms":"..","ticket":"hex"} for a ticket,
/// {"time":"..","event":"keys","client":"..","identities":["..",".."], "dates":["2026-11",".."]} for private
/// keys of MIKEY-IBAKE. May be used from several threads at once.
class AuditFile {
 public:
  /// Appends to the file at `path`, which only its owner can read when it is made here.
  /// ErrorCode::bad_request when it cannot be opened.
  static Result<std::shared_ptr<AuditFile>> open(std::string path, const Clock& clock);
  ~AuditFile();
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;

  /// Takes the file anew after it was moved away; the old one stays in use on an error.
  Status reopen();
  const std::string& path() const { return path_; }
  /// Writes one line. ErrorCode::resource when it is not wholly in the file: then the ticket must not leave.
  Status write(std::string_view event, const Identity& client, const TicketPolicy& policy, ByteView ticket);
  Status write(const Identity& client, std::span<const Identity> identities,
               std::span<const ibc::KeyDate> dates);

 private:
  std::string begin(std::string_view event, const Identity& client) const;
  Status append(std::string line);
  AuditFile(std::string path, int fd, const Clock& clock) : path_(std::move(path)), clock_(clock), fd_(fd) {}

  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;
  int fd_;
};

/// Writes what happens to tickets and keys into the file, then tells the next ones, which may be missing.
class AuditedTickets final : public TicketRecord, public KeyRecord {
 public:
  explicit AuditedTickets(std::shared_ptr<AuditFile> file, TicketRecord* next = nullptr,
                          KeyRecord* next_of_keys = nullptr)
      : file_(std::move(file)), next_(next), next_of_keys_(next_of_keys) {}
  Status issued(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;
  Status resolved(const Identity& client, const TicketPolicy& policy, ByteView fingerprint) override;
  Status keys_issued(const Identity& client, std::span<const Identity> identities,
                     std::span<const ibc::KeyDate> dates) override;

 private:
  std::shared_ptr<AuditFile> file_;
  TicketRecord* next_;
  KeyRecord* next_of_keys_;
};

}  // namespace mikey::kms
