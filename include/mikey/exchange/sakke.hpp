/// \file
/// What a party holds for MIKEY-SAKKE (RFC 6509): KMSs it trusts, its own key sets, and what it has worked
/// out of others.
#pragma once

#include <list>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "mikey/ibc/key_set.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey {

/// The KMSs that are trusted, one's own key sets (RFC 6509 3.3: those of two periods at least may be held at
/// once), and what is known of peers beforehand.
class SakkeStore {
 public:
  /// Several entries of one KMS may follow each other, with `from` and `to` periods.
  void add(ibc::Kms kms) { kms_.push_back(std::move(kms)); }
  void add(ibc::KeySet set) { sets_.push_back(std::move(set)); }
  /// `peer` may hide behind a UID (TS 33.180 E.7): its name is then found among those known. `kms_uri`, if
  /// not empty: where its keys come from; keys of another KMS are refused.
  void know(Identity peer, std::string kms_uri = {});
  /// Destroys the key sets whose period ended more than two days before `now` (RFC 6509 3.3). Messages stored
  /// in those periods can then no longer be opened, so nobody does this by itself.
  void forget_expired(NtpTime now);

  bool empty() const { return kms_.empty() && sets_.empty(); }
  std::span<const ibc::Kms> kms() const { return kms_; }
  std::span<const ibc::KeySet> key_sets() const { return sets_; }
  const std::map<Identity, std::string>& peers() const { return peers_; }

  /// The keys that the KMS of this URI has in force at `t`, or nullptr.
  const ibc::Kms* kms_at(std::string_view uri, NtpTime t) const;
  /// The key set of an identifier of a KMS, or nullptr.
  const ibc::KeySet* key_set(std::string_view kms_uri, ByteView id) const;
  /// Where the keys of `peer` come from, as far as it is known beforehand; else empty.
  std::string_view kms_of(const Identity& peer) const;

 private:
  std::vector<ibc::Kms> kms_;
  std::vector<ibc::KeySet> sets_;
  std::map<Identity, std::string> peers_;
};

/// Tables for peers that are met again, so that repeated messages are quick: 88 KB for a signer, 1.3 MB for a
/// receiver. A table is made when a peer is met the second time; the peer met least recently makes room. Only
/// signers whose signature was good are remembered, so that strangers cannot fill it. Not thread-safe.
class SakkeCache {
 public:
  /// Peers remembered at most, each kind. 0: none.
  explicit SakkeCache(std::size_t signers = 256, std::size_t receivers = 32)
      : signers_(signers), receivers_(receivers) {}

  /// As ibc::eccsi::verify().
  Status verify(const crypto::Provider& provider, const ibc::Kms& kms, ByteView id, ByteView message,
                ByteView signature);
  /// As ibc::sakke::encapsulate().
  Result<Bytes> encapsulate(const crypto::Provider& provider, const ibc::Kms& kms, ByteView id,
                            const ibc::Ssv& ssv);

  std::size_t signers() const { return signers_.size(); }
  std::size_t receivers() const { return receivers_.size(); }

 private:
  /// The least recently used goes first.
  template <class Table>
  class Recent {
   public:
    explicit Recent(std::size_t most) : most_(most) {}
    std::size_t size() const { return by_name_.size(); }
    /// The entry of `name` if there is one, which is then the most recent.
    std::optional<Table>* find(const Bytes& name);
    void add(Bytes name);

   private:
    struct Entry {
      Bytes name;
      std::optional<Table> table;  ///< none while the peer was met once
    };
    std::size_t most_;
    std::list<Entry> entries_;  ///< most recent first
    std::map<Bytes, typename std::list<Entry>::iterator> by_name_;
  };

  Recent<ibc::eccsi::KnownSigner> signers_;
  Recent<ibc::sakke::KnownReceiver> receivers_;
};

/// Which IDR payloads are sent (RFC 6509 2.2.1: all are optional).
enum class SakkeIdentities : std::uint8_t {
  all,  ///< IDRi, IDRr, IDRkmsi, IDRkmsr
  kms,  ///< IDRkmsi, IDRkmsr: the parties are known otherwise
  none,
};

/// One party's choices in this mode.
struct SakkePolicy {
  SakkeIdentities identities = SakkeIdentities::all;
  bool hide_identities = false;  ///< UIDs in place of URIs (TS 33.180 E.7), where the ID scheme has them
  bool sign_rsa = false;         ///< sign by certificate (Policy::sign_type), not ECCSI
  bool open_own =
      false;  ///< take messages of one's own, from another device, by their SAKKE-to-self extension

  // What some products of mission-critical systems do against the letter. Strict: none of it.
  bool accept_scheme_1_for_2 = false;          ///< ID scheme 1 where the KMS has hashed UIDs
  bool accept_signature_without_sign = false;  ///< the signature stops before the SIGN payload
  bool accept_roc_transmission = false;        ///< SRTP policies with RFC 4771's integrity transforms
};

/// A crypto session of a GENERIC-ID map to be sent.
struct SakkeSession {
  std::uint8_t cs_id = 0;
  Bytes spi;
};

/// What can be asked for in this mode beyond Terms.
struct SakkeTerms {
  std::string kms;                      ///< the Responder's KMS; empty: the one known of it, else one's own
  std::optional<NtpTime> time;          ///< T in place of the present, for deferred delivery (RFC 6509 2.5)
  Bytes rand;                           ///< RAND in place of a fresh one, at least 16 octets
  std::optional<std::uint32_t> csb_id;  ///< CSB ID of a new CSB in place of a random one (TS 33.180 key IDs)
  std::optional<std::vector<SakkeSession>> sessions;  ///< in place of Terms::streams: CS IDs and SPIs
  Bytes sp_params;       ///< with `sessions`: the policy parameters to send; empty: the first of Policy::srtp
  bool to_self = false;  ///< add the SAKKE-to-self extension (TS 33.180 E.5)
};

}  // namespace mikey
