/// \file
/// Groups whose key one party makes and sends to each member (RFC 3830 8): a server to its listeners (8.1),
/// or one member of a small interactive group, for its outgoing streams, to the others (8.2).
///
///     auto group = Group::make(party, {.streams = {{0x1001, 0, {}}}});
///     auto sent = group->add(Identity::uri("sip:bob@example.com"));   // sent->send: carry it to Bob
///     group->remove(bob);
///     for (Group::Told& told : *group->rekey()) ...                   // everybody else gets a new key
#pragma once

#include <set>

#include "mikey/exchange/party.hpp"

namespace mikey {

/// What a group is made with.
struct GroupSpec {
  Mode mode = Mode::psk;                       ///< psk or pk: the modes that carry a key to its receiver
  std::vector<Stream> streams = {{0, 0, {}}};  ///< of the sender; SSRC 0: one is drawn
  KeyRequest key;                              ///< TGK or TEK, its length and salt, or a given one
  keys::Validity validity;    ///< an SPI (MKI) tells the keys before and after a re-key apart
  bool verification = false;  ///< ask each member for an answer: a load that grows with the group
};

/// All members have the same CSB ID, RAND, CS IDs, policies and key, and so the same TEKs. Not thread-safe;
/// the party must outlive it. The party keeps one bundle a member, for updates.
class Group {
 public:
  /// Draws "CSB ID", "RAND", SSRCs, the key and its salt. ErrorCode::bad_request for other modes and
  /// impossible keys.
  static Result<Group> make(Party& owner, const GroupSpec& spec);

  /// The sender's own keys. The bundle's peer is the owner itself.
  const keys::Bundle& bundle() const { return *bundle_; }
  const std::set<Identity>& members() const { return members_; }

  /// Sends the present key to a member, old or new. Established at once without verification. A member who
  /// asked to leave and comes back must have forgotten the CSB, as its ID is known to both.
  Result<Outcome> add(const Identity& member);
  /// Nothing more is sent to `member`, who still has the present key: rekey() shuts them out.
  /// ErrorCode::bad_request when there is no such member.
  Status remove(const Identity& member);

  /// What became of one member.
  struct Told {
    Identity member;
    Result<Outcome> outcome;
  };
  /// A new key of the kind the group was made with, sent to every member in an update (RFC 3830 4.5). It
  /// serves the owner at once; a member whose update cannot be made is reported and stays a member.
  /// `validity`: of the new key.
  Result<std::vector<Told>> rekey(const keys::Validity& validity = {});

  /// The same for the group whose key `owner` hands out in RSA-R (RFC 4738 3.6): a new key in
  /// Credentials::rsar_group, sent to everybody who has asked for the old one and whose bundle was not
  /// forgotten since. ErrorCode::bad_request when there is no such group.
  static Result<std::vector<Told>> rekey_rsar(Party& owner);

 private:
  Group(Party& owner, Mode mode, bool verification)
      : owner_(&owner), mode_(mode), verification_(verification) {}
  InitiateRequest request_to(const Identity& member) const;

  Party* owner_;
  Mode mode_;
  bool verification_;
  keys::BundlePtr bundle_;
  std::set<Identity> members_;
};

}  // namespace mikey
