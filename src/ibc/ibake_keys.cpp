#include "mikey/ibc/ibake_keys.hpp"

#include "bf_impl.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxUri = 0xFFFF;

/// As many octets as p has, or nothing when it has more.
std::optional<BfPrivateKey> join(const SecretBytes& x, const SecretBytes& y, std::size_t octets) {
  BfPrivateKey out(2 * octets);
  MutableBytes to = out.reveal_mutable();
  for (const SecretBytes* from : {&x, &y}) {
    ByteView v = from->reveal();
    while (v.size() > octets && v[0] == 0) v = v.subspan(1);
    if (v.size() > octets) return std::nullopt;
    std::ranges::copy(v, to.begin() + static_cast<std::ptrdiff_t>(octets - v.size()));
    to = to.subspan(octets);
  }
  return out;
}

}  // namespace

Result<IbakeKms> IbakeKms::load(const crypto::Provider& provider, IbakeKmsRecord record) {
  if (record.kms_uri.empty() || record.kms_uri.size() > kMaxUri)
    return bad_request("kms_uri: expected 1 to 65535 octets");
  if (record.not_before && record.not_after && *record.not_after < *record.not_before)
    return bad_request("not_after: the parameters end before they begin", "RFC 5408 4.2");
  auto parameters = bf::PublicParameters::load(provider, record.p, record.q, record.point_p,
                                               record.point_p_pub, record.hash);
  if (!parameters) return std::move(parameters).error();
  // one form, whatever zeros stood in front
  record.p = parameters->p();
  record.q = parameters->q();
  record.point_p = parameters->point_p();
  record.point_p_pub = parameters->point_p_pub();
  IbakeKms out;
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(record), std::move(*parameters)});
  return out;
}

bool IbakeKms::valid_at(NtpTime t) const {
  const std::int64_t now = t.unix_seconds();
  const IbakeKmsRecord& r = impl_->record;
  return (!r.not_before || *r.not_before <= now) && (!r.not_after || now <= *r.not_after);
}

Bytes IbakeKms::key_name(ByteView id_data, const KeyDate& date) {
  Bytes out = to_bytes(id_data);
  append(out, as_bytes(date_text(date)));
  return out;
}

Result<IbakeKey> IbakeKey::load(const crypto::Provider& provider, const IbakeKms& kms,
                                const IbakeKeyRecord& record) {
  if (record.kms_uri != kms.uri()) return bad_request("kms_uri: the key is of another KMS");
  const auto date = parse_date(kms.dates(), record.date);
  if (!date) return bad_request("date: expected " + std::string(date_format_text(kms.dates())));
  auto key = join(record.x, record.y, kms.parameters().element_size());
  if (!key) return bad_request("privateKey: the coordinates are longer than p");
  auto out = load(provider, kms, record.identity, *date, std::move(*key));
  if (!out) out.error().detail = "privateKey: " + out.error().detail;
  return out;
}

Result<IbakeKey> IbakeKey::load(const crypto::Provider& provider, const IbakeKms& kms, Bytes id_data,
                                const KeyDate& date, BfPrivateKey key) {
  if (id_data.empty() || id_data.size() > kMaxUri)
    return bad_request("the identity has no octet, or too many");
  if (date.format != kms.dates()) return bad_request("the date has another format than those of the KMS");
  if (auto s = bf::validate_private_key(provider, kms.parameters(), IbakeKms::key_name(id_data, date), key);
      !s)
    return std::move(s).error();
  IbakeKey out;
  out.impl_ = std::make_shared<const Impl>(Impl{kms, std::move(id_data), date, std::move(key)});
  return out;
}

IbakeKeyRecord IbakeKey::record() const {
  const std::size_t n = kms().parameters().element_size();
  return {kms().uri(), identity(), date_text(date()), SecretBytes(key().reveal().first(n)),
          SecretBytes(key().reveal().subspan(n))};
}

Result<IbakeMaster> IbakeMaster::load(const crypto::Provider& provider, IbakeMasterRecord record) {
  auto kms = IbakeKms::load(provider, std::move(record.known));
  if (!kms) return std::move(kms).error();
  if (auto s = bf::check_master_secret(kms->parameters(), record.s); !s) return std::move(s).error();
  IbakeMaster out;
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(*kms), std::move(record.s)});
  return out;
}

Result<BfPrivateKey> IbakeMaster::extract(const crypto::Provider& provider, ByteView id_data,
                                          const KeyDate& date) const {
  return bf::extract(provider, kms().parameters(), impl_->s, IbakeKms::key_name(id_data, date));
}

Result<IbakeMasterRecord> make_ibake_master(const crypto::Provider& provider, Rng& rng, std::string kms_uri,
                                            DateFormat dates, bf::Level level) {
  auto made = bf::setup(provider, rng, level);
  if (!made) return std::move(made).error();
  const bf::PublicParameters& bp = made->parameters;
  IbakeMasterRecord out;
  out.known.kms_uri = std::move(kms_uri);
  out.known.dates = dates;
  out.known.p = bp.p();
  out.known.q = bp.q();
  out.known.point_p = bp.point_p();
  out.known.point_p_pub = bp.point_p_pub();
  out.known.hash = bp.hash();
  out.s = std::move(made->master_secret);
  return out;
}

}  // namespace mikey::ibc
