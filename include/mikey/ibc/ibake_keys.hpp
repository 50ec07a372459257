/// \file
/// The keys that a KMS has, and those it gives its users, for MIKEY-IBAKE: Boneh-Franklin parameters, private
/// keys and master secret (RFC 6267 4.1, RFC 5091 5), as records and, once validated, ready for use.
///
/// Loaded objects are immutable, cheap to copy, and may be used from several threads.
#pragma once

#include <memory>

#include "mikey/ibc/boneh_franklin.hpp"
#include "mikey/ibc/key_date.hpp"

namespace mikey::ibc {

/// What the users of a KMS, and those who call them, know of it.
struct IbakeKmsRecord {
  std::string kms_uri;  ///< as it stands in IDRkms payloads, octet for octet; districtName of RFC 5408
  DateFormat dates = DateFormat::month;
  Bytes p;  ///< big-endian, as all numbers here
  Bytes q;
  bf::Point point_p;
  bf::Point point_p_pub;
  crypto::Hash hash = crypto::Hash::sha1;
  // RFC 5408 4.2; parameters that do not come from there need none of it
  std::uint32_t serial = 1;                ///< districtSerial
  std::optional<std::int64_t> not_before;  ///< seconds since 1970
  std::optional<std::int64_t> not_after;
  friend bool operator==(const IbakeKmsRecord&, const IbakeKmsRecord&) = default;
};

/// The private key of one identity for one date. Secret.
struct IbakeKeyRecord {
  std::string kms_uri;
  Bytes identity;  ///< ID data of IDR payloads
  std::string date;
  SecretBytes x;  ///< of S_id, as many octets as stand there
  SecretBytes y;
};

/// What only the KMS has.
struct IbakeMasterRecord {
  IbakeKmsRecord known;  ///< what it tells its users
  BfMasterSecret s;
};

/// A KMS whose parameters have been checked.
class IbakeKms {
 public:
  /// ErrorCode::bad_request, naming what is wrong, when the URI is empty or too long, the validity ends
  /// before it begins, or bf::PublicParameters::load() refuses the numbers. Takes milliseconds for a p of 512
  /// bits and seconds for one of 7680.
  static Result<IbakeKms> load(const crypto::Provider& provider, IbakeKmsRecord record);

  const IbakeKmsRecord& record() const { return impl_->record; }
  const std::string& uri() const { return impl_->record.kms_uri; }
  DateFormat dates() const { return impl_->record.dates; }
  const bf::PublicParameters& parameters() const { return impl_->parameters; }

  /// Whether these parameters may be used at `t` (RFC 5408 4.2).
  bool valid_at(NtpTime t) const;
  KeyDate date_at(NtpTime t) const { return ibc::date_at(dates(), t); }
  /// The string that is hashed to a public key: ID data || date (doc/readings.md, 6267-3).
  static Bytes key_name(ByteView id_data, const KeyDate& date);

 private:
  struct Impl {
    IbakeKmsRecord record;
    bf::PublicParameters parameters;
  };
  std::shared_ptr<const Impl> impl_;
};

/// One's own private key for one identity and date, validated.
class IbakeKey {
 public:
  /// Validates the key against the parameters of `kms` (doc/readings.md, 5091-5): two pairings.
  /// ErrorCode::bad_request when it does not belong to identity, date and KMS.
  static Result<IbakeKey> load(const crypto::Provider& provider, const IbakeKms& kms,
                               const IbakeKeyRecord& record);
  static Result<IbakeKey> load(const crypto::Provider& provider, const IbakeKms& kms, Bytes id_data,
                               const KeyDate& date, BfPrivateKey key);

  const IbakeKms& kms() const { return impl_->kms; }
  const Bytes& identity() const { return impl_->identity; }
  const KeyDate& date() const { return impl_->date; }
  const BfPrivateKey& key() const { return impl_->key; }
  /// The record that load() takes.
  IbakeKeyRecord record() const;

 private:
  struct Impl {
    IbakeKms kms;
    Bytes identity;
    KeyDate date;
    BfPrivateKey key;
  };
  std::shared_ptr<const Impl> impl_;
};

/// A KMS with its master secret.
class IbakeMaster {
 public:
  /// ErrorCode::bad_request unless the parameters are good and P_pub = [s]P.
  static Result<IbakeMaster> load(const crypto::Provider& provider, IbakeMasterRecord record);

  const IbakeKms& kms() const { return impl_->kms; }
  /// The private key of `id_data` for a date (RFC 5091 5.3.1): one multiplication of a point by a number as
  /// long as q, in constant time, and one lift of a hash to a point.
  Result<BfPrivateKey> extract(const crypto::Provider& provider, ByteView id_data, const KeyDate& date) const;

 private:
  struct Impl {
    IbakeKms kms;
    BfMasterSecret s;
  };
  std::shared_ptr<const Impl> impl_;
};

/// A new KMS (RFC 5091 5.1.2). Draws and takes as long as bf::setup().
Result<IbakeMasterRecord> make_ibake_master(const crypto::Provider& provider, Rng& rng, std::string kms_uri,
                                            DateFormat dates, bf::Level level);

}  // namespace mikey::ibc
