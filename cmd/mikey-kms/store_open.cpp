#include "store_open.hpp"

#include <algorithm>
#include <cstdlib>

#include "files.hpp"
#include "mikey/base/clock.hpp"

namespace mikey::cmd {
namespace {

constexpr std::size_t kNewMasterKey = 32;  // octets
constexpr std::size_t kMostFile = 4096;
constexpr std::string_view kFile = "file:";
constexpr std::string_view kEnv = "env:";
constexpr std::string_view kPkcs11 = "pkcs11:";

/// Hexadecimal with or without "hex:" before and blanks around it; nothing when it is something else.
std::optional<SecretBytes> from_text(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  const bool marked = text.starts_with("hex:");
  if (marked) text.remove_prefix(4);
  if (!marked && text.size() < 2 * kms::kLeastMasterKey) return std::nullopt;
  auto octets = from_hex(text);
  if (!octets) return std::nullopt;
  SecretBytes out(*octets);
  wipe(*octets);
  return out;
}

Error located(const std::string& where, Error e) {
  e.detail = "the master key " + where + ": " + e.detail;
  return e;
}

Result<SecretBytes> from_environment(const std::string& name) {
  const char* text = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (text == nullptr) return bad_request("there is no such environment variable");
  auto key = from_text(text);
  if (!key) return bad_request("expected 32 octets or more in hexadecimal");
  return std::move(*key);
}

Result<SecretBytes> from_file(const std::string& path) {
  auto octets = read_secret_file(path, kMostFile);
  if (!octets) return octets;
  auto key = from_text(as_text(octets->reveal()));
  return key ? std::move(*key) : std::move(*octets);
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto octet = from_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    out.push_back(static_cast<char>(octet->front()));
    i += 2;
  }
  return out;
}

/// A query attribute of a PKCS#11 URI (RFC 7512 2.4).
std::optional<std::string> attribute(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return unescaped(part.substr(name.size() + 1));
  }
  return std::nullopt;
}

Result<std::shared_ptr<const kms::MasterKey>> from_token(const std::string& uri) {
  const std::size_t mark = uri.find('?');
  const std::string query = mark == std::string::npos ? "" : uri.substr(mark + 1);
  const auto module = attribute(query, "module-path");
  if (!module) return bad_request("expected ?module-path=/path/of/module.so in the PKCS#11 URI (RFC 7512)");
  SecretBytes pin;
  if (const auto value = attribute(query, "pin-value")) pin = SecretBytes(as_bytes(*value));
  if (auto source = attribute(query, "pin-source")) {
    if (source->starts_with(kFile)) source->erase(0, kFile.size());
    auto read = read_secret_file(*source, kMostFile);
    if (!read) return std::move(read).error();
    pin = std::move(*read);
    const std::string_view text = as_text(pin.reveal());
    pin.truncate(std::min(text.find_first_of("\r\n"), text.size()));
  }
  auto key = crypto::load_private_key_uri(uri.substr(0, mark), *module, as_text(pin.reveal()));
  if (!key) return std::move(key).error();
  return kms::rsa_master_key(crypto::openssl(), std::move(*key));
}

}  // namespace

std::optional<std::string> master_key_file(const std::string& where) {
  if (where.starts_with(kEnv) || where.starts_with(kPkcs11)) return std::nullopt;
  return where.starts_with(kFile) ? where.substr(kFile.size()) : where;
}

Result<std::shared_ptr<const kms::MasterKey>> load_master_key(const std::string& where) {
  if (where.starts_with(kPkcs11)) {
    auto key = from_token(where);
    if (!key) return located(where.substr(0, where.find('?')), std::move(key).error());
    return key;
  }
  const auto path = master_key_file(where);
  auto secret = path ? from_file(*path) : from_environment(where.substr(kEnv.size()));
  if (!secret) return located(where, std::move(secret).error());
  auto key = kms::symmetric_master_key(crypto::openssl(), secret->reveal());
  if (!key) return located(where, std::move(key).error());
  return key;
}

Result<kms::Store> open_store(const StoreConfig& config, Rng& rng, bool create) {
  auto master = load_master_key(config.master_key);
  if (!master) return std::move(master).error();
  return kms::Store::open(config.url, crypto::openssl(), rng, {std::move(*master), create},
                          SystemClock().now().unix_seconds());
}

namespace {

/// Says whether it was made.
Result<bool> make_master_key(const std::string& where, Rng& rng) {
  const auto path = master_key_file(where);
  if (!path || *path == "-" || file_exists(*path)) return false;
  auto key = rng.secret(kNewMasterKey, "master key");
  if (!key) return std::move(key).error();
  std::string hex = to_hex(key->reveal());
  SecretBytes text(as_bytes("hex:" + hex + "\n"));
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(hex.data())), hex.size()});
  if (auto s = write_file(*path, text.reveal(), Readers::owner, Existing::keep); !s)
    return std::move(s).error();
  return true;
}

}  // namespace

Result<MadeStore> make_store(const StoreConfig& config, Rng& rng) {
  auto made = make_master_key(config.master_key, rng);
  if (!made) return std::move(made).error();
  auto store = open_store(config, rng, true);
  if (!store) return std::move(store).error();
  return MadeStore{std::move(*store), *made};
}

}  // namespace mikey::cmd
