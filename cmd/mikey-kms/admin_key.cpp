// mikey-kms key: the keys that protect tickets, and those that seal the store.

#include "admin.hpp"
#include "store_open.hpp"

namespace mikey::cmd {
namespace {

using kms::Store;
using kms::TicketKey;

struct KeyOptions : AdminOptions {
  std::string new_master;
  std::int64_t keep_for = -1;
};

const char* state_name(TicketKey::State state) {
  switch (state) {
    case TicketKey::State::current:
      return "current";
    case TicketKey::State::old:
      return "old";
    case TicketKey::State::retired:
      break;
  }
  return "retired";
}

Result<AdminOutput> list(const KeyOptions& /*o*/, Store& s) {
  const auto keys = s.ticket_key_list();
  if (!keys) return keys.error();
  const auto secrets = s.secret_names();
  if (!secrets) return secrets.error();
  AdminOutput out;
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const TicketKey& k : *keys) {
    rows.push_back({std::to_string(k.id), state_name(k.state), time_text(k.made),
                    k.open_until ? time_text(*k.open_until) : ""});
    all.push_back({{"id", k.id},
                   {"state", state_name(k.state)},
                   {"made", k.made},
                   {"open_until", k.open_until ? Json(*k.open_until) : Json(nullptr)}});
  }
  out.text = table({"TICKET KEY", "STATE", "MADE", "OPENS UNTIL"}, rows) + "\nsealed under the master key " +
             s.master_key_id() + "\n";
  for (const std::string& name : *secrets) out.text += "secret " + name + "\n";
  out.json = {{"ticket_keys", std::move(all)}, {"master_key", s.master_key_id()}, {"secrets", *secrets}};
  return out;
}

Result<AdminOutput> rotate(const KeyOptions& o, Store& s) {
  std::optional<std::int64_t> keep;
  if (o.keep_for >= 0) keep = o.keep_for;
  if (auto r = s.rotate_ticket_key(seconds_now(), keep); !r) return std::move(r).error();
  return done("a new key protects tickets from now on");
}

Result<AdminOutput> retire(const KeyOptions& /*o*/, Store& s) {
  if (auto r = s.retire_ticket_keys(seconds_now()); !r) return std::move(r).error();
  return done("keys whose time is over are deleted");
}

Result<AdminOutput> rotate_master(const KeyOptions& o, Store& s) {
  auto master = load_master_key(o.new_master);
  if (!master) return std::move(master).error();
  if (auto r = s.rotate_master_key(std::move(*master)); !r) return std::move(r).error();
  return done("the store is sealed under the master key " + s.master_key_id() +
              " now; processes that run go on, those that start need it");
}

Result<AdminOutput> rotate_data(const KeyOptions& /*o*/, Store& s) {
  if (auto r = s.rotate_data_key(seconds_now()); !r) return std::move(r).error();
  return done("all secrets are sealed anew under a new key");
}

}  // namespace

void add_key(CLI::App& app, int& exit) {
  CLI::App* key = app.add_subcommand("key", "Keys of tickets, and keys that seal the store");
  key->require_subcommand(1);
  (void)add_verb<KeyOptions>(*key, "list", "Show what keys there are, never the keys", exit, list);
  auto r = add_verb<KeyOptions>(*key, "rotate", "Protect tickets by a new key from now on", exit, rotate);
  r.app
      ->add_option("--keep-for", r.options->keep_for,
                   "How long the key before still opens tickets (default: as long as any may be valid)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
  (void)add_verb<KeyOptions>(*key, "retire", "Delete ticket keys whose time is over", exit, retire);
  auto m = add_verb<KeyOptions>(*key, "rotate-master", "Seal the store under another master key", exit,
                                rotate_master);
  m.app->add_option("--new-master-key", m.options->new_master, "A file, file:PATH, env:NAME or pkcs11:...")
      ->required()
      ->type_name("KEY");
  (void)add_verb<KeyOptions>(*key, "rotate-data", "Seal all secrets anew under a new data key", exit,
                             rotate_data);
  key->footer(
      "\nExamples:\n"
      "  mikey-kms key rotate --config kms.toml\n"
      "      tickets that were made before stay valid\n"
      "  mikey-kms key rotate-master --new-master-key new.key --config kms.toml\n"
      "      then put the new one into the configuration\n");
}

}  // namespace mikey::cmd
