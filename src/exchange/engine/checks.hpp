/// \file
/// The checks of RFC 3830 5.3 that modes share. Each returns what it found or why the message is not
/// acceptable.
#pragma once

#include <initializer_list>

#include "exchange/engine/terms.hpp"

namespace mikey::engine {

/// The one T payload of an Initiator's message: an NTP timestamp within the skew (RFC 3830 5.4, 6.6).
struct Timestamp {
  TsType type{};
  Bytes value;  ///< 8 octets as received; goes into responses and MACs unchanged
  NtpTime time() const { return {load_be<std::uint64_t>(value.data())}; }
};
Result<Timestamp> fresh_timestamp(const Env& env, const wire::Message& m);

Status check_prf(const Policy& policy, const wire::Message& m);

/// That the message consists of payloads of the given types only, and ends with one of type `last`, of which
/// there is no other.
Status check_layout(const wire::Message& m, std::initializer_list<PayloadType> allowed, PayloadType last);

/// IDi and IDr of an Initiator's message (RFC 3830 3.1, 6.7). A single ID is IDr when it is `self`, else IDi.
struct Ids {
  std::optional<Identity> idi;
  std::optional<Identity> idr;
  std::size_t idr_offset = 0;
};
Result<Ids> message_ids(const wire::Message& m, const Identity& self);

/// That the message is for this party.
Status check_for_me(const Ids& ids, const Identity& self);

/// The RAND that goes into derivations: the message's own, or the old bundle's in an update, whose message
/// has none (RFC 3830 4.5).
Result<Bytes> find_rand(const wire::Message& m, const keys::Bundle* old);

/// A first message for a CSB that exists. It is authenticated and looked up in the replay cache like any
/// other, since it is most likely a replay of the one that made the CSB, which must get no answer; then it is
/// refused.
inline bool collides(const wire::Message& m, const keys::Bundle* old) {
  return old != nullptr && m.find(PayloadType::rand) != nullptr;
}
Error collision(const wire::Message& m);

/// That an update is of the mode that made the CSB, and under its PRF function (RFC 3830 4.5).
Status check_same_kind(const keys::Bundle& old, Mode mode, const wire::Message& m);

/// Crypto sessions and policies that an Initiator's message asks for, if all are acceptable.
Result<Proposal> accept_proposal(const Policy& policy, const wire::Message& m, const keys::Bundle* old);

/// RFC 3830 6.1.1: random, distinct SSRCs where the Initiator left zero. Draws "SSRC".
Status fill_ssrcs(Rng& rng, std::vector<wire::SrtpId>& cs);

/// The header of a response to `m`, with the sessions `cs` encoded in `map`, which must outlive the header.
wire::Hdr response_header(const wire::Message& m, DataType type, const std::vector<wire::SrtpId>& cs,
                          Bytes& map);
/// The same when the Responder fills in the map itself (RFC 4738 3.6).
wire::Hdr map_header(wire::Hdr h, DataType type, const std::vector<wire::SrtpId>& cs, Bytes& map);
/// The header of an Initiator's message.
wire::Hdr initial_header(DataType type, bool v, PrfFunc prf, std::uint32_t csb_id, const Proposal& p,
                         Bytes& map);

/// The crypto sessions of a response to a message that carried `sent` under `prf`: the Responder may only
/// have filled in SSRCs (and ROCs) that were left open.
Result<std::vector<wire::SrtpId>> check_answer(const wire::Message& answer, const Proposal& sent,
                                               PrfFunc prf);

/// General extensions of a message.
std::vector<keys::Extension> extensions_of(const wire::Message& m);

wire::Id id_payload(const Identity& id);
Identity identity_of(const wire::Id& id);

}  // namespace mikey::engine
