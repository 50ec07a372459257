/// \file
/// Messages of MIKEY-TICKET changed on their way and protected again, as a broken or hostile party with the
/// right keys could send them (RFC 6043 5.5).
#pragma once

#include "support/forge.hpp"
#include "support/ticket_world.hpp"

namespace mikey::test {

/// What the ticket of a message encodes; it must be one of TicketWorld's KMS (mode 1).
OpenedTicket open_ticket(ByteView message);

/// `f` ended by a V that covers it and `after`; of a TRANSFER_INIT not the Initiator Data.
Bytes with_v(const Forge& f, const keys::MessageKeys& keys, std::initializer_list<ByteView> after);

/// Watches one exchange of mode 1 without key forking, and protects its messages anew.
class TicketForger {
 public:
  void saw(const TicketWorld::Letter& l) { seen_[l.type()] = l.message; }
  const Bytes& message(DataType type) const { return seen_.at(type); }
  /// As the sender of a message of that type would protect it.
  Bytes protect(const Forge& f) const;
  /// Replaces the KEMAC, or puts one before `before`: these keys under the message's own protection.
  void put_kemac(Forge& f, std::span<const keys::KeyEntry> keys, PayloadType before) const;

 private:
  keys::MessageKeys keys_of(const Forge& f) const;
  std::map<DataType, Bytes> seen_;
};

/// What came of a changed message.
struct Reaction {
  bool taken = false;      ///< the receiver answered it, or has keys
  bool asked_kms = false;  ///< a Responder asked before it decided
  std::optional<Error> error;
  std::vector<Send> sent;
  keys::BundlePtr bundle;
};

/// Alice calls Bob, and the message of type `type` is changed, protected again and delivered in place of the
/// genuine one, which is lost. `change` may look into what was sent before.
using Change = std::function<void(Forge&, const TicketForger&)>;
Reaction react(TicketWorld& w, InitiateRequest request, DataType type, const Change& change);

/// A TRANSFER_INIT whose Ticket Policy is `policy`, from "sip:<caller>@example.com"; its MACs fit nothing.
Bytes transfer_with(TicketWorld& w, const TicketPolicy& policy, const std::string& caller = "alice");

/// A policy of TicketWorld's KMS for a call of Alice's to Bob, that every Responder accepts.
TicketPolicy good_policy();

}  // namespace mikey::test
