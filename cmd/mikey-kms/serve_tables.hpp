/// \file
/// The KMS behind the server when its users stand in the configuration: tables that all threads read, and
/// replay state that they share.
#pragma once

#include <mutex>

#include "mikey/kms/audit.hpp"
#include "serve_config.hpp"

namespace mikey::cmd {

/// Replay state for all threads.
class LockedReplay final : public KmsReplay {
 public:
  explicit LockedReplay(kms::CachedReplay inner) : inner_(std::move(inner)) {}
  Verdict admit(const NeedReplayVerdict& question) override {
    const std::scoped_lock lock(mutex_);
    return inner_.admit(question);
  }

 private:
  std::mutex mutex_;
  kms::CachedReplay inner_;
};

/// What outlives a configuration.
struct Lasting {
  const Clock& clock;
  LockedReplay& replay;
  kms::RateLimiter& per_identity;
};

/// Handlers for the threads of a server. `lasting` must outlive them; `audit` may be missing.
kms::Services table_services(ServeConfig config, const Lasting& lasting,
                             std::shared_ptr<kms::AuditFile> audit);

}  // namespace mikey::cmd
