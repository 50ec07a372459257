/// \file
/// MIKEY-TICKET (RFC 6043): the Initiator's and the Responder's halves, with their conversations with a KMS.
/// The signatures of `on` are the transition table; machine.cpp drives it. What the KMS does is kms_side.hpp.
#pragma once

#include "exchange/engine/machine.hpp"
#include "exchange/ticket/parts.hpp"
#include "exchange/ticket/sessions.hpp"
#include "mikey/exchange/kms_question.hpp"

namespace mikey::ticket {

/// Kinds of messages, and whether their V covers the message they answer (RFC 6043 5.5).
struct RequestResp {};
struct ResolveResp {};
struct TransferInit {
  static constexpr bool kCoversInitial = false;
};
struct TransferResp {
  static constexpr bool kCoversInitial = true;
};

using MessageKeysPtr = std::shared_ptr<const keys::MessageKeys>;

// ------------------------------------------------------------------ what states hold; immutable once made

/// What an Initiator wants, fixed before the first message.
struct Plan {
  Identity peer;
  std::uint32_t csb_id = 0;  ///< of the Ticket Transfer exchange
  PrfFunc prf{};
  engine::Proposal proposal;
  std::vector<keys::KeyEntry> own_keys;  ///< supplied by the Initiator
  std::vector<keys::Extension> extensions;
  TicketPolicy desired;
  keys::BundlePtr group;  ///< whose ticket, RANDRi and crypto sessions the new CSB shares (RFC 6043 9)
};

/// A TRANSFER_INIT as it was sent.
struct Sent {
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const HeldTicket> ticket;
  Bytes rand_i;
  Bytes t;
  Bytes message;
  std::vector<Session> sessions;
  MessageKeysPtr keys;
};

/// A TRANSFER_INIT with a ticket as it came, with all that can be known before the ticket is resolved
/// (4.2.2.2).
struct Call {
  explicit Call(engine::Received<TransferInit> m) : message(std::move(m)) {}
  engine::Received<TransferInit> message;
  engine::Timestamp t;
  TicketPolicy policy;
  const TicketScheme* scheme = nullptr;
  TicketCore core;
  Bytes fingerprint;
  Identity caller;
  Identity called;  ///< Identity_r of the coverage: IDRr, or oneself
  Bytes rand_i;
  std::vector<Session> sessions;
  Policies policies;
};

/// An update as it was sent, or as it came: the CSB it is about, and what it makes of it.
struct SentUpdate {
  keys::BundlePtr old;
  Bytes t;
  Bytes message;
  std::vector<Session> sessions;
  Policies policies;
  std::vector<keys::KeyEntry> keys;
  MessageKeysPtr protection;
};

// ------------------------------------------------------------------ states

struct AwaitInit {};
/// The Initiator waits for REQUEST_RESP.
struct AwaitTicket {
  std::shared_ptr<const Plan> plan;
  KmsQuestion question;
};
/// The Initiator waits for TRANSFER_RESP.
struct AwaitAnswer {
  std::shared_ptr<const Sent> sent;
};
/// Whoever started an update waits for TRANSFER_RESP.
struct AwaitUpdateAnswer {
  std::shared_ptr<const SentUpdate> sent;
};
/// The Responder asks its owner what is known of the ticket.
struct NeedsTicket {
  std::shared_ptr<const Call> call;
};
/// The Responder waits for RESOLVE_RESP.
struct AwaitKeys {
  std::shared_ptr<const Call> call;
  KmsQuestion question;
};
/// TRANSFER_INIT is authentic; is it new?
struct NeedsVerdict {
  std::shared_ptr<const Call> call;
  std::shared_ptr<const ResolvedTicket> ticket;
  engine::Authenticated<TransferInit> init;
  MessageKeysPtr keys;
};
/// An update came; which CSB is it about?
struct NeedsBundle {
  engine::Received<TransferInit> init;
  engine::Timestamp t;
};
/// The update is authentic; is it new?
struct NeedsUpdateVerdict {
  engine::Authenticated<TransferInit> init;
  engine::Timestamp t;
  keys::BundlePtr old;
  MessageKeysPtr keys;
  bool own_update = false;
};
struct Done {};

using State = std::variant<AwaitInit, AwaitTicket, AwaitAnswer, AwaitUpdateAnswer, NeedsTicket, AwaitKeys,
                           NeedsVerdict, NeedsBundle, NeedsUpdateVerdict, Done>;

// ------------------------------------------------------------------ transitions

using engine::Next;
using engine::Received;

/// plan.cpp: what is asked for, or why it cannot be.
Result<Plan> make_plan(const Env& env, const TicketOffer& offer);

/// initiator.cpp: modes 1 and 2 ask the KMS first, 3 and 4 and reuse do not; an update goes to the peer.
Result<Next<AwaitTicket, AwaitAnswer, Done>> begin(const Env& env, TicketOffer offer, std::uint32_t& csb_id);
Result<Next<AwaitAnswer, Done>> on(const AwaitTicket& s, const Received<RequestResp>& m, const Env& env);
Result<Next<Done>> on(const AwaitAnswer& s, const Received<TransferResp>& m, const Env& env);

/// responder.cpp
Result<Next<NeedsTicket, NeedsBundle>> on(const AwaitInit& s, Received<TransferInit> m, const Env& env);
Result<Next<AwaitKeys, NeedsVerdict>> on(const NeedsTicket& s, const TicketSupplied& known, const Env& env);
Result<Next<NeedsVerdict, Done>> on(const AwaitKeys& s, const Received<ResolveResp>& m, const Env& env);
Result<Next<Done>> on(const NeedsVerdict& s, const ReplayVerdict& verdict, const Env& env);

/// update.cpp (RFC 6043 5.2)
Result<Next<AwaitUpdateAnswer, Done>> begin_update(const Env& env, TicketOffer offer, keys::BundlePtr old);
Result<Next<Done>> on(const AwaitUpdateAnswer& s, const Received<TransferResp>& m, const Env& env);
Result<Next<NeedsUpdateVerdict>> on(const NeedsBundle& s, const BundleSupplied& answer, const Env& env);
Result<Next<Done>> on(const NeedsUpdateVerdict& s, const ReplayVerdict& verdict, const Env& env);

// ------------------------------------------------------------------ shared by the two sides

/// The session keys in a KEMAC of TRANSFER_INIT or TRANSFER_RESP, if there is one and the Ticket Policy
/// allows it.
Result<std::vector<keys::KeyEntry>> supplied_keys(const keys::MessageKeys& keys, const wire::Message& m,
                                                  ByteView t, bool allowed);

/// What a bundle is made of.
struct Parts {
  Role role{};
  Identity peer;
  std::uint32_t csb_id = 0;
  PrfFunc prf{};
  TicketFlags flags;
  Bytes rand_i;
  Bytes rand_r;
  std::vector<keys::KeyEntry> keys;
  std::vector<Session> sessions;
  Policies policies;
  keys::TicketCsb csb;
  std::vector<keys::Extension> extensions;
};
/// The bundle, its sessions keyed.
Result<engine::Draft> make_draft(const Env& env, Parts p);
/// Sets by when the next keys must be there, now that some are (RFC 6043 6.10, TRr).
void set_rekey_time(const Env& env, keys::TicketCsb& csb);

/// An error message about a TRANSFER_INIT, authenticated when `keys` are given.
std::optional<Send> transfer_error(const Env& env, const wire::Message& m, const Identity& to, const Error& e,
                                   const keys::MessageKeys* keys);
/// About one that could not be read.
std::optional<Send> plain_error(const Env& env, const wire::Hdr& about, const Error& e);

/// machine.cpp
std::unique_ptr<engine::Machine> make_responder(const Env& env);
Result<std::unique_ptr<engine::Machine>> make_initiator(const Env& env, TicketOffer offer,
                                                        keys::BundlePtr old);

}  // namespace mikey::ticket
