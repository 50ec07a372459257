#include "admin.hpp"

#include <algorithm>
#include <cstdio>

#include "agent_names.hpp"
#include "config.hpp"
#include "mikey/base/clock.hpp"
#include "store_open.hpp"
#include "terminal.hpp"

namespace mikey::cmd {

void add_store_options(CLI::App& verb, AdminOptions& o) {
  auto* config = verb.add_option("--config", o.config, "The KMS's configuration, with [store] (TOML)")
                     ->type_name("FILE");
  verb.add_option("--store", o.url, "sqlite:PATH, postgresql://..., or \"host=... dbname=...\"")
      ->type_name("URL")
      ->excludes(config);
  verb.add_option("--master-key", o.master_key, "A file, file:PATH, env:NAME or pkcs11:...")
      ->type_name("KEY")
      ->excludes(config);
  verb.add_flag("--json", o.json, "Print JSON");
}

void add_id_type(CLI::App& verb, AdminOptions& o) {
  verb.add_option("--id-type", o.id_type, "What identities are; bytes are hexadecimal")
      ->check(CLI::IsMember({"uri", "nai", "bytes"}))
      ->capture_default_str();
}

Result<kms::Store> open_named_store(const AdminOptions& o, Rng& rng, bool create) {
  if (!o.config.empty()) {
    auto loaded = load_store_config(o.config);
    if (auto* wrong = std::get_if<std::string>(&loaded)) return bad_request(std::move(*wrong));
    return open_store(std::get<StoreConfig>(loaded), rng, create);
  }
  if (o.url.empty() || o.master_key.empty())
    return bad_request("name the store: --store URL and --master-key KEY, or --config FILE");
  return open_store({o.url, o.master_key}, rng, create);
}

int run_on_store(const AdminOptions& o, const std::string& verb, const AdminWork& work) {
  const auto complain = [&](const Error& e) {
    std::fputs(("mikey-kms " + verb + ": " + safe_text(e.detail) + "\n").c_str(), stderr);
    return e.severity == Severity::request ? kAdminUsage : kAdminFailed;
  };
  const auto rng = crypto::openssl_rng();
  auto store = open_named_store(o, *rng);
  if (!store) return complain(store.error());
  const auto out = work(*store);
  if (!out) return complain(out.error());
  std::fputs(o.json ? (to_line(out->json) + "\n").c_str() : out->text.c_str(), stdout);
  return kAdminDone;
}

// ------------------------------------------------------------------ reading

Result<Identity> identity_of(const AdminOptions& o, const std::string& text) {
  const auto type = value_named(kIdTypes, o.id_type);
  auto id = type ? parse_identity(*type, text) : std::nullopt;
  if (!id) return bad_request("\"" + text + "\" is no identity of type " + o.id_type);
  return std::move(*id);
}

Result<Bytes> fingerprint_of(const std::string& text) {
  auto octets = from_hex(text);
  if (!octets || octets->size() != 32)
    return bad_request("\"" + text + "\" is no fingerprint: expected 64 hexadecimal digits");
  return std::move(*octets);
}

Result<std::optional<std::int64_t>> moment_of(const std::string& text, std::int64_t now) {
  if (text.empty()) return std::optional<std::int64_t>();
  std::size_t digits = 0;
  std::int64_t n = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 12; ++digits)
    n = n * 10 + (text[digits] - '0');
  const std::string unit = text.substr(digits);
  const std::int64_t seconds = unit == "s"   ? 1
                               : unit == "m" ? 60
                               : unit == "h" ? 3600
                               : unit == "d" ? 86400
                                             : 0;
  if (digits == 0 || (seconds == 0 && !unit.empty()))
    return bad_request("\"" + text +
                       "\" is no time: expected 7d, 12h, 30m or 45s ago, or seconds since 1970");
  return std::optional(unit.empty() ? n : now - n * seconds);
}

std::int64_t seconds_now() {
  return SystemClock().now().unix_seconds();
}

// ------------------------------------------------------------------ printing

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> all{head};
  for (const auto& row : rows) {
    std::vector<std::string> safe;
    safe.reserve(row.size());
    for (const std::string& cell : row) safe.push_back(cell.empty() ? "-" : safe_text(cell));
    all.push_back(std::move(safe));
  }
  std::vector<std::size_t> widths(head.size(), 0);
  for (const auto& row : all)
    for (std::size_t i = 0; i < head.size(); ++i) widths[i] = std::max(widths[i], row.at(i).size());
  std::string out;
  for (const auto& row : all) {
    for (std::size_t i = 0; i < head.size(); ++i) {
      out += row[i];
      if (i + 1 < head.size()) out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string time_text(std::int64_t seconds) {
  std::string out = to_string(NtpTime::from_unix(seconds));
  if (const std::size_t dot = out.find('.'); dot != std::string::npos) out = out.substr(0, dot) + "Z";
  return out;
}

AdminOutput done(const std::string& text) {
  return {safe_text(text) + "\n", Json{{"done", true}}};
}

void add_admin(CLI::App& app, int& exit) {
  add_init(app, exit);
  add_user(app, exit);
  add_group(app, exit);
  add_policy(app, exit);
  add_key(app, exit);
  add_audit(app, exit);
  add_import(app, exit);
}

}  // namespace mikey::cmd
