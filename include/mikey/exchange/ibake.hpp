/// \file
/// What a party holds for MIKEY-IBAKE (RFC 6267): parameters of KMSs, its own private keys, and for whom it
/// answers.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "mikey/ibc/ibake_keys.hpp"
#include "mikey/keys/bundle.hpp"

namespace mikey {

/// Parameters of the KMSs that are known, one's own private keys, and which KMS peers have their keys from.
class IbakeStore {
 public:
  /// The first one is one's own, and that of peers of whom nothing else is known. One with the URI of another
  /// takes its place.
  void add(ibc::IbakeKms kms);
  /// Takes the place of one of the same identity, KMS and date.
  void add(ibc::IbakeKey key);
  /// Where the keys of `peer` come from.
  void know(Identity peer, std::string kms_uri);
  /// Destroys the keys whose date ended before `t`. Content keys that were sealed for those dates (open_esk)
  /// can then no longer be opened, so nobody does this by itself.
  void forget_before(NtpTime t);

  bool empty() const { return kms_.empty(); }
  std::span<const ibc::IbakeKms> kms() const { return kms_; }
  std::span<const ibc::IbakeKey> keys() const { return keys_; }

  /// The KMS of this URI, or nullptr.
  const ibc::IbakeKms* kms_by_uri(std::string_view uri) const;
  /// The KMS whose parameters a message to `peer` is encrypted with, or nullptr when they are not known.
  const ibc::IbakeKms* kms_of(const Identity& peer) const;
  /// One's own private key of an identity for the date of `t`, of whichever KMS, or nullptr.
  const ibc::IbakeKey* key(ByteView id_data, NtpTime t) const;

 private:
  std::vector<ibc::IbakeKms> kms_;
  std::vector<ibc::IbakeKey> keys_;
  std::map<Identity, std::string> peers_;
};

/// One party's side of MIKEY-IBAKE.
struct IbakeSettings {
  IbakeStore store;
  Identity kms;                      ///< who is asked for private keys that are missing; empty: nobody
  bool public_key = false;           ///< how: with an envelope key and a signature, not with a pre-shared key
  std::optional<Identity> psk_name;  ///< what IDRpsk calls the key
  /// Who may answer in place of the one called, where calls fork, or are redirected or stored without the
  /// caller's knowledge (RFC 6267 7.3, 7.4). The bundle's peer is whoever answered.
  std::vector<Identity> accept;
  bool accept_any = false;
  /// For whom this party answers, under its own identity: the common identity of a user's devices, or the
  /// owners of a mailbox.
  std::vector<Identity> answer_for;
};

/// What can be asked for in this mode beyond Terms.
struct IbakeTerms {
  std::optional<EccCurve> curve;  ///< default: the first of Policy::ecc_curves
  bool esk = false;               ///< send a key for deferred content in the first message
};

/// A key for deferred content as it was stored: Encr data of an ESK payload, which only its owner can open
/// (RFC 6267 6.1.2).
struct StoredKey {
  Identity owner;  ///< the intended recipient
  NtpTime time;    ///< T of the message it came in, which says for which date it is encrypted
  Bytes data;
};

/// A content key that was opened.
struct ContentKey {
  /// Whom the sealed content names as its sender. Anybody could have sealed it: it is authentic only as far
  /// as the mailbox that stored it is trusted to have taken it from this Initiator.
  Identity sender;
  SecretBytes key;
};

/// Opens a stored key with the private keys of `store`. ErrorCode::bad_request when there is none for its
/// owner and date, unspecified when it is not sealed for that key.
Result<ContentKey> open_esk(const crypto::Provider& provider, const IbakeStore& store,
                            const StoredKey& stored);

}  // namespace mikey
