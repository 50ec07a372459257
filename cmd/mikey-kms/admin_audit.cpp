// mikey-kms audit: what tickets were issued and resolved, and the end of some.

#include "admin.hpp"

namespace mikey::cmd {
namespace {

using kms::AuditEntry;
using kms::Store;

struct AuditOptions : AdminOptions {
  std::string client;
  std::string fingerprint;
  std::string since;
  std::string until;
  std::int64_t limit = 1000;
  std::string before;
  std::string reason;
};

const char* event_name(AuditEntry::Event event) {
  switch (event) {
    case AuditEntry::Event::issued:
      return "issued";
    case AuditEntry::Event::resolved:
      return "resolved";
    case AuditEntry::Event::keys:
      return "keys";
    case AuditEntry::Event::refused:
      break;
  }
  return "refused";
}

Result<kms::AuditFilter> filter_of(const AuditOptions& o) {
  kms::AuditFilter f;
  f.most = o.limit;
  if (!o.client.empty()) {
    auto id = identity_of(o, o.client);
    if (!id) return std::move(id).error();
    f.client = std::move(*id);
  }
  if (!o.fingerprint.empty()) {
    auto fingerprint = fingerprint_of(o.fingerprint);
    if (!fingerprint) return std::move(fingerprint).error();
    f.fingerprint = std::move(*fingerprint);
  }
  const std::int64_t now = seconds_now();
  auto since = moment_of(o.since, now);
  if (!since) return std::move(since).error();
  auto until = moment_of(o.until, now);
  if (!until) return std::move(until).error();
  f.since = *since;
  f.until = *until;
  return f;
}

Result<AdminOutput> show(const AuditOptions& o, Store& s) {
  const auto filter = filter_of(o);
  if (!filter) return filter.error();
  const auto entries = s.audit(*filter);
  if (!entries) return entries.error();
  AdminOutput out;
  out.json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const AuditEntry& e : *entries) {
    rows.push_back({time_text(e.t), event_name(e.event), e.client.name(), to_hex(e.fingerprint), e.summary});
    out.json.push_back({{"time", e.t},
                        {"event", event_name(e.event)},
                        {"client", e.client.name()},
                        {"fingerprint", to_hex(e.fingerprint)},
                        {"policy", e.summary}});
  }
  out.text = table({"TIME", "EVENT", "FOR", "TICKET", "POLICY"}, rows);
  return out;
}

Result<AdminOutput> prune(const AuditOptions& o, Store& s) {
  auto before = moment_of(o.before, seconds_now());
  if (!before) return std::move(before).error();
  if (!*before) return bad_request("--before: expected a time, e.g. 90d");
  const auto gone = s.prune_audit(**before);
  if (!gone) return gone.error();
  return AdminOutput{std::to_string(*gone) + " lines deleted\n", Json{{"deleted", *gone}}};
}

Result<AdminOutput> revoke(const AuditOptions& o, Store& s) {
  auto fingerprint = fingerprint_of(o.fingerprint);
  if (!fingerprint) return std::move(fingerprint).error();
  if (auto r = s.revoke({*fingerprint, seconds_now(), o.reason}); !r) return std::move(r).error();
  return done("the ticket is revoked");
}

Result<AdminOutput> unrevoke(const AuditOptions& o, Store& s) {
  auto fingerprint = fingerprint_of(o.fingerprint);
  if (!fingerprint) return std::move(fingerprint).error();
  if (auto r = s.unrevoke(*fingerprint); !r) return std::move(r).error();
  return done("the ticket is good again");
}

Result<AdminOutput> revoked(const AuditOptions& /*o*/, Store& s) {
  const auto all = s.revocations();
  if (!all) return all.error();
  AdminOutput out;
  out.json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const kms::Revocation& r : *all) {
    rows.push_back({time_text(r.t), to_hex(r.fingerprint), r.reason});
    out.json.push_back({{"time", r.t}, {"fingerprint", to_hex(r.fingerprint)}, {"reason", r.reason}});
  }
  out.text = table({"TIME", "TICKET", "REASON"}, rows);
  return out;
}

}  // namespace

void add_audit(CLI::App& app, int& exit) {
  CLI::App* audit = app.add_subcommand("audit", "The trail of tickets, and their revocation");
  audit->require_subcommand(1);
  auto s = add_verb<AuditOptions>(*audit, "show", "Show what was issued and resolved", exit, show);
  s.app->add_option("--client", s.options->client, "For whom")->type_name("USER");
  s.app->add_option("--ticket", s.options->fingerprint, "Fingerprint of a ticket")->type_name("HEX");
  s.app->add_option("--since", s.options->since, "7d, 12h, 30m or 45s ago, or seconds since 1970")
      ->type_name("TIME");
  s.app->add_option("--until", s.options->until, "The same")->type_name("TIME");
  s.app->add_option("--limit", s.options->limit, "Lines, the latest ones")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  add_id_type(*s.app, *s.options);
  auto p = add_verb<AuditOptions>(*audit, "prune", "Delete old lines", exit, prune);
  p.app->add_option("--before", p.options->before, "As --since of show")->required()->type_name("TIME");
  auto r = add_verb<AuditOptions>(*audit, "revoke", "Have a ticket resolved no more", exit, revoke);
  r.app->add_option("ticket", r.options->fingerprint, "Its fingerprint, as show prints it")->required();
  r.app->add_option("--reason", r.options->reason, "For people");
  auto u = add_verb<AuditOptions>(*audit, "unrevoke", "Undo that", exit, unrevoke);
  u.app->add_option("ticket", u.options->fingerprint, "Its fingerprint")->required();
  (void)add_verb<AuditOptions>(*audit, "revoked", "Show tickets that are revoked", exit, revoked);
  audit->footer(
      "\nExamples:\n"
      "  mikey-kms audit show --client sip:alice@example.com --since 1d --config kms.toml\n"
      "  mikey-kms audit prune --before 90d --config kms.toml\n");
}

}  // namespace mikey::cmd
