#include "mikey/ibc/key_set.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxUri = 0xFFFF;  // an ID payload's length is 16 bits (RFC 3830 6.7)

/// The same error with the member it is about in front.
Error about(const char* member, Error e) {
  e.detail = std::string(member) + ": " + e.detail;
  return e;
}

Status check_uri(const char* member, std::string_view uri) {
  if (uri.empty() || uri.size() > kMaxUri)
    return bad_request(std::string(member) + ": expected 1 to 65535 octets", "RFC 6509 2.2.1");
  return {};
}

}  // namespace

Result<Kms> Kms::load(KmsRecord record) {
  if (auto s = check_uri("kms_uri", record.kms_uri); !s) return std::move(s).error();
  if (auto s = check_scheme(record.ids); !s) return about("id_scheme", std::move(s).error());
  if (record.from && record.to && *record.to < *record.from)
    return bad_request("to: the last period is before the first one", "RFC 6509 3.3");
  auto z = sakke::KmsPublicKey::load(record.z);
  if (!z) return about("Z", std::move(z).error());
  auto kpak = eccsi::KmsPublicKey::load(record.kpak);
  if (!kpak) return about("KPAK", std::move(kpak).error());
  Kms out;
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(record), std::move(*z), std::move(*kpak)});
  return out;
}

Result<Bytes> Kms::identifier(const crypto::Provider& provider, std::string_view user,
                              KeyPeriod period) const {
  return ibc::identifier(provider, record().ids, uri(), user, period);
}

Result<KeySet> KeySet::load(const crypto::Provider& provider, const Kms& kms, const KeySetRecord& record,
                            sakke::Tables tables) {
  if (record.kms_uri != kms.uri())
    return bad_request("kms_uri: the key set is of another KMS", "RFC 6509 2.1.2");
  if (record.scheme != kms.record().ids.scheme)
    return bad_request("id_scheme: it is not that of the KMS", "RFC 6509 3.2");
  if (!kms.record().covers(record.period))
    return bad_request("period: the KMS's public keys are not for it", "RFC 6509 3.3");
  auto id = kms.identifier(provider, record.uri, record.period);
  if (!id) return about("uri", bad_request(std::move(id).error().detail, "RFC 6509 3.2"));
  if (!record.id.empty() && record.id != *id)
    return bad_request("id: it is not the identifier of this uri and period", "RFC 6509 3.2");
  auto receiver = sakke::ReceiverKey::load(kms.z(), *id, record.rsk, tables);
  if (!receiver) return about("RSK", std::move(receiver).error());
  auto signer = eccsi::SigningKey::load(provider, kms.kpak(), *id, record.ssk, record.pvt);
  if (!signer) return about("SSK", std::move(signer).error());
  KeySet out;
  out.impl_ = std::make_shared<const Impl>(Impl{record.uri, record.kms_uri, record.period, std::move(*id),
                                                std::move(*receiver), std::move(*signer)});
  return out;
}

Result<MasterRecord> make_master(Rng& rng, std::string kms_uri, const IdScheme& ids) {
  if (auto s = check_uri("kms_uri", kms_uri); !s) return std::move(s).error();
  if (auto s = check_scheme(ids); !s) return std::move(s).error();
  auto z = sakke::generate_master_secret(rng);
  if (!z) return std::move(z).error();
  auto ksak = eccsi::generate_ksak(rng);
  if (!ksak) return std::move(ksak).error();
  auto public_z = sakke::kms_public_key(*z);
  if (!public_z) return std::move(public_z).error();
  auto kpak = eccsi::kms_public_key(*ksak);
  if (!kpak) return std::move(kpak).error();
  MasterRecord out;
  out.known = {std::move(kms_uri), ids, std::nullopt, std::nullopt, std::move(*public_z), std::move(*kpak)};
  out.z = std::move(*z);
  out.ksak = std::move(*ksak);
  return out;
}

Status check_master(const MasterRecord& master) {
  auto z = sakke::kms_public_key(master.z);
  if (!z) return about("z", std::move(z).error());
  if (*z != master.known.z) return bad_request("Z: it is not the public key of z", "RFC 6508 6.1");
  auto kpak = eccsi::kms_public_key(master.ksak);
  if (!kpak) return about("KSAK", std::move(kpak).error());
  if (*kpak != master.known.kpak)
    return bad_request("KPAK: it is not the public key of KSAK", "RFC 6507 4.2");
  return {};
}

Result<KeySetRecord> issue_key_set(const crypto::Provider& provider, Rng& rng, const MasterRecord& master,
                                   const Kms& kms, std::string uri, KeyPeriod period) {
  if (!kms.record().covers(period)) return bad_request("period: the KMS's keys are not for it");
  auto id = kms.identifier(provider, uri, period);
  if (!id) return about("uri", bad_request(std::move(id).error().detail, "RFC 6509 3.2"));
  auto rsk = sakke::extract_rsk(master.z, *id);
  if (!rsk) return std::move(rsk).error();
  auto pair = eccsi::issue(provider, rng, master.ksak, kms.kpak(), *id);
  if (!pair) return std::move(pair).error();
  return KeySetRecord{kms.uri(),      kms.record().ids.scheme, std::move(uri),       period,
                      std::move(*id), std::move(*rsk),         std::move(pair->ssk), std::move(pair->pvt)};
}

}  // namespace mikey::ibc
