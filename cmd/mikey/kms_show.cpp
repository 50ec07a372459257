// mikey kms show: what key files hold, without the keys.

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "kms.hpp"
#include "kms_files.hpp"
#include "mikey/kms/records.hpp"
#include "session_view.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

using nlohmann::ordered_json;

// One thing that a file holds. Fields are texts and numbers; a check that failed makes the exit status 1.
struct Thing {
  ordered_json fields;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

class Show {
 public:
  Show(const KmsShowOptions& o, std::vector<ibc::Kms> kms) : options_(o), kms_(std::move(kms)) {}

  void file(const std::string& path, const KeyFile& f);
  void unreadable(const std::string& path, const Error& e) {
    begin(path, "?");
    here().bad.push_back(e.to_string());
  }
  bool all_good() const {
    return std::ranges::all_of(things_, [](const Thing& t) { return t.bad.empty(); });
  }
  void print() const;

 private:
  Thing& here() { return things_.back(); }
  void begin(const std::string& path, const std::string& what) {
    things_.emplace_back();
    here().fields["file"] = path;
    here().fields["holds"] = what;
  }
  void set(const char* name, ordered_json value) { here().fields[name] = std::move(value); }
  void note(Status s, const std::string& good) {
    if (s)
      here().good.push_back(good);
    else
      here().bad.push_back(s.error().detail);
  }
  void public_keys(const ibc::KmsRecord& k);
  void scheme(SakkeIdScheme s);
  void key_set(const ibc::KeySetRecord& k);
  void certificate(const kms::Certificate& c);
  void xml_key_set(const kms::KeySet& k);
  void document(const std::string& path, const kms::Document& d);
  void check_key_set(const ibc::KeySetRecord& k);

  const KmsShowOptions& options_;
  std::vector<ibc::Kms> kms_;
  std::vector<Thing> things_;
};

void Show::scheme(SakkeIdScheme s) {
  set("id_scheme", static_cast<int>(s));
}

void Show::public_keys(const ibc::KmsRecord& k) {
  const NtpTime now = SystemClock().now();
  set("kms_uri", k.kms_uri);
  scheme(k.ids.scheme);
  if (k.ids.scheme == SakkeIdScheme::mcx_hashed_uid) {
    set("key_period", k.ids.period);
    set("key_period_offset", k.ids.offset);
  }
  if (k.from) set("from", ibc::period_text(k.ids.scheme, *k.from));
  if (k.to) set("to", ibc::period_text(k.ids.scheme, *k.to));
  set("Z", fingerprint(k.z));
  set("KPAK", fingerprint(k.kpak));
  const auto loaded = ibc::Kms::load(k);
  note(loaded ? Status() : Status(loaded.error()),
       "the public keys are sound: Z has order q, KPAK is on its curve");
  if (!loaded) return;
  const ibc::KeyPeriod current = ibc::period_at(k.ids, now);
  set("now", ibc::period_text(k.ids.scheme, current));
  set("now_is", period_dates(k.ids, current, current));
  if (!k.covers(current)) here().bad.emplace_back("the keys are not for the current period");
}

void Show::key_set(const ibc::KeySetRecord& k) {
  set("uri", k.uri);
  set("kms_uri", k.kms_uri);
  scheme(k.scheme);
  set("period", ibc::period_text(k.scheme, k.period));
  if (k.scheme == SakkeIdScheme::mcx_hashed_uid && !k.id.empty()) set("id", to_hex(k.id));
  set("RSK", fingerprint(k.rsk.reveal()));
  set("SSK", fingerprint(k.ssk.reveal()));
  set("PVT", fingerprint(k.pvt));
}

void Show::check_key_set(const ibc::KeySetRecord& k) {
  if (kms_.empty()) {
    set("checked", "no: name the KMS's public keys with --kms");
    return;
  }
  std::optional<Error> why;
  for (const ibc::Kms& candidate : kms_) {
    if (candidate.uri() != k.kms_uri) continue;
    const auto& ids = candidate.record().ids;
    const auto ok = ibc::KeySet::load(crypto::openssl(), candidate, k, ibc::sakke::Tables::none);
    why = ok ? std::nullopt : std::optional(ok.error());
    if (!ok) continue;
    set("valid", period_dates(ids, k.period, k.period));
    here().good.emplace_back("the keys fit user, period and KMS (RFC 6508 6.1.2, RFC 6507 5.1.2)");
    const ibc::KeyPeriod now = ibc::period_at(ids, SystemClock().now());
    if (k.period != now) set("today", k.period < now ? "the period is over" : "the period has not begun");
    return;
  }
  here().bad.push_back(why ? "the keys do not fit: " + why->detail
                           : "none of the KMSs given is " + k.kms_uri);
}

void Show::certificate(const kms::Certificate& c) {
  if (!c.cert_uri.empty()) set("cert_uri", c.cert_uri);
  if (!c.issuer.empty()) set("issuer", c.issuer);
  set("role", c.role == kms::Role::root ? "Root" : "External");
  if (c.is_security_gateway) set("is_security_gateway", true);
  if (c.valid_from) set("valid_from", kms::time_text(*c.valid_from));
  if (c.valid_to) set("valid_to", kms::time_text(*c.valid_to));
  if (!c.domains.empty()) set("domains", c.domains);
  const auto record = kms::to_record(c);
  if (record)
    public_keys(*record);
  else
    here().bad.push_back(record.error().detail);
}

void Show::xml_key_set(const kms::KeySet& k) {
  if (k.valid_from) set("valid_from", kms::time_text(*k.valid_from));
  if (k.valid_to) set("valid_to", kms::time_text(*k.valid_to));
  const auto& wrapped = k.decrypt_key.wrapped;
  if (wrapped) set("wrapped_under", wrapped->key_name.empty() ? "a TrK without a name" : wrapped->key_name);
  const auto record = kms::to_record(k);
  if (record) {
    key_set(*record);
    check_key_set(*record);
    return;
  }
  set("uri", k.user_uri);
  set("kms_uri", k.kms_uri);
  set("period", std::to_string(k.key_period_no));
  set("id", to_hex(k.user_id));
  if (wrapped && !k.decrypt_key.opened() && !k.revoked)
    set("checked", "no: the keys are wrapped; name the transport key with --trk");
  else
    here().bad.push_back(record.error().detail);
}

void Show::document(const std::string& path, const kms::Document& d) {
  const char* signature = d.signature == kms::Signature::verified ? "verified"
                          : d.signature == kms::Signature::unchecked
                              ? "not checked: name the key with --ink or --trk"
                              : "none";
  const auto head = [&](const std::string& what) {
    begin(path, what);
    set("signature", signature);
    if (!d.signature_key.empty()) set("signed_under", d.signature_key);
    if (!d.notes.empty()) set("passed_over", d.notes);
  };
  for (const kms::Certificate* c : certificates_of(d)) {
    head("KMS certificate (XML)");
    certificate(*c);
  }
  for (const kms::KeySet* k : key_sets_of(d)) {
    head("key set (XML)");
    xml_key_set(*k);
  }
  if (const auto* r = std::get_if<kms::Request>(&d.body)) {
    head("request to a KMS (XML)");
    set("user_uri", r->user_uri);
    set("kms_uri", r->kms_uri);
    set("time", kms::time_text(r->time));
    set("url", r->client_req_url);
  }
  const auto* r = std::get_if<kms::Response>(&d.body);
  if (r == nullptr || (r->message.index() != 0 && !r->error)) return;
  head("response of a KMS (XML)");
  set("user_uri", r->user_uri);
  set("kms_uri", r->kms_uri);
  set("time", kms::time_text(r->time));
  if (r->error)
    here().bad.push_back("the KMS says: error " + std::to_string(r->error->code) + ", " + r->error->message);
}

void Show::file(const std::string& path, const KeyFile& f) {
  if (const auto* k = std::get_if<ibc::KmsRecord>(&f)) {
    begin(path, "public keys of a KMS");
    public_keys(*k);
  } else if (const auto* m = std::get_if<ibc::MasterRecord>(&f)) {
    begin(path, "master secrets of a KMS");
    public_keys(m->known);
    note(ibc::check_master(*m), "the secrets belong to the public keys");
  } else if (const auto* u = std::get_if<ibc::KeySetRecord>(&f)) {
    begin(path, "key set");
    key_set(*u);
    check_key_set(*u);
  } else {
    const std::size_t before = things_.size();
    document(path, std::get<kms::Document>(f));
    if (things_.size() == before) begin(path, "nothing (XML)");
  }
}

std::string value_text(const ordered_json& v) {
  if (v.is_string()) return safe_text(v.get<std::string>());
  if (!v.is_array()) return safe_text(v.dump());
  std::string out;
  for (const auto& item : v) out += (out.empty() ? "" : ", ") + value_text(item);
  return out;
}

void Show::print() const {
  if (options_.json) {
    ordered_json out = ordered_json::array();
    for (const Thing& t : things_) {
      ordered_json one = t.fields;
      one["good"] = t.good;
      one["bad"] = t.bad;
      out.push_back(std::move(one));
    }
    std::printf("%s\n", out.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return;
  }
  bool first = true;
  for (const Thing& t : things_) {
    std::printf("%s%s: %s\n", first ? "" : "\n", value_text(t.fields["file"]).c_str(),
                value_text(t.fields["holds"]).c_str());
    first = false;
    for (const auto& [name, value] : t.fields.items())
      if (name != "file" && name != "holds")
        std::printf("  %-18s %s\n", name.c_str(), value_text(value).c_str());
    for (const std::string& g : t.good) std::printf("  good: %s\n", safe_text(g).c_str());
    for (const std::string& b : t.bad) std::printf("  bad:  %s\n", safe_text(b).c_str());
  }
}

}  // namespace

ExitCode kms_show(const KmsShowOptions& o) {
  std::vector<kms::SecurityKey> keys;
  for (const auto& [path, id] : {std::pair(o.xml.trk, o.xml.trk_id), std::pair(o.xml.ink, o.xml.ink_id)}) {
    if (path.empty()) continue;
    auto key = read_security_key(path, id);
    if (!key) {
      kms_complain("show", key.error().detail);
      return ExitCode::usage;
    }
    keys.push_back(*std::move(key));
  }
  std::vector<ibc::Kms> kms;
  for (const std::string& path : o.kms) {
    auto found = read_kms(path, keys);
    if (!found) {
      kms_complain("show", found.error().detail);
      return ExitCode::usage;
    }
    std::ranges::move(*found, std::back_inserter(kms));
  }
  Show show(o, std::move(kms));
  for (const std::string& path : o.files) {
    const auto file = read_key_file(path, keys);
    if (file)
      show.file(path, *file);
    else
      show.unreadable(path, file.error());
  }
  show.print();
  return show.all_good() ? ExitCode::done : ExitCode::failed;
}

}  // namespace mikey::cmd
