#include "mikey/ibc/key_files.hpp"

#include "json.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxUri = 0xFFFF;

KeyPeriod read_period(JsonReader& d, std::string_view name, SakkeIdScheme scheme) {
  if (scheme != SakkeIdScheme::tel_uri_monthly)
    return {static_cast<std::int64_t>(d.number(name, 0xFFFFFFFF))};
  const auto month = parse_period(scheme, d.text(name, "\"YYYY-MM\""));
  if (!month) d.fail(name, "expected \"YYYY-MM\"");
  return month.value_or(KeyPeriod{});
}

void write_period(JsonWriter& w, std::string_view name, SakkeIdScheme scheme, KeyPeriod p) {
  const char* quote = scheme == SakkeIdScheme::tel_uri_monthly ? "\"" : "";
  w.plain(name, quote + period_text(scheme, p) + quote);
}

SakkeIdScheme read_head(JsonReader& d) {
  const auto params = d.number("params", 0xFF);
  if (d.ok() && params != 1) d.fail("params", "expected parameter set 1 (RFC 6509 Appendix A)");
  const auto scheme = d.number("id_scheme", 0xFF);
  if (d.ok() && scheme != 1 && scheme != 2) d.fail("id_scheme", "expected 1 (tel URIs) or 2 (hashed UIDs)");
  return static_cast<SakkeIdScheme>(scheme);
}

KmsRecord read_kms(JsonReader& d) {
  KmsRecord k;
  k.kms_uri = d.uri("kms_uri");
  k.ids.scheme = read_head(d);
  if (k.ids.scheme == SakkeIdScheme::mcx_hashed_uid) {
    k.ids.period = static_cast<std::uint32_t>(d.number("key_period", 0xFFFFFFFF));
    k.ids.offset = static_cast<std::uint32_t>(d.number("key_period_offset", 0xFFFFFFFF));
  }
  if (d.has("from")) k.from = read_period(d, "from", k.ids.scheme);
  if (d.has("to")) k.to = read_period(d, "to", k.ids.scheme);
  k.z = d.octets("Z", sakke::kPointSize);
  k.kpak = d.octets("KPAK", eccsi::kPointSize);
  return k;
}

void write_public(JsonWriter& w, const KmsRecord& k) {
  w.text("kms_uri", k.kms_uri);
  w.number("params", 1);
  w.number("id_scheme", static_cast<std::uint64_t>(k.ids.scheme));
  if (k.ids.scheme == SakkeIdScheme::mcx_hashed_uid) {
    w.number("key_period", k.ids.period);
    w.number("key_period_offset", k.ids.offset);
  }
  if (k.from) write_period(w, "from", k.ids.scheme, *k.from);
  if (k.to) write_period(w, "to", k.ids.scheme, *k.to);
  w.octets("Z", k.z);
  w.octets("KPAK", k.kpak);
}

}  // namespace

Result<KmsRecord> parse_kms(ByteView json) {
  JsonReader d(json);
  KmsRecord k = read_kms(d);
  if (!d.ok()) return d.error();
  return k;
}

Result<KeySetRecord> parse_key_set(ByteView json) {
  JsonReader d(json);
  KeySetRecord k;
  k.kms_uri = d.uri("kms_uri");
  k.scheme = read_head(d);
  k.uri = d.uri("uri");
  k.period = read_period(d, "period", k.scheme);
  if (d.has("id")) {
    const SecretBytes id = d.secret("id", 1, 2 * kMaxUri);
    k.id = to_bytes(id.reveal());
  }
  k.rsk = Rsk(d.secret("RSK", sakke::kPointSize, sakke::kPointSize));
  k.ssk = Ssk(d.secret("SSK", eccsi::kScalarSize, eccsi::kScalarSize));
  k.pvt = d.octets("PVT", eccsi::kPointSize);
  if (!d.ok()) return d.error();
  return k;
}

Result<MasterRecord> parse_master(ByteView json) {
  JsonReader d(json);
  MasterRecord m;
  m.known = read_kms(d);
  m.z = SakkeMasterSecret(d.secret("z", 1, sakke::kElementSize));
  m.ksak = Ksak(d.secret("KSAK", 1, eccsi::kScalarSize));
  if (!d.ok()) return d.error();
  return m;
}

std::string write_kms(const KmsRecord& record) {
  JsonWriter w(record.kms_uri.size());
  write_public(w, record);
  return std::string(as_text(w.finish()));
}

SecretBytes write_key_set(const KeySetRecord& k) {
  JsonWriter w(k.kms_uri.size() + k.uri.size() + k.id.size());
  w.text("kms_uri", k.kms_uri);
  w.number("params", 1);
  w.number("id_scheme", static_cast<std::uint64_t>(k.scheme));
  w.text("uri", k.uri);
  write_period(w, "period", k.scheme, k.period);
  if (!k.id.empty()) w.octets("id", k.id);
  w.octets("RSK", k.rsk.reveal());
  w.octets("SSK", k.ssk.reveal());
  w.octets("PVT", k.pvt);
  return SecretBytes(w.finish());
}

SecretBytes write_master(const MasterRecord& master) {
  JsonWriter w(master.known.kms_uri.size());
  write_public(w, master.known);
  w.octets("z", master.z.reveal());
  w.octets("KSAK", master.ksak.reveal());
  return SecretBytes(w.finish());
}

std::string user_file_stem(std::string_view user) {
  user.remove_prefix(user.find(':') == std::string_view::npos ? 0 : user.find(':') + 1);
  user = user.substr(0, user.find('@'));
  std::string name;
  for (const char c : user)
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_') name += c;
  if (name.empty()) name = "user";
  return name.substr(0, 64);
}

std::string key_file_name(const KeySetRecord& record) {
  return user_file_stem(record.uri) + "-" + period_text(record.scheme, record.period) + ".json";
}

}  // namespace mikey::ibc
