#include "serve_sakke.hpp"

#include "kms_files.hpp"
#include "mikey/kms/records.hpp"

namespace mikey::cmd {
namespace {

constexpr std::int64_t kMostPeriods = 1000;
constexpr std::size_t kTransportKey = 32;  // TS 33.180 9.3.4.2

/// Reads a file's path at `key` and hands it, resolved, to `use`, which may fail.
template <class Use>
void with_file(ConfigSection& s, std::string_view key, Use use) {
  const auto path = s.text(key, "the path of a file");
  if (!path || !s.ok()) return;
  if (const Status done = use(s.reader().resolve(*path)); !done)
    s.fail(key, "expected " + done.error().detail);
}

void read_master(ConfigSection& s, kms::KeyServiceOptions& to) {
  with_file(s, "master", [&](const std::string& path) -> Status {
    auto file = read_key_file(path);
    if (!file) return bad_request("the KMS's master secrets: " + file.error().detail);
    auto* master = std::get_if<ibc::MasterRecord>(&*file);
    if (master == nullptr) return bad_request("master secrets, as \"mikey kms init\" makes them, in " + path);
    to.master = std::move(*master);
    return {};
  });
  if (s.ok() && to.master.known.kms_uri.empty()) s.fail("master", "expected the path of sakke-master.json");
}

void read_tokens(ConfigSection& s, kms::KeyServiceOptions& to) {
  const auto text = s.file("tokens");
  if (!text) return;
  const auto rng = crypto::openssl_rng();
  auto table = kms::TokenTable::parse(crypto::openssl(), *rng, as_text(text->reveal()));
  if (!table) return s.fail("tokens", table.error().detail);
  to.tokens = std::move(*table);
}

void read_external(ConfigSection& s, kms::KeyServiceOptions& to) {
  const auto paths = s.list("external", "a list of files");
  for (const std::string& path : paths.value_or(std::vector<std::string>{})) {
    auto found = read_kms(s.reader().resolve(path));
    if (!found) return s.fail("external", "expected public keys of a KMS: " + found.error().detail);
    for (const ibc::Kms& kms : *found) {
      auto certificate = kms::to_certificate(kms.record(), kms::Role::external);
      if (!certificate) return s.fail("external", certificate.error().detail);
      to.external.push_back(std::move(*certificate));
    }
  }
}

void read_key(ConfigSection& s, std::string_view key, std::string_view id,
              std::optional<kms::SecurityKey>& to) {
  const std::string name = s.text(id, "a name").value_or("");
  with_file(s, key, [&](const std::string& path) -> Status {
    auto k = read_security_key(path, name);
    if (!k) return std::move(k).error();
    to = std::move(*k);
    return {};
  });
}

void read_protection(ConfigSection users, kms::KeyServiceOptions& to) {
  for (const std::string& user : users.names()) {
    ConfigSection s = users.table(user);
    kms::KeyServiceOptions::Protection p;
    read_key(s, "trk", "trk_id", p.transport);
    read_key(s, "ink", "ink_id", p.integrity);
    if (p.transport && p.transport->key.size() != kTransportKey) s.fail("trk", "expected a key of 32 octets");
    s.finish();
    to.protection.insert_or_assign(user, std::move(p));
  }
  users.finish();
}

}  // namespace

std::shared_ptr<const kms::KeyServiceOptions> read_sakke_service(ConfigSection s) {
  if (!s.present()) return nullptr;
  auto out = std::make_shared<kms::KeyServiceOptions>();
  read_master(s, *out);
  read_tokens(s, *out);
  out->client_certificates = s.flag("client_certificates").value_or(true);
  out->plain_http = s.flag("plain_http").value_or(false);
  if (const auto users = s.list("users", "a list of URIs")) out->users.emplace(users->begin(), users->end());
  if (auto domains = s.list("domains")) out->domains = std::move(*domains);
  if (const auto n = s.integer("ahead", 0, kMostPeriods, "key periods"))
    out->ahead = static_cast<unsigned>(*n);
  if (const auto n = s.integer("behind", 0, kMostPeriods, "key periods"))
    out->behind = static_cast<unsigned>(*n);
  if (const auto n = s.integer("cache_number", 0, std::numeric_limits<std::int64_t>::max(), "a number"))
    out->cache_number = static_cast<std::uint64_t>(*n);
  read_external(s, *out);
  read_protection(s.table("user"), *out);
  s.finish();
  if (!s.ok()) return nullptr;
  if (!out->tokens && !out->client_certificates) {
    s.fail("tokens", "expected a file, or client_certificates: how else would users show who they are?");
  } else if (auto usable = kms::make_key_service(out, SystemClock()); !usable) {
    s.fail("master", usable.error().detail);
  }
  return out;
}

void add_sakke_service(kms::Services& to, std::shared_ptr<const kms::KeyServiceOptions> options,
                       const Clock& clock) {
  if (!options) return;
  to.http.emplace(kms::kKeyServicePath,
                  [options = std::move(options), &clock] { return kms::make_key_service(options, clock); });
}

}  // namespace mikey::cmd
