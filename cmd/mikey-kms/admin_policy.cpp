// mikey-kms policy: who may call whom, who may resolve, and what holds for a domain.

#include "admin.hpp"

namespace mikey::cmd {
namespace {

using kms::Rule;
using kms::Store;

struct PolicyOptions : AdminOptions {
  std::string kind;
  std::string who;
  std::string whom;
  std::int64_t id = 0;
  std::string pattern;
  std::int64_t max_lifetime = 0;
  std::string flags;
};

const char* kind_name(Rule::Kind kind) {
  return kind == Rule::Kind::call ? "call" : "resolve";
}

Result<AdminOutput> add(const PolicyOptions& o, Store& s, bool allow) {
  const auto kind = o.kind == "call" ? Rule::Kind::call : Rule::Kind::resolve;
  const auto id = s.add_rule({0, kind, allow, o.who, o.whom});
  if (!id) return id.error();
  return AdminOutput{"rule " + std::to_string(*id) + "\n", Json{{"rule", *id}}};
}

Result<AdminOutput> allow(const PolicyOptions& o, Store& s) {
  return add(o, s, true);
}

Result<AdminOutput> deny(const PolicyOptions& o, Store& s) {
  return add(o, s, false);
}

Result<AdminOutput> remove(const PolicyOptions& o, Store& s) {
  if (auto r = s.remove_rule(o.id); !r) return std::move(r).error();
  return done("the rule is removed");
}

Result<AdminOutput> set(const PolicyOptions& o, Store& s) {
  const auto flags = TicketFlags::parse(o.flags);
  if (!flags) return bad_request("--drop-flags: expected letters D to O (RFC 6043 6.10)");
  kms::DomainPolicy p{o.pattern, std::nullopt, *flags};
  if (o.max_lifetime > 0) p.max_lifetime = o.max_lifetime;
  if (auto r = s.set_policy(p); !r) return std::move(r).error();
  return done("the policy is set");
}

Result<AdminOutput> unset(const PolicyOptions& o, Store& s) {
  if (auto r = s.remove_policy(o.pattern); !r) return std::move(r).error();
  return done("the policy is removed");
}

Result<AdminOutput> list(const PolicyOptions& /*o*/, Store& s) {
  const auto rules = s.rules();
  if (!rules) return rules.error();
  const auto policies = s.policies();
  if (!policies) return policies.error();
  AdminOutput out;
  Json rule_list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Rule& r : *rules) {
    rows.push_back({std::to_string(r.id), r.allow ? "allow" : "deny", kind_name(r.kind), r.who, r.whom});
    rule_list.push_back(
        {{"id", r.id}, {"allow", r.allow}, {"kind", kind_name(r.kind)}, {"who", r.who}, {"whom", r.whom}});
  }
  out.text = table({"RULE", "EFFECT", "KIND", "WHO", "WHOM"}, rows) + "\n";
  Json policy_list = Json::array();
  rows.clear();
  for (const kms::DomainPolicy& p : *policies) {
    rows.push_back({p.pattern, p.max_lifetime ? std::to_string(*p.max_lifetime) : "", p.refused.letters()});
    policy_list.push_back({{"pattern", p.pattern},
                           {"max_lifetime", p.max_lifetime ? Json(*p.max_lifetime) : Json(nullptr)},
                           {"drop_flags", p.refused.letters()}});
  }
  out.text += table({"POLICY FOR", "MAX-LIFETIME", "DROP-FLAGS"}, rows);
  out.json = {{"rules", std::move(rule_list)}, {"policies", std::move(policy_list)}};
  return out;
}

}  // namespace

void add_policy(CLI::App& app, int& exit) {
  CLI::App* policy = app.add_subcommand("policy", "Rules of who may call whom, and limits of domains");
  policy->require_subcommand(1);
  for (const auto& [name, what, work] :
       {std::tuple{"allow", "Allow; once one thing of a kind is allowed, nothing else of that kind is",
                   &allow},
        std::tuple{"deny", "Forbid, whatever is allowed", &deny}}) {
    auto v = add_verb<PolicyOptions>(*policy, name, what, exit, work);
    v.app->add_option("kind", v.options->kind, "call: ask for tickets to; resolve: resolve tickets of")
        ->required()
        ->check(CLI::IsMember({"call", "resolve"}));
    v.app->add_option("who", v.options->who, "An identity; * is any text without @, and alone everybody")
        ->required();
    v.app->add_option("whom", v.options->whom, "The same")->required();
  }
  auto r = add_verb<PolicyOptions>(*policy, "remove", "Remove a rule", exit, remove);
  r.app->add_option("rule", r.options->id, "Its number")->required();
  auto s = add_verb<PolicyOptions>(*policy, "set", "Set what holds for a domain; of several the strictest",
                                   exit, set);
  s.app->add_option("pattern", s.options->pattern, "Whose tickets: sip:*@example.com")->required();
  s.app->add_option("--max-lifetime", s.options->max_lifetime, "Seconds for which tickets are valid, at most")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  s.app->add_option("--drop-flags", s.options->flags, "Letters of flags that are not granted")
      ->type_name("LETTERS");
  auto u = add_verb<PolicyOptions>(*policy, "unset", "Remove what holds for a domain", exit, unset);
  u.app->add_option("pattern", u.options->pattern, "As it was set")->required();
  (void)add_verb<PolicyOptions>(*policy, "list", "Show rules and limits", exit, list);
  policy->footer(
      "\nExamples:\n"
      "  mikey-kms policy allow call 'sip:*@example.com' '*' --config kms.toml\n"
      "      only this domain may ask for tickets\n"
      "  mikey-kms policy set 'sip:*@example.com' --max-lifetime 86400 --drop-flags J --config kms.toml\n"
      "      tickets of a day, not to be used again\n");
}

}  // namespace mikey::cmd
