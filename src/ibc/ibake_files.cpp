#include "mikey/ibc/ibake_files.hpp"

#include "json.hpp"

namespace mikey::ibc {
namespace {

constexpr std::size_t kMaxNumber = 960;             // octets of p at most: 7680 bits
constexpr std::size_t kMaxSecret = 64;              // of q: 512 bits
constexpr std::int64_t kLastSecond = 253402300799;  // of the year 9999

struct HashName {
  crypto::Hash hash;
  std::string_view oid;
};
constexpr HashName kHashes[] = {{crypto::Hash::sha1, "1.3.14.3.2.26"},
                                {crypto::Hash::sha224, "2.16.840.1.101.3.4.2.4"},
                                {crypto::Hash::sha256, "2.16.840.1.101.3.4.2.1"},
                                {crypto::Hash::sha384, "2.16.840.1.101.3.4.2.2"},
                                {crypto::Hash::sha512, "2.16.840.1.101.3.4.2.3"}};

bf::Point read_point(JsonReader& d, const std::string& name) {
  return {d.natural(name + ".x", kMaxNumber), d.natural(name + ".y", kMaxNumber)};
}

crypto::Hash read_hash(JsonReader& d) {
  const std::string_view oid = d.text("hashfcn", "an OID");
  for (const HashName& h : kHashes)
    if (oid == h.oid) return h.hash;
  d.fail("hashfcn", "expected the OID of SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512");
  return crypto::Hash::sha1;
}

std::optional<std::int64_t> read_time(JsonReader& d, std::string_view name) {
  if (!d.has(name)) return std::nullopt;
  return static_cast<std::int64_t>(d.number(name, static_cast<std::uint64_t>(kLastSecond)));
}

IbakeKmsRecord read_kms(JsonReader& d) {
  IbakeKmsRecord k;
  k.kms_uri = d.uri("kms_uri");
  if (d.number("version", 0xFF) != 2 && d.ok()) d.fail("version", "expected 2 (RFC 5091 8)");
  const auto dates = parse_date_format(d.text("date_format", "\"YYYY-MM\" or \"YYYY-MM-DD\""));
  if (!dates) d.fail("date_format", "expected \"YYYY-MM\" or \"YYYY-MM-DD\"");
  k.dates = dates.value_or(DateFormat::month);
  k.p = d.natural("p", kMaxNumber);
  k.q = d.natural("q", kMaxSecret);
  k.point_p = read_point(d, "pointP");
  k.point_p_pub = read_point(d, "pointPpub");
  k.hash = read_hash(d);
  if (d.has("serial")) k.serial = static_cast<std::uint32_t>(d.number("serial", 0xFFFFFFFF));
  k.not_before = read_time(d, "not_before");
  k.not_after = read_time(d, "not_after");
  return k;
}

std::size_t room_for(const IbakeKmsRecord& k) {
  return 4096 + 2 * (k.p.size() + k.q.size() + k.point_p.x.size() + k.point_p.y.size() +
                     k.point_p_pub.x.size() + k.point_p_pub.y.size());
}

void write_public(JsonWriter& w, const IbakeKmsRecord& k) {
  w.text("kms_uri", k.kms_uri);
  w.number("version", 2);
  w.text("date_format", date_format_text(k.dates));
  w.octets("p", k.p);
  w.octets("q", k.q);
  w.point("pointP", k.point_p.x, k.point_p.y);
  w.point("pointPpub", k.point_p_pub.x, k.point_p_pub.y);
  for (const HashName& h : kHashes)
    if (k.hash == h.hash) w.text("hashfcn", h.oid);
  if (k.serial != 1) w.number("serial", k.serial);
  if (k.not_before) w.number("not_before", static_cast<std::uint64_t>(*k.not_before));
  if (k.not_after) w.number("not_after", static_cast<std::uint64_t>(*k.not_after));
}

}  // namespace

Result<IbakeKmsRecord> parse_ibake_kms(ByteView json) {
  JsonReader d(json);
  IbakeKmsRecord k = read_kms(d);
  if (!d.ok()) return d.error();
  return k;
}

Result<IbakeKeyRecord> parse_ibake_key(ByteView json) {
  JsonReader d(json);
  IbakeKeyRecord k;
  k.kms_uri = d.uri("kms_uri");
  k.identity = to_bytes(as_bytes(d.uri("identity")));
  k.date = std::string(d.text("date", "\"YYYY-MM\" or \"YYYY-MM-DD\""));
  k.x = d.secret("privateKey.x", 1, kMaxNumber);
  k.y = d.secret("privateKey.y", 1, kMaxNumber);
  if (!d.ok()) return d.error();
  if (!parse_date(DateFormat::month, k.date) && !parse_date(DateFormat::day, k.date))
    return bad_request("date: expected \"YYYY-MM\" or \"YYYY-MM-DD\"");
  return k;
}

Result<IbakeMasterRecord> parse_ibake_master(ByteView json) {
  JsonReader d(json);
  IbakeMasterRecord m;
  m.known = read_kms(d);
  m.s = BfMasterSecret(d.secret("masterSecret", 1, kMaxSecret));
  if (!d.ok()) return d.error();
  return m;
}

std::string write_ibake_kms(const IbakeKmsRecord& record) {
  JsonWriter w(record.kms_uri.size(), room_for(record));
  write_public(w, record);
  return std::string(as_text(w.finish()));
}

SecretBytes write_ibake_key(const IbakeKeyRecord& k) {
  JsonWriter w(k.kms_uri.size() + k.identity.size() + k.date.size(), 4096 + 2 * (k.x.size() + k.y.size()));
  w.text("kms_uri", k.kms_uri);
  w.text("identity", as_text(k.identity));
  w.text("date", k.date);
  w.point("privateKey", k.x.reveal(), k.y.reveal());
  return SecretBytes(w.finish());
}

SecretBytes write_ibake_master(const IbakeMasterRecord& master) {
  JsonWriter w(master.known.kms_uri.size(), room_for(master.known) + 2 * master.s.size());
  write_public(w, master.known);
  w.octets("masterSecret", master.s.reveal());
  return SecretBytes(w.finish());
}

std::string ibake_key_file_name(const IbakeKeyRecord& record) {
  return user_file_stem(as_text(record.identity)) + "-ibake-" + record.date + ".json";
}

}  // namespace mikey::ibc
