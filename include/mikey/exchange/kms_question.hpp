/// \file
/// The client's half of the Ticket Request and Ticket Resolve exchanges (RFC 6043 4.2.1, 4.2.3), which a KMS
/// that asks another one needs too (section 10).
#pragma once

#include "mikey/exchange/exchange.hpp"
#include "mikey/exchange/ticket.hpp"

namespace mikey {

/// A question to a KMS, sent once.
class KmsQuestion {
 public:
  /// REQUEST_INIT for a ticket of this policy. Draws "CSB ID", "envelope key" (public key), "RANDR"; takes a
  /// timestamp. ErrorCode::bad_request when there is no key for the link.
  static Result<KmsQuestion> request(const Env& env, const KmsLink& link, PrfFunc prf,
                                     const TicketPolicy& desired);
  /// RESOLVE_INIT of `responder`, with the body of a TICKET payload.
  static Result<KmsQuestion> resolve(const Env& env, const KmsLink& link, PrfFunc prf,
                                     const Identity& responder, ByteView ticket);

  const Bytes& message() const { return message_; }
  const Identity& kms() const { return kms_; }
  std::uint32_t csb_id() const { return csb_id_; }
  NtpTime time() const { return time_; }

  /// What a KMS answered, authenticated.
  struct Reply {
    std::vector<keys::KeyEntry> mpks;  ///< MPKi, and MPKr or MPKr' when `forking`
    std::vector<keys::KeyEntry> keys;
    std::optional<Identity> answer_as;  ///< IDRr
    std::optional<Bytes> rand_kms;      ///< RANDRkms
  };
  /// Checks a REQUEST_RESP or RESOLVE_RESP. `forking`: the I flag of the ticket's policy.
  Result<Reply> read(const Env& env, const wire::Message& m, bool forking) const;
  /// An error message in place of a reply; Reject::ended when it is authentic.
  Reject refusal(const wire::Message& m) const;

 private:
  struct What;
  KmsQuestion() = default;
  static Result<KmsQuestion> ask(const Env& env, const KmsLink& link, PrfFunc prf, const What& what);

  Identity kms_;
  bool resolves_ = false;
  PrfFunc prf_{};
  std::uint32_t csb_id_ = 0;
  NtpTime time_;
  Bytes message_;
  std::shared_ptr<const keys::MessageKeys> initial_;
  std::shared_ptr<const keys::MessageKeys> response_;
};

}  // namespace mikey
