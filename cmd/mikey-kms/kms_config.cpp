#include "kms_config.hpp"

#include "config_modes.hpp"
#include "config_reader.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

constexpr std::int64_t kMaxLifetime = 100LL * 366 * 86400;
constexpr std::size_t kLeastKey = 16;  // RFC 6043 12.1
constexpr std::size_t kMostKey = 255;  // a RAND as long must fit

void read_groups(ConfigSection groups, IdType type, kms::Tables& to) {
  for (const std::string& name : groups.names()) {
    const auto group = parse_identity(type, name);
    auto members = read_identities(groups, name, type);
    if (!group) return groups.fail(name, "expected the identity of a group");
    if (members) to.groups.insert_or_assign(*group, std::move(*members));
  }
  groups.finish();
}

void read_kms_ticket(ConfigSection s, IdType type, KmsConfig& config) {
  kms::Tables& to = config.tables;
  for (const std::string_view key : {std::string_view("tpk"), std::string_view("old_tpk")}) {
    auto tpk = s.hex_secret(key);
    if (!tpk) continue;
    if (tpk->size() < kLeastKey || tpk->size() > kMostKey) return s.fail(key, "expected 16 to 255 octets");
    if (key == "old_tpk" && to.tpk.empty()) return s.fail("tpk", "expected \"hex:...\" beside old_tpk");
    to.tpk.push_back(std::move(*tpk));
  }
  if (const auto n = s.integer("max_lifetime", 1, kMaxLifetime, "seconds")) to.max_lifetime = *n;
  if (const auto letters = s.text("drop_flags", "letters D to O")) {
    const auto flags = TicketFlags::parse(*letters);
    if (!flags) return s.fail("drop_flags", "expected letters D to O (RFC 6043 6.10)");
    to.drop_flags = *flags;
  }
  to.initiators = read_identities(s, "initiators", type);
  to.trusted_kms = read_identities(s, "trusted_kms", type).value_or(std::set<Identity>{});
  config.other_kms = read_identities(s, "other_kms", type).value_or(std::set<Identity>{});
  config.compatible = s.flag("compatible").value_or(false);
  read_groups(s.table("groups"), type, to);
  s.finish();
}

std::variant<KmsConfig, std::string> read(ConfigReader& reader, ConfigSection root,
                                          const ReadServer& server = {}) {
  Config common;
  read_common(root, common);
  KmsConfig out;
  read_kms_ticket(root.table("ticket"), common.identity.type, out);
  out.ibake = read_kms_ibake(root.table("ibake"), common.identity.type);
  for (const std::string_view key : {"server", "sakke"}) (void)root.table(key);
  if (server) server(root, common.identity);
  out.store = read_store(root.table("store"));
  root.finish();
  if (!reader.ok()) return reader.error();
  out.identity = std::move(common.identity);
  out.policy = std::move(common.policy);
  out.pki = std::move(common.credentials.pki);
  out.tables.psk = std::move(common.credentials.psk);
  out.tables.psk_names = std::move(common.psk_names);
  out.warnings = std::move(common.warnings);
  if (out.store && (!out.tables.psk.empty() || !out.tables.tpk.empty()))
    out.warnings.emplace_back(
        "psk, ticket: they have no effect beside [store]; \"mikey-kms import\" takes them over");
  if (out.ibake && out.ibake->master.kms().uri() != as_text(out.identity.data))
    out.warnings.push_back("ibake.master: the parameters are of " + safe_text(out.ibake->master.kms().uri()) +
                           ", which is not this KMS's identity");
  for (const Identity& kms : out.other_kms)
    if (!out.tables.psk.contains(kms))
      out.warnings.push_back("ticket.other_kms: there is no PSK for " + safe_text(kms.name()) +
                             "; it is never asked");
  for (const std::string& key : reader.unknown_keys())
    out.warnings.push_back(key + ": no such key; it has no effect");
  return out;
}

}  // namespace

std::optional<std::set<Identity>> read_identities(ConfigSection& s, std::string_view key, IdType type) {
  const auto names = s.list(key, "a list of identities");
  if (!names) return std::nullopt;
  std::set<Identity> out;
  for (const std::string& name : *names) {
    auto id = parse_identity(type, name);
    if (!id) {
      s.fail(key, "expected identities, got \"" + name + "\"");
      return std::nullopt;
    }
    out.insert(std::move(*id));
  }
  return out;
}

std::variant<KmsConfig, std::string> load_kms_config(const std::string& path, const ReadServer& server) {
  ConfigReader reader(path);
  return read(reader, reader.open(), server);
}

std::variant<KmsConfig, std::string> parse_kms_config(const std::string& path, std::string_view text) {
  ConfigReader reader(path);
  return read(reader, reader.open_text(text));
}

}  // namespace mikey::cmd
