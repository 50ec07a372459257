/// \file
/// What one thread of the server answers MIKEY's messages with, wherever its users are kept.
#pragma once

#include "kms_lines.hpp"
#include "mikey/kms/rate_limit.hpp"
#include "mikey/kms/server.hpp"

namespace mikey::cmd {

/// Where users, rights and replay state are, and who is told; `record` and `key_record` may be missing. All
/// must outlive the desk.
struct Behind {
  const kms::Authority& authority;
  KmsReplay& replay;
  kms::TicketRecord* record = nullptr;
  kms::KeyRecord* key_record = nullptr;
};

class Desk {
 public:
  /// `ibake` may be missing; `rights` must outlive the desk where it is there, `env` and `limiter` always.
  Desk(const Env& env, const Behind& behind, kms::RateLimiter& limiter, std::map<Identity, KmsLink> links,
       bool compatible, const KmsIbake* ibake, const kms::KeyRights* rights)
      : limited_(limiter, behind.record, behind.key_record),
        relay_(env, std::move(links)),
        schemes_(ticket_types(compatible, env)),
        issuer_(env, behind.authority, behind.replay, &limited_, &schemes_, &relay_) {
    service_.add(issuer_);
    if (ibake == nullptr || rights == nullptr) return;
    key_issuer_.emplace(env, behind.authority, behind.replay, *rights, ibake->master, &limited_);
    service_.add(*key_issuer_);
  }
  // its parts refer to one another
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  kms::Reply handle(ByteView message) {
    kms::Reply out{service_.handle(message), {}};
    out.retry_after = limited_.refused();
    return out;
  }
  kms::Answer take(ByteView message) { return relay_.take(message); }

 private:
  kms::LimitedTickets limited_;
  kms::Relay relay_;
  TicketSchemes schemes_;
  kms::Issuer issuer_;
  std::optional<kms::KeyIssuer> key_issuer_;
  kms::Service service_;
};

}  // namespace mikey::cmd
