// mikey-kms group: groups of users that a ticket can be for (RFC 6043 9).

#include "admin.hpp"

namespace mikey::cmd {
namespace {

using kms::Store;

struct GroupOptions : AdminOptions {
  std::string group;
  std::vector<std::string> members;
};

Result<AdminOutput> add(const GroupOptions& o, Store& s) {
  auto group = identity_of(o, o.group);
  if (!group) return std::move(group).error();
  if (auto r = s.add_group(*group); !r) return std::move(r).error();
  return done("the group is made");
}

Result<AdminOutput> remove(const GroupOptions& o, Store& s) {
  auto group = identity_of(o, o.group);
  if (!group) return std::move(group).error();
  if (auto r = s.remove_group(*group); !r) return std::move(r).error();
  return done("the group is removed");
}

Result<AdminOutput> change(const GroupOptions& o, Store& s, bool joins) {
  auto group = identity_of(o, o.group);
  if (!group) return std::move(group).error();
  auto all = s.transaction([&]() -> Status {
    for (const std::string& text : o.members) {
      auto member = identity_of(o, text);
      if (!member) return std::move(member).error();
      if (auto r = joins ? s.add_member(*group, *member) : s.remove_member(*group, *member); !r) return r;
    }
    return {};
  });
  if (!all) return std::move(all).error();
  return done(joins ? "members of the group now" : "members of the group no more");
}

Result<AdminOutput> join(const GroupOptions& o, Store& s) {
  return change(o, s, true);
}

Result<AdminOutput> leave(const GroupOptions& o, Store& s) {
  return change(o, s, false);
}

Result<AdminOutput> list(const GroupOptions& /*o*/, Store& s) {
  const auto groups = s.groups();
  if (!groups) return groups.error();
  AdminOutput out;
  std::vector<std::vector<std::string>> rows;
  for (const Identity& g : *groups) {
    const auto members = s.members(g);
    if (!members) return members.error();
    Json names = Json::array();
    if (members->empty()) rows.push_back({g.name(), ""});
    for (const Identity& m : *members) {
      rows.push_back({g.name(), m.name()});
      names.push_back(m.name());
    }
    out.json[g.name()] = std::move(names);
  }
  out.text = table({"GROUP", "MEMBER"}, rows);
  return out;
}

}  // namespace

void add_group(CLI::App& app, int& exit) {
  CLI::App* group = app.add_subcommand("group", "Groups of users, which tickets can be for");
  group->require_subcommand(1);
  for (const auto& [name, what, work, members] :
       {std::tuple{"add", "Make a group", &add, false},
        std::tuple{"remove", "Remove a group", &remove, false},
        std::tuple{"join", "Make users members", &join, true},
        std::tuple{"leave", "Make them members no more", &leave, true}}) {
    auto v = add_verb<GroupOptions>(*group, name, what, exit, work);
    v.app->add_option("group", v.options->group, "Identity of the group")->required()->type_name("GROUP");
    if (members)
      v.app->add_option("member", v.options->members, "Identities of members")->required()->type_name("USER");
    add_id_type(*v.app, *v.options);
  }
  (void)add_verb<GroupOptions>(*group, "list", "Show groups and their members", exit, list);
  group->footer(
      "\nExamples:\n"
      "  mikey-kms group add sip:it@example.com --config kms.toml\n"
      "  mikey-kms group join sip:it@example.com sip:bob@example.com --config kms.toml\n");
}

}  // namespace mikey::cmd
