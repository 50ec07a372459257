// mikey-kms init: a store, its master key if that is a file, and its first keys.

#include <cstdio>

#include "admin.hpp"
#include "store_open.hpp"
#include "terminal.hpp"

namespace mikey::cmd {
namespace {

Result<StoreConfig> named(const AdminOptions& o) {
  if (o.config.empty()) {
    if (o.url.empty() || o.master_key.empty())
      return bad_request("name the store: --store URL and --master-key KEY, or --config FILE");
    return StoreConfig{o.url, o.master_key};
  }
  auto loaded = load_store_config(o.config);
  if (auto* wrong = std::get_if<std::string>(&loaded)) return bad_request(std::move(*wrong));
  return std::get<StoreConfig>(std::move(loaded));
}

Result<AdminOutput> init(const AdminOptions& o) {
  const auto rng = crypto::openssl_rng();
  auto config = named(o);
  if (!config) return std::move(config).error();
  auto made = make_store(*config, *rng);
  if (!made) return std::move(made).error();
  AdminOutput out;
  if (made->made_master_key) {
    const std::string path = master_key_file(config->master_key).value_or("");
    out.text = safe_text(path) +
               ": the master key (secret: without it the store is worthless; keep a copy elsewhere)\n";
  }
  out.text +=
      "The store is ready, its secrets sealed under the master key " + made->store.master_key_id() + "\n";
  out.json = {{"master_key", made->store.master_key_id()}, {"master_key_made", made->made_master_key}};
  return out;
}

}  // namespace

void add_init(CLI::App& app, int& exit) {
  auto o = std::make_shared<AdminOptions>();
  CLI::App* v = app.add_subcommand("init", "Make a store, or bring an older one up to date");
  add_store_options(*v, *o);
  v->footer(
      "\nExamples:\n"
      "  mikey-kms init --store sqlite:kms.db --master-key master.key\n"
      "      one file, and a master key in another, made when it is missing\n"
      "  mikey-kms init --config kms.toml\n"
      "      what [store] names\n");
  v->callback([o, &exit] {
    const auto out = init(*o);
    if (!out) {
      std::fputs(("mikey-kms init: " + safe_text(out.error().detail) + "\n").c_str(), stderr);
      exit = out.error().severity == Severity::request ? kAdminUsage : kAdminFailed;
      return;
    }
    std::fputs(o->json ? (to_line(out->json) + "\n").c_str() : out->text.c_str(), stdout);
  });
}

}  // namespace mikey::cmd
