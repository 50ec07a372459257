#include "kms_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "files.hpp"
#include "mikey/kms/records.hpp"
#include "session_view.hpp"

namespace mikey::cmd {
namespace {

constexpr std::size_t kMaxSecurityKey = 1024;
constexpr std::size_t kMaxUsersFile = std::size_t{256} << 20;

Error about(const std::string& path, const Error& e) {
  return {e.code, e.severity, e.rfc, e.offset, path + ": " + e.detail};
}

std::string_view trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

template <class T>
Result<KeyFile> any(Result<T> r) {
  if (!r) return std::move(r).error();
  return KeyFile(*std::move(r));
}

// Each kind of JSON file has a member of its own.
Result<KeyFile> parse_json(ByteView json) {
  const std::string_view text = as_text(json);
  const auto has = [&](std::string_view member) { return text.find(member) != std::string_view::npos; };
  if (has("\"KSAK\"")) return any(ibc::parse_master(json));
  if (has("\"RSK\"")) return any(ibc::parse_key_set(json));
  if (has("\"KPAK\"")) return any(ibc::parse_kms(json));
  return bad_request("neither public keys of a KMS (KPAK), nor a key set (RSK), nor master secrets (KSAK)");
}

Result<ibc::KeyPeriod> parse_one(const ibc::IdScheme& ids, std::string_view text, NtpTime now) {
  if (const auto p = ibc::parse_period(ids.scheme, text)) return *p;
  if (const auto more = periods_from_now(text)) {
    ibc::KeyPeriod out = ibc::period_at(ids, now);
    out.number += *more;
    return out;
  }
  const bool month = ids.scheme == SakkeIdScheme::tel_uri_monthly;
  return bad_request("\"" + std::string(text) + "\" is no key period; say now, now+1, or " +
                     (month ? "a month as 2026-11" : "a number as 1545"));
}

std::string utc(NtpTime t) {
  return kms::time_text(kms::Time(std::chrono::seconds(t.unix_seconds()))) + "Z";
}

}  // namespace

Result<KeyFile> read_key_file(const std::string& path, std::span<const kms::SecurityKey> keys) {
  const auto octets = read_secret_file(path, kms::kMaxDocument);
  if (!octets) return octets.error();
  const std::string_view text = trimmed(as_text(octets->reveal()));
  Result<KeyFile> out = bad_request("neither JSON nor XML");
  if (text.starts_with('{'))
    out = parse_json(octets->reveal());
  else if (text.starts_with('<') || text.starts_with("\xef\xbb\xbf<"))
    out = any(kms::read_xml(crypto::openssl(), octets->reveal(), {keys, false}));
  return out ? std::move(out) : Result<KeyFile>(about(path, out.error()));
}

std::vector<const kms::Certificate*> certificates_of(const kms::Document& document) {
  std::vector<const kms::Certificate*> out;
  const auto of_init = [&](const kms::Init& i) { out.push_back(&i.certificate); };
  const auto of_cache = [&](const kms::CertCache& c) {
    for (const auto& k : c.certificates) out.push_back(&k);
  };
  if (const auto* c = std::get_if<kms::Certificate>(&document.body)) out.push_back(c);
  if (const auto* i = std::get_if<kms::Init>(&document.body)) of_init(*i);
  if (const auto* c = std::get_if<kms::CertCache>(&document.body)) of_cache(*c);
  if (const auto* r = std::get_if<kms::Response>(&document.body)) {
    if (const auto* i = std::get_if<kms::Init>(&r->message)) of_init(*i);
    if (const auto* c = std::get_if<kms::CertCache>(&r->message)) of_cache(*c);
  }
  return out;
}

std::vector<const kms::KeySet*> key_sets_of(const kms::Document& document) {
  std::vector<const kms::KeySet*> out;
  const auto of_prov = [&](const kms::KeyProv& p) {
    for (const auto& k : p.key_sets) out.push_back(&k);
  };
  if (const auto* k = std::get_if<kms::KeySet>(&document.body)) out.push_back(k);
  if (const auto* p = std::get_if<kms::KeyProv>(&document.body)) of_prov(*p);
  if (const auto* r = std::get_if<kms::Response>(&document.body))
    if (const auto* p = std::get_if<kms::KeyProv>(&r->message)) of_prov(*p);
  return out;
}

Result<std::vector<ibc::Kms>> read_kms(const std::string& path, std::span<const kms::SecurityKey> keys) {
  const auto file = read_key_file(path, keys);
  if (!file) return file.error();
  std::vector<ibc::KmsRecord> records;
  if (const auto* k = std::get_if<ibc::KmsRecord>(&*file)) records.push_back(*k);
  if (const auto* m = std::get_if<ibc::MasterRecord>(&*file)) records.push_back(m->known);
  if (const auto* d = std::get_if<kms::Document>(&*file)) {
    for (const kms::Certificate* c : certificates_of(*d)) {
      auto record = kms::to_record(*c);
      if (!record) return about(path, record.error());
      records.push_back(*std::move(record));
    }
  }
  if (records.empty())
    return bad_request(path + ": holds no public keys of a KMS (kms.json, or its certificate as XML)");
  std::vector<ibc::Kms> out;
  for (ibc::KmsRecord& r : records) {
    auto kms = ibc::Kms::load(std::move(r));
    if (!kms) return about(path, kms.error());
    out.push_back(*std::move(kms));
  }
  return out;
}

Result<kms::SecurityKey> read_security_key(const std::string& path, const std::string& id) {
  auto octets = read_secret_file(path, kMaxSecurityKey);
  if (!octets) return std::move(octets).error();
  // 64 digits or 44 characters are a text of 32 octets; as raw octets they would make an unusual key.
  std::string_view text = trimmed(as_text(octets->reveal()));
  if (text.starts_with("hex:")) text.remove_prefix(4);
  auto decoded = text.size() < 32 ? std::nullopt : from_hex(text);
  if (!decoded && text.size() >= 24) decoded = from_base64(text);
  if (!decoded) return kms::SecurityKey{id, *std::move(octets)};
  kms::SecurityKey out{id, SecretBytes{ByteView(*decoded)}};
  wipe(*decoded);
  return out;
}

std::optional<unsigned> periods_from_now(std::string_view text) {
  if (text == "now") return 0U;
  if (!text.starts_with("now+")) return std::nullopt;
  unsigned more = 0;
  const auto [end, problem] = std::from_chars(text.data() + 4, text.data() + text.size(), more);
  const bool good = problem == std::errc() && end == text.data() + text.size() && more <= kMaxPeriods;
  return good ? std::optional(more) : std::nullopt;
}

Result<PeriodRange> parse_periods(const ibc::IdScheme& ids, const std::string& text, NtpTime now) {
  const auto dots = text.find("..");
  const auto first = parse_one(ids, std::string_view(text).substr(0, dots), now);
  if (!first) return first.error();
  if (dots == std::string::npos) return PeriodRange{*first, *first};
  const auto last = parse_one(ids, std::string_view(text).substr(dots + 2), now);
  if (!last) return last.error();
  if (*last < *first) return bad_request("the periods \"" + text + "\" end before they begin");
  const PeriodRange out{*first, *last};
  if (out.size() > kMaxPeriods)
    return bad_request("\"" + text + "\" are more than " + std::to_string(kMaxPeriods) + " key periods");
  return out;
}

Result<std::vector<UserLine>> read_users(const std::vector<std::string>& users, const std::string& path) {
  std::vector<UserLine> out;
  out.reserve(users.size());
  for (const std::string& u : users) out.push_back({u, ""});
  if (!path.empty()) {
    const auto octets = read_secret_file(path, kMaxUsersFile);
    if (!octets) return octets.error();
    std::string_view text = as_text(octets->reveal());
    while (!text.empty()) {
      const std::string_view whole = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), whole.size() + 1));
      const std::string_view line = trimmed(whole);
      if (line.empty() || line[0] == '#') continue;
      const std::string_view uri = line.substr(0, line.find_first_of(" \t"));
      out.push_back({std::string(uri), std::string(trimmed(line.substr(uri.size())))});
    }
  }
  std::set<std::string_view> seen;
  for (const UserLine& u : out)
    if (!seen.insert(u.uri).second) return bad_request(u.uri + " stands twice");
  return out;
}

std::vector<std::string> user_stems(const std::vector<UserLine>& users) {
  std::vector<std::string> out;
  std::map<std::string, std::size_t> uses;
  for (const UserLine& u : users) {
    ibc::KeySetRecord named;
    named.uri = u.uri;
    const std::string name = ibc::key_file_name(named);
    const std::string end = "-" + ibc::period_text(named.scheme, named.period) + ".json";
    out.push_back(name.substr(0, name.size() - end.size()));
    ++uses[out.back()];
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    if (uses[out[i]] > 1) out[i] += "-" + fingerprint(as_bytes(users[i].uri)).substr(0, 8);
  return out;
}

std::string period_dates(const ibc::IdScheme& ids, ibc::KeyPeriod first, ibc::KeyPeriod last) {
  return utc(ibc::period_begin(ids, first)) + " to " +
         utc(ibc::period_begin(ids, {last.number + 1}) + std::chrono::seconds(-1));
}

}  // namespace mikey::cmd
