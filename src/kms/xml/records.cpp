#include "mikey/kms/records.hpp"

#include <limits>

namespace mikey::kms {
namespace {

constexpr const char* kCertificate = "TS 33.180 D.3.2";
constexpr const char* kKeySet = "TS 33.180 D.3.3";
constexpr std::int64_t kOneSecond = 1;

// NTP timestamps are unambiguous between 1968 and 2104. A validity that begins or ends beyond is none here.
constexpr std::int64_t kFirst = 0;
constexpr std::int64_t kLast = 4'102'444'800;  // 2100-01-01

std::int64_t seconds(Time t) {
  return t.time_since_epoch().count();
}

std::optional<ibc::KeyPeriod> period_of(const ibc::IdScheme& ids, std::int64_t t) {
  if (t < kFirst || t > kLast) return std::nullopt;
  return ibc::period_at(ids, NtpTime::from_unix(t));
}

Time begin_of(const ibc::IdScheme& ids, ibc::KeyPeriod period) {
  return Time(std::chrono::seconds(ibc::period_begin(ids, period).unix_seconds()));
}

Time end_of(const ibc::IdScheme& ids, ibc::KeyPeriod period) {
  return begin_of(ids, {period.number + 1}) - std::chrono::seconds(kOneSecond);
}

Status only_hashed(SakkeIdScheme scheme) {
  if (scheme == SakkeIdScheme::mcx_hashed_uid) return {};
  return bad_request("3GPP's documents know no monthly keys of tel URIs (ID scheme 1); keep those as JSON",
                     "TS 33.180 F.2.1");
}

}  // namespace

Result<ibc::KmsRecord> to_record(const Certificate& c) {
  if (c.revoked)
    return bad_request("<Revoked>: the certificate of " + c.kms_uri + " is revoked", kCertificate);
  if (c.user_id_format != "2")
    return bad_request("<UserIdFormat>: " + c.user_id_format + " is not known; 2 (hashed UIDs) is",
                       kCertificate);
  if (c.parameter_set.value_or(1) != 1)
    return bad_request("<ParameterSet>: " + std::to_string(*c.parameter_set) + " is not known; 1 is",
                       kCertificate);
  if (c.user_key_period > std::numeric_limits<std::uint32_t>::max() || c.user_key_offset >= c.user_key_period)
    return bad_request(
        "<UserKeyPeriod>, <UserKeyOffset>: expected an offset below the period, a period below 2^32",
        kCertificate);
  ibc::KmsRecord out;
  out.kms_uri = c.kms_uri;
  out.ids = {SakkeIdScheme::mcx_hashed_uid, static_cast<std::uint32_t>(c.user_key_period),
             static_cast<std::uint32_t>(c.user_key_offset)};
  if (c.valid_from) out.from = period_of(out.ids, seconds(*c.valid_from));
  // Valid to the very beginning of a period: that period is not meant.
  if (c.valid_to) out.to = period_of(out.ids, seconds(*c.valid_to) - kOneSecond);
  out.z = c.pub_enc_key;
  out.kpak = c.pub_auth_key;
  return out;
}

Result<ibc::KeySetRecord> to_record(const KeySet& k) {
  if (k.revoked) return bad_request("<Revoked>: the keys of " + k.user_uri + " are revoked", kKeySet);
  if (!k.decrypt_key.opened() || !k.signing_key.opened() || !k.public_token.opened())
    return bad_request(
        "<UserDecryptKey>: the keys of " + k.user_uri + " are wrapped; the TrK that opens them is needed",
        kKeySet);
  if (k.key_period_no > std::numeric_limits<std::uint32_t>::max())
    return bad_request("<KeyPeriodNo>: " + std::to_string(k.key_period_no) + " is more than 2^32-1", kKeySet);
  ibc::KeySetRecord out;
  out.kms_uri = k.kms_uri;
  out.scheme = SakkeIdScheme::mcx_hashed_uid;
  out.uri = k.user_uri;
  out.period = {static_cast<std::int64_t>(k.key_period_no)};
  out.id = k.user_id;
  out.rsk = ibc::Rsk(k.decrypt_key.key.reveal());
  out.ssk = ibc::Ssk(k.signing_key.key.reveal());
  out.pvt = to_bytes(k.public_token.key.reveal());
  return out;
}

Result<Certificate> to_certificate(const ibc::KmsRecord& record, Role role) {
  if (auto ok = only_hashed(record.ids.scheme); !ok) return std::move(ok).error();
  if (auto ok = ibc::check_scheme(record.ids); !ok) return std::move(ok).error();
  Certificate out;
  out.role = role;
  out.kms_uri = record.kms_uri;
  out.user_key_period = record.ids.period;
  out.user_key_offset = record.ids.offset;
  if (record.from) out.valid_from = begin_of(record.ids, *record.from);
  if (record.to) out.valid_to = end_of(record.ids, *record.to);
  out.pub_enc_key = record.z;
  out.pub_auth_key = record.kpak;
  out.parameter_set = 1;
  return out;
}

Result<KeySet> to_key_set(const ibc::KeySetRecord& record, const ibc::IdScheme& ids) {
  if (auto ok = only_hashed(record.scheme); !ok) return std::move(ok).error();
  if (auto ok = only_hashed(ids.scheme); !ok) return std::move(ok).error();
  if (auto ok = ibc::check_scheme(ids); !ok) return std::move(ok).error();
  if (record.period.number < 0) return bad_request("a key period has no negative number", kKeySet);
  KeySet out;
  out.kms_uri = record.kms_uri;
  out.user_uri = record.uri;
  out.user_id = record.id;
  out.valid_from = begin_of(ids, record.period);
  out.valid_to = end_of(ids, record.period);
  out.key_period_no = static_cast<std::uint64_t>(record.period.number);
  out.decrypt_key.key = record.rsk.clone();
  out.signing_key.key = record.ssk.clone();
  out.public_token.key = SecretBytes{ByteView(record.pvt)};
  return out;
}

}  // namespace mikey::kms
