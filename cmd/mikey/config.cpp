#include "config.hpp"

#include "agent_names.hpp"
#include "config_modes.hpp"
#include "config_reader.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

constexpr std::int64_t kMaxSkew = 10 * 366 * 86400;  // ten years: NTP differences stay far from their wrap
constexpr std::int64_t kMaxPatience = 7 * 86400;
constexpr std::chrono::seconds kPatience{
    300};  // SIP may ring for three minutes before it answers (RFC 3261 16.6)
constexpr std::size_t kMaxPsk = 65536;

/// A name or a list of names of `table`; the first is the one to send.
template <class Table, class T>
void read_choice(ConfigSection& s, std::string_view key, const Table& table, std::vector<T>& to) {
  const std::string expected = "one or a list of " + all_names(table);
  const auto names = s.one_or_more(key, expected);
  if (!names) return;
  std::vector<T> values;
  for (const std::string& name : *names) {
    const auto v = value_named(table, name);
    if (!v) return s.fail(key, "expected " + expected + ", got \"" + name + "\"");
    if (!Policy::has(values, *v)) values.push_back(*v);
  }
  to = std::move(values);
}

template <class Table, class T>
void read_one(ConfigSection& s, std::string_view key, const Table& table, T& to) {
  const std::string expected = "one of " + all_names(table);
  const auto name = s.text(key, expected);
  if (!name) return;
  if (const auto v = value_named(table, *name)) {
    to = *v;
  } else {
    s.fail(key, "expected " + expected + ", got \"" + *name + "\"");
  }
}

void read_suites(ConfigSection& s, std::vector<keys::Suite>& to) {
  const auto names = s.list("srtp", "a list of SRTP suites");
  if (!names) return;
  std::vector<keys::Suite> suites;
  for (const std::string& name : *names) {
    const auto suite = keys::suite_by_name(name);
    if (!suite) return s.fail("srtp", "expected names of SRTP suites, got \"" + name + "\"");
    if (!Policy::has(suites, *suite)) suites.push_back(*suite);
  }
  if (suites.empty()) return s.fail("srtp", "expected at least one SRTP suite");
  to = std::move(suites);
}

void read_policy(ConfigSection s, Policy& policy) {
  read_suites(s, policy.srtp);
  read_choice(s, "prf", kPrfs, policy.prf);
  read_choice(s, "kemac_encryption", kEncryptions, policy.kemac_encryption);
  read_choice(s, "kemac_mac", kMacs, policy.kemac_mac);
  read_choice(s, "dh_groups", kDhGroups, policy.dh_groups);
  read_one(s, "signature", kSignatures, policy.sign_type);
  read_one(s, "signature_hash", kHashes, policy.signatures.send_hash);
  policy.allow_null = s.flag("allow_null").value_or(policy.allow_null);
  policy.request_verification = s.flag("request_verification").value_or(policy.request_verification);
  s.finish();
}

void read_identity(ConfigSection& s, Identity& identity) {
  const std::string expected = "one of " + all_names(kIdTypes);
  const auto type_name = s.text("id_type", expected).value_or("uri");
  const auto type = value_named(kIdTypes, type_name);
  if (!type) return s.fail("id_type", "expected " + expected + ", got \"" + type_name + "\"");
  const bool hex = *type == IdType::byte_string;
  const std::string what = hex ? "hexadecimal digits of 1 to 65535 octets" : "a string of 1 to 65535 octets";
  const auto text = s.text("identity", what);
  if (!s.ok()) return;
  if (!text) return s.fail("identity", "expected " + what + ", but it is missing");
  auto id = parse_identity(*type, *text);
  if (!id) return s.fail("identity", "expected " + what);
  identity = std::move(*id);
}

std::optional<SecretBytes> read_key(ConfigSection& s) {
  if (s.has("key") && s.has("key_file")) {
    s.fail("key", "expected either key or key_file, not both");
    return std::nullopt;
  }
  if (!s.has("key") && !s.has("key_file")) {
    s.fail("key", "expected \"hex:...\", or key_file in its place");
    return std::nullopt;
  }
  const std::string_view which = s.has("key") ? "key" : "key_file";
  auto key = s.has("key") ? s.hex_secret("key") : s.file("key_file");
  if (key && (key->empty() || key->size() > kMaxPsk)) {
    s.fail(which, "expected a key of 1 to 65536 octets");
    return std::nullopt;
  }
  return key;
}

/// With id_type "bytes" a name that is not hex is no peer this party could ever have: it is let pass, with a
/// warning.
void read_psks(ConfigSection s, IdType type, Config& out) {
  for (const std::string& name : s.names()) {
    ConfigSection entry = s.table(name);
    auto key = read_key(entry);
    const auto psk_name = entry.text("id", "what IDRpsk calls the key");
    if (!key) return;
    entry.finish();
    auto peer = parse_identity(type, name);
    if (peer) {
      if (psk_name && !psk_name->empty())
        out.psk_names.insert_or_assign(Identity{IdType::byte_string, to_bytes(as_bytes(*psk_name))}, *peer);
      out.credentials.psk.insert_or_assign(std::move(*peer), Psk(std::move(*key)));
    } else {
      out.warnings.push_back(safe_text(s.name_of(name)) +
                             ": not an identity of this party's id_type; never used");
    }
  }
}

std::variant<Config, std::string> read(ConfigReader& reader, ConfigSection root) {
  Config out;
  read_common(root, out);
  read_rsar(root.table("rsar"), out.credentials);
  read_sakke(root.table("sakke"), out);
  read_ticket(root.table("ticket"), out.identity.type, out.credentials);
  read_ibake(root.table("ibake"), out);
  root.finish();
  if (!reader.ok()) return reader.error();
  for (const std::string& key : reader.unknown_keys())
    out.warnings.push_back(key + ": no such key; it has no effect");
  return out;
}

}  // namespace

void read_common(ConfigSection& root, Config& out) {
  out.policy.patience = kPatience;
  read_identity(root, out.identity);
  if (auto skew = root.integer("clock_skew", 0, kMaxSkew, "seconds"))
    out.policy.clock_skew = std::chrono::seconds(*skew);
  if (auto wait = root.integer("patience", 1, kMaxPatience, "seconds"))
    out.policy.patience = std::chrono::seconds(*wait);
  read_policy(root.table("policy"), out.policy);
  read_psks(root.table("psk"), out.identity.type, out);
  read_certificates(root.table("certificate"), root.table("peers"), out);
}

std::variant<Config, std::string> load_config(const std::string& path) {
  ConfigReader reader(path);
  return read(reader, reader.open());
}

std::variant<Config, std::string> parse_config(const std::string& path, std::string_view text) {
  ConfigReader reader(path);
  return read(reader, reader.open_text(text));
}

std::optional<Identity> parse_identity(IdType type, std::string_view text) {
  Identity id{type, {}};
  if (type == IdType::byte_string) {
    auto octets = from_hex(text);
    if (!octets) return std::nullopt;
    id.data = std::move(*octets);
  } else {
    id.data = to_bytes(as_bytes(text));
  }
  if (id.data.empty() || id.data.size() > 0xFFFF) return std::nullopt;
  return id;
}

}  // namespace mikey::cmd
