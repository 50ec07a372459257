// mikey-kms import: what a configuration of `mikey-kms stdio` says in tables goes into a store.

#include "admin.hpp"
#include "kms_config.hpp"
#include "mikey/base/clock.hpp"

namespace mikey::cmd {
namespace {

using kms::Store;

struct ImportOptions : AdminOptions {
  std::string file;
};

/// What stands in the tables, put into an empty or a used store: users that exist keep what they have
/// besides.
class Import {
 public:
  Import(const KmsConfig& from, Store& to) : from_(from), to_(to) {}

  Status run() {
    for (const auto& [id, key] : from_.tables.psk)
      if (auto s = user(id, key); !s) return s;
    for (const auto& [id, members] : from_.tables.groups)
      if (auto s = group(id, members); !s) return s;
    if (from_.tables.initiators)
      for (const Identity& id : *from_.tables.initiators)
        if (auto r = to_.add_rule({0, kms::Rule::Kind::call, true, id.name(), "*"}); !r)
          return std::move(r).error();
    if (auto s = to_.set_policy({"*", from_.tables.max_lifetime, from_.tables.drop_flags}); !s) return s;
    return ticket_keys();
  }

 private:
  Status user(const Identity& id, const Psk& key) {
    auto known = to_.user(id);
    if (!known) return std::move(known).error();
    kms::User u = known->value_or(kms::User{id});
    u.trusted_kms = u.trusted_kms || from_.tables.trusted_kms.contains(id);
    u.other_kms = u.other_kms || from_.other_kms.contains(id);
    if (auto s = *known ? to_.change_user(u) : to_.add_user(u); !s) return s;
    std::optional<Bytes> name;
    for (const auto& [called, owner] : from_.tables.psk_names)
      if (owner == id) name = called.data;
    auto s = to_.set_psk(id, key.reveal(), name);
    if (!s) s.error().detail = id.name() + ": " + s.error().detail;
    return s;
  }

  Status group(const Identity& id, const std::set<Identity>& members) {
    auto groups = to_.groups();
    if (!groups) return std::move(groups).error();
    if (std::ranges::find(*groups, id) == groups->end())
      if (auto s = to_.add_group(id); !s) return s;
    for (const Identity& member : members) {
      auto there = to_.is_member(id, member);
      if (!there) return std::move(there).error();
      if (*there) continue;
      if (auto s = to_.add_member(id, member); !s) return s;
    }
    return {};
  }

  /// The table's first key is to seal from now on, as it did.
  Status ticket_keys() {
    const std::int64_t now = seconds_now();
    const auto& keys = from_.tables.tpk;
    for (std::size_t i = keys.size(); i-- > 1;)
      if (auto s = to_.add_old_ticket_key(keys[i].reveal(), now, now + from_.tables.max_lifetime); !s)
        return s;
    return keys.empty() ? Status() : to_.rotate_ticket_key(now, std::nullopt, keys.front().reveal());
  }

  const KmsConfig& from_;
  Store& to_;
};

Result<AdminOutput> import(const ImportOptions& o, Store& s) {
  auto loaded = load_kms_config(o.file);
  if (auto* wrong = std::get_if<std::string>(&loaded)) return bad_request(std::move(*wrong));
  const KmsConfig& config = std::get<KmsConfig>(loaded);
  auto all = s.transaction([&] { return Import(config, s).run(); });
  if (!all) return std::move(all).error();
  AdminOutput out = done(std::to_string(config.tables.psk.size()) + " users, " +
                         std::to_string(config.tables.groups.size()) + " groups, " +
                         std::to_string(config.tables.tpk.size()) + " ticket keys imported");
  for (const std::string& w : config.warnings) out.text += "warning: " + w + "\n";
  out.json = {{"users", config.tables.psk.size()},
              {"groups", config.tables.groups.size()},
              {"ticket_keys", config.tables.tpk.size()},
              {"warnings", config.warnings}};
  return out;
}

}  // namespace

void add_import(CLI::App& app, int& exit) {
  auto o = std::make_shared<ImportOptions>();
  CLI::App* v = app.add_subcommand("import", "Take over the tables of a configuration: [psk], [ticket]");
  add_store_options(*v, *o);
  v->add_option("file", o->file, "The configuration (TOML)")->required()->type_name("FILE");
  v->footer(
      "\nExamples:\n"
      "  mikey-kms import stdio.toml --store sqlite:kms.db --master-key master.key\n"
      "      users, groups, ticket keys and limits; then the tables may go\n");
  v->callback([o, &exit] { exit = run_on_store(*o, "import", [&](Store& s) { return import(*o, s); }); });
}

}  // namespace mikey::cmd
