/// \file
/// The keys that a KMS has, and those it gives its users, for MIKEY-SAKKE: SAKKE and ECCSI together (RFC
/// 6509 2.1.2), as records and, once validated, ready for use.
///
/// Loaded objects are immutable, cheap to copy, and may be used from several threads.
#pragma once

#include <memory>

#include "mikey/ibc/eccsi.hpp"
#include "mikey/ibc/identifier.hpp"
#include "mikey/ibc/sakke.hpp"

namespace mikey::ibc {

/// What the users of a KMS know of it. SAKKE parameter set 1 (RFC 6509 Appendix A).
struct KmsRecord {
  std::string kms_uri;            ///< as it stands in IDRkms payloads, octet for octet
  IdScheme ids;                   ///< how its users' identifiers are made
  std::optional<KeyPeriod> from;  ///< first period these keys are for; absent: any
  std::optional<KeyPeriod> to;    ///< last one
  Bytes z;                        ///< Z_T, sakke::kPointSize octets
  Bytes kpak;                     ///< KPAK, eccsi::kPointSize octets

  bool covers(KeyPeriod p) const { return (!from || *from <= p) && (!to || p <= *to); }
  friend bool operator==(const KmsRecord&, const KmsRecord&) = default;
};

/// The keys of one user for one key period. Secret.
struct KeySetRecord {
  std::string kms_uri;
  SakkeIdScheme scheme = SakkeIdScheme::tel_uri_monthly;
  std::string uri;
  KeyPeriod period;
  Bytes id;   ///< the identifier; may be empty, otherwise it is compared with what uri and period give
  Rsk rsk;    ///< sakke::kPointSize octets
  Ssk ssk;    ///< eccsi::kScalarSize octets
  Bytes pvt;  ///< eccsi::kPointSize octets
};

/// What only the KMS has.
struct MasterRecord {
  KmsRecord known;      ///< what it tells its users
  SakkeMasterSecret z;  ///< z_T, big-endian
  Ksak ksak;            ///< big-endian
};

/// A KMS whose public keys have been checked.
class Kms {
 public:
  /// ErrorCode::bad_request, naming the member, when the URI is empty or too long, the ID scheme is not one,
  /// the periods are in the wrong order, Z_T is not of order q or KPAK not on the curve (RFC 6508 6.1, RFC
  /// 6507 4.2).
  static Result<Kms> load(KmsRecord record);

  const KmsRecord& record() const { return impl_->record; }
  const std::string& uri() const { return impl_->record.kms_uri; }
  const sakke::KmsPublicKey& z() const { return impl_->z; }
  const eccsi::KmsPublicKey& kpak() const { return impl_->kpak; }
  /// The identifier of a user in a period.
  Result<Bytes> identifier(const crypto::Provider& provider, std::string_view uri, KeyPeriod period) const;

 private:
  struct Impl {
    KmsRecord record;
    sakke::KmsPublicKey z;
    eccsi::KmsPublicKey kpak;
  };
  std::shared_ptr<const Impl> impl_;
};

/// One's own keys for one period, validated.
class KeySet {
 public:
  /// Validates the RSK (RFC 6508 6.1.2), and SSK and PVT (RFC 6507 5.1.2), against the public keys of `kms`.
  /// ErrorCode::bad_request, naming the member, when one does not belong to uri, period and KMS.
  static Result<KeySet> load(const crypto::Provider& provider, const Kms& kms, const KeySetRecord& record,
                             sakke::Tables tables = sakke::Tables::own);

  const std::string& uri() const { return impl_->uri; }
  const std::string& kms_uri() const { return impl_->kms_uri; }
  KeyPeriod period() const { return impl_->period; }
  const Bytes& id() const { return impl_->id; }
  const sakke::ReceiverKey& receiver() const { return impl_->receiver; }
  const eccsi::SigningKey& signer() const { return impl_->signer; }

 private:
  struct Impl {
    std::string uri;
    std::string kms_uri;
    KeyPeriod period;
    Bytes id;
    sakke::ReceiverKey receiver;
    eccsi::SigningKey signer;
  };
  std::shared_ptr<const Impl> impl_;
};

/// A new KMS (RFC 6508 6.1, RFC 6507 4.2). Draws "SAKKE z" and "ECCSI KSAK".
Result<MasterRecord> make_master(Rng& rng, std::string kms_uri, const IdScheme& ids);

/// That the public keys are those of the secrets. ErrorCode::bad_request, naming the member, otherwise.
Status check_master(const MasterRecord& master);

/// The keys of one user for one period. Draws "ECCSI v". `kms`: the loaded `master.known`.
Result<KeySetRecord> issue_key_set(const crypto::Provider& provider, Rng& rng, const MasterRecord& master,
                                   const Kms& kms, std::string uri, KeyPeriod period);

}  // namespace mikey::ibc
