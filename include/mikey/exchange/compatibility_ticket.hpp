/// \file
/// The compatibility mode of MIKEY-TICKET (RFC 6043 B.1): a Ticket Type whose Ticket Data are a message of
/// RFC 3830, which the Initiator sends on to a Responder that knows nothing of tickets.
///
///     Alice                        KMS                        Bob, RFC 3830 only
///       REQUEST_INIT  ------------->
///       <------------  REQUEST_RESP   (the ticket, and the key)
///       I_MESSAGE, from the Ticket Data  ------------------->
///
/// The message is the KMS's: protected with the pre-shared key of KMS and Responder, or with the Responder's
/// certificate and the KMS's signature. So it is the KMS that Bob's bundle names as peer; who calls, the
/// signalling says. There is no answer: a verification message would be protected by what the Initiator does
/// not have.
#pragma once

#include "mikey/exchange/exchange.hpp"

namespace mikey {

class CompatibilityTicket final : public TicketScheme {
 public:
  /// A Ticket Type for private use (RFC 6043 14), and this library's choice.
  static constexpr TicketKind kKind{TicketType{62339}, 1, 1};
  /// The policy to ask for: made by the KMS (D), no TRANSFER_RESP and none of Responder's RANDs (so H), and
  /// more than RFC 6043's processing for Initiator and Responder (neither N nor O).
  static constexpr TicketFlags kFlags = TicketFlags().with(TicketFlag::d).with(TicketFlag::h);

  /// An Initiator's, who sends such tickets on.
  CompatibilityTicket() = default;
  /// A KMS's. `env.self` is the KMS; with `env.pki` responders without a pre-shared key can be reached whose
  /// certificates are pinned there. What `env` refers to must outlive this object.
  explicit CompatibilityTicket(const Env& env);

  /// Makes a request one for such a ticket.
  static void ask(TicketRequest& request);

  TicketKind kind() const override { return kKind; }
  /// An I_MESSAGE to the policy's one responder with the one key of `keys`, under the pre-shared key `tpk`
  /// or, when that has less than 128 bits, the responder's certificate. ErrorCode::invalid_tppar when there
  /// is another number of responders or keys, or no way to reach the responder.
  Result<NewTicket> seal(const crypto::Provider& provider, Rng& rng, const TicketPolicy& policy, ByteView tpk,
                         const keys::KeyEntry& mpk, std::span<const keys::KeyEntry> keys,
                         NtpTime t) const override;
  /// ErrorCode::invalid_ticket: there is nothing to resolve.
  Result<OpenedTicket> open(const crypto::Provider& provider, const TicketPolicy& policy,
                            const TicketCore& core, ByteView ticket_data, ByteView tpk) const override;
  bool finds_key() const override { return true; }
  Result<Instead> call(const Env& env, const HeldTicket& ticket, ByteView ticket_data) const override;

 private:
  std::optional<Env> env_;
  Policy policy_;
};

}  // namespace mikey
