#include "kms_store_config.hpp"

namespace mikey::cmd {
namespace {

/// What stands behind `scheme` is a path.
std::string resolved(const ConfigSection& s, const std::string& text, std::string_view scheme) {
  if (!text.starts_with(scheme)) return text;
  return std::string(scheme) + s.reader().resolve(text.substr(scheme.size()));
}

}  // namespace

std::optional<StoreConfig> read_store(ConfigSection section) {
  if (!section.present()) return std::nullopt;
  const auto url = section.text("url", "the URL of a store");
  const auto key = section.text("master_key", "file:PATH, env:NAME or pkcs11:...");
  section.finish();
  if (!url) section.fail("url", "expected sqlite:PATH or postgresql://..., but it is missing");
  if (!key) section.fail("master_key", "expected file:PATH, env:NAME or pkcs11:..., but it is missing");
  if (!url || !key) return std::nullopt;
  const bool known = key->starts_with("file:") || key->starts_with("env:") || key->starts_with("pkcs11:");
  if (!known) section.fail("master_key", "expected file:PATH, env:NAME or pkcs11:...");
  return StoreConfig{resolved(section, *url, "sqlite:"), resolved(section, *key, "file:")};
}

std::variant<StoreConfig, std::string> load_store_config(const std::string& path) {
  ConfigReader reader(path);
  ConfigSection root = reader.open();
  auto store = read_store(root.table("store"));
  if (!reader.ok()) return reader.error();
  if (!store) return path + ": store: expected a table with url and master_key, but it is missing";
  return std::move(*store);
}

}  // namespace mikey::cmd
